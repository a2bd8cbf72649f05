"""Every table of the pages says what the code says."""

import dataclasses
import inspect
import json
import re

import click
import pytest

import geminicrm
from extensions.sdk import blocks, errors
from extensions.sdk.actions import ActionResult
from extensions.sdk.block_rules import MAX_BLOCKS, MAX_BYTES, TONES
from extensions.sdk.blocks import validate_blocks
from extensions.sdk.context import Context
from extensions.sdk.hookspecs import on_event
from geminicrm.app import create_app
from geminicrm.cli import group
from geminicrm.config import Settings
from geminicrm.crm.build import build
from geminicrm.crm.shared.spec import BASE, OWNED
from geminicrm.identity.permissions import ROLES, SCOPES
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.events import Event
from geminicrm.kernel.jobs.settling import RETRY_SECONDS
from geminicrm.runtime.enforcement import ENFORCED_WORDS, ISOLATION_WORDS, enforced_by
from geminicrm.runtime.ledger import MAX_REFUSED_HOSTS, OTHER_HOSTS
from geminicrm.runtime.sdk_errors import to_core
from geminicrm.runtime.usage import UNUSED_DAYS
from tests.support.pages import page, rows, samples, section

README = page("README.md")
REST = page("docs/rest.md")
EVENTS = page("docs/events.md")
BLOCKS = page("docs/blocks.md")
MADE = ("Heading", "Text", "Fields", "Stat", "Badge", "Table", "Link", "Button", "Form")


def ticked(text):
    return re.findall(r"`([^`]*)`", text)


def known(base):
    """All classes below one that the product itself defines."""
    below = {each for one in base.__subclasses__() for each in (one, *known(one))}
    ours = (geminicrm.__name__, "marketplace")
    return {one for one in below if one.__module__.partition(".")[0] in ours}


# permissions


def permission_row(scope):
    roles = ", ".join(role for role in ROLES if scope.name in ROLES[role])
    asked = {True: "yes", False: "no"}[scope.for_extensions]
    mark = {True: "yes", False: ""}[scope.sensitive]
    return [f"`{scope.name}`", scope.sentence, scope.explanation, roles, asked, mark]


def test_permissions():
    table = rows(section(page("docs/permissions.md"), "Permissions"))
    assert table == [permission_row(scope) for scope in SCOPES.values()]


def enforcement_row(how):
    by = enforced_by(how)
    return [f"`{how}`", f"`{by}`", ENFORCED_WORDS[by]]


def test_who_enforces_what():
    table = rows(section(page("docs/permissions.md"), "Who enforces it"))
    found = [[how, by, words] for how, _which, by, words in table]
    assert found == [enforcement_row(how) for how in ISOLATION_WORDS]


def test_the_figures_of_the_ledger():
    text = page("docs/permissions.md").replace("\n", " ")
    assert f"was not used for {UNUSED_DAYS} days" in text
    assert f"at most {MAX_REFUSED_HOSTS} a day are named in each process" in text
    assert f"counted as `{OTHER_HOSTS}`" in text


# settings


def variables():
    source = inspect.getsource(Settings)
    return dict(re.findall(r"^    (\w+): [^#]+# ([A-Z_]+)", source, re.MULTILINE))


def test_every_setting_of_the_code_is_in_the_table():
    assert set(variables()) == {field.name for field in dataclasses.fields(Settings)}
    table = rows(section(README, "Configuration"))
    assert {ticked(row[0])[0] for row in table} == set(variables().values())


