"""Documents of extensions, on both engines."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from extensions.sdk.storage import MAX_BATCH_BYTES, MAX_SIGNS
from geminicrm.app import Core
from geminicrm.kernel.errors import Conflict, ValidationFailed
from geminicrm.kernel.paging import Page, encode_cursor
from geminicrm.runtime.failures import StorageFull
from geminicrm.runtime.models import StoredDocument
from geminicrm.runtime.problems import NotInstalled
from geminicrm.runtime.storage import (
    Owner,
    Storage,
    count_documents,
    forget_documents,
    queue_up,
)
from tests.support.core import Tenant, make_tenant


@dataclass(frozen=True)
class Shelf:
    """The documents of one extension in a workspace."""

    core: Core
    tenant: Tenant
    storage: Storage
    owner: Owner

    def put(self, **values: Any) -> tuple[int, ...]:
        """Store values; give their versions."""
        return tuple(one.version for one in self.storage.put(self.owner, texts(values)))

    def keys(self, prefix: str = "", limit: int = 50, cursor: str | None = None) -> list[str]:
        """List keys of one page."""
        page = self.storage.list(self.owner, prefix, Page(limit, cursor))
        return [one.key for one in page.data]

    def fill(self, keys: list[str], size: int = 10) -> None:
        """Store documents past all quotas."""
        with self.core.works.write(self.owner.actor) as work:
            for at, key in enumerate(keys):
                row = StoredDocument(id=f"doc_{at}", extension_id="sample", key=key, value="1")
                row.size, row.updated_at = size, work.now
                work.session.add(row)


def texts(values: Mapping[str, Any]) -> dict[str, bytes]:
    return {key: json.dumps(value).encode() for key, value in values.items()}


@pytest.fixture
def shelf(both_cores: Core) -> Shelf:
    tenant = make_tenant(both_cores, "north")
    owner = Owner(tenant.system(), "sample", None)
    return Shelf(both_cores, tenant, Storage(both_cores.works), owner)


def small(shelf: Shelf, documents: int = 100, size: int = 10_000) -> Shelf:
    """Give the same shelf with narrow quotas."""
    return replace(shelf, storage=Storage(shelf.core.works, documents, size))


def test_a_document_is_stored_read_changed_and_deleted(shelf: Shelf):
    (made,) = shelf.storage.put(shelf.owner, texts({"a/1": {"x": [1, None, "ü"]}}))
    assert (made.key, made.value, made.version) == ("a/1", {"x": [1, None, "ü"]}, 1)
    assert made.updated_at == "2026-11-21T09:00:00.000000Z"
    assert shelf.storage.get(shelf.owner, ["a/1"]) == {"a/1": made}
    assert shelf.storage.put(shelf.owner, texts({"a/1": 2}))[0].version == 2
    assert shelf.storage.get(shelf.owner, ["a/1"])["a/1"].value == 2
    assert shelf.storage.delete(shelf.owner, "a/1")
    assert not shelf.storage.delete(shelf.owner, "a/1")
    assert shelf.storage.get(shelf.owner, ["a/1"]) == {}


def test_many_are_given_in_the_order_asked(shelf: Shelf):
    shelf.put(a=1, b=2, c=3)
    assert list(shelf.storage.get(shelf.owner, ["c", "x", "a"])) == ["c", "a"]


@pytest.mark.parametrize("stored", [{}, {"a": 1}])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_version_is_written_over_only_where_it_is_the_present_one(
    shelf: Shelf, stored: dict[str, int], version: int
):
    shelf.put(**stored)
    fits = version == len(stored)
    outcomes = {True: ["made"], False: ["refused"]}
    assert _tried(shelf, version) == outcomes[fits]


def _tried(shelf: Shelf, version: int) -> list[str]:
    try:
        shelf.storage.put(shelf.owner, texts({"a": "new"}), version)
    except Conflict:
        return ["refused"]
    return ["made"]


def test_a_version_is_deleted_only_where_it_is_the_present_one(shelf: Shelf):
    shelf.put(a=1)
    with pytest.raises(Conflict, match="has the version 1, not 2"):
        shelf.storage.delete(shelf.owner, "a", 2)
    with pytest.raises(Conflict, match="is not there, not 2"):
        shelf.storage.delete(shelf.owner, "b", 2)
    assert shelf.storage.delete(shelf.owner, "a", 1)
    assert not shelf.storage.delete(shelf.owner, "a", 0)


def test_several_are_stored_all_or_none(shelf: Shelf):
    assert shelf.put(a=1, b=2) == (1, 1)
    narrow = small(shelf, documents=3)
    with pytest.raises(StorageFull):
        narrow.put(b=3, c=4, d=5)
    assert shelf.keys() == ["a", "b"]
    assert shelf.storage.get(shelf.owner, ["b"])["b"].value == 2


KEYS = ["", "A", "Z", "_", "a", "a b", "a%", "a%b", "a_", "ab", "b", "é", "中", "😀"]


def test_keys_are_ordered_by_code_point_and_paged(shelf: Shelf):
    shelf.put(**dict.fromkeys(KEYS[1:], 1))
    assert shelf.keys() == KEYS[1:]
    first = shelf.storage.list(shelf.owner, "", Page(5))
    second = shelf.storage.list(shelf.owner, "", Page(5, first.next_cursor))
    third = shelf.storage.list(shelf.owner, "", Page(5, second.next_cursor))
    assert [one.key for one in (*first.data, *second.data, *third.data)] == KEYS[1:]
    assert third.next_cursor is None


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("a", ["a", "a b", "a%", "a%b", "a_", "ab"]),
        ("a%", ["a%", "a%b"]),
        ("a_", ["a_"]),
        ("😀", ["😀"]),
        ("é", ["é"]),
        ("zz", []),
    ],
)
def test_a_prefix_is_taken_by_the_letter(shelf: Shelf, prefix: str, found: list[str]):
    shelf.put(**dict.fromkeys(KEYS[1:], 1))
    assert shelf.keys(prefix) == found


@pytest.mark.parametrize("cursor", ["nonsense", encode_cursor((3,), "key")])
def test_a_cursor_from_elsewhere_is_refused(shelf: Shelf, cursor: str):
    with pytest.raises(ValidationFailed, match="no cursor"):
        shelf.keys(cursor=cursor)


def test_a_page_ends_at_two_mebibytes_and_goes_on(shelf: Shelf):
    shelf.fill(["a", "b", "c"], size=MAX_BATCH_BYTES // 2)
    page = shelf.storage.list(shelf.owner, "", Page(50))
    assert [one.key for one in page.data] == ["a", "b"]
    assert shelf.keys(cursor=page.next_cursor) == ["c"]
    with pytest.raises(ValidationFailed, match="make several calls"):
        shelf.storage.get(shelf.owner, ["a", "b", "c"])


def test_a_page_ends_where_a_host_could_read_no_more(shelf: Shelf):
    long = json.dumps([1] * (MAX_SIGNS - 9))
    shelf.storage.put(shelf.owner, {"a": long.encode(), "b": b"[[[[[[[[[[]]]]]]]]]]", "c": b"1"})
    assert shelf.keys() == ["a"]
    with pytest.raises(ValidationFailed, match=f"{MAX_SIGNS} of the signs|One call handles"):
        shelf.storage.get(shelf.owner, ["a", "b"])
    assert list(shelf.storage.get(shelf.owner, ["a", "c"])) == ["a", "c"]


def test_one_large_document_is_a_page_of_its_own(shelf: Shelf):
    shelf.fill(["a", "b"], size=MAX_BATCH_BYTES + 1)
    assert shelf.keys() == ["a"]


def test_what_is_used_is_told(shelf: Shelf):
    assert (shelf.storage.usage(shelf.owner).documents, shelf.put(é="ab")) == (0, (1,))
    used = small(shelf, 7, 99).storage.usage(shelf.owner)
    assert (used.documents, used.size) == (1, 2 + 4)
    assert (used.most_documents, used.most_size) == (7, 99)


def test_quotas_count_documents_and_bytes(shelf: Shelf):
    narrow = small(shelf, documents=2, size=2 * 1024 * 1024)
    narrow.put(a=1, b=1)
    with pytest.raises(StorageFull, match="2 documents"):
        narrow.put(c=1)
    with pytest.raises(StorageFull, match="2 MiB"):
        narrow.put(a="x" * 2 * 1024 * 1024)
    narrow.put(a="smaller")


def test_what_is_over_a_quota_may_become_less(shelf: Shelf):
    shelf.fill(["a", "b", "c"], size=5_000)
    narrow = small(shelf, documents=2, size=10_000)
    narrow.put(a=1)
    with pytest.raises(StorageFull):
        narrow.put(d=1)
    assert narrow.storage.delete(narrow.owner, "b")


def test_two_at_once_do_not_pass_the_quota_together(shelf: Shelf):
    narrow = small(shelf, documents=3)
    at_once = Barrier(6)

    def put(number: int) -> str:
        at_once.wait(10)
        try:
            narrow.put(**{f"k{number}": number})
        except StorageFull:
            return "full"
        return "stored"

    with ThreadPoolExecutor(6) as threads:
        found = sorted(threads.map(put, range(6)))
    assert found == ["full"] * 3 + ["stored"] * 3
    assert len(shelf.keys()) == 3


def test_a_writer_waits_for_the_one_before(shelf: Shelf):
    narrow = small(shelf, documents=1)
    with ThreadPoolExecutor(1) as threads:
        with shelf.core.works.write(shelf.tenant.system()) as work:
            queue_up(work, "sample")
            row = StoredDocument(id="doc_1", extension_id="sample", key="a", value="1", size=2)
            row.updated_at = work.now
            work.session.add(row)
            late = threads.submit(narrow.put, b=1)
            with pytest.raises(TimeoutError):
                late.result(0.3)
        with pytest.raises(StorageFull):
            late.result(20)


def test_two_at_once_do_not_both_make_the_same_version(shelf: Shelf):
    at_once = Barrier(4)

    def put(number: int) -> str:
        at_once.wait(10)
        return _tried(shelf, 0)[0]

    with ThreadPoolExecutor(4) as threads:
        found = sorted(threads.map(put, range(4)))
    assert found == ["made", "refused", "refused", "refused"]


def test_other_extensions_and_workspaces_are_out_of_reach(shelf: Shelf):
    shelf.put(a="secret")
    south = make_tenant(shelf.core, "south")
    strangers = [
        replace(shelf, owner=Owner(shelf.tenant.system(), "other", None)),
        replace(shelf, owner=Owner(south.system(), "sample", None)),
    ]
    for stranger in strangers:
        assert stranger.storage.get(stranger.owner, ["a"]) == {}
        assert stranger.keys() == []
        assert stranger.storage.usage(stranger.owner).documents == 0
        assert not stranger.storage.delete(stranger.owner, "a")
        assert stranger.put(a="own") == (1,)
        with stranger.core.works.write(stranger.owner.actor) as work:
            forget_documents(work, stranger.owner.extension_id)
    assert shelf.storage.get(shelf.owner, ["a"])["a"].value == "secret"


def test_what_is_no_longer_installed_stores_nothing(shelf: Shelf):
    late = Owner(shelf.tenant.system(), "sample", "inst_gone")
    with pytest.raises(NotInstalled):
        shelf.storage.put(late, texts({"a": 1}))
    with pytest.raises(NotInstalled):
        shelf.storage.delete(late, "a")
    assert shelf.storage.get(late, ["a"]) == {}


def test_documents_are_counted_and_forgotten(shelf: Shelf):
    shelf.put(a=1, b=2)
    with shelf.core.works.write(shelf.tenant.system()) as work:
        assert count_documents(work, "sample") == 2
        forget_documents(work, "sample")
        assert count_documents(work, "sample") == 0
        assert list(work.session.scalars(select(StoredDocument))) == []
