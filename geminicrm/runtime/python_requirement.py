"""Requirements as PEP 508 writes them, and which of them count on this machine."""

from collections.abc import Collection, Iterable
from typing import Final

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_MAX_TEXT: Final = 1_000
_SHOWN: Final = 100
_INCOMPARABLE: Final = (
    RecursionError,
    UndefinedComparison,
    UndefinedEnvironmentName,
    ValueError,
)


class NotARequirement(ValueError):
    """The text is no requirement that can be taken; its message is a sentence."""


def read_requirement(text: str) -> Requirement:
    """Read one requirement: a name, versions, extras, a marker. Raises NotARequirement.

    An address (`name @ https://...`) is refused: what lies there can change, or be anybody's.
    """
    shown = repr(shortened(text))
    if len(text) > _MAX_TEXT:
        raise NotARequirement(f"{shown} is too long for a requirement.")
    try:
        found = Requirement(text)
    except (InvalidRequirement, RecursionError) as error:  # brackets in brackets in brackets
        raise NotARequirement(
            f"{shown} is not a requirement such as 'phonenumbers>=9,<10'."
        ) from error
    if found.url:
        raise NotARequirement(f"{shown} names an address: name a package and its versions.")
    return found


def shortened(text: str) -> str:
    """Give as much of a text as a message shows."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def name_of(requirement: Requirement) -> str:
    """Give the name of its package as indexes normalise it."""
    return canonicalize_name(requirement.name)


def counts(marker: Marker | None, extras: Collection[str] = ()) -> bool:
    """Tell whether a marker is true here, for a package wanted with these extras.

    Raises NotARequirement for one that compares what can't be compared.
    """
    if marker is None:
        return True
    try:
        return any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
    except _INCOMPARABLE as error:
        raise NotARequirement(f"The marker {str(marker)[:100]!r} can't be evaluated.") from error


def counting(
    requirements: Iterable[Requirement], extras: Collection[str] = ()
) -> list[Requirement]:
    """Give those whose markers are true here. Raises NotARequirement."""
    return [one for one in requirements if counts(one.marker, extras)]
