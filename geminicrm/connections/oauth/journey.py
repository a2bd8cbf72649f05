"""The way to a service's consent page and back: authorization code with PKCE, S256 always."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import delete, select

from extensions.sdk.errors import SdkError
from geminicrm.connections.book import require_change
from geminicrm.connections.models import Connection, OAuthState
from geminicrm.connections.oauth.client import Client, Filled, client_of
from geminicrm.connections.oauth.endpoint import TokenEndpoint
from geminicrm.connections.oauth.problems import (
    GrantRefused,
    IssuerRefused,
    ProviderAway,
    SignInFailed,
    StateRefused,
)
from geminicrm.connections.oauth.rows import TokenRows
from geminicrm.connections.oauth.token import Granted, granted
from geminicrm.connections.oauth.vendor import OWN, fields_of
from geminicrm.connections.table import connected
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.crypto import Cipher, hash_token, same_secret
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work

MINUTES: Final = 10
_BYTES: Final = 48
"""Gives 64 characters; a verifier has 43 to 128 (RFC 7636, section 4.1)."""
_MOST_SAID: Final = 300
More = Callable[[str], Mapping[str, str]]
"""Gives what goes with the code for a connection, by its id; raises SdkError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A sign-in that has worked; `missing` are scopes that were asked for and not given."""

    connection_id: str
    name: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Begun:
    connection: Connection
    verifier: str


def _nothing(_connection_id: str) -> Mapping[str, str]:
    """Add nothing."""
    return {}


class Journeys:
    """Begins and finishes sign-ins; `public_url` is where browsers come back to."""

    def __init__(
        self,
        rows: TokenRows,
        endpoint: TokenEndpoint,
        filled: Filled,
        cipher: Cipher,
        public_url: str,
    ) -> None:
        self._rows = rows
        self._endpoint = endpoint
        self._filled = filled
        self._cipher = cipher
        self._public_url = public_url.rstrip("/")

    def redirect_uri(self, service: str) -> str:
        """Give the address that people enter at the service: an integration's own.

        That each has its own is what keeps one service from passing its answers off as another's
        (RFC 9700, section 4.4).
        """
        return f"{self._public_url}/integrations/{service}/callback"

    def begin(self, work: Work, connection: Connection, user_id: str, session_id: str) -> str:
        """Give the address to send the browser to.

        Raises ScopeMissing, Forbidden, Conflict where the connection has another kind of sign-in,
        and the SDK's AuthenticationError where it is not filled in.
        """
        require_change(work, connection.owner_id)
        client = client_of(connected(connection), self._filled)
        if client.way.type != "oauth2":
            raise Conflict(f"{connection.name} is not signed in to with a browser.")
        state, verifier = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
        _sweep(work)
        work.session.add(
            OAuthState(
                id=new_id("ost"),
                workspace_id=work.workspace_id,
                connection_id=connection.id,
                user_id=user_id,
                state_hash=hash_token(state),
                session_hash=hash_token(session_id),
                verifier=self._cipher.encrypt(verifier),
                expires_at=work.now + timedelta(minutes=MINUTES),
            )
        )
        return self._authorization(client, connection.extension_id, state, verifier)

    def finish(
        self,
        actor: PersonActor,
        service: str,
        session_id: str,
        given: Mapping[str, str],
        more: More = _nothing,
    ) -> Finished:
        """Take what the service sent the browser back with, and store the token.

        Raises StateRefused and IssuerRefused (400, nothing is stored), SignInFailed where the
        person or the service said no, NotFound where the connection is gone.
        """
        begun = self._taken(actor, service, session_id, given.get("state", ""))
        row = begun.connection
        client = client_of(connected(row), self._filled)
        _check_issuer(client, given.get("iss"))
        if "code" not in given:
            raise SignInFailed(row.id, _refusal(client, given))
        fields = {"code": given["code"], **_more(row, more)}
        token = self._exchanged(client, begun, fields)
        with self._rows.works.write(actor) as work:
            latest = work.get(Connection, row.id, "integration")
            if not self._rows.sign_in(work, latest, client.way, token):
                raise Conflict(f"{row.name} was signed in by somebody else meanwhile.")
            work.audit("connection.signed_in", row.id, {"service": row.extension_id})
            work.session.refresh(latest)
            return Finished(
                connection_id=row.id, name=row.name, missing=tuple(latest.missing_scopes)
            )

    def _authorization(self, client: Client, service: str, state: str, verifier: str) -> str:
        extra = {name: one for name, one in client.parameters().items() if name not in OWN}
        address: str = prepare_grant_uri(
            client.address(client.way.authorization_url),
            client.id,
            "code",
            redirect_uri=self.redirect_uri(service),
            scope=" ".join(client.way.scopes),
            state=state,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **extra,
        )
        return address

    def _taken(self, actor: PersonActor, service: str, session_id: str, state: str) -> _Begun:
        """Use the state up. It stays where somebody else comes with it: they can't spend it."""
        with self._rows.works.write(actor) as work:
            found = work.session.scalars(
                select(OAuthState).where(OAuthState.state_hash == hash_token(state))
            ).first()
            if found is None or found.expires_at <= work.now or found.user_id != actor.user_id:
                raise StateRefused
            if not same_secret(hash_token(session_id), found.session_hash):
                raise StateRefused
            row = work.get(Connection, found.connection_id, "integration")
            if row.extension_id != service or not _spent(work, found):
                raise StateRefused
            require_change(work, row.owner_id)
            return _Begun(row, self._cipher.decrypt(found.verifier))

    def _exchanged(self, client: Client, begun: _Begun, fields: Mapping[str, str]) -> Granted:
        row = begun.connection
        asked_at = self._rows.works.clock.now()
        try:
            answer = self._endpoint.ask(
                client,
                "authorization_code",
                redirect_uri=self.redirect_uri(row.extension_id),
                code_verifier=begun.verifier,
                **fields,
            )
        except GrantRefused as error:
            raise SignInFailed(row.id, f"{client.name} gave no access: {error}.") from error
        except ProviderAway as error:
            detail = f"{client.name} could not be asked: {error}. Nothing was changed; try again."
            raise SignInFailed(row.id, detail) from error
        return granted(answer, asked_at)


