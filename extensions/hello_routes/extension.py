"""The extension hello-routes: the least that an extension with routes needs."""

from flask import Blueprint

from extensions.extension_base import ExtensionBase

from .routes import make_routes


class HelloRoutes(ExtensionBase):
    """Answers at `/api/extensions/hello-routes/hello`."""

    def install(self) -> None:
        """Prepare one workspace: nothing to do."""

    def uninstall(self) -> None:
        """Undo what install did: nothing to do."""

    def get_routes(self) -> Blueprint:
        """Give the routes."""
        return make_routes(self.app)
