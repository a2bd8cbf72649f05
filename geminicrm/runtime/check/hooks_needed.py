"""Rule: what comes back to the extension by a hook has that hook."""

import ast
from collections.abc import Iterator

from geminicrm.runtime.check.doors import uses
from geminicrm.runtime.check.findings import found, in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

_ENQUEUE = ("jobs", "enqueue")


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for `on_schedule` where there are schedules, for `run_job` where jobs are asked for."""
    if folder.manifest is None or not folder.trees:
        return []
    defined = {node.name for _, node in folder.nodes if isinstance(node, ast.FunctionDef)}
    return list(_missing(folder, defined))


def _missing(folder: ExtensionFolder, defined: set[str]) -> Iterator[CheckFinding]:
    if folder.manifest is not None and folder.manifest.schedules and "on_schedule" not in defined:
        message = "There are schedules and no on_schedule(), so nothing will run: add the hook."
        yield in_manifest("missing_hook", message, "/schedules")
    asked = [use for use in uses(folder) if use.path == _ENQUEUE]
    if asked and "run_job" not in defined:
        message = "A job is asked for and there is no run_job() that does it: add the hook."
        yield found("missing_hook", message, file=asked[0].file, line=asked[0].line)
