"""The JSON bodies of the moderation endpoints."""

from pydantic import BaseModel, ConfigDict, Field


class ReasonBody(BaseModel):
    """Why something is decided."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=10_000)


class KillBody(ReasonBody):
    """POST /api/moderation/kills."""

    extension_id: str = Field(max_length=200)
    affected: str = Field(max_length=1_000)


class AdvisoryBody(BaseModel):
    """POST /api/marketplace/extensions/<extension-id>/advisories."""

    model_config = ConfigDict(extra="forbid", strict=True)

    affected: str = Field(max_length=1_000)
    severity: str = Field(max_length=100)
    title: str = Field(max_length=1_000)
    body: str = Field(default="", max_length=100_000)
    fixed_in: str | None = Field(default=None, max_length=200)
