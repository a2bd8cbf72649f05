"""A registry at the other end of a real connection: honest, until a test says otherwise."""

import hashlib
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.clock import format_instant
from geminicrm.runtime.history.models import ExtensionOrigin
from geminicrm.runtime.models import Installation
from marketplace.registries.service import Wish
from marketplace.registries.wire import PREFIX
from marketplace.signing.envelope import SignedText, canonical, sign, sign_package, signature_dicts
from marketplace.signing.keys import SigningKey
from tests.support.core import START, Tenant, make_tenant
from tests.support.life import HELLO, Life, files, make_life, manifest, zipped
from tests.support.loopback import Handler, Server, read_request

NAME = "north-star"
DAY = timedelta(days=1)
Talk = Callable[[socket.socket, str], None]


def whole(content: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Give an answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


def said(payload: Any) -> bytes:
    """Give a good answer in JSON."""
    return whole(json.dumps(payload).encode())


@dataclass
class FarRegistry:
    """What it has, what it signs with, and what it does instead of answering (by path)."""

    key: SigningKey = field(default_factory=SigningKey.make)
    following: SigningKey = field(default_factory=SigningKey.make)
    publisher_key: SigningKey = field(default_factory=SigningKey.make)
    retired: list[SigningKey] = field(default_factory=list)
    packages: dict[str, bytes] = field(default_factory=dict)
    entries: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    instead: dict[str, Talk] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.say_keys(1)
        self.say_notices(1)

    def say_keys(self, serial: int, *signers: SigningKey) -> None:
        """Publish a key set with `key` active and `following` next."""
        keys = [
            {"id": one.id, "public": one.public, "state": state}
            for one, state in (
                (self.key, "active"),
                (self.following, "next"),
                *((one, "retired") for one in self.retired),
            )
        ]
        made = {"type": "keys", "serial": serial, "made_at": format_instant(START), "keys": keys}
        self._say("keys", made, signers or (self.key, self.following))

    def say_notices(self, serial: int, ends: datetime = START + DAY, **lines: Any) -> None:
        """Publish notices."""
        made = {
            "type": "notices",
            "serial": serial,
            "made_at": format_instant(START),
            "expires_at": format_instant(ends),
            "advisories": [],
            "kills": [],
            "yanked": [],
            **lines,
        }
        self._say("notices", made, (self.key,))

    def rotate(self, serial: int) -> None:
        """Let the next key become the active one, with overlap."""
        old, self.key, self.following = self.key, self.following, SigningKey.make()
        self.retired.append(old)
        self.say_keys(serial, old, self.key)

    def put(self, extension_id: str = HELLO, version: str = "1.0.0", **changes: Any) -> bytes:
        """Publish a version of a good extension; `changes` are members of its record."""
        content = zipped(files(id=extension_id, version=version))
        digest = hashlib.sha256(content).hexdigest()
        self.packages[digest] = content
        by = sign_package(digest, self.publisher_key)
        record = {
            "type": "version",
            "extension_id": extension_id,
            "version": version,
            "digest": f"sha256:{digest}",
            "size": len(content),
            "publisher": {"id": "pub_1", "slug": "ada", "name": "Ada", "verified": True},
            "signature": {
                "key_id": by.key_id,
                "public": self.publisher_key.public,
                "value": by.value,
            },
            "manifest": manifest(id=extension_id, version=version),
            "published_at": format_instant(START),
            **changes,
        }
        self.entries[extension_id, version] = self.entry(record, self.key)
        return content

    def entry(self, record: dict[str, Any], *signers: SigningKey) -> dict[str, Any]:
        """Sign a record as the entry of a list."""
        signed = sign(canonical(record), *signers)
        return {
            "record": signed.text,
            "record_signatures": signature_dicts(signed.signatures),
            "state": "listed",
            "icon": False,
        }

    def package_path(self, extension_id: str = HELLO, version: str = "1.0.0") -> str:
        """Give the path that a version's package is asked at."""
        record = json.loads(self.entries[extension_id, version]["record"])
        return f"/packages/{record['digest'].removeprefix('sha256:')}"

    def talk(self, conn: socket.socket) -> None:
        """Answer one connection."""
        head = read_request(conn).decode()
        path = unquote(head.split(" ")[1].removeprefix(PREFIX))
        self.asked.append(path)
        self.heads.append(head)
        bare = path.partition("?")[0]
        self.instead.get(bare, self._answer)(conn, bare)

    def _answer(self, conn: socket.socket, path: str) -> None:
        conn.sendall(self.answer(path))

    def answer(self, path: str) -> bytes:
        """Give the honest answer to a path."""
        first, *rest = path.strip("/").split("/")
        if first in self.documents:
            return said(self.documents[first])
        if first == "packages":
            return whole(self.packages[rest[0]])
        return self._of_extension(*rest) if rest else self._all()

    def _all(self) -> bytes:
        latest = {name: entry for (name, _), entry in self.entries.items()}
        hits = [self._hit(entry) for entry in latest.values()]
        return said({"data": hits, "next_cursor": None, "total": len(hits), "categories": []})

    def _of_extension(self, extension_id: str, *rest: str) -> bytes:
        own = [entry for (name, _), entry in self.entries.items() if name == extension_id]
        if not own:
            return whole(b"{}", "404 Not Found")
        answers = {
            (): self._hit(own[-1]),
            ("versions",): {"data": own},
        }
        return said(answers.get(rest, {"readme": "# Hello\n", "changelog": ""}))

    def _hit(self, entry: dict[str, Any]) -> dict[str, Any]:
        at = format_instant(START)
        return {"latest": entry, "install_count": 3, "created_at": at, "updated_at": at}

    def _say(self, name: str, members: dict[str, Any], signers: tuple[SigningKey, ...]) -> None:
        signed: SignedText = sign(canonical(members), *signers)
        self.documents[name] = signed.to_dict()


@dataclass
class Crm:
    """A CRM that has added the far registry, and its life cycle."""

    core: Core
    tenant: Tenant
    life: Life
    far: FarRegistry

    @property
    def operator(self) -> PersonActor:
        """Give who may do everything."""
        return self.tenant.owner(*self.tenant.system().scopes)

    def arriving(self) -> list[str]:
        """Name what a download has left behind."""
        folder = self.core.settings.home / "arriving"
        return [path.name for path in folder.iterdir()] if folder.exists() else []

    def kept(self) -> list[str]:
        """Name the packages that are kept here."""
        return list(self.core.marketplace.blobs.stale(-DAY.total_seconds()))

    def installed(self) -> list[Any]:
        """Give the rows of installations and origins."""
        with self.core.works.read(self.tenant.system()) as work:
            models = (Installation, ExtensionOrigin)
            return [row for model in models for row in work.session.query(model)]

    def registry_id(self) -> str:
        """Give the id of the far registry."""
        return str(self.core.marketplace.registries.get(self.operator, NAME)["id"])


@pytest.fixture
def far(serve: Callable[[Handler], Server]) -> FarRegistry:
    """Give an honest registry with one extension."""
    made = FarRegistry()
    made.put()
    made.url = f"http://127.0.0.1:{serve(made.talk).port}"
    return made


@pytest.fixture
def crm(make_core: Callable[..., Core], far: FarRegistry) -> Crm:
    """Give a CRM that takes packages from it."""
    return make_crm(make_core(GEMINICRM_EGRESS_ALLOW="127.0.0.1/32"), far)


@pytest.fixture
def both_crms(make_core: Callable[..., Core], far: FarRegistry, full_database_url: str) -> Crm:
    """Give the same, once on each engine."""
    settings = {
        "GEMINICRM_EGRESS_ALLOW": "127.0.0.1/32",
        "GEMINICRM_DATABASE_URL": full_database_url,
    }
    return make_crm(make_core(**settings), far)


def make_crm(core: Core, far: FarRegistry) -> Crm:
    """Add the registry to a core."""
    sources = core.marketplace.sources
    ways = {"source": sources, "glance": sources.glance, "vouch": sources.vouch}
    life = make_life(core, confines=lambda: True, **ways)
    made = Crm(core, make_tenant(core, "north"), life, far)
    wish = Wish(name=NAME, url=far.url, key=far.key.id)
    core.marketplace.registries.add(made.operator, wish)
    far.asked.clear()
    return made
