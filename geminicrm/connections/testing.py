"""The test of a connection, stage by stage, and what it leaves on the connection."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import update

from extensions.sdk.connection import Account
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import (
    AccessDenied,
    AuthenticationError,
    NotConnected,
    ServiceError,
)
from geminicrm.connections.book import ConnectionBook, require_change
from geminicrm.connections.diagnosis import Diagnosis, Stage, failed, passed, place_of
from geminicrm.connections.hiding import Hiding, hiding
from geminicrm.connections.models import CONNECTED, FAILING, NEEDS_REAUTH, UNTESTED, Connection
from geminicrm.connections.notices import credentials_refused, settle
from geminicrm.connections.reachability import (
    REDIRECT,
    WEBHOOKS,
    Reachability,
)
from geminicrm.connections.services import Service
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Actor, Work

SIGN_IN: Final = "sign-in"
SCOPES: Final = "scopes"
_UNREACHABLE: Final = "unreachable"
_NOT_RUNNING: Final = "not_running"
_LONGEST: Final = {"account": 200, "account_id": 200, "last_error": 2000, "last_error_code": 40}

SignIn = Callable[[Actor, str], Account]
"""Has an integration test a connection, by its id; raises SdkError."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test found; `noted` tells whether the connection has that status from now on."""

    status: str
    stages: tuple[Stage, ...]
    account: str
    noted: bool

    @property
    def told(self) -> tuple[Stage, ...]:
        """The stages, where they tell of the connection: none where nothing was learnt."""
        return self.stages if self.noted else ()

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is tested, as it was when the test began."""

    row: Connection
    service: Service
    plain: Mapping[str, Any]
    told: Hiding


@dataclass(frozen=True, slots=True)
class _Found:
    stages: tuple[Stage, ...]
    account: Account | None = None
    code: str = ""
    refused: bool = False


class Testing:
    """Tests connections: no transaction is open while the service is asked."""

    __test__ = False
    """It is no test of ours, whatever pytest makes of the name."""

    def __init__(
        self,
        book: ConnectionBook,
        diagnosis: Diagnosis,
        sign_in: SignIn,
        reachability: Reachability | None = None,
        connect: SignIn | None = None,
    ) -> None:
        """`connect` does what `sign_in` does where the connection is new, or signed in to anew."""
        self._book = book
        self._diagnosis = diagnosis
        self._sign_in = sign_in
        self._connect = connect or sign_in
        self._reachability = reachability

    def run(self, actor: Actor, connection_id: str, *, as_server: bool = True) -> Tested:
        """Test one, and note on it how it is. Raises NotFound, ScopeMissing, Forbidden.

        A process whose environment is not the server's (`as_server` False) notes only what went
        well: a variable or a way out that it lacks is no fault of the connection.
        """
        subject = self._subject(actor, connection_id)
        found = self._find(actor, subject)
        tested = self._told(actor, subject, found, as_server=as_server)
        return replace(tested, stages=(*tested.stages, *self._reached(actor, subject, found)))

    def connect(self, actor: Actor, connection_id: str) -> Tested:
        """Take up one that somebody has just signed in to, and note how it is. Raises as `run`.

        The browser waits for it, so no address is tried, neither the service's nor ours.
        """
        subject = self._subject(actor, connection_id)
        found = self._signed_in(actor, subject, self._connect)
        return self._told(actor, subject, found, as_server=True)

    def _told(self, actor: Actor, subject: _Subject, found: _Found, *, as_server: bool) -> Tested:
        account = found.account.label if found.account is not None else subject.row.account
        if found.code == _NOT_RUNNING:  # nothing was learnt about the connection
            return Tested(subject.row.status, found.stages, account, noted=False)
        wrong = next((one for one in found.stages if not one.ok), None)
        status = self._status(subject, found, wrong)
        noted = (as_server or wrong is None) and self._note(actor, subject, found, wrong, status)
        return Tested(status, found.stages, account, noted)

    def _reached(self, actor: Actor, subject: _Subject, found: _Found) -> tuple[Stage, ...]:
        """Try the addresses that the service comes to; what is wrong there stops no call to it."""
        if self._reachability is None or found.account is None:
            return ()
        service, row = subject.service, subject.row
        signed = row.hints.keys() & (service.webhook_secrets or ())
        used = {REDIRECT, *([WEBHOOKS] if signed else [])}
        addresses = self._reachability.addresses(service, service.way(row.way), actor, row.id)
        return tuple(self._reachability.stage(one) for one in addresses if one.stage in used)

    def _subject(self, actor: Actor, connection_id: str) -> _Subject:
        with self._book.works.read(actor) as work:
            row = self._book.get(work, connection_id)
            require_change(work, row.owner_id)
            service = self._book.service_of(work, row)
            work.session.expunge(row)
        beneath = self._book.beneath(service).values
        told = hiding(self._book, row, service)
        return _Subject(row, service, {**beneath.plain, **row.config}, told)

    def _find(self, actor: Actor, subject: _Subject) -> _Found:
        if not subject.service.enabled:
            return _not_running(f"{subject.service.name} is switched off: enable it.")
        place = place_of(subject.service, subject.plain)
        reached = tuple(self._diagnosis.stages(place)) if place is not None else ()
        if not all(one.ok for one in reached):
            return _Found(reached, code=_UNREACHABLE)
        new = subject.row.status == UNTESTED
        found = self._signed_in(actor, subject, self._connect if new else self._sign_in)
        return replace(found, stages=(*reached, *found.stages))

    def _signed_in(self, actor: Actor, subject: _Subject, ask: SignIn) -> _Found:
        try:
            account = ask(actor, subject.row.id)
        except AccessDenied as error:
            entered = passed(SIGN_IN, "The service knows the credentials.")
            return _Found((entered, failed(SCOPES, _said(subject, error))), code=error.code)
        except NotConnected:
            name = subject.service.name
            return _not_running(f"{name} does not run: look at its page under Installed.")
        except SdkError as error:
            refused = isinstance(error, AuthenticationError)
            stage = failed(SIGN_IN, _said(subject, error))
            return _Found((stage,), code=error.code, refused=refused)
        entered = passed(SIGN_IN, f"Signed in as {account.label or 'somebody unnamed'}.")
        more = (Stage(one.name, one.ok, one.detail) for one in account.stages)
        return _Found((entered, *more, _scopes(account)), account, AccessDenied.code)

    def _note(
        self, actor: Actor, subject: _Subject, found: _Found, wrong: Stage | None, status: str
    ) -> bool:
        row = subject.row
        with self._book.works.write(actor) as work:
            values = {"status": status, "tested_at": work.now, **_of_account(found.account)}
            if wrong is None:
                values |= {"last_ok_at": work.now, "last_error": None, "last_error_code": None}
            else:
                said = {"last_error": wrong.detail, "last_error_code": found.code}
                values |= {**said, "last_error_at": work.now}
            if not self._write(work, row, values):
                return False  # changed or removed meanwhile: that one has not been tested
            if found.refused:
                credentials_refused(work, row, wrong.detail if wrong is not None else "")
            elif wrong is None or found.account is not None:
                settle(work, row.workspace_id, row.id)
            self._book.generations.bump(work, CONNECTIONS)
        return True

    def _status(self, subject: _Subject, found: _Found, wrong: Stage | None) -> str:
        if wrong is None:
            return CONNECTED
        kind = subject.service.way(subject.row.way).type
        return NEEDS_REAUTH if found.refused and kind == "oauth2" else FAILING

    def _write(self, work: Work, row: Connection, values: Mapping[str, Any]) -> bool:
        """Write what a test found, unless a person has changed the connection meanwhile.

        Not by way of the row: its revision counts what people change, and a token that was
        refreshed for the test is no change.
        """
        stored = {
            name: storable(one, _LONGEST[name]) if name in _LONGEST and one is not None else one
            for name, one in values.items()
        }
        result = work.session.execute(
            update(Connection)
            .where(Connection.id == row.id, Connection.updated_at == row.updated_at)
            .values(**stored)
            .execution_options(synchronize_session=False)
        )
        return bool(getattr(result, "rowcount", 0))


def _not_running(detail: str) -> _Found:
    return _Found((failed(SIGN_IN, detail),), code=_NOT_RUNNING)


def _scopes(account: Account) -> Stage:
    if account.missing:
        lacking = ", ".join(account.missing)
        message = f"It lacks: {lacking}. Grant that at the service, or connect again with more."
        return failed(SCOPES, message)
    return passed(SCOPES, "It may do what the integration needs.")


def _said(subject: _Subject, error: SdkError) -> str:
    mend = error.mend if isinstance(error, ServiceError) else ""
    return subject.told(" ".join(filter(None, [str(error), mend])))


def _of_account(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    found: dict[str, Any] = {
        "account": account.label,
        "account_id": account.id,
        "missing_scopes": list(account.missing),
    }
    if account.scopes:
        found["scopes"] = list(account.scopes)
    if account.environment is not None:
        found["environment"] = account.environment
    return found
