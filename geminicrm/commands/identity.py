"""`geminicrm users` and `geminicrm tokens`."""

import secrets

import click

from geminicrm.commands.shared import (
    chosen_workspace,
    json_option,
    opened_core,
    operator,
    say,
    workspace_option,
)
from geminicrm.identity.people import create_user, create_workspace, find_user, find_workspace
from geminicrm.identity.permissions import ROLES
from geminicrm.identity.tokens import DEFAULT_DAYS, create_token
from geminicrm.kernel.clock import format_instant

_PASSWORD_BYTES = 12


def commands() -> tuple[click.Command, ...]:
    """Give the groups of this file."""
    return users, tokens


@click.group()
def users() -> None:
    """Make people who can sign in."""


@users.command("create")
@click.option("--email", required=True)
@click.option("--role", type=click.Choice(list(ROLES)), default="member", show_default=True)
@click.option("--password", help="Made and printed where it is not given.")
@click.option(
    "--operator",
    "as_operator",
    is_flag=True,
    help="They operate this installation: marketplace, registries, workers.",
)
@click.option("--new-workspace", is_flag=True, help="Make the workspace named by --workspace.")
@workspace_option
@json_option
def create_user_command(  # noqa: PLR0913 - one for each option of the command
    *,
    email: str,
    role: str,
    password: str | None,
    as_operator: bool,
    new_workspace: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Make a user with a role in a workspace."""
    chosen = password or secrets.token_urlsafe(_PASSWORD_BYTES)
    with opened_core() as core:
        if new_workspace and workspace:
            with core.works.across_workspaces("make a workspace", write=True) as work:
                if find_workspace(work, workspace) is None:
                    create_workspace(work, workspace, workspace.replace("-", " ").title())
        home = chosen_workspace(core.works, workspace)
        with core.works.across_workspaces("make a user", write=True) as work:
            user = create_user(work, home.id, email, role, chosen)
            user.is_operator = user.is_operator or as_operator
    answer = {"id": user.id, "email": user.email, "role": role, "workspace": home.slug}
    if user.is_operator:
        answer["operator"] = "yes"
    if password is None:
        answer["password"] = chosen
    say(as_json, dict(answer), "\n".join(f"{key}: {value}" for key, value in answer.items()))


@users.command("reset-link")
@click.option("--email", required=True)
@json_option
def reset_link_command(*, email: str, as_json: bool) -> None:
    """Print a link with which somebody sets a new password; it holds for an hour."""
    with opened_core() as core:
        link = core.members().passwords.link_for(email)
    say(as_json, {"link": link}, link)


@click.group()
def tokens() -> None:
    """Make keys for programs."""


@tokens.command("create")
@click.option("--user", "email", required=True, metavar="E-MAIL")
@click.option("--scopes", required=True, help='Separated by spaces: "read:leads write:leads".')
@click.option("--name", default="Command line", show_default=True)
@click.option("--days", type=click.IntRange(1, 3650), default=DEFAULT_DAYS, show_default=True)
@workspace_option
@json_option
def create_token_command(
    *, email: str, scopes: str, name: str, days: int, workspace: str | None, as_json: bool
) -> None:
    """Make an API token; it is shown this once."""
    with opened_core() as core:
        actor = operator(core.works, workspace)
        with core.works.write(actor) as work:
            user = find_user(work, email)
            made = create_token(work, user.id, name, scopes.split(), days)
    answer: dict[str, object] = {
        "id": made.id,
        "token": made.secret,
        "scopes": sorted(made.scopes),
        "expires_at": format_instant(made.expires_at) if made.expires_at else None,
    }
    say(as_json, answer, made.secret)
