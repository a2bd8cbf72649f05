"""The pages that every kind of record has: list, record, form, delete; written once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from geminicrm.crm.shared import forms, lists, timeline
from geminicrm.crm.shared.desk import Desk, Option
from geminicrm.crm.shared.forms import FormField, Wrong
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.crm.shared.naming import display_name
from geminicrm.crm.shared.spec import Rest
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import PreconditionFailed, ValidationFailed
from geminicrm.web.pages import local_path, render

Page = Response | str | tuple[str, int]
_CHOICES = 100
_STAMPS = frozenset({"id", "version", "created_at", "updated_at"})


@dataclass(frozen=True)
class Fact:
    """One line of a record's field panel; `look` names the macro that shows it."""

    label: str
    value: Any
    look: str = "text"


@dataclass(frozen=True)
class Related:
    """A list of other records beside a record."""

    title: str
    kind: str
    records: Sequence[Rest]
    more_url: str | None
    new_url: str


@dataclass(frozen=True, kw_only=True)
class RecordLook:
    """How one kind of record looks; everything that differs between their pages."""

    kind: str
    title: str
    lead: str
    columns: Sequence[lists.Column]
    filters: Sequence[lists.Filter]
    form: Callable[[Desk], Sequence[FormField]]
    facts: Callable[[Desk, Rest], Sequence[Fact]]
    related: Callable[[Desk, Rest], Sequence[Related]] = lambda _desk, _record: ()
    more: Callable[[Desk, Rest], Mapping[str, Any]] = lambda _desk, _record: {}
    kept: Mapping[str, str] = field(default_factory=dict)
    template: str = "crm/record.html"
    empty: tuple[str, str] = ("Nothing here yet", "")


