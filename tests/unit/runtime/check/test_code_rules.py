"""Rules on what the code of an extension names: hooks and imports."""

import pytest


@pytest.mark.parametrize(
    ("hook", "code", "words"),
    [
        ("@hookimpl\ndef on_events(event): ...", "unknown_hook", 'Did you mean "on_event"?'),
        ("@hookimpl\ndef zzz(): ...", "unknown_hook", "Known are: collect_panel"),
        ("@base.hookimpl()\ndef on_evnt(event): ...", "unknown_hook", '"on_event"'),
        ("@hookimpl(specname='on_evnt')\ndef f(event): ...", "unknown_hook", '"on_event"'),
        ("@hookimpl\ndef on_event(self, evnt): ...", "unknown_argument", '"event"'),
        (
            "@hookimpl\ndef collect_settings_panel(self, x): ...",
            "unknown_argument",
            "It has: none.",
        ),
    ],
)
def test_hooks_are_ones(author, hook, code, words):
    author.write("hooks.py", f"\n{hook}")
    [found] = author.check()
    assert (found.code, found.file, found.line) == (code, "hooks.py", 3)
    assert words in found.message


@pytest.mark.parametrize(
    "source",
    [
        "@hookimpl(specname='on_event', trylast=True)\ndef anything(event): ...",
        "@hookimpl(tryfirst=True)\ndef collect_panel(self, panel): ...",
        "@other\n@a[0]\ndef on_events(): ...",
        "def on_events(): ...",
    ],
    ids=range(4),
)
def test_functions_that_are_hooks_or_none(author, source):
    author.write("hooks.py", source)
    assert author.check() == []


def test_declared_hooks_are_compared(author):
    author.manifest(hooks=["collect_panel"])
    assert author.found() == [("error", "undeclared_hook", "extension.py", 11)]


def test_hooks_are_checked_without_a_manifest(author):
    author.manifest(version="1")
    author.write("hooks.py", "@hookimpl\ndef on_evnt(event): ...")
    assert [one[1] for one in author.found()] == ["unknown_hook", "wrong_form"]


@pytest.mark.parametrize(
    "source",
    [
        "import geminicrm",
        "import json, geminicrm.kernel.db",
        "from geminicrm.kernel import db",
        "from marketplace.packages import pack",
        "import migrations",
        "import requests",
        "from requests.adapters import HTTPAdapter",
        "import extensions.smtp_email",
        "from extensions import smtp_email",
        "from extensions.smtp_email.client import send",
        "import extensions",
        "import my_extension.routes",
        "from my_extension import routes",
        "import routes",
        "import importlib\nimportlib.import_module('geminicrm.kernel')",
        "__import__('geminicrm')",
        "def f():\n    import geminicrm",
        "from .. import other",
    ],
)
def test_imports_that_are_forbidden(author, source):
    author.write("client.py", source)
    [found] = author.check()
    assert (found.severity, found.code, found.file) == ("error", "forbidden_import", "client.py")
    assert found.line == source.count("\n") + 1


@pytest.mark.parametrize(
    "source",
    [
        "import json, ssl",
        "from flask import Blueprint",
        "from extensions import sdk",
        "from extensions.sdk import blocks",
        "import extensions.sdk.blocks",
        "from . import routes",
        "from .routes import x",
        "import phonenumbers",
        "import types",
        "import_module(name)",
        "importlib.import_module()",
        "f()('geminicrm')",
        "import_module(3)",
    ],
)
def test_imports_that_are_allowed(author, source):
    author.manifest(requires={"python": ["phonenumbers>=9"]})
    author.write("requirements.lock", f"phonenumbers==9.0 --hash=sha256:{'a' * 64}\n")
    author.write("phonenumbers.py", "")
    author.write("types.py", "")
    author.write("client.py", source)
    assert [one for one in author.check() if one.severity == "error"] == []


def test_imports_inside_a_subfolder(author):
    author.write("sub/client.py", "from .. import routes\nfrom ... import outside\n")
    assert author.found() == [("error", "forbidden_import", "sub/client.py", 2)]


def test_tests_may_import_what_they_like(author):
    author.write("tests/test_a.py", "import requests, geminicrm.testing\n")
    assert author.check() == []


def test_imports_are_checked_without_a_manifest(author):
    author.manifest(version="1")
    author.write("client.py", "import geminicrm")
    assert [one[1] for one in author.found()] == ["forbidden_import", "wrong_form"]
