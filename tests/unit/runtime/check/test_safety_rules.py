"""Permissions, hosts, dynamic code: what is found, and what is none."""

import time

import pytest

from geminicrm.runtime.check import codes, run
from tests.support.announcing import SCORED

SCOPES = {"read:leads", "write:leads", "read:deals", "write:deals", "read:contacts"}


def checked(author, source, **manifest):
    author.manifest(**manifest)
    author.write("client.py", source)
    found = run.check_folder(author.folder, known_scopes=SCOPES)
    return [(one.severity, one.code, one.line, one.pointer) for one in found]


@pytest.mark.parametrize(
    ("source", "severity", "line"),
    [
        ("def f(self):\n    self.app.leads.create({})", "error", 2),
        ("def f(self):\n    self.app.leads.delete('a')", "error", 2),
        ("def f(self):\n    app = self.app\n    app.leads.update('a', {})", "error", 3),
        ("def f(self):\n    leads = self.app.leads\n    leads.update_many({})", "error", 3),
        ("def f(self):\n    a = self.app\n    b = a.leads\n    b.create_many([])", "error", 4),
        ("def f(app: Context):\n    app.leads.create({})", "error", 2),
        ("def f(app: sdk.Context):\n    app.leads.create({})", "error", 2),
        ("def f(app):\n    app.leads.create({})", "warning", 2),
    ],
    ids=range(8),
)
def test_what_the_code_writes_has_to_be_declared(author, source, severity, line):
    found = checked(author, source, permissions=["read:leads"])

    assert [one[:3] for one in found if one[1] == "undeclared_scope"] == [
        (severity, "undeclared_scope", line)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "def f(self):\n    self.app.leads.list()",
        "def f(self):\n    self.app.settings.get('a')",
        "def f(self):\n    self.leads.create({})",
        "def f(self):\n    x = self.app.leads\n    x = {}\n    x.update(a=1)",
        "def f(self):\n    for x in ():\n        x.update(a=1)\n    x = self.app.leads",
        "def f(app: dict):\n    app.leads.create({})",
        "def f(self):\n    getattr(self.app, name).create({})",
        "self.app" + ".leads" * 400 + ".create()",
    ],
    ids=range(8),
)
def test_what_is_not_certain_is_no_error(author, source):
    found = checked(author, source, permissions=["read:leads"])

    assert [one for one in found if one[1] == "undeclared_scope"] == []


@pytest.mark.parametrize(
    ("source", "scope"),
    [
        ("def f(self):\n    self.app.capabilities.ask('email', 'send', {})", "use:email"),
        ("def f(self):\n    self.app.capabilities.providers('desk.forecast')", "use:desk.forecast"),
        ("def f(door: CapabilitiesDoor):\n    door.ask('sms', 'texts', {})", "use:sms"),
        ("def f(self):\n    using(self.app.capabilities, 'email').send(1)", "use:email"),
    ],
)
def test_what_the_code_asks_of_others_has_to_be_declared(author, source, scope):
    found = checked(author, source, permissions=[])
    assert [one[:3] for one in found if one[1] == "undeclared_scope"] == [
        ("error", "undeclared_scope", 2)
    ]
    found = checked(author, source, optional_permissions=[scope], permissions=[])
    assert [one for one in found if one[1] == "undeclared_scope"] == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(self, which):\n    self.app.capabilities.ask(which, 'send', {})",
        "def f(self, which):\n    using(self.app.capabilities, which).send(1)",
        "def f(self):\n    self.app.capabilities.ask()",
        "def f(self):\n    using('email')",
    ],
)
def test_what_can_not_be_read_off_the_source_is_no_error(author, source):
    found = checked(author, source, permissions=[])
    assert [one for one in found if one[1] == "undeclared_scope"] == []


def test_optional_permissions_are_declared_too(author):
    source = "def f(self):\n    self.app.leads.create({})"
    found = checked(
        author, source, permissions=["read:leads"], optional_permissions=["write:leads"]
    )

    assert [one[1] for one in found] == []


@pytest.mark.parametrize(
    ("source", "unused"),
    [
        ("", ["/permissions/0", "/permissions/1", "/permissions/2"]),
        ("app.leads.list()", ["/permissions/1", "/permissions/2"]),
        ("app.leads.create()", ["/permissions/2"]),
        ("def collect_badges(): ...", ["/permissions/1"]),
        ("getattr(app, 'deals'); app.leads.delete()", []),
    ],
    ids=range(5),
)
def test_what_is_declared_and_not_used_is_a_warning(author, source, unused):
    permissions = ["read:leads", "write:leads", "read:deals"]
    found = checked(author, source, permissions=permissions)

    assert [one[3] for one in found if one[1] == "unused_scope"] == unused
    assert {one[0] for one in found} <= {"warning"}


CALL = "def f(self):\n    self.app.http.request('GET', "
HOST = {"host": "api.acme.io", "reason": "Sends."}


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        (f"{CALL}'https://evil.io/x')", "error"),
        (f"{CALL}url='https://evil.io')", "error"),
        (CALL + "f'https://evil.io/{self.x}')", "error"),
        (
            "B = 'https://evil.io/v1'\ndef f(http: HttpDoor):\n    http.request('GET', B + '/a')",
            "error",
        ),
        (
            "def f(self):\n    h = self.app.http\n    h.request('GET', 'https://evil.io/%s' % 1)",
            "error",
        ),
        (f"{CALL}'http://api.acme.io/x')", "error"),
        (f"{CALL}'https://api.acme.io:8443/x')", "error"),
        (
            "U = ['https://evil.io/']\ndef f(self):\n    self.app.http.request('GET', U[0])",
            "warning",
        ),
    ],
    ids=range(8),
)
def test_hosts_that_are_called_have_to_be_declared(author, source, severity):
    found = checked(author, source, network=[HOST])

    assert [one[0] for one in found if one[1] == "undeclared_host"] == [severity]


