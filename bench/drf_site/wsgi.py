"""The factory that the server calls."""

from typing import Any

from django.core.wsgi import get_wsgi_application


def application() -> Any:
    """Make the WSGI application."""
    return get_wsgi_application()
