"""A demo that really runs, as its owner has it before him."""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, expect

from tests.support.ports import free_port
from tests.support.process import Tree

SECONDS = 90.0


class ServedDemo:
    """One that answers; `demo` holds what its owner signs in with."""

    def __init__(self, start_tree: Callable[..., Tree], home: Path) -> None:
        port = free_port()
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self.tree = start_tree(
            [sys.executable, "-m", "geminicrm", "serve", "--demo"],
            GEMINICRM_ENV="test",
            GEMINICRM_HOME=str(home),
            PORT=str(port),
        )
        self.tree.wait_for_ok(f"{self.address}/readyz", SECONDS)
        self.demo = json.loads((home / "demo.json").read_bytes())

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Ask as a program of the owner's, and give what is answered."""
        headers = {"Authorization": f"Bearer {self.demo['api_token']}"}
        url = f"{self.address}{path}"
        answer = requests.request(method, url, headers=headers, timeout=30, **more)
        assert answer.ok, answer.text
        return answer.json()

    def lead(self, last_name: str) -> None:
        """Make a lead."""
        self.ask("POST", "/api/leads", json={"last_name": last_name})

    def sign_in(self, page: Page) -> Page:
        """Sign the owner in."""
        page.goto(f"{self.address}/sign-in")
        page.locator("[name=email]").fill(self.demo["email"])
        page.locator("[name=password]").fill(self.demo["password"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        return page

    def change_rows(self, statement: str, *values: str) -> None:
        """Change rows by hand, where waiting for them would take hours."""
        path = self.home / "geminicrm.db"
        with closing(sqlite3.connect(path, timeout=30)) as database, database:
            database.execute(statement, values)
