"""Versions of the SDK: its own semantic version and the manifest `api_version`s it serves."""

from typing import Final

SDK_VERSION: Final = "1.2.0"
"""Semantic version of the Python names in `extensions.sdk` and `extensions.extension_base`."""

CURRENT_API_VERSION: Final = 1
"""What a manifest means that says no `api_version`."""

SUPPORTED_API_VERSIONS: Final = frozenset({1})
"""The `api_version`s that this core runs: the current major version and the one before it."""
