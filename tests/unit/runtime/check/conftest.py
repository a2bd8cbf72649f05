"""A right extension on disk, to be made wrong in one place."""

import json

import pytest

from geminicrm.runtime.check.run import AUTHOR_RULES, check_folder

MANIFEST = {
    "id": "my-extension",
    "name": "My Extension",
    "version": "1.0.0",
    "description": "Does things",
    "author": "Your Name",
    "license": "MIT",
    "entry_point": "extension.py",
    "icon": "static/icon.svg",
}
SOURCE = """\
from extensions.extension_base import ExtensionBase, hookimpl
from .routes import make_routes


class MyExtension(ExtensionBase):
    def install(self): ...
    def uninstall(self): ...
    def get_routes(self): return make_routes()

    @hookimpl
    def on_event(self, event): ...
"""


class Author:
    """Writes files into the folder and runs the rules on it."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def manifest(self, **changes):
        self.write("manifest.json", json.dumps({**MANIFEST, **changes}))

    def check(self, **options):
        return check_folder(self.folder, known_scopes={"read:leads"}, rules=AUTHOR_RULES, **options)

    def found(self):
        return [(one.severity, one.code, one.file, one.line) for one in self.check()]


@pytest.fixture
def author(tmp_path):
    made = Author(tmp_path / "my_extension")
    made.manifest()
    made.write("__init__.py", "")
    made.write("extension.py", SOURCE)
    made.write("routes.py", "from flask import Blueprint\n")
    made.write("static/icon.svg", "<svg/>")
    made.write("README.md", "# My Extension\n")
    made.write("LICENSE", "MIT\n")
    made.write("CHANGELOG.md", "## 1.0.0\n")
    return made
