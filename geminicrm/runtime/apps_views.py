"""What extensions show inside our pages, and the buttons and forms in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, flash, make_response, redirect, request
from werkzeug.wrappers import Response

from extensions.sdk.actions import ActionResult
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import Finding, NotFound, ValidationFailed
from geminicrm.runtime.contributions import Contributions, RecordReader
from geminicrm.runtime.hooks import Panel
from geminicrm.web.pages import render, toast

Page = Response | str | tuple[str, int]
VALUE = "value-"
RECORD_PAGES = {
    "lead": "/leads",
    "contact": "/contacts",
    "company": "/companies",
    "deal": "/deals",
    "activity": "/activities",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel stands: on a record, on the dashboard, or beside the settings."""

    panel: str
    record: tuple[str, str] | None = None
    settings_of: str | None = None

    def query(self) -> str:
        """Give the place as the query of an action's address."""
        found = {"panel": self.panel}
        if self.record is not None:
            found |= {"record_type": self.record[0], "record_id": self.record[1]}
        if self.settings_of is not None:
            found["place"] = "settings"
        return urlencode(found)

    def page(self) -> str:
        """Give the address of the page around it."""
        if self.record is not None:
            return f"{RECORD_PAGES[self.record[0]]}/{self.record[1]}"
        return f"/installed/{self.settings_of}/settings" if self.settings_of else "/"


def blueprint(contributions: Contributions, read_record: RecordReader) -> Blueprint:
    """Serve /apps: panels and widgets as fragments, and the actions inside them."""
    pages = Blueprint("apps", __name__, template_folder="templates", url_prefix="/apps")
    _fragments(pages, contributions, read_record)
    _actions(pages, contributions, read_record)
    return pages


def action_url(panel: Panel, place: Place) -> str:
    """Give where the buttons and forms of a panel are sent."""
    return f"/apps/{panel.extension_id}/actions?{place.query()}"


def _fragments(pages: Blueprint, contributions: Contributions, read_record: RecordReader) -> None:
    @pages.get("/panels/<record_type>/<record_id>")
    def panels(record_type: str, record_id: str) -> Page:
        _known(record_type)
        record = read_record(current_actor(), record_type, record_id)
        found = contributions.panels(current_actor(), record_type, record)
        cards = [(one, Place(one.id, (record_type, record_id))) for one in found]
        return _cards(cards)

    @pages.get("/widgets")
    def widgets() -> Page:
        found = contributions.widgets(current_actor())
        return _cards([(one, Place(one.id)) for one in found])


def _actions(pages: Blueprint, contributions: Contributions, read_record: RecordReader) -> None:
    @pages.post("/<extension_id>/actions")
    def perform(extension_id: str) -> Page:
        return act(extension_id, request.form.get("action", ""))

    @pages.post("/<extension_id>/actions/<action>")
    def act(extension_id: str, action: str) -> Page:
        place = _place(extension_id)
        if place.record is not None:
            read_record(current_actor(), *place.record)  # nobody acts on what they may not see
        result = contributions.perform_action(
            current_actor(), extension_id, action, _values(request.form), place.record
        )
        if "HX-Request" not in request.headers:
            return _whole_page(result, place)
        panel = _find(contributions, read_record, extension_id, place)
        return _fragment(result, panel, place)


def _whole_page(result: ActionResult, place: Place) -> Page:
    for message in result.field_errors.values():
        flash(message, "error")
    if result.toast:
        flash(result.toast, "error" if result.field_errors else "success")
    return redirect(result.navigate or place.page(), code=303)


def _fragment(result: ActionResult, panel: Panel | None, place: Place) -> Page:
    if result.navigate:
        if result.toast:
            flash(result.toast, "success")
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = result.navigate
        return answer
    if panel is None or not (result.refresh or result.field_errors):
        answer = make_response("", 204)
    else:
        errors = list(result.field_errors.values())
        url = action_url(panel, place)
        html = render("runtime/blocks.html", panel=panel, url=url, errors=errors)
        answer = make_response(html, 422 if errors else 200)
    if not result.toast:
        return answer
    return toast(answer, result.toast, "error" if result.field_errors else "success")


def _find(
    contributions: Contributions, read_record: RecordReader, extension_id: str, place: Place
) -> Panel | None:
    actor = current_actor()
    if place.record is not None:
        record = read_record(actor, *place.record)
        found = contributions.panels(actor, place.record[0], record)
    elif place.settings_of is not None:
        return contributions.settings_panel(actor, extension_id)
    else:
        found = contributions.widgets(actor)
    wanted = (extension_id, place.panel)
    return next((one for one in found if (one.extension_id, one.id) == wanted), None)


def _cards(cards: list[tuple[Panel, Place]]) -> str:
    drawn = [{"panel": one, "url": action_url(one, place)} for one, place in cards]
    return render("runtime/cards.html", cards=drawn)


def _place(extension_id: str) -> Place:
    record_type, record_id = request.args.get("record_type"), request.args.get("record_id")
    panel = request.args.get("panel", "")
    if record_type is None and record_id is None:
        settings = request.args.get("place") == "settings"
        return Place(panel, settings_of=extension_id if settings else None)
    if not record_type or not record_id:
        message = "A record is named by record_type and record_id together."
        raise ValidationFailed([Finding("/record_id", "incomplete", message)])
    _known(record_type)
    return Place(panel, (record_type, record_id))


def _known(record_type: str) -> None:
    if record_type not in RECORD_PAGES:
        raise NotFound("kind of record", record_type)


def _values(form: Mapping[str, str]) -> dict[str, str]:
    """Give what the extension's own fields hold; the form's own fields are not its business."""
    return {name[len(VALUE) :]: text for name, text in form.items() if name.startswith(VALUE)}
