"""What requests say alike at both doors: whose jobs are meant."""

from flask import request

from geminicrm.identity.actor import PersonActor, SystemActor
from geminicrm.identity.guards import current_actor
from geminicrm.jobs.service import of_instance
from geminicrm.kernel.errors import Finding, ValidationFailed

WORKSPACE, INSTANCE = "workspace", "instance"


def asked_of() -> str:
    """Read `of`: the workspace's jobs, or the CRM's own; ValidationFailed at /of."""
    given = request.args.get("of", WORKSPACE)
    if given not in (WORKSPACE, INSTANCE):
        text = f"Write {WORKSPACE} or {INSTANCE}."
        raise ValidationFailed([Finding("/of", "unknown_value", text)])
    return given


def asker() -> PersonActor | SystemActor:
    """Give who is asking, as the one who looks after the jobs that are meant."""
    actor = current_actor()
    return of_instance(actor) if asked_of() == INSTANCE else actor
