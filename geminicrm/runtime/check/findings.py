"""Makes findings of the codes in `codes.py`, so that each has its severity in one place."""

from geminicrm.runtime.check.codes import CODES
from geminicrm.runtime.check.folder import CheckFinding, Severity


def found(
    code: str,
    message: str,
    *,
    file: str = "",
    line: int = 0,
    pointer: str = "",
    severity: Severity | None = None,
) -> CheckFinding:
    """Make a finding with the severity of its code, unless the rule knows better."""
    return CheckFinding(
        severity=severity or CODES[code].severity,
        code=code,
        message=message,
        file=file,
        line=line,
        pointer=pointer,
    )


def in_manifest(
    code: str, message: str, pointer: str, severity: Severity | None = None
) -> CheckFinding:
    """Make a finding about a place in manifest.json."""
    return found(code, message, file="manifest.json", pointer=pointer, severity=severity)
