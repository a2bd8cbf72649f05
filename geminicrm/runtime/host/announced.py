"""`self.app.events` inside a host."""

from collections.abc import Mapping
from typing import Any

from extensions.sdk.errors import Finding, Invalid
from geminicrm.runtime.host.current import current
from geminicrm.runtime.host.values import encode_given


class HostEvents:
    """Implements the SDK's EventsDoor."""

    def emit(self, name: str, data: Mapping[str, Any], *, object_id: str | None = None) -> str:
        """Announce that something happened; give the event's id."""
        try:
            body = encode_given({"name": name, "data": data, "object_id": object_id})
        except TypeError as error:
            raise Invalid([Finding("/data", "not_json", str(error))]) from error
        return str(current().ask("events", "emit", body))
