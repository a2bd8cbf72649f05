"""Rule: no secret is left in a file; whoever has the package has it.

Every expression has an end to what it takes, so that a line of a million characters costs no more
than as many short ones.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geminicrm.runtime.check.findings import found
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder, Severity

MOST_OF_A_FILE: Final = 1024 * 1024
MOST_IN_ALL: Final = 16 * 1024 * 1024
_SNIFFED: Final = 4096
_KEY_BODY: Final = 600
_BITS: Final = 3.2  # of entropy in each character: words of any language have less
_VARIED: Final = 6
_TAKE_OUT: Final = (
    "Take it out, revoke it where it was issued, and let the admin fill in a setting of the type "
    '"password".'
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of secret: `severity` "error" for those that open something by themselves."""

    words: str
    severity: Severity
    pattern: re.Pattern[str]


def _kind(words: str, severity: Severity, pattern: str) -> _Kind:
    return _Kind(words, severity, re.compile(rf"(?<![A-Za-z0-9_-])(?:{pattern})(?![A-Za-z0-9])"))


_KINDS: Final = (
    _kind("an AWS access key", "error", r"(?:AKIA|ASIA)([A-Z2-7]{16})"),
    _kind("a live key of Stripe", "error", r"(?:sk|rk)_live_([0-9A-Za-z]{16,247})"),
    _kind("a test key of Stripe", "warning", r"(?:sk|rk)_test_([0-9A-Za-z]{16,247})"),
    _kind("a webhook secret", "warning", r"whsec_([A-Za-z0-9+/=]{24,88})"),
    _kind("a GitHub token", "error", r"gh[pousr]_([A-Za-z0-9]{36,251})"),
    _kind("a GitHub token", "error", r"github_pat_([A-Za-z0-9_]{60,244})"),
    _kind("a Slack token", "error", r"xox[abeoprs]-([A-Za-z0-9-]{20,250})"),
    _kind("a Slack token", "error", r"xapp-([A-Za-z0-9-]{20,250})"),
    _kind("a Slack webhook", "error",
          r"https://hooks\.slack\.com/services/(T\w{6,14}/B\w{6,14}/\w{20,40})"),
    _kind("a Google API key", "warning", r"AIza([0-9A-Za-z_-]{35})"),
    _kind("a Google client secret", "error", r"GOCSPX-([A-Za-z0-9_-]{28})"),
    _kind("an OpenAI key", "error",
          r"sk-(?:proj-|svcacct-|admin-)?([A-Za-z0-9_-]{20,120}T3BlbkFJ[A-Za-z0-9_-]{20,120})"),
    _kind("an Anthropic key", "error", r"sk-ant-(?:api|admin)\d\d-([A-Za-z0-9_-]{80,120})"),
    _kind("a SendGrid key", "error", r"SG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"),
)  # fmt: skip
# One look for all of them: most files have none.
_ANY: Final = re.compile(
    r"AKIA|ASIA|_live_|_test_|whsec_|gh[pousr]_|github_pat_|xox[abeoprs]-|xapp-|hooks\.slack|AIza|"
    r"GOCSPX-|sk-|SG\."
)
_PRIVATE: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{40}")
_ASSIGNED: Final = re.compile(
    r"(?:passw(?:or)?d|passphrase|secret|api_?key|access_?key|auth_?token|access_?token)"
    r"\w{0,30}[\"']?[ \t]{0,8}(?::[ \t]{0,8}str[ \t]{0,8})?[:=][ \t]{0,8}"
    r"[\"']([^\"'\s]{12,200})[\"']",
    re.IGNORECASE,
)
_DUMMY: Final = re.compile(
    r"example|sample|dummy|fake|test|change|replace|placeholder|redacted|your|insert|todo|xxx|"
    r"\.\.\.|[<>{}$*]|123456|abcdef|000000",
    re.IGNORECASE,
)


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look into every file that is text; those of tests only warn, as keys made for them may."""
    problems, left = [], MOST_IN_ALL
    for name in folder.entries:
        text = _text(folder, name)
        left -= len(text)
        if left < 0:
            message = "There is too much text to look for secrets in: this and what follows."
            problems.append(found("secrets_not_sought", message, file=name))
            break
        problems += _in_file(name, text)
    return problems


def _text(folder: ExtensionFolder, name: str) -> str:
    content = folder.read(name, MOST_OF_A_FILE)
    # One letter for one byte: no encoding hides anything, and none is broken.
    return "" if b"\x00" in content[:_SNIFFED] else content.decode("latin-1")


def _in_file(name: str, text: str) -> Iterator[CheckFinding]:
    in_tests = name.startswith("tests/")
    seen = set()
    for at, words, severity in _secrets(text):
        line = text.count("\n", 0, at) + 1
        if line in seen:
            continue
        seen.add(line)
        yield found(
            "secret_left",
            f"This looks like {words}. {_TAKE_OUT}",
            file=name,
            line=line,
            severity="warning" if in_tests else severity,
        )


def _secrets(text: str) -> Iterator[tuple[int, str, Severity]]:
    for match in _PRIVATE.finditer(text):
        if _BASE64.search(text, match.end(), match.end() + _KEY_BODY):
            yield match.start(), "a private key", "error"
    for kind in _KINDS if _ANY.search(text) else ():
        for match in kind.pattern.finditer(text):
            if not _is_dummy(match[1]):
                yield match.start(), kind.words, kind.severity
    yield from _assigned(text)


def _assigned(text: str) -> Iterator[tuple[int, str, Severity]]:
    for match in _ASSIGNED.finditer(text):
        if not _is_dummy(match[1]) and _is_random(match[1]):
            yield match.start(), "a password or key", "warning"


def _is_dummy(value: str) -> bool:
    return _DUMMY.search(value) is not None or len(set(value)) < _VARIED


def _is_random(value: str) -> bool:
    kinds = (str.isdigit, str.isalpha)
    if not all(any(map(kind, value)) for kind in kinds):
        return False
    counts = Counter(value)
    shares = [count / len(value) for count in counts.values()]
    return -sum(share * math.log2(share) for share in shares) >= _BITS
