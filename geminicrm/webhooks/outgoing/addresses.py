"""Checks the address of an endpoint when it is given; it is checked again when it is called."""

from geminicrm.kernel.errors import Finding
from geminicrm.kernel.http import AddressGuard
from geminicrm.kernel.http.errors import AddressRefused, HttpFailed
from geminicrm.webhooks.outgoing.checks import url_findings


class Addresses:
    """Asks the guard, and with it DNS: outside any transaction."""

    def __init__(self, guard: AddressGuard, *, https_only: bool) -> None:
        self._guard = guard
        self._https_only = https_only

    def findings(self, url: str) -> list[Finding]:
        """Say what is wrong with an address, as far as that needs no look-up."""
        return url_findings(url, self._guard, https_only=self._https_only)

    def look_up(self, url: str) -> list[Finding]:
        """Say whether the address, well-formed as it is, leads where it may not."""
        try:
            self._guard.check(url, https_only=self._https_only)
        except AddressRefused as error:
            return [Finding("/url", f"address_{error.reason}", error.detail)]
        except HttpFailed as error:
            return [Finding("/url", error.code, error.detail)]
        return []
