"""Events of extensions, as an extension announces them."""

from collections.abc import Callable, Mapping
from typing import Any

from geminicrm.runtime.announcing import Announcing
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.sdk_errors import translated
from geminicrm.runtime.storage_door import owner_of


class ExtensionEvents:
    """Implements the SDK's EventsDoor; it needs an open call and no scope."""

    door = "events"

    def __init__(self, announcing: Announcing, call: Callable[[], CallContext]) -> None:
        self._announcing = announcing
        self._call = call

    @noted
    def emit(self, name: str, data: Mapping[str, Any], *, object_id: str | None = None) -> str:
        """Store an event; give its id. Raises Invalid, Unavailable, NotFound."""
        call = self._call()
        installed = call.installed
        with translated("installed extension", installed.extension_id):
            checked = self._announcing.checked(installed, name, data, object_id)
            return self._announcing.store(owner_of(call), checked)
