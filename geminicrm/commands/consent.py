"""Asking the operator: what an extension may do, and whether its code is trusted."""

import sys
from collections.abc import Iterator

import click

from geminicrm.runtime.enforcement import ENFORCED_WORDS, ISOLATION_WORDS, enforced_by
from geminicrm.runtime.plan import Plan, ScopeLine
from geminicrm.runtime.problems import trust_sentence


def ask_consent(plan: Plan) -> list[str]:
    """Show what the extension may do and ask; give the scopes that are granted.

    Stops the command where nobody can be asked, or the answer is no.
    """
    for line in _words(plan):
        click.echo(line, err=True)
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"Nobody has agreed to what {plan.extension_id} may do. Read it above, then repeat "
            "the command with --yes."
        )
    granted = [line.scope for line in plan.scopes]
    if not click.confirm(f"Allow this and install {plan.extension_id}?", err=True):
        raise click.ClickException("Nothing was installed.")
    return granted + [
        line.scope
        for line in plan.optional_scopes
        if click.confirm(f"It can do without: {line.sentence}. Allow that too?", err=True)
    ]


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


def _words(plan: Plan) -> Iterator[str]:
    built_in = "comes with the CRM" if plan.built_in else "is not part of the CRM"
    yield f"{plan.name} {plan.version} by {plan.author}; {built_in}."
    yield plan.description
    yield from _listed("It may:", [_scope(line) for line in plan.scopes] or ["(nothing)"])
    yield from _listed("It can do without:", [_scope(line) for line in plan.optional_scopes])
    hosts = [
        f"{line.host}: {line.reason}" if line.host else f"the address saved in {line.setting!r}"
        for line in plan.network
    ]
    yield from _listed("It may call:", hosts)
    enforced = [ISOLATION_WORDS[plan.isolation], ENFORCED_WORDS[enforced_by(plan.isolation)]]
    yield from _listed("Who enforces this:", enforced)
    unseen = [f"{sentence}. {explanation}" for _hook, sentence, explanation in plan.background()]
    yield from _listed("Unseen:", unseen)
    added = [f"{one.kind} {one.title!r}" for one in plan.ui]
    yield from _listed("It adds:", [*added, f"routes below {plan.routes}"])
    yield from _listed("It brings Python packages:", list(plan.python))
    yield from _listed("To be filled in afterwards:", list(plan.required_settings))
    if plan.kept_documents:
        yield f"It finds what it stored here before: {plan.kept_documents} document(s)."
    yield from _listed("Warnings:", list(plan.warnings))


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  - {line}" for line in lines)


def _scope(line: ScopeLine) -> str:
    mark = " (sensitive)" if line.sensitive else ""
    why = f" Why: {line.reason}" if line.reason else ""
    return f"{line.sentence}{mark}: {line.explanation}{why}"
