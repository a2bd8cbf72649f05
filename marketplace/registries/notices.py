"""What a registry says of its versions as time goes on: yanked, dangerous, not to run at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from geminicrm.kernel.clock import parse_instant
from geminicrm.runtime.quarantine import covers
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.proving import Known
from marketplace.registries.wire import Short, WrongShape, read_signed
from marketplace.signing.envelope import SignedText

_MOST = 10_000


class _Line(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    extension_id: Short


class YankedLine(_Line):
    """A version that is not offered any more, or (quarantined) not given to anybody."""

    version: Short
    state: Literal["yanked", "quarantined"] = "yanked"


class KillLine(_Line):
    """Versions that must not run anywhere; `affected` is a range of versions."""

    affected: Short

    def hits(self, extension_id: str, version: str) -> bool:
        """Tell whether it means this version."""
        return extension_id == self.extension_id and covers(self.affected, version)


class Notices(BaseModel):
    """The document as it is signed; instants are RFC 3339 in UTC."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["notices"]
    serial: Annotated[int, Field(ge=1)]
    made_at: datetime
    expires_at: datetime
    advisories: Annotated[tuple[dict[str, Any], ...], Field(max_length=_MOST)] = ()
    kills: Annotated[tuple[KillLine, ...], Field(max_length=_MOST)] = ()
    yanked: Annotated[tuple[YankedLine, ...], Field(max_length=_MOST)] = ()

    def state_of(self, extension_id: str, version: str, state: str) -> str:
        """Give the state of a version: what the registry's answer said, or stricter."""
        if any(kill.hits(extension_id, version) for kill in self.kills):
            return "quarantined"
        said = {
            one.state
            for one in self.yanked
            if (one.extension_id, one.version) == (extension_id, version)
        }
        if "quarantined" in said:
            return "quarantined"
        return "yanked" if said and state == "listed" else state


def read_notices(known: Known, signed: SignedText) -> Notices:
    """Read a document that was proved; RegistryRefused where it is none."""
    try:
        return read_signed(Notices, signed.text)
    except WrongShape as error:
        raise RegistryRefused(known.name, f"its notices can't be read: {error}.") from None


def expires_at(kept: Mapping[str, Any] | None) -> datetime | None:
    """Tell when the notices that a row keeps run out."""
    return parse_instant(kept["expires_at"]) if kept else None
