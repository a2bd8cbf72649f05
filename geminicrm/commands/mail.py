"""`geminicrm mail`."""

import click

from geminicrm.commands.shared import json_option, opened_core, operator, say, workspace_option
from geminicrm.mail.own import trial_to
from geminicrm.mail.writing import write_mail


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file."""
    return (mail,)


@click.group()
def mail() -> None:
    """See whether mail goes out."""


@mail.command("test")
@click.option("--to", "address", required=True, metavar="ADDRESS")
@workspace_option
@json_option
def test_command(*, address: str, workspace: str | None, as_json: bool) -> None:
    """Write a test mail; a running worker sends it, the outbox shows what became of it."""
    with opened_core() as core:
        with core.works.write(operator(core.works, workspace)) as work:
            row = write_mail(work, trial_to(work, address))
        page = f"{core.settings.public_url.rstrip('/')}/outbox/{row.id}"
    answer: dict[str, object] = {"id": row.id, "state": row.state, "outbox": page}
    say(as_json, answer, f"Written. A running worker sends it; look here: {page}")
