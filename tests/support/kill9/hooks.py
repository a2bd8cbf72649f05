"""A server with three webhook endpoints, whose receivers write down all that comes."""

import threading
from collections import defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typing_extensions import override

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.people import list_workspaces
from tests.support.homes import SERVE, Home
from tests.support.kill9.scene import Scene
from tests.support.process import StartTree, Tree
from tests.support.webhook_sending import Hooks

_SECONDS = 120.0
PATHS = ("/first", "/second", "/third")
_MOODY = 10


class Receivers:
    """Takes posts at any path; the bodies that came with each id, and how often it came."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        self.times: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._lock = threading.Lock()
        kept = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = kept.take(self.path, self.headers["webhook-id"], body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def handle(self) -> None:
                with suppress(ConnectionError):  # who sends was killed
                    super().handle()

            @override
            def log_message(self, *_about: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Give where they listen."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, path: str, message_id: str, body: bytes) -> int:
        """Write it down; the last one refuses every tenth message the first time it comes."""
        with self._lock:
            self.bodies[path][message_id].add(body)
            self.times[path][message_id] += 1
            first = self.times[path][message_id] == 1
        moody = path == PATHS[-1] and sum(message_id.encode()) % _MOODY == 0
        return 503 if moody and first else 200

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class HookScene(Scene):
    """A home with a workspace and an endpoint for each receiver; no extension is installed."""

    def __init__(self, folder: Path, database_url: str, **environ: str) -> None:
        super().__init__(folder, database_url, GEMINICRM_EGRESS_ALLOW="127.0.0.0/8", **environ)
        self.receivers = Receivers()
        core = build_core(Settings.from_env(self.home.environ))
        with core.works.across_workspaces("test: the workspace") as work:
            (workspace,) = list_workspaces(work)
        hooks = Hooks(core, SystemActor(workspace.id))
        for path in PATHS:
            hooks.add(f"{self.receivers.address}{path}", events=["lead.*"])
        core.close()

    @override
    def start(self, start_tree: StartTree) -> Tree:
        """Serve it."""
        tree = start_tree(SERVE, **self.home.environ)
        tree.wait_for_ok(f"{self.home.address}/readyz", _SECONDS)
        return tree

    @override
    def worker_elsewhere(self, start_tree: StartTree) -> Tree:
        """Run a worker on a machine of its own."""
        there = Home(self._folder / "there", **self.shared)
        tree = start_tree((*SERVE[:-1], "worker"), **there.environ)
        tree.wait_for_line("live=0", _SECONDS)
        return tree

    @override
    def close(self) -> None:
        self.receivers.close()
        super().close()

    @override
    def drained(self) -> bool:
        """Tell whether every delivery has arrived; none was given up or missed."""
        left = {row.state: row.number for row in self._rows(_STATES)}
        assert set(left) <= {"queued", "sending", "delivered"}, left
        return set(left) == {"delivered"} and not self.unplaced() and self._ready()


_STATES = "SELECT state, count(*) AS number FROM webhook_deliveries GROUP BY state"


def expect_all_delivered(scene: HookScene, answered: set[tuple[str, int]]) -> None:
    """Compare records, feed and receivers: each event came to each of them, in the same bytes."""
    leads, feed = scene.leads(), scene.feed()
    assert {one for one in answered if one[1] > leads.get(one[0], 0)} == set(), "answered and lost"
    events = {event["id"] for event in feed}
    assert len(events) == sum(leads.values())
    for path in PATHS:
        came = scene.receivers.bodies[path]
        assert set(came) == events, "each event came, and nothing else"
        assert [one for one, bodies in came.items() if len(bodies) != 1] == []
    again = sum(times > 1 for times in scene.receivers.times[PATHS[-1]].values())
    assert again > 0, "what was refused came again"
