"""Settings and secrets of the current workspace, as an extension meets them."""

from collections.abc import Callable, Iterator, KeysView, Mapping
from typing import Any

from typing_extensions import override

from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext, SettingsSource
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.live import Installed
from geminicrm.runtime.sdk_errors import translated
from geminicrm.runtime.settings_check import setting_defaults
from geminicrm.runtime.settings_values import Stored, merge, own_values


class StoredSettings:
    """The settings in an installation's row; secrets are decrypted when first asked for."""

    def __init__(
        self,
        installed: Installed,
        actor: Actor,
        vault: Vault,
        save: Callable[[Actor, Installed, Mapping[str, Any]], None],
    ) -> None:
        self._installed = installed
        self._actor = actor
        self._vault = vault
        self._save = save
        self._plain: dict[str, Any] = dict(installed.settings)
        self._changed: dict[str, Any] = {}
        self._opened: dict[str, Any] = {}
        self._is_open = False

    def plain(self) -> Mapping[str, Any]:
        """Give the plain settings as they were when the call began, and what it saved since."""
        return self._plain

    def changed(self) -> Mapping[str, Any]:
        """Give the plain settings that the call has saved; a value that was taken away is None."""
        return self._changed

    def secrets(self) -> Mapping[str, str]:
        """Give the secrets in clear."""
        if not self._is_open:
            self._opened = self._vault.open(self._installed.secrets)
            self._is_open = True
        return self._opened

    def save(self, values: Mapping[str, Any]) -> None:
        """Store the values, and show them for the rest of this call."""
        self._save(self._actor, self._installed, values)
        secret = {one.id for one in self._installed.manifest.settings if one.secret}
        self.secrets()
        for name, value in values.items():
            kept = self._opened if name in secret else self._plain
            kept.pop(name, None)
            if name not in secret:
                self._changed[name] = value
            if value is not None:
                kept[name] = value


def refuses_only(vault: Vault) -> Callable[[Actor, Installed, Mapping[str, Any]], None]:
    """Give what refuses the settings that would be refused, and stores none: for dry runs."""

    def look(_actor: Actor, installed: Installed, values: Mapping[str, Any]) -> None:
        own = own_values(installed.manifest, installed.settings, values)
        stored = Stored(installed.settings, vault.open(installed.secrets))
        merge(installed.manifest.settings, stored, own)

    return look


class ExtensionSettings:
    """Implements the SDK's SettingsDoor: what is set, else the manifest's defaults."""

    door = "settings"

    def __init__(
        self, source: Callable[[], SettingsSource], call: Callable[[], CallContext]
    ) -> None:
        self._source = source
        self._call = call

    def __getitem__(self, setting_id: str, /) -> Any:
        return self._values()[setting_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def keys(self) -> KeysView[str]:
        """Give the ids that have a value."""
        return self._values().keys()

    def get(self, setting_id: str, default: object = None, /) -> Any:
        """Give one value, else `default`."""
        return self._values().get(setting_id, default)

    @noted
    def save(self, values: Mapping[str, Any]) -> None:
        """Store the given settings, secret ones too, and leave the others. Raises Invalid."""
        with translated("setting"):
            self._source().save(dict(values))

    def _values(self) -> dict[str, Any]:
        settings = self._call().installed.manifest.settings
        return {**setting_defaults(settings), **self._source().plain()}


class ExtensionSecrets(Mapping[str, str]):
    """The secret settings by id, in clear."""

    def __init__(self, source: Callable[[], SettingsSource]) -> None:
        self._source = source

    @override
    def __getitem__(self, setting_id: str) -> str:
        return self._values()[setting_id]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    @override
    def __len__(self) -> int:
        return len(self._values())

    def _values(self) -> Mapping[str, str]:
        with translated("secret"):
            return self._source().secrets()
