"""The base class, and code written to exactly the minimal contract."""

from types import SimpleNamespace

import pytest
from flask import Blueprint, Flask, jsonify

from extensions import extension_base
from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.errors import UnknownAction


class MyExtension(ExtensionBase):
    def __init__(self, app):
        super().__init__(app)
        self.name = "My Extension"

    def install(self):
        print(f"Installing {self.name}")  # noqa: T201 - the contract's own example prints
        return {"success": True, "message": "Extension installed successfully"}

    def uninstall(self):
        print(f"Uninstalling {self.name}")  # noqa: T201 - the contract's own example prints
        return {"success": True, "message": "Extension uninstalled successfully"}

    def get_routes(self):
        routes = Blueprint("my_extension", __name__, url_prefix="/api/extensions/my-extension")

        @routes.route("/status")
        def status():
            return jsonify({"status": "active"})

        return routes


class Settings(dict):
    def save(self, values):
        self.update(values)


@pytest.fixture
def extension():
    app = SimpleNamespace(settings=Settings(region="eu"), secrets={"api_key": "s3cret"})
    return MyExtension(app)


def test_the_minimal_contract_answers_under_its_prefix(extension):
    app = Flask(__name__)
    app.register_blueprint(extension.get_routes())
    answer = app.test_client().get("/api/extensions/my-extension/status")
    assert answer.get_json() == {"status": "active"}


def test_the_minimal_contract_installs_and_uninstalls(extension, capsys):
    assert extension.install()["success"] is True
    assert extension.uninstall()["message"] == "Extension uninstalled successfully"
    assert capsys.readouterr().out == "Installing My Extension\nUninstalling My Extension\n"


@pytest.mark.parametrize("missing", ["install", "uninstall", "get_routes"])
def test_a_class_without_the_contract_can_not_be_made(missing):
    names = {"install", "uninstall", "get_routes"} - {missing}
    partial = type("Partial", (ExtensionBase,), dict.fromkeys(names, MyExtension.install))
    with pytest.raises(TypeError, match=missing):
        partial(None)


def test_config_holds_settings_and_secrets(extension):
    assert extension.get_config() == {"region": "eu", "api_key": "s3cret"}


def test_set_config_goes_through_the_door_and_leaves_the_others(extension):
    extension.set_config({"sender": "ada@example.com"})
    assert extension.app.settings == {"region": "eu", "sender": "ada@example.com"}


def test_an_unknown_action_is_a_typed_error(extension):
    with pytest.raises(UnknownAction, match="'send'") as caught:
        extension.perform_action("send", {}, None, None)
    assert caught.value.action == "send"


def test_exports():
    assert extension_base.__all__ == ["ExtensionBase", "hookimpl"]
    assert hookimpl.project_name == "geminicrm"
