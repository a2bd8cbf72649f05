import pytest

from geminicrm.runtime.host.messages import Answer, Chunk, Failed, Raised
from geminicrm.runtime.host.small_app import MOST_BYTES
from geminicrm.runtime.host.streams import CHUNK
from tests.support.core_end import Interrupted, request_for, soon

JSON = (("host", "crm"), ("content-type", "application/json"), ("x-a", "b"))


def workspace(_door: str, _method: str, _arguments: dict[str, object]) -> dict[str, str]:
    return {"id": "ws_1", "name": "North"}


def failed(core, path: str) -> Failed:
    ending, _ = core.get(path)
    assert isinstance(ending, Failed), ending
    return ending


def test_routes_see_the_request_and_answer(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.post("/echo/<name>")
        def echo(name):
            seen = [name, request.args["a"], request.json, request.headers["X-A"], request.host]
            return {"seen": seen, "url": request.url, "length": request.content_length}, 201
    """)

    request = request_for("/echo/caf\xc3\xa9", method="POST", query="a=1", headers=JSON)
    ending, body = core.ask(request, b'{"b": 2}')

    assert isinstance(ending, Answer)
    assert (ending.id, ending.status, ending.more) == (1, "201 CREATED", False)
    assert dict(ending.headers)["Content-Type"] == "application/json"
    url = "http://crm/api/extensions/sample/echo/caf\\u00e9?a=1"
    assert body.decode().strip() == (
        f'{{"length":8,"seen":["caf\\u00e9","1",{{"b":2}},"b","crm"],"url":"{url}"}}'
    )


def test_long_bodies_pass_both_ways(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.post("/back")
        def back():
            return request.get_data()[::-1]
    """)
    body = bytes(range(256)) * (3 * CHUNK // 256) + b"end"

    ending, answer = core.ask(request_for("/back", method="POST"), body)

    assert (ending.more, answer) == (True, body[::-1])


def test_a_body_is_read_while_it_comes_with_calls_back_between(start_host):
    core = start_host(
        """
    def add(self, routes):
        @routes.post("/count")
        def count():
            first = len(request.stream.read(10))
            name = self.app.workspace.name
            return f"{first} {name} {len(request.stream.read())}"
    """,
        door=workspace,
    )

    core.wire.send(request_for("/count", method="POST", more=True), b"", deadline=soon())
    core.wire.send(Chunk(1, more=True), b"x" * 15, deadline=soon())
    back, _ = core.wire.receive(deadline=soon())
    core.wire.send(Chunk(1, more=True), b"x" * 15, deadline=soon())
    core.wire.send(Chunk(1, more=False), deadline=soon())
    core.serve(back, b"{}")

    assert core.ending()[1] == b"10 North 20"


def test_a_body_that_nobody_reads_does_not_get_in_the_way(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.post("/ignore")
        def ignore():
            return "x" * 3_000_000

        @routes.post("/refuse")
        def refuse():
            raise errors.Conflict("no")
    """)
    body = bytes(8 * CHUNK)

    assert len(core.ask(request_for("/ignore", method="POST"), body)[1]) == 3_000_000
    assert isinstance(core.ask(request_for("/refuse", method="POST"), body)[0], Raised)
    assert core.get("/nothing")[0].status == "404 NOT FOUND"


def test_streams_go_out_as_they_are_made_with_calls_back_between(start_host):
    core = start_host(
        """
    def add(self, routes):
        @routes.get("/stream")
        def stream():
            return (part + self.app.workspace.name for part in ("a", "b"))
    """,
        door=workspace,
    )

    ending, body = core.get("/stream")
    assert (ending.status, ending.more, body) == ("200 OK", True, b"aNorthbNorth")
    assert len(core.backs) == 2


def test_a_stream_that_fails_half_way_says_so(start_host, capfd):
    core = start_host("""
    def add(self, routes):
        @routes.get("/stream")
        def stream():
            def parts():
                yield "a"
                yield "b" * 100_000
                raise ValueError("half way")
            return parts()

        @routes.get("/endless")
        def endless():
            def parts():
                while True:
                    yield b"x" * 1024 * 1024
            return parts()
    """)

    with pytest.raises(Interrupted) as caught:
        core.get("/stream")
    assert caught.value.args == (Failed(1, "extension.py:30 in parts", "ValueError: half way"),)
    with pytest.raises(Interrupted) as caught:
        core.get("/endless")
    reason = f"AnswerTooLarge: its answer is longer than {MOST_BYTES} bytes"
    assert caught.value.args[0].reason == reason
    assert core.get("/nothing")[0].status == "404 NOT FOUND"
    assert "ValueError: half way" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("raise ValueError('a\\nb')", "ValueError: a b"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return self.app.storage.missing", "AttributeError: "),
        ("return Response('', headers=[('x-%d' % at, '') for at in range(101)])", "ValueError: "),
        ("return Response('', headers=[('x', 'y' * 9000)])", "ValueError: "),
        ("return Response('', headers=[('a', 'y' * 8000), ('b', 'y' * 8000)] * 2)", "TooLong: "),
        ("return 1", "TypeError: "),
    ],
)
def test_every_other_error_is_a_failure_with_its_place(start_host, line: str, reason: str):
    core = start_host(f"""
    def add(self, routes):
        @routes.get("/fail")
        def fail():
            {line}

        @routes.get("/")
        def fine():
            return "fine"
    """)

    assert failed(core, "/fail").reason.startswith(reason)
    assert core.get("/")[1] == b"fine"
