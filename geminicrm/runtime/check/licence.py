"""Rule: the licence is a known one, and its text comes along. Never an error.

A closed licence has no SPDX expression of its own, and an admin may want such an extension.
"""

import re
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from geminicrm.runtime.check.findings import found, in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder

_TEXT: Final = re.compile(
    r"(LICEN[CS]E|COPYING|UNLICENSE)([.-][\w.-]{1,40})?|LICENSES/.+", re.IGNORECASE
)


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Read the expression by the SPDX list that `packaging` carries; look for a file."""
    if folder.manifest is None:
        return []
    problems = []
    given = folder.manifest.license
    if not _is_known(given):
        message = (
            f"{given!r} is no SPDX expression such as MIT or Apache-2.0 OR MIT: see "
            "spdx.org/licenses. One of your own is written LicenseRef-Its-Name."
        )
        problems.append(in_manifest("unknown_licence", message, "/license"))
    if not any(map(_TEXT.fullmatch, folder.entries)):
        message = "There is no LICENSE file: add the text of the licence."
        problems.append(found("missing_licence", message))
    return problems


def _is_known(expression: str) -> bool:
    try:
        canonicalize_license_expression(expression)
    except (InvalidLicenseExpression, ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True
