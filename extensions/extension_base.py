"""The face of the SDK: the class that every extension derives from, and the hook marker."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from extensions.sdk.actions import ActionResult
from extensions.sdk.context import Context
from extensions.sdk.errors import UnknownAction
from extensions.sdk.hookspecs import hookimpl

__all__ = ["ExtensionBase", "hookimpl"]


class ExtensionBase(ABC):
    """One extension version; a single object serves all workspaces that have it installed.

    Keep no data of a workspace on `self`: each call may belong to another one, and `self.app`
    finds the right workspace and actor by itself.
    """

    def __init__(self, app: Context) -> None:
        """Keep the doors of the core as `self.app`; a constructor of your own calls this first."""
        self.app = app

    @abstractmethod
    def install(self) -> Mapping[str, Any] | None:
        """Prepare one workspace; called once per installation, before its routes answer.

        Return None or `{"success": bool, "message": str}`; `success` False, or any error, undoes
        the installation and shows the message.
        """

    @abstractmethod
    def uninstall(self) -> Mapping[str, Any] | None:
        """Undo what `install` did outside of the CRM; returns as `install` does.

        The extension is removed whatever comes back; a failure is shown to the admin.
        """

    @abstractmethod
    def get_routes(self) -> Blueprint:
        """Give a new Blueprint with the url_prefix `/api/extensions/<extension id>`."""

    def get_config(self) -> dict[str, Any]:
        """Give the settings of the current workspace by id, secrets included."""
        return {**self.app.settings, **self.app.secrets}

    def set_config(self, config: Mapping[str, Any]) -> None:
        """Store the given settings of the current workspace; those not named stay as they are.

        Raises `extensions.sdk.errors.Invalid` with every wrong value.
        """
        self.app.settings.save(config)

    def perform_action(
        self,
        action: str,
        values: Mapping[str, Any],  # noqa: ARG002 - part of the contract that others override
        record_type: str | None,  # noqa: ARG002 - part of the contract that others override
        record_id: str | None,  # noqa: ARG002 - part of the contract that others override
    ) -> ActionResult:
        """Do what a button or a form of this extension's blocks asks for.

        `values` holds the form's fields or the button's values, `record_type` and `record_id` the
        record whose page it was on. Raises `UnknownAction` for what the extension does not know;
        may raise `Refused` to show a reason.
        """
        raise UnknownAction(action)
