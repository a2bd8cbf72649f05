"""What an integration adds to a sign-in of its own: nothing of the core's can be replaced by it."""

from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from extensions.sdk.service_errors import ServiceRefused
from geminicrm.kernel.work import Actor

OWN: Final = frozenset(
    {"response_type", "client_id", "redirect_uri", "scope", "state"}
    | {"code_challenge", "code_challenge_method"}
)
"""Parameters of the address that are the core's alone."""
_OWN_FIELDS: Final = frozenset(
    {"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"}
)
_MOST: Final = 20
_LONGEST: Final = 2_000
_MEND: Final = "Ask the author of the integration."


class Vendor(Protocol):
    """The integration of a connection; one that does not run adds nothing. Raises SdkError."""

    def authorization_address(self, actor: Actor, connection_id: str, address: str) -> str:
        """Give the address with the vendor's own parameters."""
        ...

    def exchange_code(self, actor: Actor, connection_id: str) -> Mapping[str, str]:
        """Give what goes to the token endpoint with the code."""
        ...


def with_more(address: str, given: str) -> str:
    """Give the address with what was added in `given`.

    What was added is read out and put behind: so place, state and challenge stay the core's,
    however the other is spelled. Raises ServiceRefused where anything of the core's was changed.
    """
    ours, theirs = urlsplit(address), urlsplit(given[: len(address) + _MOST * _LONGEST])
    kept = parse_qsl(ours.query, keep_blank_values=True)
    found = parse_qsl(theirs.query, keep_blank_values=True)
    more = [pair for pair in found if pair not in kept]
    same = (ours.scheme, ours.netloc, ours.path) == (theirs.scheme, theirs.netloc, theirs.path)
    if not same or any(pair not in found for pair in kept) or theirs.fragment:
        raise _refused("it leads elsewhere than the manifest says")
    checked = _checked(more, OWN | {name for name, _ in kept})
    return f"{address}{'&' if ours.query else '?'}{urlencode(checked)}" if checked else address


def fields_of(given: Mapping[str, str]) -> dict[str, str]:
    """Give what goes with the code. Raises ServiceRefused for what the core sends itself."""
    return dict(_checked(list(given.items()), _OWN_FIELDS))


def _checked(pairs: list[tuple[str, str]], own: frozenset[str]) -> list[tuple[str, str]]:
    if len(pairs) > _MOST or any(len(name) + len(value) > _LONGEST for name, value in pairs):
        raise _refused("it adds too much")
    for name, _ in pairs:
        if name in own:
            raise _refused(f"it gives {name!r}, which the core sends itself")
    return pairs


def _refused(why: str) -> ServiceRefused:
    return ServiceRefused(f"The integration's own part of the sign-in is wrong: {why}.", mend=_MEND)
