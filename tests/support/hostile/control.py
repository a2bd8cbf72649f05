"""A harmless extension beside the hostile one: it has a document of its own and says hello."""

from typing import Final

import orjson

KEY: Final = "its-own-document"
_MANIFEST = {
    "id": "control",
    "name": "Control",
    "version": "1.0.0",
    "description": "Says hello while others attack.",
    "author": "GeminiCRM Pro authors",
    "license": "MIT",
    "permissions": ["read:leads"],
    "entry_point": "extension.py",
    "icon": "static/icon.svg",
    "settings": [],
}
_CODE = f"""
from flask import Blueprint
from extensions.extension_base import ExtensionBase


class Control(ExtensionBase):
    def install(self):
        self.app.storage.put({KEY!r}, "world")

    def uninstall(self):
        return None

    def get_routes(self):
        routes = Blueprint("control", __name__)

        @routes.get("/hello")
        def hello():
            return {{"hello": self.app.storage.get({KEY!r}).value}}

        return routes
"""
CONTROL: Final = {
    "control/manifest.json": orjson.dumps(_MANIFEST),
    "control/__init__.py": b"",
    "control/extension.py": _CODE.encode(),
    "control/static/icon.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}
