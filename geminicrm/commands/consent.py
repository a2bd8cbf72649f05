"""Asking the operator: what an extension may do, and whether its code is trusted."""

import sys
from types import MappingProxyType
from typing import Final

import click

from geminicrm.commands.plan_words import plan_words
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.install.state import nobody_watches
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.plan_lines import ScopeLine
from geminicrm.runtime.problems import InstallFailed, trust_sentence

_STEPS: Final = MappingProxyType(
    {
        "fetch": "fetching the package",
        "recall": "taking up the earlier version",
        "verify": "comparing its digest",
        "validate": "checking manifest and code",
        "resolve": "looking for what it requires",
        "stage": "storing its files",
        "requirements": "fetching its Python packages",
        "load": "starting it",
        "mount": "opening its doors",
        "switch": "putting it in the place of the version before",
    }
)


def ask_consent(plan: Plan) -> list[str]:
    """Show what an order would do and ask; give the scopes that are granted to the main one.

    Stops the command where nobody can be asked, or the answer is no.
    """
    for line in plan_words(plan):
        click.echo(line, err=True)
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"Nobody has agreed to what {plan.extension_id} may do. Read it above, then repeat "
            "the command with --yes."
        )
    others = "".join(f" and {part.extension_id}" for part in plan.parts)
    verb = "install" if plan.kind == "install" else "update"
    question = f"Allow this and {verb} {plan.extension_id}{others}?"
    if not click.confirm(question, err=True):
        raise click.ClickException("Nothing was changed.")
    return [line.scope for line in asked(plan)] + [
        line.scope
        for line in plan.optional_scopes
        if plan.kind == "install"
        and click.confirm(f"It can do without: {line.sentence}. Allow that too?", err=True)
    ]


def asked(plan: Plan) -> tuple[ScopeLine, ...]:
    """Give the permissions that agreeing to a plan grants."""
    return plan.scopes if plan.kind == "install" else plan.changes.scopes_added


def request_for(plan: Plan, granted: list[str]) -> InstallRequest:
    """Make the request for a plan that was agreed to, with what comes with it."""
    trusted = [one.extension_id for one in plan.every if one.trust_required]
    return InstallRequest(
        extension_id=plan.extension_id,
        version=plan.version,
        grant=granted,
        grants={part.extension_id: [line.scope for line in asked(part)] for part in plan.parts},
        trust=" ".join(trusted) or None,
        allow_unsigned=True,  # agreed to before
        progress=_show_step if sys.stderr.isatty() else nobody_watches,
    )


def failure(error: InstallFailed) -> click.ClickException:
    """Give a failed change as the error of a command, each finding on a line with its place."""
    lines = [
        f"  {found.pointer}: {found.message}" if found.pointer else f"  {found.message}"
        for found in error.findings
    ]
    return click.ClickException("\n".join([error.detail, *lines]))


def _show_step(name: str) -> None:
    click.echo(f"  {_STEPS.get(name, name)} ...", err=True)


def allow_unsigned(extension_id: str, target: str) -> None:
    """Ask whether a package that nobody has signed may come in; stops the command where not."""
    click.echo(
        f"The package of {extension_id} is not signed: nothing proves who made it. Its code gets "
        "what you allow, nothing else.",
        err=True,
    )
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"Nobody has let it in. If you do, type: geminicrm ext install {target} --unsigned"
        )
    if not click.confirm("Let it in all the same?", err=True):
        raise click.ClickException("Nothing was installed.")


def ask_trust(extension_id: str, typed: str | None) -> None:
    """Ask for the id, unless it was typed already; stops the command where it is another."""
    click.echo(trust_sentence(extension_id), err=True)
    if typed is None and not sys.stdin.isatty():
        raise click.ClickException(
            f"Nobody has trusted {extension_id}. If you do, add: --trust {extension_id}"
        )
    if typed is None:
        typed = click.prompt("Its id", default="", show_default=False, err=True)
    if typed != extension_id:
        raise click.ClickException(f"That is not {extension_id!r}. Nothing was installed.")
