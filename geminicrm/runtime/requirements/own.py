"""The packages that each host has for itself: extensions share them and never bring their own."""

from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Final

from packaging.version import Version

HOST_PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "blinker": "blinker",
        "click": "click",
        "flask": "flask",
        "itsdangerous": "itsdangerous",
        "jinja2": "jinja2",
        "markupsafe": "markupsafe",
        "msgspec": "msgspec",
        "pluggy": "pluggy",
        "typing-extensions": "typing_extensions",
        "werkzeug": "werkzeug",
    }
)
"""By the name of the project, as indexes normalise it: the module that it gives."""

HOST_MODULES: Final = frozenset({*HOST_PACKAGES.values(), "extensions", "geminicrm"})
"""What `import` finds in a host whatever an extension brings; nothing may hide it."""


def host_versions() -> Mapping[str, Version]:
    """Give the version of each package that hosts have: the core's own."""
    return {name: Version(metadata.version(name)) for name in HOST_PACKAGES}
