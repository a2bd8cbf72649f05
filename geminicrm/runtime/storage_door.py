"""Documents, as an extension meets them."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from extensions.sdk.storage import Document, DocumentPage, StorageUsage
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.sdk_errors import translated
from geminicrm.runtime.storage import Owner, Storage
from geminicrm.runtime.storage_check import (
    check_key,
    check_keys,
    check_page,
    check_prefix,
    check_values,
    check_version,
    encoded,
)
from geminicrm.runtime.strict_json import join

_KIND = "document"
_INSTALLING = "install"


class ExtensionStorage:
    """Implements the SDK's StorageDoor; it needs an open call and no scope."""

    door = "storage"

    def __init__(self, storage: Storage, call: Callable[[], CallContext]) -> None:
        self._storage = storage
        self._call = call

    def get(self, key: str) -> Document | None:
        """Give one document, None where there is none. Raises Invalid."""
        with translated(_KIND):
            check_key(key)
            return self._storage.get(self._owner(), [key]).get(key)

    def get_many(self, keys: Sequence[str]) -> Mapping[str, Document]:
        """Give up to 100 documents by key, those that are there. Raises Invalid."""
        with translated(_KIND):
            return self._storage.get(self._owner(), check_keys(keys))

    @noted
    def put(self, key: str, value: Any, *, if_version: int | None = None) -> Document:
        """Store a value. Raises Invalid, Conflict, QuotaExceeded, NotFound."""
        with self._writing() as owner:
            check_key(key)
            check_version(if_version)
            texts = encoded({key: value}, {key: "/value"})
            (made,) = self._storage.put(owner, texts, if_version)
        return made

    @noted
    def put_many(self, values: Mapping[str, Any]) -> tuple[Document, ...]:
        """Store up to 100 values by key, all or none. Raises Invalid, QuotaExceeded, NotFound."""
        with self._writing() as owner:
            checked = check_values(values)
            texts = encoded(checked, {key: join("", key) for key in checked})
            return self._storage.put(owner, texts) if texts else ()

    @noted
    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Delete a document; tell whether there was one. Raises Invalid, Conflict, NotFound."""
        with self._writing() as owner:
            check_key(key)
            check_version(if_version)
            return self._storage.delete(owner, key, if_version)

    def list(self, prefix: str = "", *, limit: int = 50, cursor: str | None = None) -> DocumentPage:
        """Give a page of documents whose keys begin with `prefix`. Raises Invalid."""
        with translated(_KIND):
            check_prefix(prefix)
            return self._storage.list(self._owner(), prefix, check_page(limit, cursor))

    def usage(self) -> StorageUsage:
        """Tell what is used of the quota."""
        with translated(_KIND):
            return self._storage.usage(self._owner())

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Owner]:
        owner = self._owner()
        with translated("installed extension", owner.extension_id):
            yield owner

    def _owner(self) -> Owner:
        return owner_of(self._call())


def owner_of(call: CallContext) -> Owner:
    """Say who stores something in a call."""
    installation_id = None if call.kind == _INSTALLING else call.installed.id
    return Owner(call.actor, call.installed.extension_id, installation_id)
