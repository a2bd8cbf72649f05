"""The JSON bodies of the publishers' endpoints; what they mean is checked in `schemas`."""

from pydantic import BaseModel, ConfigDict, Field


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ProfileBody(_Body):
    """POST /api/publishers; `kind` is person or organisation."""

    slug: str = Field(max_length=100)
    name: str = Field(max_length=200)
    kind: str = Field(default="person", max_length=20)
    homepage: str | None = Field(default=None, max_length=500)


class ChangeBody(_Body):
    """PATCH /api/publishers/<slug>."""

    name: str = Field(max_length=200)
    homepage: str | None = Field(default=None, max_length=500)


class MemberBody(_Body):
    """POST /api/publishers/<slug>/members."""

    email: str = Field(max_length=254)
    role: str = Field(default="maintainer", max_length=20)


class KeyBody(_Body):
    """POST /api/publishers/<slug>/keys; `public` is the public half in base64."""

    name: str = Field(max_length=200)
    public: str = Field(max_length=100)


class TokenBody(_Body):
    """POST /api/publishers/<slug>/tokens."""

    name: str = Field(max_length=200)
    extension_id: str | None = Field(default=None, max_length=64)
    days: int = 90


class VerifiedBody(_Body):
    """PUT /api/publishers/<slug>/verified."""

    verified: bool


class TransferBody(_Body):
    """POST /api/publishers/<slug>/extensions."""

    extension_id: str = Field(max_length=64)
