"""The start of a new extension: a small one that works, to be changed step by step."""

import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final

from geminicrm.kernel.errors import Conflict, Finding, ValidationFailed
from geminicrm.runtime.manifest import manifest_schema

_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "manifest.json": "manifest.json.tmpl",
        "__init__.py": "__init__.py.tmpl",
        "extension.py": "extension.py.tmpl",
        "routes.py": "routes.py.tmpl",
        "static/icon.svg": "icon.svg.tmpl",
        "README.md": "README.md.tmpl",
        "CHANGELOG.md": "CHANGELOG.md.tmpl",
        "LICENSE": "LICENSE.tmpl",
        "tests/__init__.py": "__init__.py.tmpl",
        "tests/test_extension.py": "test_extension.py.tmpl",
    }
)


def create_extension(extension_id: str, target_dir: Path, *, name: str | None = None) -> Path:
    """Write a new extension into `target_dir` and give its folder, named after the id.

    Raises `ValidationFailed` for a wrong id or name, `Conflict` where the folder is there already,
    `OSError`.
    """
    words = extension_id.split("-")
    shown = " ".join(words).capitalize() if name is None else name
    _check(extension_id, shown)
    folder = target_dir / extension_id.replace("-", "_")
    if folder.exists():
        raise Conflict(f"{folder} is there already: choose another id or another place.")
    values = {
        "id": extension_id,
        "id_json": json.dumps(extension_id),
        "name": shown,
        "name_json": json.dumps(shown, ensure_ascii=False),
        "module": folder.name,
        "class_name": "".join(word.capitalize() for word in words),
    }
    templates = resources.files("geminicrm.runtime.authoring").joinpath("templates")
    for path, template in _FILES.items():
        text = templates.joinpath(template).read_text("utf-8")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(text).substitute(values), "utf-8")
    return folder


def _check(extension_id: str, name: str) -> None:
    rule = manifest_schema()["$defs"]["extensionId"]
    longest = manifest_schema()["properties"]["name"]["maxLength"]
    found = []
    if len(extension_id) > rule["maxLength"] or not re.fullmatch(rule["pattern"], extension_id):
        message = f"{extension_id[:100]!r} is no id. {rule['description']} Example: 'my-extension'."
        found.append(Finding("/id", "wrong_form", message))
    if not 0 < len(name) <= longest or not name.isprintable():
        message = f"A name is one line of 1 to {longest} characters, not {name[:100]!r}."
        found.append(Finding("/name", "wrong_form", message))
    if found:
        raise ValidationFailed(found)
