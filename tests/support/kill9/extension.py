"""An extension that keeps every event it was told of, in its storage."""

import json
from pathlib import Path

from tests.support.life import zipped

_CODE = '''"""Keeps what it is told of."""

from extensions.extension_base import ExtensionBase, hookimpl


class Keeper(ExtensionBase):
    """Keeps what it is told of."""

    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        return None

    @hookimpl
    def on_event(self, event):
        key = event.data["id"]
        found = self.app.storage.get(key)
        seen = found.value["seen"] if found else []
        one = [event.id, event.object_version, event.attempt]
        version = found.version if found else 0
        self.app.storage.put(key, {"seen": [*seen, one]}, if_version=version)
'''


def write_keeper(folder: Path, extension_id: str, *events: str) -> Path:
    """Write its package, for an installation that is told of `events`."""
    manifest = {
        "id": extension_id,
        "name": extension_id.title(),
        "version": "1.0.0",
        "description": "Keeps what it is told of",
        "author": "Test",
        "license": "MIT",
        "permissions": ["read:leads"],
        "events": list(events),
        "entry_point": "extension.py",
    }
    content = {"manifest.json": json.dumps(manifest), "extension.py": _CODE, "__init__.py": ""}
    path = folder / f"{extension_id}.zip"
    root = extension_id.replace("-", "_")
    path.write_bytes(zipped({f"{root}/{name}": text.encode() for name, text in content.items()}))
    return path
