"""What is done to a home before a process is killed over it, and what that process does."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geminicrm.app import Core
from geminicrm.identity.actor import SystemActor
from geminicrm.runtime.consent import InstallRequest
from tests.support.life import files, zipped
from tests.support.wheels import put_wheel

SUBJECT = "subject"
VERSIONS = ("1.0.0", "1.1.0")
TOP = "top"
NEEDS = {"1.0.0": "<1.1", "1.1.0": ">=1.1"}
"""What each version of the one on top needs of the subject."""
CODE = '''"""Does something in install() that uninstall() takes back."""

from flask import Blueprint

from extensions.extension_base import ExtensionBase


class Subject(ExtensionBase):
    """Answers."""

    def install(self):
        self.app.storage.put("made", 1)
        self.app.settings.save({"account": "acc_1"})
        self.app.log.info("installed")
        return {"success": True, "message": "ready"}

    def uninstall(self):
        self.app.log.info("uninstalled", account=self.app.settings["account"])
        return {"success": True, "message": "gone"}

    def get_routes(self):
        routes = Blueprint("subject", __name__)

        @routes.get("/version")
        def version():
            return {"version": "VERSION", "account": self.app.settings["account"]}

        return routes
'''
SETTINGS = [
    {"id": "account", "type": "text", "label": "Account"},
    {"id": "key", "type": "password", "label": "Key"},
]


def package(version: str = "1.0.0", *, wheel: bool = False) -> bytes:
    """Give a version of the extension; with a wheel of its own if wanted."""
    facts = {"id": SUBJECT, "version": version, "settings": SETTINGS}
    code = CODE.replace("VERSION", version)
    if not wheel:
        return zipped(files(code, **facts))
    with tempfile.TemporaryDirectory() as folder:
        made = put_wheel(Path(folder))
        content = files(code, **facts, requires={"python": ["tiny"]})
        return zipped({**content, f"wheels/{made.name}": made.read_bytes()})


def offer_own(core: Core, _actor: SystemActor) -> None:
    """Offer it as one that comes with the CRM, which runs in its process; each process has to."""
    for version in VERSIONS:
        path = core.settings.home / f"subject-{version}.gcx"
        if not path.exists():
            path.write_bytes(package(version))
        core.registry.offer(path.read_bytes())


def offer_two(core: Core, actor: SystemActor) -> None:
    """Offer it with one on top that needs it, so that an order has two changes."""
    offer_own(core, actor)
    for version, needs in NEEDS.items():
        path = core.settings.home / f"top-{version}.gcx"
        if not path.exists():
            requires = {"extensions": {SUBJECT: needs}}
            made = files(id=TOP, version=version, permissions=[], requires=requires)
            path.write_bytes(zipped(made))
        core.registry.offer(path.read_bytes())


def publish(core: Core, actor: SystemActor) -> None:
    """Publish it as somebody else's, which has a host and a Python package of its own."""
    for version in VERSIONS:
        core.registry.publish(actor, package(version, wheel=True))


def _request(**more: Any) -> InstallRequest:
    return InstallRequest(extension_id=SUBJECT, grant="requested", allow_unsigned=True, **more)


def nothing(_core: Core, _actor: SystemActor) -> None:
    """Leave all as it is."""


def install(core: Core, actor: SystemActor) -> None:
    """Install the first version."""
    core.life_cycle.install(actor, _request(version=VERSIONS[0]))


def install_two(core: Core, actor: SystemActor) -> None:
    """Install the one on top, which brings the subject."""
    request = InstallRequest(extension_id=TOP, version=VERSIONS[0], grant="requested")
    core.life_cycle.install(actor, request)


def fill_two(core: Core, actor: SystemActor) -> None:
    """Install both and give the subject a secret."""
    install_two(core, actor)
    core.life_cycle.configure(actor, SUBJECT, {"key": "s3cret"})


