"""Running pip in a process of its own: by a deadline, with the operator's configuration of it."""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final

from geminicrm.runtime.requirements.problems import FetchFailed
from geminicrm.runtime.requirements.process import run_for

FETCH_SECONDS: Final = 120.0
"""Shorter than the lease that an install holds."""

# What pip's own configuration, proxies and certificates hang on. Nothing else of ours: no keys.
_KEPT: Final = frozenset(
    {
        "ALL_PROXY",
        "CURL_CA_BUNDLE",
        "HOME",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "LANG",
        "NETRC",
        "NO_PROXY",
        "PATH",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
    }
)
_TOLD: Final = 600


def run_pip(
    command: str, arguments: Sequence[str], seconds: float, environment: Mapping[str, str]
) -> None:
    """Run a command of this interpreter's pip. Raises FetchFailed with what pip says in the end.

    `environment` is what the operator's configuration of pip is read from.
    """
    with tempfile.TemporaryFile() as said:
        code = run_for(
            [sys.executable, "-I", "-m", "pip", command, *_QUIET, *arguments],
            seconds,
            _kept(environment),
            said,
        )
        if code is None:
            raise FetchFailed(f"pip did not end within {seconds:g} s.")
        if code:
            raise FetchFailed(_last_words(said.fileno()))


_QUIET: Final = (
    "--no-input",
    "--disable-pip-version-check",
    "--no-color",
    "--progress-bar=off",
)


def _kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in _KEPT or name.startswith("PIP_")
    }


def _last_words(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    told = os.pread(descriptor, 64 * _TOLD, max(0, size - 64 * _TOLD)).decode("utf-8", "replace")
    before, mark, after = told.partition("ERROR:")
    words = " ".join(f"{mark}{after}".split() or before.split()) or "it said nothing"
    return f"pip: {words[:_TOLD]}"
