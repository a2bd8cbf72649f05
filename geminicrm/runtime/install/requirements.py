"""Requirements: put the Python packages of the version where its host finds them."""

from dataclasses import replace

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.runtime.install.state import InstallState, Refused, Tools
from geminicrm.runtime.install.users import used_elsewhere


def do(state: InstallState, tools: Tools) -> InstallState:
    """Refuse a version whose packages can't be had or disagree with the host's own."""
    try:
        made = tools.requirements.provide(state.draft)
    except ValidationFailed as error:
        raise Refused(error.detail, "manifest.json", error.findings) from error
    return replace(state, requirements_made=made)


def undo(state: InstallState, tools: Tools) -> None:
    """Let go of them, unless somebody else uses the version or is about to."""
    if state.requirements_made and not used_elsewhere(state, tools):
        tools.requirements.withdraw(state.draft)
