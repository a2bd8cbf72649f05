"""Load: import the code, first in a process that may die, then where it will run."""

from dataclasses import replace

from geminicrm.runtime.install.drafting import Examined
from geminicrm.runtime.install.state import InstallState, Refused, Tools


def do(state: InstallState, tools: Tools) -> InstallState:
    """Probe the extension, then load it; keep what was found."""
    examined = _examined(state, tools)
    if examined.findings:
        reasons = " ".join(finding.message for finding in examined.findings)
        raise Refused(reasons, examined.findings[0].pointer, examined.findings)
    draft = replace(state.draft, hooks=examined.hooks, level=examined.level)
    tools.runner.load(draft)
    return replace(state, draft_made=draft)


def _examined(state: InstallState, tools: Tools) -> Examined:
    # What comes with the core has run here already; a process to try it in takes a second.
    if state.recalled and state.draft.built_in:
        return Examined()
    return tools.runner.probe(state.draft)


def undo(state: InstallState, tools: Tools) -> None:
    """Let go of the code."""
    tools.runner.unload(state.draft)
