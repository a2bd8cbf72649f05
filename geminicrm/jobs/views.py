"""The pages of jobs, which look again every two seconds while somebody looks at them."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, Response, flash, g, redirect, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import public
from geminicrm.jobs.asking import asked_of, asker
from geminicrm.jobs.kind_names import KIND_NAMES
from geminicrm.jobs.question import Question
from geminicrm.jobs.service import MOST_AT_ONCE, OPERATE, Jobs
from geminicrm.jobs.watching import Look, age
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.jobs.models import DEAD, OPEN, QUEUED
from geminicrm.web.formatting import number
from geminicrm.web.pages import render

_STOP_ASKING: Final = 286
"""htmx takes an answer with this status and asks no more."""
_TABS: Final = (
    ("queued", "Queued"),
    ("running", "Running"),
    ("dead", "Failed"),
    ("done,cancelled", "Ended"),
)


def blueprint(jobs: Jobs) -> Blueprint:
    """Serve /jobs."""
    pages = Blueprint("jobs", __name__, template_folder="templates", url_prefix="/jobs")
    pages.add_app_template_filter(age, "age")
    pages.add_app_template_filter(_capped, "capped")
    pages.add_app_template_filter(_pretty, "pretty")
    pages.add_app_template_filter(_kind_name, "kind_name")
    _serve_list(pages, jobs)
    _serve_one(pages, jobs)
    _serve_acts(pages, jobs)
    return pages


def _serve_list(pages: Blueprint, jobs: Jobs) -> None:
    @pages.get("")
    def index() -> str:
        return render("jobs/list.html", **_board(jobs))

    @pages.get("/schedules")
    def schedules() -> str:
        of = request.args.get("of")
        return render("jobs/schedules.html", schedules=jobs.schedules(asker()), of=of)

    @pages.get("/watch")
    @public
    def watch() -> Response:
        """Answer the list that asks again.

        Open to all, so that a page whose session has ended does not get the sign-in page in place
        of its list.
        """
        if g.get("actor") is None:
            return Response(render("jobs/signed_out.html"), _STOP_ASKING)
        return _unless_seen("jobs/watch.html", _board(jobs))


def _serve_one(pages: Blueprint, jobs: Jobs) -> None:
    @pages.get("/<job_id>")
    def one(job_id: str) -> str:
        """Show a job; one that was retried may have been done before anybody could look."""
        try:
            found = _one(jobs, job_id)
        except NotFound:
            if "retried" not in request.args:
                raise
            return render("jobs/over.html", of=request.args.get("of"))
        return render("jobs/one.html", **found)

    @pages.get("/<job_id>/watch")
    @public
    def watch_one(job_id: str) -> Response:
        """Answer the page of a job that asks again; a delivery that arrived leaves no job."""
        if g.get("actor") is None:
            return Response(render("jobs/signed_out.html"), _STOP_ASKING)
        try:
            found = _one(jobs, job_id)
        except NotFound:
            return Response(render("jobs/gone.html", of=request.args.get("of")), _STOP_ASKING)
        return _unless_seen("jobs/watch_one.html", found)


def _serve_acts(pages: Blueprint, jobs: Jobs) -> None:
    @pages.post("/retry")
    def retry_all() -> AnyResponse:
        kind, target = request.form.get("kind", ""), request.form.get("target", "")
        done = jobs.retry_all(asker(), kind, target)
        text = f"{number(done.retried)} job{'s are' if done.retried != 1 else ' is'} queued again."
        if done.left:
            text += f" At most {number(MOST_AT_ONCE)} are queued at once; do it again for the rest."
        flash(text, "success")
        of = request.args.get("of")
        return redirect(url_for("jobs.index", state="dead", target=target or None, of=of))

    @pages.post("/<job_id>/retry")
    def retry(job_id: str) -> AnyResponse:
        jobs.retry(asker(), job_id)
        flash("The job is queued again.", "success")
        of = request.args.get("of")
        return redirect(url_for("jobs.one", job_id=job_id, of=of, retried="yes"))

    @pages.post("/<job_id>/cancel")
    def cancel(job_id: str) -> AnyResponse:
        ended = jobs.cancel(asker(), job_id)["state"] not in OPEN
        flash("The job is cancelled." if ended else "The job was asked to end.", "success")
        return redirect(url_for("jobs.one", job_id=job_id, of=request.args.get("of")))


def _board(jobs: Jobs) -> dict[str, Any]:
    """Give what the list shows; a poll brings along what the one before has seen."""
    question = Question.parse({"state": QUEUED, **request.args.to_dict()})
    actor, of = asker(), asked_of()
    summary = jobs.summary(actor)
    state = ",".join(question.states)
    look = Look.now(summary)
    return _with_body(
        "jobs/board.html",
        {
            "summary": summary,
            "found": jobs.page(actor, question),
            "failed": jobs.failed(actor) if state == DEAD else [],
            "pace": look.pace(Look.read(request.args.get("was", ""))),
            "look": look,
            "state": state,
            "tabs": [_tab(*tab, state, summary["states"]) for tab in _TABS],
            "target": question.target,
            "label": jobs.label(actor, question.target) if question.target else None,
            "kept": {
                "state": state,
                "target": question.target or None,
                "kind": question.kind or None,
                "of": request.args.get("of"),
            },
            "first": question.page.cursor is None,
            "cursor": question.page.cursor,
            "operates": actor.allows(OPERATE),
            "of": of,
            "paused": request.args.get("watch") == "off",
        },
    )


def _one(jobs: Jobs, job_id: str) -> dict[str, Any]:
    actor = asker()
    job = jobs.get(actor, job_id)
    return _with_body(
        "jobs/state.html",
        {
            "job": job,
            "label": jobs.label(actor, job["target"]) if job["target"] else None,
            "open": job["state"] in OPEN,
            "of": request.args.get("of"),
        },
    )


def _tab(states: str, label: str, shown: str, counts: Mapping[str, int]) -> dict[str, Any]:
    count = sum(counts[state] for state in states.split(","))
    return {"label": label, "states": states, "active": states == shown, "count": count}


def _with_body(template: str, found: dict[str, Any]) -> dict[str, Any]:
    """Add what the page shows, and what it is known by when the page asks again."""
    body = render(template, **found)
    # The token is another one each time.
    same = body.replace(generate_csrf(), "")
    seen = hashlib.blake2b(same.encode(), digest_size=8).hexdigest()
    return {**found, "body": Markup(body), "seen": seen}  # noqa: S704 - a template of ours, escaped


def _unless_seen(template: str, found: dict[str, Any]) -> Response:
    """Answer with a fragment, or with nothing where that is what the page shows already."""
    if request.args.get("seen") == found["seen"]:
        return Response(status=204)
    return Response(render(template, **found))


def _kind_name(kind: str) -> str:
    return KIND_NAMES.get(kind, kind)


def _capped(count: int, most: int) -> str:
    """Write a count that may have ended early: `10,000+`."""
    return f"{number(most)}+" if count > most else number(count)


def _pretty(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