def upgrade_two(core: Core, actor: SystemActor) -> None:
    """Upgrade the one on top, which takes the subject with it."""
    request = InstallRequest(extension_id=TOP, grant="requested")
    core.life_cycle.upgrades.upgrade(actor, request)


def fill(core: Core, actor: SystemActor) -> None:
    """Install it and give it a secret."""
    install(core, actor)
    core.life_cycle.configure(actor, SUBJECT, {"key": "s3cret"})


def uninstall(core: Core, actor: SystemActor) -> None:
    """Uninstall it, keeping its data."""
    core.life_cycle.uninstall(actor, SUBJECT)


def purge(core: Core, actor: SystemActor) -> None:
    """Uninstall it with its data."""
    core.life_cycle.uninstall(actor, SUBJECT, "purge")


def fill_and_purge(core: Core, actor: SystemActor) -> None:
    """Have one that can be brought back."""
    fill(core, actor)
    purge(core, actor)


def restore(core: Core, actor: SystemActor) -> None:
    """Bring it back."""
    removals = core.life_cycle.removals
    removals.restore(actor, removals.removed(actor)[0]["id"])


def upgrade(core: Core, actor: SystemActor) -> None:
    """Put the second version in the place of the first."""
    core.life_cycle.upgrades.upgrade(actor, _request())


def fill_and_upgrade(core: Core, actor: SystemActor) -> None:
    """Have the second version, and a first one to go back to."""
    fill(core, actor)
    upgrade(core, actor)


def rollback(core: Core, actor: SystemActor) -> None:
    """Go back to the first version by hand."""
    core.life_cycle.upgrades.rollback(actor, SUBJECT)


def come_back(core: Core, actor: SystemActor) -> None:
    """Return to the first version as a watch period does."""
    digest = core.life_cycle.get(actor, SUBJECT)["digest"]
    assert core.life_cycle.upgrades.come_back(actor.workspace_id, SUBJECT, digest, "It failed.")


Act = Callable[[Core, SystemActor], None]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`offer` and `before` are done in peace, `act` in the process that is killed.

    `ready` comes first in that process, and is not counted; `leaves` names what may be otherwise
    than before where it was undone, since going back to a version is itself a change.
    """

    name: str
    act: Act
    offer: Act = publish
    ready: Act = nothing
    before: Act = nothing
    leaves: frozenset[str] = frozenset()


SCENARIOS = {
    one.name: one
    for one in (
        Scenario(name="install-hosted", act=install),
        Scenario(name="install-own", act=install, offer=offer_own, ready=offer_own),
        Scenario(name="uninstall-keep", act=uninstall, before=fill),
        Scenario(name="uninstall-purge", act=purge, before=fill, offer=offer_own, ready=offer_own),
        Scenario(name="restore-hosted", act=restore, before=fill_and_purge),
        Scenario(
            name="restore-own", act=restore, before=fill_and_purge, offer=offer_own, ready=offer_own
        ),
        Scenario(name="upgrade-hosted", act=upgrade, before=fill),
        Scenario(name="upgrade-own", act=upgrade, before=fill, offer=offer_own, ready=offer_own),
        Scenario(name="rollback-hosted", act=rollback, before=fill_and_upgrade),
        Scenario(
            name="rollback-own",
            act=rollback,
            before=fill_and_upgrade,
            offer=offer_own,
            ready=offer_own,
        ),
        Scenario(
            name="order-install",
            act=install_two,
            offer=offer_two,
            ready=offer_two,
            # As after any uninstall, the folder of the package stays until it is collected.
            leaves=frozenset({"files"}),
        ),
        Scenario(
            name="order-upgrade",
            act=upgrade_two,
            before=fill_two,
            offer=offer_two,
            ready=offer_two,
            leaves=frozenset({"versions", "files"}),
        ),
        Scenario(name="return-hosted", act=come_back, before=fill_and_upgrade),
    )
}
