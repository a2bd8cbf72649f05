"""`self.app.storage` inside a host."""

from collections.abc import Mapping, Sequence
from typing import Any

from extensions.sdk.errors import Finding, Invalid
from extensions.sdk.storage import Document, DocumentPage, StorageUsage
from geminicrm.runtime.host.current import current
from geminicrm.runtime.host.values import encode_given


class HostStorage:
    """Implements the SDK's StorageDoor."""

    def get(self, key: str) -> Document | None:
        """Give one document, None where there is none."""
        found = self._ask("get", key=key)
        return None if found is None else Document(**found)

    def get_many(self, keys: Sequence[str]) -> Mapping[str, Document]:
        """Give documents by key; those that are not there are left out."""
        found = self._ask("get_many", keys=list(keys))
        return {key: Document(**one) for key, one in found.items()}

    def put(self, key: str, value: Any, *, if_version: int | None = None) -> Document:
        """Store a value."""
        return Document(**self._ask("put", key=key, value=value, if_version=if_version))

    def put_many(self, values: Mapping[str, Any]) -> tuple[Document, ...]:
        """Store values by key, all or none."""
        return tuple(Document(**one) for one in self._ask("put_many", values=dict(values)))

    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Delete a document; tell whether there was one."""
        return bool(self._ask("delete", key=key, if_version=if_version))

    def list(self, prefix: str = "", *, limit: int = 50, cursor: str | None = None) -> DocumentPage:
        """Give a page of documents."""
        page = self._ask("list", prefix=prefix, limit=limit, cursor=cursor)
        return DocumentPage(tuple(Document(**one) for one in page["data"]), page["next_cursor"])

    def usage(self) -> StorageUsage:
        """Tell what is used of the quota."""
        return StorageUsage(**self._ask("usage"))

    def _ask(self, method: str, **arguments: Any) -> Any:
        try:
            body = encode_given(arguments)
        except TypeError as error:
            raise Invalid([Finding("", "not_json", str(error))]) from error
        return current().ask("storage", method, body)
