"""Keeping up with registries: their keys as they rotate, their notices as they come."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Works
from marketplace.registries.clients import Clients, known
from marketplace.registries.errors import NoticesExpired, RegistryRefused
from marketplace.registries.models import RegistryRow
from marketplace.registries.notices import Notices, expires_at, read_notices
from marketplace.registries.proving import Known
from marketplace.registries.rows import Facts, every_registry, facts_of, row_named
from marketplace.signing.envelope import SignedText
from marketplace.signing.errors import Untrusted
from marketplace.signing.pins import Pinned, accept

_log = structlog.get_logger(__name__)
EVERY_SECONDS: Final = 600.0
"""How old notices get before the worker asks for new ones."""
_YOUNG: Final = timedelta(seconds=10)
Apply = Callable[[str, dict[str, Any]], object]


class Refreshing:
    """Brings the pinned keys and the notices of registries up to date; serials never go down.

    Whoever is connected gets the id of a registry and its notices whenever those were asked for.
    """

    def __init__(self, works: Works, clients: Clients) -> None:
        self._works = works
        self._clients = clients
        self._apply: Apply = _nobody_listens

    def connect(self, apply: Apply) -> None:
        """Have notices applied to what is installed."""
        self._apply = apply

    def every(self) -> None:
        """Ask all registries that are switched on; what fails is noted and logged."""
        with self._works.across_workspaces("keep up with registries") as work:
            found = every_registry(work)
        for facts in _remote(found):
            self.try_one(facts)

    def try_one(self, facts: Facts) -> Facts:
        """Ask one registry; what fails is noted in its row, for people to see, and logged."""
        try:
            return self.one(facts)
        except AppError as error:
            _log.warning("a registry could not be asked", registry=facts.name, reason=error.detail)
            return facts

    def one(self, facts: Facts) -> Facts:
        """Ask one registry now; RegistryUnreachable, RegistryRefused. What was kept stays then."""
        try:
            pin = self._keys(facts)
            notices = self._notices(Known(facts.id, facts.name, pin), facts)
        except AppError as error:
            self._note(facts, error)
            raise
        fresh = self._keep(facts, pin, notices)
        if fresh.notices is not None:
            self._apply(fresh.id, dict(fresh.notices))
        return fresh

    def for_install(self, facts: Facts) -> Facts:
        """Give the registry as it may be installed from, asked just now.

        Raises as `one`; NoticesExpired where it has not renewed its notices in time.
        """
        now = self._works.clock.now()
        fresh = facts.checked_at is not None and now - facts.checked_at < _YOUNG
        asked = facts if fresh and facts.error is None else self.one(facts)
        ends = expires_at(asked.notices)
        if ends is None or ends <= now:
            when = f"on {format_instant(ends)}" if ends else "before they were ever seen"
            raise NoticesExpired(
                facts.name,
                f"its notices ran out {when}, so nobody knows which versions must not run.",
                "Nothing is installed from it until it renews them; what runs goes on.",
            )
        return asked

    def _keys(self, facts: Facts) -> Pinned:
        offered = self._clients.of(facts).keys()
        try:
            return accept(known(facts).pin, offered)
        except Untrusted as error:
            raise RegistryRefused(
                facts.name,
                error.detail,
                "What was pinned stays. Ask its operator what happened to its keys.",
            ) from error

    def _notices(self, asked: Known, facts: Facts) -> tuple[SignedText, Notices]:
        client = self._clients.of(facts).with_known(asked)
        signed = client.notices()
        notices = read_notices(asked, signed)
        if notices.serial < facts.notices_serial:
            raise RegistryRefused(
                facts.name,
                f"its notices are older (serial {notices.serial}) than those that were seen before "
                f"({facts.notices_serial}).",
                "They were not taken. Ask its operator whether it was restored from a backup.",
            )
        if notices.serial == facts.notices_serial and signed.members() != facts.notices:
            raise RegistryRefused(
                facts.name,
                f"it shows two different notices with the serial {notices.serial}.",
                "They were not taken. Ask its operator.",
            )
        return signed, notices

    def _keep(self, facts: Facts, pin: Pinned, found: tuple[SignedText, Notices]) -> Facts:
        signed, notices = found
        with self._works.across_workspaces("keep what a registry says", write=True) as work:
            row = row_named(work, facts.id)
            # Another process may have seen something newer meanwhile.
            if pin.serial > row.keys_serial:
                row.keys, row.keys_serial = pin.to_rows(), pin.serial
            if notices.serial > row.notices_serial:
                row.notices, row.notices_serial = signed.members(), notices.serial
            row.checked_at, row.error, row.error_code = work.now, None, None
            return facts_of(row)

    def _note(self, facts: Facts, error: AppError) -> None:
        with self._works.across_workspaces("note why a registry failed", write=True) as work:
            row = work.session.get(RegistryRow, facts.id)
            if row is not None:
                row.error, row.error_code = error.detail, error.code


def _remote(found: Sequence[Facts]) -> list[Facts]:
    return [one for one in found if one.enabled and not one.embedded]


def _nobody_listens(_registry_id: str, _notices: dict[str, Any]) -> None:
    """Take note of nothing: a registry of its own has no installations."""
