"""Puts the room together: what app.py hands in, and what others use of it."""

from dataclasses import dataclass

from geminicrm.connections.oauth.care import TokenCare
from geminicrm.connections.oauth.client import Filled
from geminicrm.connections.oauth.endpoint import TokenEndpoint
from geminicrm.connections.oauth.journey import Journeys
from geminicrm.connections.oauth.keeper import TokenKeeper
from geminicrm.connections.oauth.revocation import Revocation
from geminicrm.connections.oauth.rows import TokenRows
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Works


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthNeeds:
    """What the room is built on; `filled` gives the values of a connection outside any call.

    A `guest` is a process with another environment than the server's.
    """

    works: Works
    generations: Generations
    cipher: Cipher
    http: HttpClient
    filled: Filled
    public_url: str
    guest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """Its parts, one for each who uses them."""

    tokens: TokenKeeper
    journeys: Journeys
    revocation: Revocation
    care: TokenCare


def build_oauth(needs: OAuthNeeds) -> OAuth:
    """Make the parts; no thread runs yet."""
    rows = TokenRows(needs.works, needs.generations, Vault(needs.cipher), guest=needs.guest)
    endpoint = TokenEndpoint(needs.http)
    keeper = TokenKeeper(rows, endpoint, needs.filled)
    return OAuth(
        tokens=keeper,
        journeys=Journeys(rows, endpoint, needs.filled, needs.cipher, needs.public_url),
        revocation=Revocation(rows, endpoint, needs.filled),
        care=TokenCare(rows, keeper, needs.filled),
    )
