"""Load: import the code, first in a child process that may die, then here."""

from geminicrm.runtime.install.state import InstallState, Refused, Tools


def do(state: InstallState, tools: Tools) -> InstallState:
    """Probe the extension, then load it in this process."""
    findings = tools.runner.probe(state.draft.folder, state.manifest)
    if findings:
        reasons = " ".join(finding.message for finding in findings)
        raise Refused(reasons, findings[0].pointer, tuple(findings))
    tools.runner.load(state.draft)
    return state


def undo(state: InstallState, tools: Tools) -> None:
    """Let go of the code."""
    tools.runner.unload(state.draft)
