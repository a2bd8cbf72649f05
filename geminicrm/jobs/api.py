"""/api/jobs for programs."""

from dataclasses import asdict

from flask import Blueprint, Response, request

from geminicrm.api.http import Body, json_body, respond, respond_page
from geminicrm.jobs.asking import asker
from geminicrm.jobs.question import Question
from geminicrm.jobs.service import Jobs
from geminicrm.kernel.errors import Finding, ValidationFailed


def blueprint(jobs: Jobs) -> Blueprint:
    """Serve lists, figures, one job, and what can be done with it."""
    api = Blueprint("jobs_api", __name__, url_prefix="/api/jobs")

    @api.get("")
    def list_jobs() -> Response:
        found = jobs.page(asker(), Question.parse(request.args))
        return respond_page(found.data, found.next_cursor)

    @api.get("/summary")
    def summary() -> Response:
        return respond(jobs.summary(asker()))

    @api.get("/schedules")
    def schedules() -> Response:
        return respond({"data": jobs.schedules(asker()), "next_cursor": None})

    @api.get("/<job_id>")
    def one(job_id: str) -> Response:
        return respond(jobs.get(asker(), job_id))

    @api.post("/<job_id>/cancel")
    def cancel(job_id: str) -> Response:
        return respond(jobs.cancel(asker(), job_id))

    @api.post("/<job_id>/retry")
    def retry(job_id: str) -> Response:
        return respond(jobs.retry(asker(), job_id))

    @api.post("/retry")
    def retry_all() -> Response:
        actor = asker()
        kind, target = _kind_and_target(json_body())
        return respond(asdict(jobs.retry_all(actor, kind, target)))

    return api


def _kind_and_target(body: Body) -> tuple[str, str]:
    findings = [
        Finding(f"/{name}", "not_a_text", "Give a text.")
        for name in ("kind", "target")
        if not isinstance(body.get(name), str)
    ]
    unknown = [
        Finding(f"/{name}", "unknown_member", "There is no such member here.")
        for name in sorted(set(body) - {"kind", "target"})
    ]
    if findings or unknown:
        raise ValidationFailed([*findings, *unknown])
    return body["kind"], body["target"]