def _more(row: Connection, more: More) -> dict[str, str]:
    try:
        return fields_of(more(row.id))
    except SdkError as error:
        raise SignInFailed(row.id, f"{error} Nothing was changed.") from error


def _spent(work: Work, state: OAuthState) -> bool:
    """Use a state up; only one of two who come at once can."""
    work.session.expunge(state)
    found = work.session.execute(
        delete(OAuthState)
        .where(OAuthState.id == state.id)
        .execution_options(synchronize_session=False)
    )
    return bool(found.rowcount)  # type: ignore[attr-defined]  # the stubs know no rows of a delete


def _sweep(work: Work) -> None:
    work.session.execute(
        delete(OAuthState)
        .where(OAuthState.expires_at <= work.now)
        .execution_options(synchronize_session=False)
    )


def _check_issuer(client: Client, said: str | None) -> None:
    """Compare who answers with who was asked (RFC 9207, section 2.4).

    Where the manifest names no issuer, an answer that names one has to name the place that people
    were sent to, or that the token comes from.
    """
    if client.way.issuer is not None:
        if said != client.way.issuer:
            raise IssuerRefused
        return
    urls = (client.way.authorization_url, client.way.token_url)
    if said is not None and _origin(said) not in {_origin(client.address(url)) for url in urls}:
        raise IssuerRefused


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _refusal(client: Client, given: Mapping[str, str]) -> str:
    error = storable(given.get("error") or "no code", _MOST_SAID)
    if error == "access_denied":
        return f"{client.name} was not allowed access. Nothing was changed; sign in when you like."
    said = storable(given.get("error_description") or "", _MOST_SAID)
    return f"{client.name} refused: {said or error}. Nothing was changed."
