"""What rules look at, made by hand for a test: one installation with this or that about it."""

from collections.abc import Sequence
from typing import Any

from geminicrm.runtime.attention.look import Look, Seen, Senses
from geminicrm.runtime.models import Installation
from geminicrm.runtime.present import readable_manifest
from geminicrm.runtime.safe_mode import SafeState
from tests.support.core import START

SECRET = {"id": "key", "type": "secret", "label": "API key", "required": True}


class Operator:
    """Somebody who may do all, or all but what is named."""

    kind, id, label, workspace_id = "user", "usr_1", "Olga", "ws_1"

    def __init__(self, *lacks: str) -> None:
        self._lacks = frozenset(lacks)
        self.scopes: frozenset[str] = frozenset()

    def allows(self, scope: str) -> bool:
        """Allow."""
        return scope not in self._lacks


def manifest(extension_id: str = "hello-world", **changes: Any) -> dict[str, Any]:
    """Give a stored manifest."""
    return {
        "id": extension_id,
        "name": "Hello World",
        "version": "1.0.0",
        "description": "",
        "author": "",
        "license": "MIT",
        "entry_point": "extension.py",
        **changes,
    }


def seen(extension_id: str = "hello-world", **facts: Any) -> Seen:
    """Give an installation; `past` and `current` are of its history, the rest of its row."""
    history = {name: facts.pop(name) for name in ("past", "current") if name in facts}
    row = Installation(
        **{
            "id": f"inst_{extension_id}",
            "extension_id": extension_id,
            "version": "1.0.0",
            "digest": "sha256:00",
            "manifest": manifest(extension_id),
            "enabled": True,
            "status": "enabled",
            "granted": [],
            "settings": {},
            "built_in": False,
            "trusted": False,
            **facts,
        }
    )
    return Seen(row=row, manifest=readable_manifest(row), **history)


def senses(**facts: Any) -> Senses:
    """Give senses that find nothing wrong, some of them changed to give a fixed answer."""
    answers: dict[str, Any] = {
        "log": (),
        "secrets": frozenset(),
        "package": "sound",
        "lacks_python": False,
        "troubles": (),
        **facts,
    }
    return Senses(**{name: lambda *_, given=given: given for name, given in answers.items()})


def look(*installed: Seen, **facts: Any) -> Look:
    """Give what is seen where these are installed."""
    return Look(
        **{
            "actor": Operator(),
            "now": START,
            "installed": installed,
            "senses": senses(),
            "confines": True,
            "safe": SafeState(on=False),
            "by_id": {one.id: one for one in installed},
            **facts,
        }
    )


def codes(found: Sequence[Any]) -> list[str]:
    """Give the codes of problems."""
    return [one.code for one in found]
