"""`geminicrm integrations list | test`."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from geminicrm.app import Core
from geminicrm.commands.shared import (
    columns,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.connections.listing import every
from geminicrm.connections.models import CONNECTED
from geminicrm.connections.shapes import Shape, Shaper
from geminicrm.identity.actor import SystemActor
from geminicrm.runtime.parts import GUEST

_type = click.option(
    "--type", "kind", metavar="T", help="Only of this service, or that provide this capability."
)

_NOT_NOTED: Final = (
    "This was found with the environment of this command, and is not noted on the connection. "
    "The button Test on its page tests with that of the server."
)


def commands() -> tuple[click.Command, ...]:
    """Give the group of this file, filled."""
    return (group,)


@click.group("integrations")
def group() -> None:
    """Look after connections to outside services."""


@group.command("list")
@_type
@workspace_option
@json_option
def list_command(*, kind: str | None, workspace: str | None, as_json: bool) -> None:
    """List the connections of a workspace and how they are."""
    with opened_core() as core:
        found = _connections(core, operator(core.works, workspace), kind, None)
    lines = [
        (one["id"], one["service"], _plain(one["name"]), one["owner"], one["status"],
         _plain(one["last_error"] or one["account"]))
        for one in found
    ]  # fmt: skip
    head = ("CONNECTION", "SERVICE", "NAME", "OWNER", "STATUS", "")
    text = columns([head, *lines]) if lines else "Nothing is connected."
    say(as_json, {"data": found}, text)


@group.command()
@click.argument("connection_id", metavar="[ID]", required=False)
@_type
@workspace_option
@json_option
def test(
    *, connection_id: str | None, kind: str | None, workspace: str | None, as_json: bool
) -> None:
    """Test one connection or all, stage by stage; exit 1 where one does not work."""
    with opened_core(GUEST) as core:
        actor = operator(core.works, workspace)
        found = _connections(core, actor, kind, connection_id)
        core.runtime.reconcile()
        tested = [_tested(core, actor, one) for one in found]
    text = "\n".join(line for one in tested for line in _lines(one)) or "Nothing is connected."
    say(as_json, {"data": tested}, text)
    good = all(one["status"] == CONNECTED for one in tested)
    sys.exit(0 if good else 1)


def _connections(
    core: Core, actor: SystemActor, kind: str | None, connection_id: str | None
) -> list[Shape]:
    book = core.connections.book
    with core.works.read(actor) as work:
        shaper = Shaper(book, work.workspace_id, work.now)
        rows = [book.get(work, connection_id)] if connection_id is not None else every(work)
        services = {
            name: one
            for name, one in shaper.services.items()
            if kind in (None, name, *one.provides)
        }
        return [shaper.shape(row) for row in rows if row.extension_id in services]


def _tested(core: Core, actor: SystemActor, one: Shape) -> dict[str, Any]:
    found = core.connections.testing.run(actor, one["id"], as_server=False)
    return {"id": one["id"], "service": one["service"], "name": one["name"], **found.to_dict()}


def _lines(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['id']}  {one['service']}  {_plain(one['name'])}: {one['status']}"
    for stage in one["stages"]:
        mark = "ok" if stage["ok"] else "FAILED"
        yield f"  {stage['name']:<8}  {mark:<6}  {_plain(stage['detail'])}"
    if not one["noted"] and one["status"] != CONNECTED:
        yield f"  {_NOT_NOTED}"


def _plain(value: object) -> str:
    # Control characters of a service must not reach the operator's terminal.
    return "".join(letter if letter.isprintable() else " " for letter in str(value))
