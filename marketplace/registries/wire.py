"""What registries say to each other: the shape of every answer, checked as it comes in.

Whatever is believed stands in texts that are signed (`record`, `text`); what stands beside them is
only shown.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from geminicrm.runtime.install.offers import Signature
from marketplace.inspection import MAX_TEXT
from marketplace.signing.envelope import SignedText, canonical, read_object
from marketplace.signing.errors import Untrusted

PREFIX: Final = "/api/registry/v1"
PROTOCOL: Final = 1
MAX_RECORD: Final = 256 * 1024
MAX_BODY: Final = 1024 * 1024
MAX_VERSIONS: Final = 1000
MAX_HITS: Final = 100
_MAX_SIGNATURES: Final = 16

HexKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
# It becomes the name of a file in a mirror.
ExtensionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Said = TypeVar("Said", bound=BaseModel)


class WrongShape(Exception):
    """An answer, or a signed text, is not what it should be; the reason in a sentence."""


class _Shape(BaseModel):
    # A newer registry may say more; what is not known here is not looked at.
    model_config = ConfigDict(extra="ignore", frozen=True)


class SignatureLine(_Shape):
    """A signature, and whose."""

    key_id: HexKey
    value: Annotated[str, StringConstraints(min_length=1, max_length=120)]

    def signature(self) -> Signature:
        """Give it as the runtime knows it."""
        return Signature(self.key_id, self.value)


Signatures = Annotated[tuple[SignatureLine, ...], Field(max_length=_MAX_SIGNATURES)]


class Envelope(_Shape):
    """A document that is signed as a whole: the very text, and who signed it."""

    text: Annotated[str, StringConstraints(max_length=MAX_BODY)]
    signatures: Signatures

    def signed(self) -> SignedText:
        """Give it as signing knows it."""
        return SignedText(self.text, tuple(one.signature() for one in self.signatures))


class Entry(_Shape):
    """One version: its record as it was signed, and what the registry thinks of it now."""

    record: Annotated[str, StringConstraints(max_length=MAX_RECORD)]
    record_signatures: Signatures
    state: str = "listed"
    icon: bool = False

    def signed(self) -> SignedText:
        """Give the record as signing knows it."""
        return SignedText(self.record, tuple(one.signature() for one in self.record_signatures))


class Hit(_Shape):
    """One extension in a list: its newest version, and counts that nobody vouches for."""

    latest: Entry
    install_count: Annotated[int, Field(ge=0)] = 0
    created_at: datetime
    updated_at: datetime


class Hits(_Shape):
    """One page of a search; `categories` are those of the whole registry."""

    data: Annotated[tuple[Hit, ...], Field(max_length=MAX_HITS)]
    next_cursor: Annotated[str, StringConstraints(max_length=2048)] | None = None
    total: Annotated[int, Field(ge=0)] = 0
    categories: Annotated[tuple[Short, ...], Field(max_length=500)] = ()


class Entries(_Shape):
    """Every version of an extension that can be had."""

    data: Annotated[tuple[Entry, ...], Field(max_length=MAX_VERSIONS)]


class TextsSaid(_Shape):
    """README and changelog of a version, in Markdown."""

    readme: Annotated[str, StringConstraints(max_length=MAX_TEXT)] = ""
    changelog: Annotated[str, StringConstraints(max_length=MAX_TEXT)] = ""


class PublisherSaid(_Shape):
    """Who published a version."""

    id: Short
    slug: Short
    name: Short
    verified: bool


class PublisherSignature(SignatureLine):
    """The publisher's signature over the digest, with the public key."""

    public: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Record(_Shape):
    """What a registry has signed of a version."""

    type: Literal["version"]
    extension_id: ExtensionId
    version: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    digest: Digest
    size: Annotated[int, Field(gt=0)]
    publisher: PublisherSaid
    signature: PublisherSignature | None
    manifest: dict[str, Any]
    published_at: datetime


def read(shape: type[Said], text: str | bytes) -> Said:
    """Read JSON of a shape; WrongShape."""
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "/".join(map(str, first["loc"])) or "the whole"
        raise WrongShape(f"{place}: {first['msg']}") from None


def read_signed(shape: type[Said], text: str) -> Said:
    """Read a text that was signed, in which no member may be there twice; WrongShape."""
    try:
        members = read_object(text)
    except Untrusted as error:
        raise WrongShape(error.detail) from None
    return read(shape, canonical(members))
