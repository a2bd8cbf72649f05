"""What a zygote does once, so that no host has to: what is made here is shared by all of them."""

import io
from functools import partial
from pathlib import Path
from typing import Final

from flask import Blueprint

from geminicrm.runtime.host.child import Confining
from geminicrm.runtime.host.messages import Request
from geminicrm.runtime.host.routes import environ_of
from geminicrm.runtime.host.sandbox.lock import LockFailed, lock_up, prepare
from geminicrm.runtime.host.sandbox.proof import prove
from geminicrm.runtime.host.small_app import SmallApp

_REQUEST: Final = Request(
    id=0,
    seconds=1.0,
    method="GET",
    path="/warm/1",
    query="",
    scheme="http",
    server="localhost",
    port="80",
    protocol="HTTP/1.1",
    headers=(),
)


def warm_up() -> None:
    """Answer one request, so that what Flask and Python make at first use is made."""
    routes = Blueprint("warm", __name__)
    routes.add_url_rule("/warm/<name>", view_func=lambda name: {"name": name}, endpoint="warm")
    app = SmallApp("warm", str(Path(__file__).parent))
    app.register_blueprint(routes)
    app.answer(environ_of(_REQUEST, b"", io.BytesIO().read))


def prepared_locks() -> Confining:
    """Assemble the filter ahead; where that fails, each host is to find out and to say so."""
    try:
        prepared = prepare()
    except LockFailed:
        return Confining()
    return Confining(
        lock_up=partial(lock_up, prepared=prepared), prove=partial(prove, kernel=prepared.kernel)
    )
