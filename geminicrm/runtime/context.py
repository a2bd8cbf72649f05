"""`self.app`: one proxy per version, whose doors find workspace and actor in the current call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import structlog

from extensions.sdk.connection import ConnectionInfo
from extensions.sdk.context import ActorInfo, ExtensionInfo, WorkspaceInfo
from extensions.sdk.service_errors import NotConnected
from geminicrm.connections.outgoing.client import OutsideClient
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor
from geminicrm.runtime.announcing import Announcing
from geminicrm.runtime.asking_for_jobs import JobDesk
from geminicrm.runtime.call_context import CallContext, SettingsSource, current_call
from geminicrm.runtime.capabilities_door import ExtensionCapabilities, Providers
from geminicrm.runtime.connecting import Connecting, IntegrationSettings
from geminicrm.runtime.events_door import ExtensionEvents
from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.http_door import ExtensionHttp
from geminicrm.runtime.jobs_door import ExtensionJobs
from geminicrm.runtime.limits_door import ExtensionLimits
from geminicrm.runtime.live import Installed
from geminicrm.runtime.record_door import ExtensionRecords, Records
from geminicrm.runtime.sdk_errors import NoCall, translated
from geminicrm.runtime.settings_door import (
    ExtensionSecrets,
    ExtensionSettings,
    StoredSettings,
    refuses_only,
)
from geminicrm.runtime.sockets_door import ExtensionSockets
from geminicrm.runtime.storage import Storage
from geminicrm.runtime.storage_door import ExtensionStorage

SettingsSaver = Callable[[Actor, Installed, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What the doors of all extensions lead to; app.py puts it together.

    `records` are the commands by kind (`lead`, ...); `workspace` reads one workspace's facts;
    `save_settings` stores settings that an extension saves for its installation; `capabilities`
    gives who provides what, which stands on the doors itself.
    """

    records: Mapping[str, Records]
    outside: OutsideClient
    vault: Vault
    storage: Storage
    announcing: Announcing
    jobs: JobDesk
    logs: ExtensionLogs
    connecting: Connecting
    workspace: Callable[[str], WorkspaceInfo]
    save_settings: SettingsSaver
    capabilities: Callable[[], Providers]


