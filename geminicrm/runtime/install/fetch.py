"""Fetch: find the version and bring its bytes."""

from dataclasses import replace

from geminicrm.runtime.install.state import InstallState, Refused, Tools


def do(state: InstallState, tools: Tools) -> InstallState:
    """Find the package and read it; an unsigned one only where that is allowed."""
    order = state.order
    found = tools.source.find(order.actor.workspace_id, order.extension_id, order.version)
    ref = tools.vouch(found)
    if ref.extension_id != order.extension_id:
        raise Refused(f"The registry answered with another extension, {ref.extension_id!r}.")
    if not (ref.built_in or ref.signed or order.allow_unsigned):
        raise Refused(
            "The package is not signed by its publisher, and unsigned packages are not allowed "
            "here. Allow this one, or ask the publisher for a signed one."
        )
    tools.quarantine.refuse(ref.registry_id, ref.extension_id, ref.version)
    if order.digest is not None and ref.hex_digest != order.digest.removeprefix("sha256:"):
        raise Refused(f"The registry has another package as {ref.version} now.")
    return replace(state, ref_found=ref, content=tools.source.read(ref))
