"""The `geminicrm` command: its groups and what they do with errors."""

import sys

import click

from geminicrm.commands import (
    ext,
    hosts,
    identity,
    integrations,
    jobs,
    mail,
    operate,
    registry,
    safe_mode,
)
from geminicrm.config import ConfigurationError
from geminicrm.kernel.errors import AppError, ValidationFailed


def group() -> click.Group:
    """Put the command together."""
    whole = click.Group(
        "geminicrm",
        help="GeminiCRM Pro: a CRM with an extension marketplace and an extension runtime.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for each in (operate, safe_mode, hosts, jobs, integrations, mail, identity, ext, registry):
        for command in each.commands():
            whole.add_command(command)
    return click.version_option(package_name="geminicrm")(whole)


def main() -> None:
    """Run the command: 0 done, 1 refused or failed with the reason, 2 wrong usage."""
    try:
        group().main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)
    except (AppError, ConfigurationError) as error:
        for line in _lines(error):
            click.echo(line, err=True)
        sys.exit(1)


def _lines(error: AppError | ConfigurationError) -> list[str]:
    if isinstance(error, ValidationFailed):
        return [f"{finding.pointer or '/'}: {finding.message}" for finding in error.findings]
    return [str(error)]
