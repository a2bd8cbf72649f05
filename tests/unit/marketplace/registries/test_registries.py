"""The table of registries: who may change it, what it takes, in which order it is asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import Conflict, ScopeMissing, ValidationFailed
from marketplace.errors import UnknownExtension
from marketplace.registries.errors import (
    KeyNotPinned,
    RegistryInUse,
    RegistryNameTaken,
    RegistryRefused,
    RegistryUnreachable,
    UnknownRegistry,
)
from marketplace.registries.service import Registries, Wish
from marketplace.signing.keys import SigningKey
from tests.support.core import make_tenant
from tests.support.far_registry import NAME, Crm, FarRegistry
from tests.support.life import HELLO, files, wanted, zipped
from tests.support.loopback import Handler, Server


@pytest.fixture
def registries(crm: Crm) -> Registries:
    return crm.core.marketplace.registries


@pytest.fixture
def second(serve: Callable[[Handler], Server], crm: Crm) -> FarRegistry:
    """Give another registry with the same id in another version, asked after the first one."""
    made = FarRegistry()
    made.put(version="9.0.0")
    made.put("only-here")
    made.url = f"http://127.0.0.1:{serve(made.talk).port}"
    wish = Wish(name="second", url=made.url, key=made.key.id)
    crm.core.marketplace.registries.add(crm.operator, wish)
    return made


def names(registries: Registries, crm: Crm) -> list[str]:
    return [one["name"] for one in registries.list(crm.operator)]


def test_the_embedded_one_is_always_there_and_first(registries: Registries, crm: Crm):
    assert names(registries, crm) == ["This installation", NAME]
    with pytest.raises(Conflict):
        registries.remove(crm.operator, "embedded")
    with pytest.raises(Conflict):
        registries.change(crm.operator, "embedded", enabled=False)


def test_only_operators(registries: Registries, crm: Crm):
    admin = crm.tenant.owner()
    wish = Wish(name="other", url="https://registry.example.com")
    for call in (
        lambda: registries.list(admin),
        lambda: registries.get(admin, NAME),
        lambda: registries.add(admin, wish),
        lambda: registries.remove(admin, NAME),
        lambda: registries.change(admin, NAME, enabled=False),
        lambda: registries.refresh(admin, NAME),
    ):
        with pytest.raises(ScopeMissing):
            call()
    assert crm.far.asked == []


def test_a_key_has_to_be_named(registries: Registries, crm: Crm, far: FarRegistry):
    with pytest.raises(KeyNotPinned) as caught:
        registries.add(crm.operator, Wish(name="other", url=far.url))
    assert caught.value.fingerprints == (far.key.id,)
    with pytest.raises(RegistryRefused, match="active key is not"):
        registries.add(crm.operator, Wish(name="other", url=far.url, key=SigningKey.make().id))
    assert names(registries, crm) == ["This installation", NAME]


def test_names_and_addresses_that_are_wrong(registries: Registries, crm: Crm, far: FarRegistry):
    key = far.key.id
    for name, url in (
        ("Upper", far.url),
        ("", far.url),
        ("x" * 61, far.url),
        ("other", "ftp://registry.example.com"),
        ("other", "file:relative"),
        ("other", "https://user:secret@registry.example.com"),
        ("other", f"{far.url}/?a=1"),
    ):
        with pytest.raises(ValidationFailed):
            registries.add(crm.operator, Wish(name=name, url=url, key=key))
    with pytest.raises(ValidationFailed, match="https only"):
        registries.add(
            crm.operator, Wish(name="other", url="http://203.0.113.1", key=key, token="x")
        )
    with pytest.raises(RegistryNameTaken):
        registries.add(crm.operator, Wish(name=NAME, url=far.url, key=key))


def test_a_token_is_sent_and_kept_encrypted(registries: Registries, crm: Crm, far: FarRegistry):
    wish = Wish(name="private", url=far.url, key=far.key.id, token="gck_secret")
    made = registries.add(crm.operator, wish)
    assert made["has_token"]
    assert "gck_secret" not in json.dumps(made)
    assert all("Authorization: Bearer gck_secret" in head for head in far.heads[-2:])


def test_what_is_installed_keeps_its_registry(
    registries: Registries, crm: Crm, second: FarRegistry
):
    crm.life.cycle.install(crm.tenant.owner(), wanted(version="1.0.0"))
    with pytest.raises(RegistryInUse):
        registries.remove(crm.operator, NAME)
    registries.change(crm.operator, "second", position=0)
    assert names(registries, crm)[0] == "second"
    sources = crm.core.marketplace.sources
    assert sources.find(crm.tenant.id, HELLO, None).version == "1.0.0"
    assert [one.ref.version for one in sources.versions(crm.tenant.id, HELLO)] == ["1.0.0"]
    with pytest.raises(UnknownExtension):
        sources.find(crm.tenant.id, HELLO, "9.0.0")
    stranger = make_tenant(crm.core, "south")
    assert sources.find(stranger.id, HELLO, None).version == "9.0.0"
    assert second.asked


def test_a_registry_that_is_gone_takes_no_other_along(
    registries: Registries, crm: Crm, second: FarRegistry
):
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    registries.change(crm.operator, NAME, enabled=False)
    sources = crm.core.marketplace.sources
    with pytest.raises(RegistryUnreachable, match="switched off"):
        sources.find(crm.tenant.id, HELLO, None)
    registries.remove(crm.operator, NAME, force=True)
    with pytest.raises(RegistryRefused, match="was removed"):
        sources.find(crm.tenant.id, HELLO, None)
    assert sources.find(crm.tenant.id, "only-here", None).version == "1.0.0"
    assert crm.installed()[0].enabled
    assert second.url


def test_one_that_is_silent_does_not_let_the_next_one_answer(
    crm: Crm, far: FarRegistry, second: FarRegistry, clock: FixedClock
):
    clock.advance(60)
    far.instead["/keys"] = lambda conn, _path: conn.close()
    second.asked.clear()
    with pytest.raises(RegistryUnreachable):
        crm.core.marketplace.sources.find(crm.tenant.id, HELLO, None)
    assert second.asked == []


def test_what_is_published_here_comes_from_here(crm: Crm, far: FarRegistry):
    package = zipped(files(version="0.1.0"))
    crm.core.registry.publish(crm.tenant.owner(), package)
    far.asked.clear()
    ref = crm.core.marketplace.sources.find(crm.tenant.id, HELLO, None)
    assert (ref.registry_id, ref.version) == ("embedded", "0.1.0")
    assert far.asked == []


def test_what_was_brought_in_once_is_there_while_the_registry_is_away(crm: Crm, far: FarRegistry):
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    sources = crm.core.marketplace.sources
    ref = sources.find(crm.tenant.id, HELLO, None)
    far.instead[far.package_path()] = lambda conn, _path: conn.close()
    assert sources.read(ref) == far.packages[ref.hex_digest]


def test_refreshing_applies_notices_and_notes_what_fails(
    crm: Crm, far: FarRegistry, clock: FixedClock
):
    heard: list[tuple[str, Any]] = []
    registries = crm.core.marketplace.registries
    registries.refreshing.connect(lambda name, notices: heard.append((name, notices["serial"])))
    far.say_notices(7)
    clock.advance(60)
    registries.refreshing.every()
    assert heard == [(crm.registry_id(), 7)]
    far.instead["/notices"] = lambda conn, _path: conn.close()
    registries.refreshing.every()
    shown = registries.get(crm.operator, NAME)
    assert "can't be reached" in shown["error"]
    assert shown["notices_serial"] == 7


def test_an_unknown_one(registries: Registries, crm: Crm):
    with pytest.raises(UnknownRegistry, match="no registry 'nobody'"):
        registries.get(crm.operator, "nobody")