def defaults():
    table = rows(section(README, "Configuration"))
    return [(ticked(name)[0], ticked(value)) for name, value, _ in table]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value[0]) for name, value in defaults() if len(value) == 1 and "_KEYS" not in name],
)
def test_defaults_are_those_of_the_code(name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    key = "kSzUsbzXN2wy1HSZ8hRm3jTjQ7hOyJPMBTs9ZQvHoVY="
    plain = {"GEMINICRM_PUBLIC_URL": "https://crm.example", "GEMINICRM_ENCRYPTION_KEYS": key}
    assert Settings.from_env({**plain, name: value}) == Settings.from_env(plain)


# commands


def leaves(command, path):
    if not isinstance(command, click.Group):
        return [(path, command)]
    return [found for name, one in command.commands.items() for found in leaves(one, [*path, name])]


def command_row(path, command):
    given = [one for one in command.params if isinstance(one, click.Argument)]
    options = [one.opts[-1] for one in command.params if isinstance(one, click.Option)]
    call = " ".join([*path, *(one.human_readable_name for one in given)])
    first = inspect.cleandoc(command.help).splitlines()[0]
    return [f"`{call}`", first, " ".join(f"`{option}`" for option in options)]


def test_commands():
    table = rows(section(README, "Commands"))
    assert table == [command_row(path, command) for path, command in leaves(group(), [])]


# events


def test_events():
    found = sorted(known(Event), key=lambda one: one.type)
    wanted = [[f"`{one.type}`", inspect.getdoc(one)] for one in found]
    assert rows(section(EVENTS, "Events")) == wanted


def test_the_attributes_of_an_event():
    event = inspect.signature(on_event).parameters["event"].annotation
    told = {field.name for field in dataclasses.fields(event)}
    told |= {name for name, _ in inspect.getmembers(event, lambda one: isinstance(one, property))}
    table = rows(section(EVENTS, "What on_event gets"))
    assert {ticked(row[0])[0] for row in table} == told


def test_the_pauses_are_those_of_the_relay():
    *first, last = map(str, RETRY_SECONDS)
    assert f"{', '.join(first)} and {last} seconds" in EVENTS.replace("\n", " ")


# blocks


def shown(field):
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`".replace("'", '"')
    return "needed" if field.default_factory is dataclasses.MISSING else "`{}`"


@pytest.mark.parametrize("name", [*MADE, "FormField"])
def test_the_fields_of_a_block(name):
    fields = dataclasses.fields(getattr(blocks, name))
    table = [row[:2] for row in rows(section(BLOCKS, name))]
    assert table == [[f"`{field.name}`", shown(field)] for field in fields]


def test_every_block_is_told():
    union = {one.__name__ for one in blocks.Block.__args__}
    assert union == set(MADE)
    assert all(section(BLOCKS, name) for name in union)


@pytest.mark.parametrize("name", [*MADE, "FormField"])
def test_samples_of_blocks_give_the_json_beside_them(name):
    made, wanted = samples(section(BLOCKS, name))
    block = eval(made.text, vars(blocks).copy())  # noqa: S307 - a sample of our own page
    assert validate_blocks([block]) == validate_blocks([json.loads(wanted.text)])


def test_answers_of_actions():
    table = [row[:2] for row in rows(section(BLOCKS, "Buttons and forms"))]
    assert table == [[f"`{one.name}`", shown(one)] for one in dataclasses.fields(ActionResult)]


def test_limits_and_tones_of_blocks():
    assert f"at most {MAX_BLOCKS} blocks and {MAX_BYTES // 1024} KiB" in BLOCKS
    assert tuple(ticked(section(BLOCKS, "Tones"))) == TONES


# doors and errors of the SDK


def test_the_doors():
    table = rows(section(page("docs/extensions.md"), "The doors of self.app"))
    doors = {name for row in table for name in ticked(row[0])}
    assert doors == {name for name in vars(Context) if not name.startswith("_")}


RAISED = {
    "PermissionDenied": ("read:leads",),
    "NotFound": ("lead", "lead_1"),
    "Conflict": (),
    "QuotaExceeded": ("10 MiB",),
    "Invalid": ([],),
    "Refused": ("No.",),
    "Unavailable": ("Busy.",),
    "HttpNotAllowed": ("example.com",),
    "HttpFailed": ("No answer.",),
}


def test_errors_of_the_sdk_become_the_answers_that_are_told():
    table = rows(section(page("docs/extensions.md"), "Errors"))
    wanted = {
        f"`{name}`": str(to_core(getattr(errors, name)(*given), "my-first").status)
        for name, given in RAISED.items()
    }
    assert {name: status for name, _, status in table} == wanted


# REST


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    app = create_app(Settings.from_env({"GEMINICRM_ENV": "test", "GEMINICRM_HOME": str(home)}))
    yield list(app.url_map.iter_rules())
    app.extensions["geminicrm"].close()


def for_programs(path):
    own = path.startswith("/api/") and not path.startswith("/api/extensions/")
    return own or path in {"/healthz", "/readyz", "/metrics"}


def anonymous(path):
    return re.sub(r"<[^>]+>", "<>", path)


def test_paths(rules):
    found = {}
    for rule in rules:
        methods = rule.methods - {"HEAD", "OPTIONS"}
        found.setdefault(anonymous(rule.rule), set()).update(methods)
    wanted = {path: methods for path, methods in found.items() if for_programs(path)}
    table = {anonymous(ticked(row[0])[0]): row[1] for row in rows(section(REST, "REST API"))}
    assert table.pop("/api/extensions/<>/...") == "any"
    assert {path: set(methods.split(", ")) for path, methods in table.items()} == wanted


def specs():
    crm = build(None, None, None)
    return {door.spec.noun: door.spec for door in crm.records.values()}


def test_fields_of_records():
    table = rows(section(REST, "Records"))
    wanted = {spec.kind: set(spec.all_fields) - {*BASE, *OWNED} for spec in specs().values()}
    wanted["activity"] |= {"related_type", "related_id"}
    wanted["activity"] -= {"lead_id", "contact_id", "company_id", "deal_id"}
    assert {kind: set(ticked(fields)) for kind, fields in table} == wanted


def test_filters_and_sorts_of_lists():
    table = {noun: (ticked(has), ticked(by)) for noun, has, by in rows(section(REST, "Lists"))}
    assert table == {noun: (list(one.filters), list(one.sorts)) for noun, one in specs().items()}


def test_statuses_and_codes():
    there = {(str(one.status), f"`{one.code}`") for one in known(AppError)}
    told = {(status, code) for status, code, _ in rows(section(REST, "Errors"))}
    assert told <= there
