"""Which capabilities there are in a workspace, what can be asked of them, and who provides them."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from extensions.sdk.capabilities.calling import operations_of
from extensions.sdk.capabilities.catalogue import CAPABILITIES, CONNECTION
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.work import Actor
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.kit import require
from geminicrm.runtime.manifest_model import OwnCapability
from geminicrm.runtime.providers import Provider

READ = "read:integrations"
Shape = dict[str, Any]


class CapabilityList:
    """The capabilities of the core, then those that extensions of a workspace declare."""

    def __init__(self, convergence: Convergence, capabilities: Capabilities) -> None:
        self._convergence = convergence
        self._capabilities = capabilities

    def all(self, actor: Actor) -> list[Shape]:
        """Give all, by name. Raises ScopeMissing."""
        require(actor, READ)
        return [{**one, "providers": self._providers(actor, one["id"])} for one in self._of(actor)]

    def one(self, actor: Actor, name: str) -> Shape:
        """Give one. Raises ScopeMissing, NotFound."""
        for found in self.all(actor):
            if found["id"] == name:
                return found
        raise NotFound("capability", name)

    def _of(self, actor: Actor) -> Iterator[Shape]:
        yield from (_built_in(name) for name in sorted(CAPABILITIES) if name != CONNECTION)
        own = []
        for (workspace_id, extension_id), one in self._convergence.current().by_name.items():
            if workspace_id == actor.workspace_id:
                own += [_own(extension_id, each) for each in one.manifest.capability_types]
        yield from sorted(own, key=lambda each: each["id"])

    def _providers(self, actor: Actor, name: str) -> list[Mapping[str, Any]]:
        user_id = getattr(actor, "user_id", None)
        return [
            _provider(one) for one in self._capabilities.usual(actor.workspace_id, name, user_id)
        ]


def _built_in(name: str) -> Shape:
    contract = CAPABILITIES[name]
    module = inspect.getmodule(contract)
    return {
        "id": name,
        "declared_by": None,
        "permission": f"use:{name}",
        "description": _first_line(module),
        "operations": [_operation(getattr(contract, one)) for one in operations_of(name)],
    }


def _operation(method: Any) -> Shape:
    given = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
    return {
        "name": method.__name__,
        "description": _first_line(method),
        "changes": None,
        "arguments": {
            "type": "object",
            "properties": {one.name: {} for one in given},
            "required": [one.name for one in given if one.default is one.empty],
            "additionalProperties": False,
        },
        "result": {},
    }


def _own(extension_id: str, one: OwnCapability) -> Shape:
    name = f"{extension_id}.{one.name}"
    return {
        "id": name,
        "declared_by": extension_id,
        "permission": f"use:{name}",
        "description": one.description,
        "operations": [
            {
                "name": each.name,
                "description": each.description,
                "changes": each.changes,
                "arguments": each.arguments,
                "result": each.result,
            }
            for each in one.operations
        ],
    }


def _provider(one: Provider) -> Mapping[str, Any]:
    return {
        "service": one.installed.extension_id,
        "name": one.installed.name,
        "connection_id": one.used.id if one.used is not None else None,
        "environment": "test" if one.is_test else "live",
    }


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]