@pytest.mark.parametrize(
    "source",
    [
        f"{CALL}'https://api.acme.io/x')",
        CALL + "f'https://{self.host}/api.acme.io')",
        f"{CALL}'https://api.acme.io.' + x)",
        f"{CALL}self.url)",
        f"{CALL}'https://[::1')",
        "LINK = 'https://evil.io/docs'",
        "def f(self):\n    'https://evil.io/'\n    self.app.http",
        "U = 'https://example.com/x'\ndef f(self):\n    self.app.http",
    ],
    ids=range(8),
)
def test_other_addresses_are_nobodys_business(author, source):
    found = checked(author, source, network=[HOST])

    assert [one for one in found if one[1] == "undeclared_host"] == []


def test_where_a_setting_names_hosts_no_host_is_certainly_wrong(author):
    source = f"{CALL}'https://evil.io/')"
    setting = {"id": "base_url", "type": "url", "label": "Address"}
    found = checked(author, source, network=[{"setting": "base_url"}], settings=[setting])

    assert [one[0] for one in found if one[1] == "undeclared_host"] == ["warning"]


def test_a_host_that_is_never_named_is_a_warning(author):
    wild = {"host": "*.acme.io", "reason": "Sends."}
    other = {"host": "files.acme.com", "reason": "Stores."}
    found = checked(author, "URL = 'https://eu.acme.io/'", network=[wild, other])

    assert [one[3] for one in found if one[1] == "unused_host"] == ["/network/1/host"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import_module(name)", "dynamic_import"),
        ("__import__(name)", "dynamic_import"),
        ("eval(text)", "runs_text"),
        ("exec('x')", "runs_text"),
        ("import ctypes.util", "native_code"),
        ("from ctypes import CDLL", "native_code"),
        ("import subprocess", "starts_process"),
        ("import os\nos.system('x')", "starts_process"),
        ("import os\nos.execv('x', [])", "starts_process"),
        ("from urllib import request", "opens_socket"),
        ("import http.client", "opens_socket"),
        ("import socket", "opens_socket"),
    ],
)
def test_what_the_locks_refuse_is_told(author, source, code):
    found = checked(author, source)

    assert [(one[0], one[1]) for one in found] == [("warning", code)]


@pytest.mark.parametrize(
    "source", ["import urllib.parse", "import os\nos.path.join('a')", "re.compile('a')"]
)
def test_harmless_modules_are_not_told(author, source):
    assert checked(author, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "[" * 90 + "]" * 90,
        "x = " + "-" * 900 + "1",
        "\n".join(f"a{n} = a{n + 1}" for n in range(3_000)),
        "\n".join(f"a{n} = self.app" for n in range(3_000)),
        "x = 'https://" + "a" * 100_000 + "/'",
        "self.app.http.request('GET', " + "'https://a.io/' + " * 500 + "x)",
    ],
    ids=range(6),
)
def test_hostile_sources_cost_little(author, source):
    started = time.process_time()
    checked(author, source)
    assert time.process_time() - started < 5


def test_every_finding_has_a_code_of_the_table(author):
    author.manifest(license="Mine", permissions=["read:leads"])
    author.write("client.py", "import socket")

    assert {one.code for one in author.check()} <= set(codes.CODES)


EMITS = [
    ("self.app.events.emit('score_changed', {})", None),
    ("self.app.events.emit(name='score_changed', data={})", None),
    ("self.app.events.emit(name_of(x), {})", None),
    ("self.app.events.emit('score_change', {})", "error"),
    ("self.app.events.emit(data={}, name='gone')", "error"),
    ("app.events.emit('gone', {})", "warning"),
]


@pytest.mark.parametrize(("call", "severity"), EMITS, ids=range(6))
def test_what_the_code_announces_has_to_be_declared(author, call, severity):
    source = f"NAMES = ['score_changed']\ndef f(self, app):\n    {call}"
    found = [one[:3] for one in checked(author, source, event_types=[SCORED])]
    assert found == [(severity, "undeclared_event", 3)] * (severity is not None)


def test_what_is_declared_is_to_be_announced(author):
    assert checked(author, "", event_types=[SCORED]) == [
        ("warning", "unused_event", 0, "/event_types/0")
    ]


HOURLY = [{"id": "hourly", "cron": "0 * * * *"}]


@pytest.mark.parametrize(
    ("source", "schedules", "places"),
    [
        ("self.app.jobs.enqueue('a')", [], [(1, "")]),
        ("", HOURLY, [(0, "/schedules")]),
        ("def on_schedule(self): ...", HOURLY, []),
        ("self.app.jobs.enqueue('a')\ndef run_job(self): ...", [], []),
    ],
    ids=range(4),
)
def test_what_comes_back_by_a_hook_has_that_hook(author, source, schedules, places):
    found = checked(author, source, schedules=schedules)
    assert [one[2:] for one in found if one[1] == "missing_hook"] == places
