"""Outside vendors as their own descriptions have them, where VENDOR_CONTRACTS names the folder.

The folder holds `specs/` and `vendor_mock.py`, a server that checks each request against the
vendor's description and answers by it. Without the folder the tests that ask for it skip by name.
"""

import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

FOLDER = "VENDOR_CONTRACTS"
_SECONDS = 30


# Of the form that the vendor gives out; a log that is judged has none, or another one.
_CREDENTIALS = {"hubspot": "pat-eu1-north", "stripe": "rk_test_of_north"}


@dataclass(frozen=True)
class Vendors:
    """The server; all that is asked of it goes over HTTP."""

    url: str

    def base_url(self, vendor: str) -> str:
        """Give the address that stands for a vendor's API."""
        return f"{self.url}/{vendor}"

    def log(self, vendor: str, **wanted: str) -> list[dict[str, Any]]:
        """Give what was asked of a vendor, in order, and what the server thought of it."""
        told = self._get("/__log__", vendor=vendor, **wanted)
        found: list[dict[str, Any]] = told["requests"]
        return found

    def forget(self) -> None:
        """Empty the log, and take back every fault, token and count."""
        requests.post(f"{self.url}/__reset__", timeout=_SECONDS).raise_for_status()

    def exercised(self, vendor: str) -> set[str]:
        """Name the operations of the description that were asked and accepted."""
        rows = self._get("/__ops__", vendor=vendor)
        return {
            f"{row['method']} {row['path'].removeprefix(f'/{vendor}')}"
            for row in rows
            if row["hits"]
        }

    def fault(self, vendor: str, **fault: Any) -> None:
        """Make the next calls fail: status, headers, times, delay_s, body, path, drop, revoke."""
        told = requests.post(
            f"{self.url}/__fault__", json={"vendor": vendor, **fault}, timeout=_SECONDS
        )
        told.raise_for_status()

    def prepare(self, vendor: str, *bodies: Any, **fault: Any) -> None:
        """Have the next calls answered with these bodies, in turn."""
        for body in bodies:
            self.fault(vendor, **{"status": 200, **fault}, body=body)

    def judge(self, vendor: str, log: list[dict[str, Any]]) -> list[Any]:
        """Say what is wrong with requests of a log: prepared answers are given unseen."""
        self.forget()
        for one in log:
            kept = ("content-type", "accept", "idempotency-key", "stripe-version")
            headers = {name: one["headers"][name] for name in kept if name in one["headers"]}
            requests.request(
                one["method"],
                f"{self.url}/{vendor}{one['path']}",
                params=one["query"],
                data=one["body"].encode(),
                headers={**headers, "Authorization": f"Bearer {_CREDENTIALS[vendor]}"},
                timeout=_SECONDS,
            )
        return [one["errors"] for one in self.log(vendor) if one["verdict"] != "accepted"]

    def _get(self, path: str, **query: str) -> Any:
        told = requests.get(f"{self.url}{path}", params=query, timeout=_SECONDS)
        told.raise_for_status()
        return told.json()


@pytest.fixture(scope="session")
def vendor_server() -> Iterator[Vendors]:
    """Give the server, for the whole run."""
    folder = os.environ.get(FOLDER, "")
    if not folder:
        pytest.skip(f"{FOLDER} names no folder with the vendors' descriptions")
    server, _mock = _loaded(Path(folder)).serve(str(Path(folder) / "specs"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Vendors(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def vendors(vendor_server: Vendors) -> Vendors:
    """Give the server with an empty log and no faults."""
    vendor_server.forget()
    return vendor_server


@pytest.fixture
def judged(request: pytest.FixtureRequest) -> Callable[[str, list[dict[str, Any]]], list[Any]]:
    """Give what judges requests that another far side took; without the folder nobody does."""
    if not os.environ.get(FOLDER):
        return lambda _vendor, _log: []
    vendors: Vendors = request.getfixturevalue("vendors")
    return vendors.judge


def _loaded(folder: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location("vendor_mock", folder / "vendor_mock.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
