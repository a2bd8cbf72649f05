import pytest

from extensions.sdk import errors as sdk
from geminicrm.runtime.host.messages import Chunk, HttpBack, HttpReply, Invoke, Reply
from geminicrm.runtime.host.values import MOST_BYTES as MOST_VALUE
from geminicrm.runtime.host.wire import WireBroken, WireClosed
from tests.support.core_end import request_for, soon

READS = """
def add(self, routes):
    @routes.get("/")
    def ask():
        return self.app.leads.get("x")
"""


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


def test_a_back_is_not_answered_by_an_outside_host(start_host):
    core = start_host(READS)
    core.wire.send(request_for("/"), deadline=soon())
    back, _ = core.wire.receive(deadline=soon())
    core.wire.send(HttpReply(1, back.seq, 200, ()), deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())


def test_an_outside_answer_that_is_cut_off_ends_the_connection(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.get("/")
        def call():
            self.app.http.request("GET", "https://example.com")
    """)
    core.wire.send(request_for("/"), deadline=soon())
    back, _ = core.wire.receive(deadline=soon())
    core.wire.send(HttpReply(1, back.seq, 200, (), more=True), b"begun", deadline=soon())
    core.wire.send(Reply(1, back.seq), b"{}", deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())
