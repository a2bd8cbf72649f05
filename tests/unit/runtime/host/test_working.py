import pytest

from extensions.sdk import errors as sdk
from geminicrm.runtime.host.messages import Answer, Chunk, Failed, HttpBack, Invoke, Raised, Reply
from geminicrm.runtime.host.raised import error_of
from geminicrm.runtime.host.small_app import MOST_BYTES
from geminicrm.runtime.host.streams import CHUNK
from geminicrm.runtime.host.values import MOST_BYTES as MOST_VALUE
from geminicrm.runtime.host.values import encode
from geminicrm.runtime.host.wire import WireBroken, WireClosed
from tests.support.host_in_process import Interrupted, request_for, soon

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


def test_errors_of_the_sdk_come_out_whole(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.get("/missing")
        def missing():
            raise errors.NotFound("lead", "lead_1")

        @routes.get("/odd")
        def odd():
            error = errors.NotFound("lead", "lead_1")
            del error.kind
            raise error
    """)
    ending, _ = core.get("/missing")

    assert isinstance(ending, Raised)
    assert ending.where == "extension.py:27 in missing"
    assert str(error_of(ending.error)) == "There is no lead with the id lead_1."
    assert failed(core, "/odd").reason == "NotFound: There is no lead with the id lead_1."


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


def test_the_methods_of_an_extension_can_be_called(start_host):
    core = start_host(
        """
    def perform_action(self, action, values, record_type, record_id):
        if action == "odd":
            return {"toast": "x"}
        return ActionResult(toast=f"{action} {values} {record_type} {record_id}")
    """,
        door=workspace,
    )

    assert core.invoke("install") == {"success": True, "message": "North"}
    assert core.invoke("uninstall") is None
    done = core.invoke("action", "", "go", {"a": "1"}, "lead", "lead_1")
    assert done["toast"] == "go {'a': '1'} lead lead_1"
    ending, _ = core.ask(Invoke(1, 5.0, "action"), encode(["odd", {}, None, None]))
    assert ending.reason == "TypeError: perform_action() must return an ActionResult, not dict"


def test_hooks_get_what_the_sdk_says(start_host):
    core = start_host("""
    @hookimpl
    def collect_panel(self, record, panel):
        return [Text(f"{panel} {record['id']}")] if panel == "main" else None

    @hookimpl
    def collect_badges(self, record_type, records):
        if record_type == "deal":
            return {"deal_1": "odd"}
        return {record["id"]: Badge("new") for record in records}

    @hookimpl
    def before_record_save(self, change):
        raise errors.Refused(f"{type(change).__name__} {change.action} {change.draft}", "email")

    @hookimpl
    def on_event(self, event):
        assert event.timestamp.utcoffset().total_seconds() == 0
        assert (event.type, event.attempt, event.data) == ("lead.created", 2, {"a": 1})
        return object()
    """)
    event = {
        "id": "evt_1",
        "type": "lead.created",
        "schema_version": 1,
        "object_version": 1,
        "timestamp": "2026-01-02T03:04:05Z",
        "workspace_id": "ws_1",
        "data": {"a": 1},
        "attempt": 2,
    }
    change = {"record_type": "lead", "action": "create", "before": None, "draft": {"a": 1}}

    text = {"type": "text", "text": "main lead_1", "tone": "neutral"}
    record = {"id": "lead_1"}
    assert core.invoke("hook", "collect_panel", "main", "lead", record) == [text]
    assert core.invoke("hook", "collect_panel", "other", "lead", record) is None
    badge = {"type": "badge", "text": "new", "tone": "neutral"}
    assert core.invoke("hook", "collect_badges", "lead", [record]) == {"lead_1": badge}
    assert core.invoke("hook", "on_event", event) is None
    odd, _ = core.ask(Invoke(1, 5.0, "hook", "collect_badges"), encode(["deal", []]))
    assert odd.reason == "TypeError: collect_badges must give Badge values, not str"
    ending, _ = core.ask(Invoke(1, 5.0, "hook", "before_record_save"), encode([change]))
    refused = error_of(ending.error)
    assert (str(refused), refused.field) == ("RecordChange create {'a': 1}", "email")


def test_what_an_extension_calls_back_goes_through_the_doors(start_host):
    def door(_name: str, method: str, _arguments: dict[str, object]) -> object:
        if method == "get":
            raise sdk.PermissionDenied("read:leads")
        return {"id": "lead_1"}

    core = start_host(
        """
    def add(self, routes):
        @routes.get("/")
        def ask():
            try:
                self.app.leads.get("lead_1")
            except errors.PermissionDenied as error:
                return [error.scope, self.app.leads.create({"name": "A"})]
    """,
        door=door,
    )

    assert b'"read:leads"' in core.get("/")[1]
    assert core.backs == [
        ("leads", "get", {"record_id": "lead_1"}),
        ("leads", "create", {"data": {"name": "A"}}),
    ]


def test_outside_calls_have_bodies_of_any_length(start_host):
    core = start_host(
        """
    def add(self, routes):
        @routes.get("/")
        def call():
            answer = self.app.http.request(
                "POST", "https://example.com", headers={"a": "b"}, body=b"x" * 600_000, timeout=3
            )
            return f"{answer.status} {answer.headers} {len(answer.body)}"

        @routes.get("/odd")
        def odd():
            return self.app.http.request("GET", "https://example.com", headers={"a": "b" * 9000})
    """,
        http=lambda back, body: (201, {"c": f"{back.url} {back.headers}"}, body * 2),
    )

    seen = "201 {'c': \"https://example.com (('a', 'b'),)\"} 1200000"
    assert core.get("/")[1].decode() == seen
    assert isinstance(core.raised("/odd"), sdk.Invalid)
    assert core.get("/")[1].decode() == seen


def test_too_much_at_once_is_refused_before_it_is_sent(start_host):
    core = start_host(f"""
    def add(self, routes):
        @routes.get("/")
        def much():
            self.app.leads.create({{"name": "x" * {MOST_VALUE}}})

    def uninstall(self):
        return {{"message": "x" * {MOST_VALUE}}}
    """)

    assert "too much at once" in str(core.raised("/"))
    ending, _ = core.ask(Invoke(1, 5.0, "uninstall"), b"[]")
    assert ending.reason.startswith("TooLong: Value has")


def test_threads_of_an_extension_do_not_mix_up_their_calls(start_host):
    core = start_host(
        """
    def add(self, routes):
        import contextvars, threading
        @routes.get("/")
        def many():
            found, threads = [], []
            def ask(at):
                found.append((at, self.app.leads.get(str(at))["id"]))
            for at in range(20):
                context = contextvars.copy_context()
                threads.append(threading.Thread(target=context.run, args=(ask, at)))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return [a == int(b) for a, b in found]
    """,
        door=lambda _door, _method, arguments: {"id": arguments["record_id"]},
    )

    assert core.get("/")[1].count(b"true") == 20


def test_doors_close_with_the_call(start_host):
    core = start_host(
        """
    def add(self, routes):
        import contextvars, threading
        over = threading.Event()
        found = []

        @routes.get("/leave")
        def leave():
            def later():
                over.wait(10)
                try:
                    self.app.leads.get("x")
                except Exception as error:
                    found.append(f"{type(error).__name__}: {error}")
            context = contextvars.copy_context()
            self.thread = threading.Thread(target=context.run, args=(later,))
            self.thread.start()
            return "left"

        @routes.get("/look")
        def look():
            over.set()
            self.thread.join()
            return found
    """
    )

    assert core.get("/leave")[1] == b"left"
    assert core.get("/look")[1].strip() == b'["NoCall: the call that this belongs to is over"]'
    assert core.backs == []


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (Reply(1, 99), b"{}"),
        (Reply(99, 1), b"{}"),
        (Reply(1, 1), b"no JSON"),
        (Chunk(1, more=False), b"x"),
        (Invoke(1, 1.0, "install"), b""),
    ],
    ids=range(5),
)
def test_a_core_that_breaks_the_protocol_loses_the_connection(start_host, reply, body: bytes):
    core = start_host("""
    def add(self, routes):
        @routes.get("/")
        def ask():
            for _ in range(3):
                try:
                    self.app.leads.get("x")
                except errors.Unavailable:
                    pass
    """)
    core.wire.send(request_for("/"), deadline=soon())
    core.wire.receive(deadline=soon())
    core.wire.send(reply, body, deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (Reply(1, 1), b"{}"),
        (Invoke(1, 1.0, "explode"), b"[]"),
        (Invoke(1, 1.0, "hook", "collect_panel"), b"[]"),
        (Invoke(1, 1.0, "action"), b"{"),
    ],
    ids=range(4),
)
def test_what_no_core_asks_for_ends_the_connection(start_host, message, body: bytes):
    core = start_host("")
    core.wire.send(message, body, deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())


def test_after_the_deadline_nothing_is_waited_for(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.get("/")
        def ask():
            try:
                self.app.leads.get("x")
            except errors.Unavailable as error:
                self.seen = str(error)
            return self.app.leads.get("x")

    def uninstall(self):
        return {"message": self.seen}
    """)
    core.wire.send(request_for("/", seconds=0.05), deadline=soon())
    core.wire.receive(deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())


def test_a_request_that_is_cut_off_ends_the_connection(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.post("/")
        def read():
            return request.get_data()
    """)
    core.wire.send(request_for("/", method="POST", more=True), b"a", deadline=soon())
    core.wire.send(Reply(1, 1), b"{}", deadline=soon())

    with pytest.raises((WireClosed, WireBroken)):
        core.wire.receive(deadline=soon())


def test_an_answer_to_the_other_kind_of_question_is_none(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.get("/")
        def call():
            self.app.http.request("GET", "https://example.com")
    """)
    core.wire.send(request_for("/"), deadline=soon())
    back, _ = core.wire.receive(deadline=soon())
    assert isinstance(back, HttpBack)
    core.wire.send(Reply(1, back.seq), b"{}", deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())
