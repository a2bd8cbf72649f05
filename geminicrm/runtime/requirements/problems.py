"""What can be wrong with the Python packages of an extension.

RequirementsRefused (422)  a version's packages can't be had, or don't fit; `findings` has why
WheelWrong                 one wheel is broken or not allowed; it becomes a finding
FetchFailed                the index did not give what the lock file names; it becomes a finding
"""

from collections.abc import Sequence

from geminicrm.kernel.errors import Finding, ValidationFailed


class RequirementsRefused(ValidationFailed):
    """The Python packages that a version asks for are refused, with every reason."""

    code = "requirements_refused"
    title = "The Python packages of the extension don't fit"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings, " ".join(finding.message for finding in findings))


class WheelWrong(Exception):
    """A wheel is refused; the text is a sentence that names the file."""


class FetchFailed(Exception):
    """Packages could not be fetched; the text is a sentence."""
