"""Baselines without a product: a bare WSGI answer, plain Flask, a plain view within our core."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, jsonify

from bench.extensions import HELLO
from bench.lab import Lab
from bench.services import Service, answers
from bench.serving import command
from bench.trees import free_port
from geminicrm.app import create_app
from geminicrm.config import Settings
from geminicrm.kernel import logs

__all__ = ["BODY", "PATH", "bare", "command", "flask", "guarded", "start"]

PATH = "/hello"
# As Flask writes it: compact, keys sorted, a line feed at the end.
BODY = json.dumps(HELLO, separators=(",", ":"), sort_keys=True).encode() + b"\n"
Wsgi = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def bare() -> Wsgi:
    """Make an application that only answers: what is left is the server and the generator."""

    def answer(_environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
        start_response("200 OK", headers)
        return [BODY]

    return answer


def flask() -> Flask:
    """Make plain Flask with the view that the extension has."""
    return _with_hello(Flask("plain"))


def guarded() -> Flask:
    """Make our application with the same view of its own behind the guard."""
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    return _with_hello(create_app(settings))


def _with_hello(app: Flask) -> Flask:
    @app.get(PATH)
    def hello() -> Response:
        return jsonify(HELLO)

    return app


def start(lab: Lab, factory: str = "flask") -> Service:
    """Start one of the applications of this file that need nothing prepared."""
    port = free_port()
    target = command(sys.executable, f"bench.plain:{factory}", port, lab.options.threads)
    tree = lab.start(target, {}, lab.home(factory))
    tree.wait_for(lambda: answers(port, PATH))
    return Service(name=f"plain {factory}", tree=tree, port=port)
