"""An extension that takes its time over events, and jams when told to, for a server that runs."""

import json
from pathlib import Path
from typing import Any

from tests.support.life import zipped

ID = "slow-mill"
NAME = "Slow Mill"
MANIFEST: dict[str, Any] = {
    "id": ID,
    "name": NAME,
    "version": "1.0.0",
    "description": "Grinds each new lead, slowly",
    "author": "Test",
    "license": "MIT",
    "permissions": ["read:leads"],
    "events": ["lead.created"],
    "entry_point": "extension.py",
    "settings": [
        {"id": "seconds", "type": "number", "label": "Seconds for each", "default": 3},
        {"id": "jammed", "type": "boolean", "label": "Jams at stones", "default": True},
    ],
}
CODE = b"""
import time

from flask import Blueprint

from extensions.extension_base import ExtensionBase, hookimpl


class SlowMill(ExtensionBase):
    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        return Blueprint("slow_mill", __name__)

    @hookimpl
    def on_event(self, event):
        if event.data["last_name"] == "Stone" and self.app.settings["jammed"]:
            raise RuntimeError("the mill is jammed")
        time.sleep(self.app.settings["seconds"])
"""


def package(folder: Path) -> Path:
    """Write its package into a folder."""
    path = folder / f"{ID}.zip"
    content = {
        "manifest.json": json.dumps(MANIFEST).encode(),
        "extension.py": CODE,
        "__init__.py": b"",
    }
    path.write_bytes(zipped({f"slow_mill/{name}": text for name, text in content.items()}))
    return path
