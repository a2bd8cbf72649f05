"""The extension lead-scoring: badges, a panel with the reasons, a widget, a gate, an event."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge, Block, Button, Fields, Link, Stat, Table, Text, Tone
from extensions.sdk.errors import QuotaExceeded, Refused, Unavailable, UnknownAction
from extensions.sdk.events import Event
from extensions.sdk.jobs import Job
from extensions.sdk.records import Record, RecordChange

from .mapping import Line, Score, domain_of, domains, is_among, options_from, score

QUALIFY = "qualify"
RESCORE = "rescore"
LOOKED_AT = 100
SHOWN = 6
_OPEN = "new,contacted,qualified"
_COLD = "Cold"
_BREATH = 5
_TONES: Mapping[str, Tone] = {"Hot": "danger", "Warm": "warning", "Cold": "neutral"}


class LeadScoring(ExtensionBase):
    """Scores leads when they are shown, so a changed rule holds at once.

    A document for each lead that is not cold says what was announced of it last.
    """

    def install(self) -> None:
        """Prepare one workspace: nothing to do, every setting has a default."""

    def uninstall(self) -> None:
        """Undo what install did: nothing is kept outside of the CRM."""

    def get_routes(self) -> Blueprint:
        """Give the routes; there are none."""
        return Blueprint("lead_scoring", __name__, url_prefix="/api/extensions/lead-scoring")

    @hookimpl
    def collect_badges(self, record_type: str, records: Sequence[Record]) -> dict[str, Badge]:
        """Label leads with their score, unless the workspace wants none."""
        if record_type != "lead" or not self.app.settings["show_badges"]:
            return {}
        scores = self._scores(records)
        return {
            lead["id"]: Badge(f"{found.name} {found.value}", _TONES[found.name])
            for lead, found in zip(records, scores, strict=True)
        }

    @hookimpl
    def collect_panel(self, record: Record) -> list[Block]:
        """Explain the score of a lead, reason by reason."""
        [found] = self._scores([record])
        blocks: list[Block] = [
            Stat("Score", found.value, hint=found.name, tone=_TONES[found.name]),
            Fields({line.label: _worth(line) for line in found.lines}),
        ]
        if record["status"] in ("new", "contacted"):
            blocks.append(Button("Set status to qualified", QUALIFY, style="primary"))
        return blocks

    @hookimpl
    def collect_widget(self) -> list[Block]:
        """List the hottest of the open leads that changed last."""
        page = self.app.leads.list(limit=LOOKED_AT, sort="-updated_at", status=_OPEN)
        ranked = sorted(
            zip(page.data, self._scores(page.data), strict=True), key=lambda pair: -pair[1].value
        )
        if not ranked:
            return [Text("There are no open leads yet.")]
        rows = [
            (Link(_name(lead), f"/leads/{lead['id']}"), lead.get("company"), found.value)
            for lead, found in ranked[:SHOWN]
        ]
        return [Table(("Lead", "Company", "Score"), rows, "The hottest open leads")]

    @hookimpl
    def before_record_save(self, change: RecordChange) -> None:
        """Refuse a lead whose e-mail address is at a blocked domain.

        One that was there before the domain was blocked can still be changed otherwise.
        """
        if change.record_type != "lead":
            return
        domain = domain_of(change.draft.get("email"))
        if change.before is not None and domain == domain_of(change.before.get("email")):
            return
        if is_among(domain, domains(str(self.app.settings.get("blocked_domains", "")))):
            raise Refused(f"Leads from {domain} are blocked.", "email")

    @hookimpl
    def on_event(self, event: Event) -> None:
        """Announce that a lead became hot, warm or cold; harmless twice."""
        if event.type == "lead.deleted":
            self.app.storage.delete(_key(event.data))
        else:
            self._announce([dict(event.data)])

    @hookimpl
    def on_schedule(self) -> None:
        """Ask for a look at all open leads: a rule may have changed, and no lead."""
        self._look_again(None, 0, unique_key=RESCORE)

    @hookimpl
    def run_job(self, job: Job) -> None:
        """Look at the open leads, page by page; announce what is not as it was announced last."""
        cursor, looked = job.payload["cursor"], job.payload["looked"]
        while True:
            page = self.app.leads.list(limit=LOOKED_AT, cursor=cursor, status=_OPEN)
            try:
                self._announce(page.data)
            except Unavailable as error:  # more has changed than may be announced at once
                self._look_again(cursor, looked, delay_seconds=error.retry_after + _BREATH)
                return
            cursor, looked = page.next_cursor, looked + len(page.data)
            job.progress(50 if cursor else 100, f"{looked} leads looked at")
            if cursor is None:
                return

    def perform_action(
        self,
        action: str,
        values: Mapping[str, Any],  # noqa: ARG002 - the button sends none
        record_type: str | None,
        record_id: str | None,
    ) -> ActionResult:
        """Qualify the lead whose page the button is on."""
        if action != QUALIFY or record_type != "lead" or record_id is None:
            raise UnknownAction(action)
        self.app.leads.update(record_id, {"status": "qualified"})
        return ActionResult(toast="The lead is qualified.", navigate=f"/leads/{record_id}")

    def _look_again(self, cursor: str | None, looked: int, **when: Any) -> None:
        self.app.jobs.enqueue(RESCORE, {"cursor": cursor, "looked": looked}, **when)

    def _announce(self, leads: Sequence[Record]) -> None:
        kept = self.app.storage.get_many([_key(lead) for lead in leads])
        for lead, found in zip(leads, self._scores(leads), strict=True):
            key = _key(lead)
            before = kept[key].value if key in kept else _COLD
            if found.name != before:
                told = {
                    "lead_id": lead["id"],
                    "score": found.value,
                    "name": found.name,
                    "before": before,
                }
                self.app.events.emit("score_changed", told, object_id=lead["id"])
                self._keep(key, found.name)

    def _keep(self, key: str, name: str) -> None:
        if name == _COLD:
            self.app.storage.delete(key)
            return
        try:
            self.app.storage.put(key, name)
        except QuotaExceeded as error:
            # It is announced again with the next change of the lead, which does less harm.
            self.app.log.warning("what was announced is not kept", reason=str(error))

    def _scores(self, records: Sequence[Record]) -> list[Score]:
        options = options_from(dict(self.app.settings))
        return [score(record, options) for record in records]


def _key(lead: Mapping[str, Any]) -> str:
    return f"announced/{lead['id']}"


def _worth(line: Line) -> str:
    found = f" ({line.found})" if line.found else ""
    return f"{line.points} of {line.possible}{found}"


def _name(lead: Record) -> str:
    name = " ".join(part for part in (lead.get("first_name"), lead.get("last_name")) if part)
    return name or lead.get("company") or lead.get("email") or "Unnamed lead"