class ExtensionContext:
    """Implements `extensions.sdk.context.Context` in process.

    Whatever of it an extension keeps, it works inside of a call of that extension and nowhere
    else; then it raises NoCall.
    """

    def __init__(self, extension_id: str, doors: Doors) -> None:
        self._extension_id = extension_id
        self._doors = doors
        self._records = {
            kind: ExtensionRecords(kind, commands, self._call)
            for kind, commands in doors.records.items()
        }
        self._http = ExtensionHttp(doors.outside, doors.connecting, self._call)
        self._sockets = ExtensionSockets(doors.outside.guard, doors.connecting, self._call)
        self._limits = ExtensionLimits(doors.outside.limits, doors.connecting, self._call)
        self._settings = ExtensionSettings(self._source, self._call)
        self._secrets = ExtensionSecrets(self._source)
        self._storage = ExtensionStorage(doors.storage, self._call)
        self._events = ExtensionEvents(doors.announcing, self._call)
        self._jobs = ExtensionJobs(doors.jobs, self._call)
        self._capabilities = ExtensionCapabilities(doors.capabilities, doors.connecting, self._call)
        self._log = ExtensionLog(doors.logs, self._call)

    @property
    def leads(self) -> ExtensionRecords:
        """Leads."""
        return self._records["lead"]

    @property
    def contacts(self) -> ExtensionRecords:
        """Contacts."""
        return self._records["contact"]

    @property
    def companies(self) -> ExtensionRecords:
        """Companies."""
        return self._records["company"]

    @property
    def deals(self) -> ExtensionRecords:
        """Deals."""
        return self._records["deal"]

    @property
    def activities(self) -> ExtensionRecords:
        """Activities."""
        return self._records["activity"]

    @property
    def http(self) -> ExtensionHttp:
        """Outside calls."""
        return self._http

    @property
    def sockets(self) -> ExtensionSockets:
        """Connections that are no HTTP."""
        return self._sockets

    @property
    def limits(self) -> ExtensionLimits:
        """What the service of the current connection allows."""
        return self._limits

    @property
    def settings(self) -> ExtensionSettings:
        """Plain settings of the current workspace."""
        return self._settings

    @property
    def secrets(self) -> ExtensionSecrets:
        """Secret settings of the current workspace."""
        return self._secrets

    @property
    def storage(self) -> ExtensionStorage:
        """Documents of this extension in the current workspace."""
        return self._storage

    @property
    def events(self) -> ExtensionEvents:
        """Events that this extension announces."""
        return self._events

    @property
    def jobs(self) -> ExtensionJobs:
        """Work for later, which `run_job` does."""
        return self._jobs

    @property
    def connection(self) -> ConnectionInfo:
        """The connection that the current call is made for."""
        call = self._call()
        opened = self._doors.connecting.of(call)
        if opened is None:
            raise NotConnected(call.installed.extension_id)
        return opened.info()

    @property
    def capabilities(self) -> ExtensionCapabilities:
        """What the other extensions of the workspace provide."""
        return self._capabilities

    @property
    def extension(self) -> ExtensionInfo:
        """The extension itself."""
        manifest = self._call().installed.manifest
        return ExtensionInfo(
            id=manifest.id,
            name=manifest.name,
            version=manifest.version,
            types=manifest.provides,
        )

    @property
    def log(self) -> "ExtensionLog":
        """The extension's log."""
        return self._log

    @property
    def actor(self) -> ActorInfo:
        """Who the current call is made for, with what the extension may do for them."""
        call = self._call()
        # The kinds of actors are a closed set; the protocol of the kernel has them as text.
        kind = cast("Literal['user', 'token', 'extension', 'system']", call.caller.kind)
        return ActorInfo(
            kind=kind, id=call.caller.id, label=call.caller.label, scopes=call.actor.scopes
        )

    @property
    def workspace(self) -> WorkspaceInfo:
        """The workspace of the current call."""
        workspace_id = self._call().installed.workspace_id
        with translated("workspace", workspace_id):
            return self._doors.workspace(workspace_id)

    def _call(self) -> CallContext:
        call = current_call()
        if call is None or not call.is_open or call.installed.extension_id != self._extension_id:
            raise NoCall(self._extension_id)
        return call

    def _source(self) -> SettingsSource:
        call = self._call()
        if call.source is None:
            vault = self._doors.vault
            save = self._doors.save_settings if call.dry_run is None else refuses_only(vault)
            call.source = stored = StoredSettings(call.installed, call.actor, vault, save)
            if call.installed.manifest.is_integration:
                call.source = IntegrationSettings(stored, self._doors.connecting.of(call))
        return call.source


class ExtensionLog:
    """Implements the SDK's LogDoor: each line goes to the server's log and the installation's."""

    def __init__(self, logs: ExtensionLogs, call: Callable[[], CallContext]) -> None:
        self._logs = logs
        self._call = call

    def debug(self, message: str, **fields: object) -> None:
        """Write a line for the author."""
        self.write("debug", message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Write a line for the operator."""
        self.write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write that something needs a look."""
        self.write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Write that something failed."""
        self.write("error", message, fields)

    def write(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        """Write a line of one of these levels."""
        call = self._call()
        if call.dry_run is not None:
            call.dry_run.log(level, message, fields)
            return
        installed = call.installed
        about = {"connection_id": connection} if (connection := _connection_of(call)) else {}
        log = structlog.get_logger(f"extension.{installed.extension_id}").bind(
            extension_id=installed.extension_id,
            installation_id=installed.id,
            workspace_id=installed.workspace_id,
            **about,
        )
        # Under one key, so that an extension can't overwrite the facts of the line.
        getattr(log, level)(message, **({"fields": dict(fields)} if fields else {}))
        self._logs.write(installed.id, level, "log", message, {**fields, **about})


def _connection_of(call: CallContext) -> str | None:
    """Give the connection that the call was made for, or has used."""
    return call.connection or (call.opened.connection.id if call.opened is not None else None)
