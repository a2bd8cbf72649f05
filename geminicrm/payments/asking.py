"""Asking a provider for a link: the job that has one made, once."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import structlog

from extensions.sdk.capabilities.payment_shapes import (
    Checkout,
    CheckoutLine,
    Money,
    NewCheckout,
)
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import (
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
)
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.jobs.kinds import Claimed, Postponed, Run
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.payments.doors_needed import Paying, Way
from geminicrm.payments.models import ASKING, CANCELED, Payment
from geminicrm.payments.requesting import ASKING_KIND, KEY_LIFE, key_of, locked
from geminicrm.payments.settling import Settling

NONE_CONNECTED: Final = "No payment provider is connected."
CONNECT: Final = "Connect a payment provider under Integrations, then ask again."
LOOK_THERE: Final = (
    "Nobody was sent a link. Look at the provider whether there is one, then ask again or cancel."
)
_PASSING: Final = (RateLimited, ServiceUnavailable, OutcomeUnknown)
_SHORTEST_WAIT: Final = 5
_OLD: Final = "The provider may no longer know that it was asked before."
_log = structlog.get_logger(__name__)

Fate = Literal["refused", "later", "failed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, of whom; `pinned` says that this connection may have done it already."""

    connection_id: str
    pinned: bool
    key: str
    new: NewCheckout


@dataclass(frozen=True, slots=True)
class Pages:
    """Where payers are sent after they have paid, and when they have not."""

    paid: str
    left: str


class AskKind:
    """Implements the engine's Kind: has the link of one payment made.

    The row names the connection before that is asked, and keeps it unless it has certainly not
    done it: whoever takes over from a killed worker, or after a lost answer, asks the same one
    with the same key, which makes no second link.
    """

    name = ASKING_KIND

    def __init__(self, works: Works, paying: Paying, settling: Settling, pages: Pages) -> None:
        self._works = works
        self._paying = paying
        self._settling = settling
        self._pages = pages

    def ready(self) -> bool:
        """Give True: what can't be asked says so for each."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:
        """Ask one provider after the other, as long as each has certainly not done it."""
        actor = SystemActor(job.workspace_id)
        payment_id = job.payload["payment_id"]
        last = job.attempt >= job.max_attempts
        refused: set[str] = set()
        while (question := self._begin(actor, payment_id, refused)) is not None:
            run.check()
            try:
                checkout = self._paying.create_checkout(
                    actor, question.connection_id, question.new, question.key
                )
            except SdkError as error:
                refused.add(question.connection_id)
                if not self._not_made(actor, payment_id, Problem(error, question, last), refused):
                    return {"error": str(error)}
            else:
                return self._made(actor, payment_id, question, checkout)
        return None

    def _begin(self, actor: Actor, payment_id: str, refused: set[str]) -> Question | None:
        ways = self._left(actor, refused)
        with self._works.write(actor) as work:
            row = locked(work, payment_id)
            if row is None or row.state != ASKING:
                return None
            pinned = row.connection_id
            if pinned is None and not ways:
                self._settling.failed(work, row, NONE_CONNECTED, CONNECT)
                return None
            row.asked_at = row.asked_at or work.now
            if pinned is not None and work.now - row.asked_at > KEY_LIFE:
                self._settling.unknown(work, row, row.error or _OLD, LOOK_THERE)
                return None
            if pinned is None:
                _choose(row, ways[0])
            row.attempts += 1
            return Question(
                connection_id=pinned or ways[0].connection_id,
                pinned=pinned is not None,
                key=key_of(row),
                new=self._checkout(row),
            )

    def _left(self, actor: Actor, refused: set[str]) -> list[Way]:
        ways = self._paying.ways(actor.workspace_id)
        return [one for one in ways if one.connection_id not in refused]

    def _not_made(
        self, actor: Actor, payment_id: str, problem: "Problem", refused: set[str]
    ) -> bool:
        """Note what an error means; tell whether another provider may be asked at once.

        Raises Postponed, or the error, where the same is to be asked again later.
        """
        fate = problem.fate(others=bool(self._left(actor, refused)))
        error = problem.error
        with self._works.write(actor) as work:
            row = locked(work, payment_id)
            if row is None or row.state != ASKING:
                return False
            self._note(work, row, problem, fate)
        if fate == "later" and isinstance(error, RateLimited):
            raise Postponed(str(error), max(error.retry_after, _SHORTEST_WAIT)) from error
        if fate == "later":
            raise error
        return fate == "refused"

    def _note(self, work: Work, row: Payment, problem: "Problem", fate: Fate) -> None:
        row.error, row.mend = str(problem.error), problem.mend
        if problem.certain:
            row.connection_id = None
        if fate == "later":
            self._settling.later(work, row)
        elif fate == "failed":
            self._settling.failed(work, row, row.error, problem.mend or CONNECT)
        elif fate == "unknown":
            self._settling.unknown(work, row, row.error, LOOK_THERE)

    def _made(
        self, actor: Actor, payment_id: str, question: Question, checkout: Checkout
    ) -> dict[str, Any]:
        with self._works.write(actor) as work:
            row = locked(work, payment_id)
            wanted = row is not None and row.state == ASKING and key_of(row) == question.key
            if row is not None and wanted:
                self._settling.opened(work, row, checkout)
            canceled = row is not None and row.state == CANCELED
        if canceled:
            self._close(actor, question, checkout)
        return {"checkout_id": checkout.id}

    def _close(self, actor: Actor, question: Question, checkout: Checkout) -> None:
        """Close a link that was canceled while it was made; nobody has got it."""
        key = f"{question.key}.expire"
        try:
            self._paying.expire_checkout(actor, question.connection_id, checkout.id, key)
        except SdkError as error:
            _log.warning("a link that nobody has stays open", error=str(error))

    def _checkout(self, row: Payment) -> NewCheckout:
        money = Money(amount=row.amount_minor, currency=row.currency)
        # The same values each time: with other ones a provider refuses a key that it knows.
        return NewCheckout(
            lines=(CheckoutLine(name=row.description, money=money),),
            success_url=self._pages.paid,
            cancel_url=self._pages.left,
            customer_email=row.payer_email or "",
            receipt_email=row.payer_email or "",
            reference=row.id,
            metadata={"payment": row.id, row.related_type: row.related_id},
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Why no link is known to have been made; `last` says that it was the last attempt."""

    error: SdkError
    question: Question
    last: bool

    @property
    def certain(self) -> bool:
        """Whether it has certainly not been made.

        Where an earlier attempt may have made it, only a refusal of these values says so: a
        provider that knows the key would have answered with what it made.
        """
        if self.question.pinned:
            return isinstance(self.error, ServiceRefused) and self.error.accepted == "no"
        if isinstance(self.error, ServiceError):
            return self.error.accepted == "no"
        return isinstance(self.error, NotConnected)

    @property
    def mend(self) -> str | None:
        """What a person can do."""
        return self.error.mend if isinstance(self.error, ServiceError) else None

    def fate(self, *, others: bool) -> Fate:
        """Say what comes of it; `others` tells whether another provider could be asked."""
        if self.certain and others:
            return "refused"
        if isinstance(self.error, _PASSING) and not self.last:
            return "later"
        return "failed" if self.certain else "unknown"


def _choose(row: Payment, way: Way) -> None:
    row.provider, row.connection_id, row.live = way.provider, way.connection_id, way.live


def pages_at(public_url: str) -> Pages:
    """Give the pages of payers at the address where the CRM is reached."""
    base = public_url.rstrip("/")
    return Pages(f"{base}/payments/thanks", f"{base}/payments/not-paid")
