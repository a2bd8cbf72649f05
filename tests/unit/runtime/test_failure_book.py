"""Failures: in full for whoever runs the extension, without data for its author."""

import pytest

from geminicrm.runtime import failure_book
from geminicrm.runtime.failure_book import FailureBook, without_data
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.live import Installed
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage


@pytest.fixture
def installed(stage: Stage, tenant: Tenant) -> Installed:
    """Give something that can fail."""
    stage.put(tenant, HEAD + QUIET)
    return stage.find(tenant)


def failure(reason: str, where: str = "routes.py:3 in list_pets") -> ExtensionFailed:
    """Give an error of the sample."""
    return ExtensionFailed("sample", "route", where, reason)


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        ("KeyError: 'ada@example.com'", "KeyError: '…'"),
        ('ValueError: no "Acme Ltd" here', "ValueError: no '…' here"),
        ("ValueError: lead_01hq is 12,500.00 EUR", "ValueError: … is … EUR"),
        ("OSError: mailto ada@example.com failed", "OSError: mailto … failed"),
        ("HttpError: https://api.example/leads answered", "HttpError: … answered"),
        ("ZeroDivisionError: division by zero", "ZeroDivisionError: division by zero"),
        ("no return within 10 s", "no return within 10 s"),
        (f"ValueError: {'x' * 500}", f"ValueError: {'x' * 188}"),
    ],
)
def test_an_author_gets_no_data(reason: str, left: str):
    assert without_data(reason) == left


def test_it_writes_in_full_and_counts_alike(stage: Stage, installed: Installed):
    book = FailureBook(stage.runtime.logs)

    book.failed(installed, "route", failure("KeyError: 'ada@example.com'"))
    book.failed(installed, "route", failure("KeyError: 'bob@example.com'"))
    book.failed(installed, "hook", failure("KeyError: 'bob@example.com'"))

    lines = stage.runtime.logs.tail(installed.id, 10)
    assert [line["message"].rpartition(" ")[2] for line in lines] == [
        "'ada@example.com'", "'bob@example.com'", "'bob@example.com'",
    ]  # fmt: skip
    taken = book.take()
    assert [(one.kind, one.reason, count) for one, count in taken.items()] == [
        ("route", "KeyError: '…'", 2),
        ("hook", "KeyError: '…'", 1),
    ]
    assert book.take() == {}


def test_it_keeps_only_so_many_kinds(
    stage: Stage, installed: Installed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(failure_book, "MOST_KEPT", 2)
    book = FailureBook(stage.runtime.logs)

    for place in ("a.py:1", "b.py:2", "c.py:3", "a.py:1"):
        book.failed(installed, "route", failure("KeyError: 'x'", place))

    assert {one.place: count for one, count in book.take().items()} == {"a.py:1": 2, "b.py:2": 1}
