"""Verify: the bytes are those that the registry vouches for."""

import hashlib
import re

from geminicrm.runtime.install.state import InstallState, Refused, Tools

_SHA256 = re.compile("[0-9a-f]{64}")


def do(state: InstallState, _tools: Tools) -> InstallState:
    """Compare the digest of the bytes with the one in the reference: no digest, no install."""
    wanted = state.ref.hex_digest
    if not _SHA256.fullmatch(wanted):
        raise Refused("The registry gives no SHA-256 digest for the package; without one nothing "
                      "proves that it is the right one.")  # fmt: skip
    found = hashlib.sha256(state.content).hexdigest()
    if found != wanted:
        raise Refused(
            f"The package is not the published one: its SHA-256 is {found}, published was "
            f"{wanted}. Fetch it again; if that does not help, tell the publisher."
        )
    return state
