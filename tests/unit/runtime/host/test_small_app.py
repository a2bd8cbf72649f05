import pytest
from flask import Response
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder

from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.host.small_app import MOST_BYTES
from tests.support.core import Tenant
from tests.support.sample_extensions import Stage, with_routes


def ask(stage: Stage, tenant: Tenant, path: str) -> Response:
    environ = EnvironBuilder(path=f"/api/extensions/sample{path}").get_environ()
    return stage.runtime.dispatcher.answer(tenant.owner(), "sample", environ, b"")


def failed(stage: Stage, tenant: Tenant, path: str) -> ExtensionFailed:
    with pytest.raises(ExtensionFailed) as caught:
        ask(stage, tenant, path)
    return caught.value


def test_streams_are_read_inside_the_call(stage: Stage, tenant: Tenant):
    routes = """
    @routes.get("/good")
    def good():
        return (part + self.app.workspace.name for part in ("a", "b"))

    @routes.get("/bad")
    def bad():
        def parts():
            yield "a"
            raise ValueError("half way")
        return parts()

    @routes.get("/endless")
    def endless():
        def parts():
            while True:
                yield b"x" * 1024 * 1024
        return parts()
    """
    one = stage.put(tenant, with_routes(routes))

    with capture_logs():
        assert ask(stage, tenant, "/good").data == b"aNorthbNorth"
        assert failed(stage, tenant, "/bad").where == "extension.py:25 in parts"
        assert failed(stage, tenant, "/endless").status == 502
    (trouble,) = stage.runtime.calls.troubles(one)
    assert trouble.reason == f"AnswerTooLarge: its answer is longer than {MOST_BYTES} bytes"


def test_urls_and_sessions_are_those_of_a_small_application(stage: Stage, tenant: Tenant):
    routes = """
    from flask import current_app, session, url_for

    @routes.get("/x")
    def x():
        with current_app.app_context():
            pass
        return [url_for(".x", _external=True, a=1), session.get("a")]

    @routes.get("/write")
    def write():
        session["a"] = 1

    @routes.get("/file")
    def file():
        from flask import send_file
        from io import BytesIO
        return send_file(BytesIO(b"data"), mimetype="text/plain")
    """
    one = stage.put(tenant, with_routes(routes))

    url = "http://localhost/api/extensions/sample/x?a=1"
    assert ask(stage, tenant, "/x").get_json() == [url, None]
    assert ask(stage, tenant, "/file").data == b"data"
    with capture_logs():
        assert failed(stage, tenant, "/write").status == 502
    (trouble,) = stage.runtime.calls.troubles(one)
    assert "secret" in trouble.reason
