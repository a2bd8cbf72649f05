"""The pages of activities: what is overdue, due today, to come, and done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, flash, redirect, request

from geminicrm.crm.shared import forms, lists, timeline
from geminicrm.crm.shared.desk import Desk, Link
from geminicrm.crm.shared.forms import FormField
from geminicrm.crm.shared.related import common_facts
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.timeline import KINDS, Entry
from geminicrm.crm.shared.views import Fact, Page, RecordLook, RecordViews, sent_version
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.web.pages import local_path, render

_NAMES = {kind: name for kind, (name, _) in KINDS.items()}


@dataclass(frozen=True)
class Group:
    """Activities that are due at a like time."""

    key: str
    title: str
    entries: Sequence[Entry]


def blueprint(desk: Desk) -> Blueprint:
    """Serve `/activities` and what is below it."""
    views = RecordViews(desk, look())
    pages = views.blueprint(with_list=False)

    @pages.get("", endpoint="list")
    def list_groups() -> Page:
        """Show activities by when they are due."""
        return _list_page(desk, views.look)

    @pages.post("/<identifier>/done")
    def done(identifier: str) -> Page:
        """Tick an activity off, or take the tick away."""
        return _tick(desk, identifier)

    return pages


def look() -> RecordLook:
    """Tell how activities look."""
    shown = {"false": "To do", "true": "Done"}
    return RecordLook(
        kind="activity",
        title="Activities",
        lead="Calls, meetings, mails, notes and tasks.",
        columns=(),
        filters=(
            lists.fixed("done", "State", shown),
            lists.fixed("kind", "Kind", _NAMES, chips=False),
            lists.owner_filter(),
        ),
        form=_form,
        facts=_facts,
        template="crm/activity.html",
        empty=(
            "Nothing planned",
            "Plan a call, a meeting or a task, and it shows up here when it is due.",
        ),
    )


def _form(desk: Desk) -> Sequence[FormField]:
    # What is planned here is a task more often than not, so that one comes first.
    kinds = [{"value": kind, "label": name} for kind, name in reversed(_NAMES.items())]
    sent = request.values.get("related_type", "")
    related = []
    if sent in desk.records:
        name = desk.records[sent].spec.kind
        related = [
            FormField(name="related_type", label="Belongs to", kind="hidden"),
            FormField(name="related_id", label=name.capitalize(), kind="hidden"),
        ]
    return [
        FormField(name="kind", label="Kind", kind="select", options=kinds, required=True),
        FormField(name="subject", label="Subject", required=True, wide=True),
        FormField(name="due_at", label="Due", kind="datetime-local"),
        FormField(name="done_at", label="Done", kind="datetime-local"),
        FormField(name="body", label="Text", kind="textarea", wide=True),
        *related,
        *forms.owned_fields(desk.owner_options()),
    ]


def _facts(desk: Desk, record: Rest) -> list[Fact]:
    link = desk.links([(record["related_type"], record["related_id"])])
    found = timeline.mails_of([record]).get(record["id"])
    mail = [Fact("Mail", Link("Open the whole mail", found.url, "mail"), "link")] if found else []
    return [
        Fact("Kind", _NAMES[record["kind"]]),
        *mail,
        Fact("Belongs to", link.get(record["related_id"]), "link"),
        Fact("Due", record["due_at"], "instant"),
        Fact("Done", record["done_at"], "instant"),
        *common_facts(desk, record),
    ]


def _list_page(desk: Desk, shape: RecordLook) -> Page:
    view = lists.read_view("/activities", shape.filters, {"related_id": _related_id()})
    default = {} if "done" in view.filters else {"done": "false"}
    related = {"related_id": _related_id()} if _related_id() else {}
    done = view.filters.get("done") == "true"
    asked = replace(
        view,
        filters={**view.filters, **default, **related},
        sort="-updated_at" if done else "due_at",
    )
    page, total = lists.fetch(desk.records["activity"], asked)
    entries = timeline.entries(desk, page.data)
    fragment = request.headers.get("HX-Target") == "results"
    html = render(
        "crm/_activities.html" if fragment else "crm/activities.html",
        look=shape, desk=desk, view=view, counted=lists.counted(total), noun="activities",
        groups=_groups(desk, entries), now=desk.now(), shown=len(entries), done=done,
        choices={each.name: each.options(desk) for each in shape.filters},
        next_url=view.url(cursor=page.next_cursor) if page.next_cursor else None,
        may_write=desk.may("write", "activity"),
    )  # fmt: skip
    answer = Response(html, mimetype="text/html")
    answer.headers["Vary"] = "HX-Target"
    if fragment:
        answer.headers["HX-Push-Url"] = view.url()
    return answer


def _related_id() -> str:
    return request.args.get("related_id", "")


def _groups(desk: Desk, entries: Sequence[Entry]) -> list[Group]:
    """Sort activities into their groups, in the order in which people care."""
    titles = {
        "overdue": "Overdue",
        "today": "Today",
        "upcoming": "Upcoming",
        "undated": "No date",
        "done": "Done",
    }
    placed: dict[str, list[Entry]] = {key: [] for key in titles}
    for entry in entries:
        placed[_group(desk, entry)].append(entry)
    return [Group(key, titles[key], found) for key, found in placed.items() if found]


def _group(desk: Desk, entry: Entry) -> str:
    due = entry.record["due_at"]
    if entry.is_done:
        return "done"
    if due is None:
        return "undated"
    if entry.is_overdue:
        return "overdue"
    return "today" if desk.local(parse_instant(due)).date() == desk.today() else "upcoming"


def _tick(desk: Desk, identifier: str) -> Page:
    door, actor = desk.records["activity"], current_actor()
    done = request.form.get("done") == "true"
    at = format_instant(desk.now()) if done else None
    record = door.update(actor, identifier, {"done_at": at}, sent_version())
    if request.headers.get("HX-Request"):
        return render(
            "crm/_entry.html", entry=timeline.entries(desk, [record])[0], now=desk.now(),
            may_write=True, ticked=done, next=local_path(request.form.get("next", "/activities")),
        )  # fmt: skip
    flash("Done." if done else "It is to do again.", "success")
    return redirect(local_path(request.form.get("next", "/activities")), 303)
