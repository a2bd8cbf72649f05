"""The extension deal-alerts: tells an address of the workspace what happens to deals."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Block, Button, Link, Stat, Text
from extensions.sdk.errors import Invalid, NotFound, Refused, Unavailable, UnknownAction
from extensions.sdk.events import Event
from extensions.sdk.records import Record

from .client import NotDelivered, deliver
from .mapping import headline, is_wanted, payload, trial_payload

SEND_TEST = "send-test"
MARK = "deal_alert"
_SUBJECT = "Deal alert"
_NO_ADDRESS = "There is no address yet: nothing is sent. Fill it in and save it."


class DealAlerts(ExtensionBase):
    """Posts alerts, and keeps one note for each of them on its deal.

    Events come at least once. The note carries the event's id, so a repeated event finds it: an
    alert that was taken is not sent again, and none is noted twice.
    """

    def install(self) -> None:
        """Prepare one workspace: nothing to do until there is an address."""

    def uninstall(self) -> None:
        """Undo what install did: the notes belong to the deals and stay."""

    def get_routes(self) -> Blueprint:
        """Give the routes; there are none."""
        return Blueprint("deal_alerts", __name__, url_prefix="/api/extensions/deal-alerts")

    @hookimpl
    def on_event(self, event: Event) -> None:
        """Send the alert of an event, unless that was done before.

        Unavailable where the receiver does not take it: the core tries again later.
        """
        if not is_wanted(event, dict(self.app.settings)):
            return
        url = self.app.settings.get("webhook_url")
        if not url:
            self.app.log.warning("no alert was sent: there is no address", event_id=event.id)
            return
        note = self._note_of(event)
        if note is not None and note["custom"][MARK]["sent"]:
            return
        try:
            status = self._send(payload(event, self.app.workspace))
        except NotDelivered as error:
            self._write(note, event, f"Attempt {event.attempt}. {error}", sent=False)
            raise Unavailable(str(error)) from error
        self._write(note, event, f"The receiver answered {status}.", sent=True)

    @hookimpl
    def collect_settings_panel(self) -> list[Block]:
        """Show the last alert, and a button that sends one for trying."""
        blocks: list[Block] = []
        if not self.app.settings.get("webhook_url"):
            blocks.append(Text(_NO_ADDRESS, tone="warning"))
        last = next(self._notes(limit=20), None)
        blocks += [Text("No alert was sent yet.")] if last is None else _shown(last)
        blocks.append(Button("Send a test alert", SEND_TEST))
        return blocks

    def perform_action(
        self,
        action: str,
        values: Mapping[str, Any],  # noqa: ARG002 - the button sends none
        record_type: str | None,  # noqa: ARG002 - it stands beside the settings
        record_id: str | None,  # noqa: ARG002 - as above
    ) -> ActionResult:
        """Send a test alert."""
        if action != SEND_TEST:
            raise UnknownAction(action)
        if not self.app.settings.get("webhook_url"):
            return ActionResult(field_errors={"webhook_url": _NO_ADDRESS})
        try:
            status = self._send(trial_payload(self.app.workspace))
        except NotDelivered as error:
            return ActionResult(field_errors={"webhook_url": str(error)})
        return ActionResult(toast=f"The receiver answered {status}.", refresh=True)

    def _send(self, body: Mapping[str, Any]) -> int:
        url, secret = self.app.settings["webhook_url"], self.app.secrets.get("signing_secret")
        return deliver(self.app.http, url, secret, body)

    def _note_of(self, event: Event) -> Record | None:
        notes = self._notes(related_type="deal", related_id=event.data["id"])
        return next((one for one in notes if one["custom"][MARK]["event_id"] == event.id), None)

    def _notes(self, limit: int = 100, **filters: str) -> Iterator[Record]:
        """Go through the notes that are this extension's own, the newest first."""
        cursor: str | None = None
        while True:
            page = self.app.activities.list(
                limit=limit, cursor=cursor, kind="note", q=_SUBJECT, **filters
            )
            yield from (one for one in page.data if MARK in one["custom"])
            cursor = page.next_cursor
            if cursor is None:
                return

    def _write(self, note: Record | None, event: Event, body: str, *, sent: bool) -> None:
        found = {
            "subject": f"{_SUBJECT} {'sent' if sent else 'not sent yet'}. {headline(event)}"[:200],
            "body": body,
            "done_at": event.timestamp.isoformat(),
            "custom": {MARK: {"event_id": event.id, "sent": sent}},
        }
        place = {"kind": "note", "related_type": "deal", "related_id": event.data["id"]}
        try:
            if note is None:
                self.app.activities.create({**found, **place})
            else:
                self.app.activities.update(note["id"], found)
        except (Invalid, NotFound, Refused) as error:
            # The deal was deleted meanwhile, or another extension refuses the note: the alert
            # itself is out, and sending it again would not help.
            self.app.log.warning("the alert is not noted", event_id=event.id, reason=str(error))


def _shown(note: Record) -> list[Block]:
    sent = note["custom"][MARK]["sent"]
    return [
        Stat(
            "Last alert",
            "Sent" if sent else "Not sent yet",
            hint=note["updated_at"][:16].replace("T", " ") + " UTC",
            tone="success" if sent else "warning",
        ),
        Text(f"{note['subject']}\n{note['body']}"),
        Link("Open the deal", f"/deals/{note['related_id']}"),
    ]