class RecordViews:
    """The pages of one kind of record."""

    def __init__(self, desk: Desk, look: RecordLook) -> None:
        self.desk = desk
        self.look = look
        self.door = desk.records[look.kind]
        self.noun = self.door.spec.noun

    def blueprint(self, *, with_list: bool = True) -> Blueprint:
        """Serve `/<noun>` and what is below it; without the list where another room has it."""
        pages = Blueprint(self.noun, __name__, url_prefix=f"/{self.noun}")
        if with_list:
            pages.add_url_rule("", "list", self.list_page)
        pages.add_url_rule("/new", "new", self.new)
        pages.add_url_rule("/new", "create", self.create, methods=["POST"])
        pages.add_url_rule("/options", "options", self.options)
        pages.add_url_rule("/<identifier>", "record", self.record)
        pages.add_url_rule("/<identifier>/edit", "edit", self.edit)
        pages.add_url_rule("/<identifier>/edit", "update", self.update, methods=["POST"])
        pages.add_url_rule("/<identifier>/delete", "ask_delete", self.ask_delete)
        pages.add_url_rule("/<identifier>/delete", "delete", self.delete, methods=["POST"])
        pages.add_url_rule("/<identifier>/activities", "log", self.log, methods=["POST"])
        return pages

    def list_page(self) -> Page:
        """Show one page of the list; only the rows to htmx."""
        look, desk = self.look, self.desk
        view = lists.read_view(f"/{self.noun}", look.filters, look.kept)
        page, total = lists.fetch(self.door, view)
        links = desk.links(
            (column.kind, record[column.name])
            for column in look.columns
            if column.kind
            for record in page.data
        )
        fragment = request.headers.get("HX-Target") == "results"
        html = render(
            "crm/_results.html" if fragment else "crm/list.html",
            look=look, desk=desk, view=view, rows=page.data, links=links, noun=self.noun,
            badges=self.door.badges(current_actor(), page.data),
            heads=view.heads(look.columns), counted=lists.counted(total),
            choices={each.name: each.options(desk) for each in look.filters},
            next_url=view.url(cursor=page.next_cursor) if page.next_cursor else None,
            now=desk.now(),
        )  # fmt: skip
        answer = Response(html, mimetype="text/html")
        answer.headers["Vary"] = "HX-Target"
        if fragment:
            answer.headers["HX-Push-Url"] = view.url()
        return answer

    def options(self) -> Page:
        """Give the choices that match what was typed beside a choice of records."""
        wanted = request.args.get("find", "").strip()
        chosen = request.args.get("chosen", "")
        found = record_options(self.desk, self.look.kind, chosen, wanted)
        return render("crm/_options.html", options=found, chosen=chosen)

    def record(self, identifier: str) -> Page:
        """Show one record."""
        return self.record_page(self.door.get(current_actor(), identifier))

    def record_page(self, record: Rest, composer: timeline.Composer | None = None) -> str:
        """Render one record, with what the composer could not take."""
        desk, look = self.desk, self.look
        entries, older = timeline.around(desk, look.kind, record["id"])
        badges = self.door.badges(current_actor(), [record])
        return render(
            look.template,
            look=look, desk=desk, record=record, noun=self.noun, name=display_name(record),
            badges=badges.get(record["id"], ()), facts=look.facts(desk, record),
            related=look.related(desk, record), entries=entries, older=older,
            composer=composer or timeline.Composer(), kinds=timeline.KINDS, now=desk.now(),
            may_write=desk.may("write", look.kind), may_log=desk.may("write", "activity"),
            **look.more(desk, record),
        )  # fmt: skip

    def new(self) -> Page:
        """Show an empty form; the address may fill fields."""
        self.desk.demand_write(self.look.kind)
        fields = self.look.form(self.desk)
        values = {each.name: request.args.get(each.name, "") for each in fields}
        values["owner_id"] = values["owner_id"] or current_actor().user_id
        return self._form(values)

    def create(self) -> Page:
        """Create a record, or show what is wrong."""
        self.desk.demand_write(self.look.kind)
        fields = self.look.form(self.desk)
        draft = forms.read(fields, request.form, self.desk.zone())
        try:
            record = self.door.create(current_actor(), draft)
        except ValidationFailed as error:
            return self._form(request.form, wrong=forms.wrong(error, fields, request.form)), 422
        flash(f"{display_name(record)} is created.", "success")
        return redirect(_next() or f"/{self.noun}/{record['id']}", 303)

    def edit(self, identifier: str) -> Page:
        """Show a record's form."""
        self.desk.demand_write(self.look.kind)
        record = self.door.get(current_actor(), identifier)
        return self._form(forms.shown(self.look.form(self.desk), record, self.desk.zone()), record)

    def update(self, identifier: str) -> Page:
        """Change a record, or show what is wrong, or what somebody else changed meanwhile."""
        self.desk.demand_write(self.look.kind)
        fields, sent = self.look.form(self.desk), request.form
        version = sent_version()
        try:
            draft = forms.read(fields, sent, self.desk.zone())
            record = self.door.update(current_actor(), identifier, draft, version)
        except ValidationFailed as error:
            present = self.door.get(current_actor(), identifier) | {"version": version}
            return self._form(sent, present, wrong=forms.wrong(error, fields, sent)), 422
        except PreconditionFailed:
            present = self.door.get(current_actor(), identifier)
            return self._form(sent, present, differing=self._differing(present)), 412
        flash("Your changes are saved.", "success")
        return redirect(_next() or f"/{self.noun}/{record['id']}", 303)

    def ask_delete(self, identifier: str) -> Page:
        """Ask before a record is deleted, where no script opens the dialog."""
        self.desk.demand_write(self.look.kind)
        record = self.door.get(current_actor(), identifier)
        return render(
            "crm/delete.html", look=self.look, record=record, noun=self.noun,
            name=display_name(record),
        )  # fmt: skip

    def delete(self, identifier: str) -> Page:
        """Delete a record."""
        actor = current_actor()
        self.desk.demand_write(self.look.kind)
        record = self.door.get(actor, identifier)
        self.door.delete(actor, identifier, sent_version())
        flash(f"{display_name(record)} is deleted.", "success")
        return redirect(f"/{self.noun}", 303)

    def log(self, identifier: str) -> Page:
        """Add an activity to a record."""
        actor = current_actor()
        record = self.door.get(actor, identifier)
        draft = timeline.composed(self.desk, request.form)
        draft |= {"related_type": self.look.kind, "related_id": identifier}
        try:
            made = self.desk.records["activity"].create(actor, draft)
        except ValidationFailed as error:
            wrong = forms.wrong(error, _COMPOSER, request.form)
            return self.record_page(record, timeline.Composer(request.form, wrong)), 422
        flash(f"{timeline.KINDS[made['kind']][0]} “{made['subject']}” is added.", "success")
        return redirect(f"/{self.noun}/{identifier}#timeline", 303)

    def _form(
        self,
        values: Mapping[str, str],
        record: Rest | None = None,
        *,
        wrong: Wrong | None = None,
        differing: Sequence[Mapping[str, str]] | None = None,
    ) -> str:
        chosen = {name: values.get(name, "") for name in values}
        return render(
            "crm/form.html",
            look=self.look, noun=self.noun, record=record, values=chosen,
            name=display_name(record) if record else "", wrong=wrong or Wrong(),
            fields=[self._filled(each, chosen) for each in self.look.form(self.desk)],
            differing=differing, next=_next(),
        )  # fmt: skip

    def _filled(self, each: FormField, values: Mapping[str, str]) -> FormField:
        """Give a choice of records its choices, the chosen one among them."""
        if each.kind != "record":
            return each
        kind = each.name.removesuffix("_id")
        noun = self.desk.records[kind].spec.noun
        options = record_options(self.desk, kind, values.get(each.name, ""))
        more = f"/{noun}/options" if len(options) > _CHOICES else None
        return FormField(
            name=each.name, label=each.label, kind="record", options=options, more=more
        )

    def _differing(self, present: Rest) -> list[dict[str, str]]:
        """Give the fields in which the stored record is not what was sent, each with both."""
        fields, zone = self.look.form(self.desk), self.desk.zone()
        stored = forms.shown(fields, present, zone)
        sent = forms.shown(fields, forms.read(fields, request.form, zone), zone)
        return [
            {
                "label": each.label,
                "stored": _named(each, stored[each.name]),
                "sent": _named(each, sent[each.name]),
            }
            for each in fields
            if each.name in request.form and stored[each.name] != sent[each.name]
        ]


_COMPOSER = (
    FormField(name="kind", label="Kind"),
    FormField(name="subject", label="Subject"),
    FormField(name="body", label="Text"),
    FormField(name="due_at", label="When"),
)


def record_options(desk: Desk, kind: str, chosen: str, find: str = "") -> list[Option]:
    """Give records as choices: none, the chosen one, and up to 100 by name."""
    actor, door = current_actor(), desk.records[kind]
    page = door.list(actor, ListQuery(_CHOICES, sort="name", search=find or None))
    listed = {record["id"]: display_name(record) for record in page.data}
    if chosen and chosen not in listed:
        first = {record["id"]: display_name(record) for record in door.get_many(actor, [chosen])}
        listed = first | listed
    options = [{"value": key, "label": name} for key, name in listed.items()]
    return [{"value": "", "label": "None"}, *options]


def sent_version() -> int | None:
    """Read the version that a form was made from; one that is no number matches nothing."""
    text = request.form.get("version", "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() else -1


def _next() -> str:
    target = request.values.get("next", "")
    return local_path(target) if target else ""


def _named(each: FormField, value: str) -> str:
    return next((option["label"] for option in each.options if option["value"] == value), value)
