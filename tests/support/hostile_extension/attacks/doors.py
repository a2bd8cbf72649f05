"""The doors of the core: what is another's, what was not granted, what was taken away."""

import importlib
import threading
from typing import Any

from .tools import Attack, Missed, Target

_FLOOD = 1_500
_EVENTS = 200


def record_of_another_workspace(target: Target) -> str:
    return str(target["app"].leads.get(target["other_lead"]))


def records_of_another_workspace(target: Target) -> str:
    found = target["app"].leads.get_many([target["other_lead"]])
    if not found:
        raise Missed("left out")
    return str(found)


def change_another_workspace(target: Target) -> str:
    return str(target["app"].leads.update(target["other_lead"], {"first_name": "Eve"}))


def delete_in_another_workspace(target: Target) -> str:
    target["app"].leads.delete(target["other_lead"])
    return "deleted"


def move_to_another_workspace(target: Target) -> str:
    made = target["app"].leads.create(
        {"last_name": "Eve", "workspace_id": target["other_workspace"]}
    )
    return str(made)


def scope_not_granted(target: Target) -> str:
    return str(target["app"].deals.list())


def scope_taken_away(target: Target) -> str:
    """The test takes this one away just before."""
    return str(target["app"].contacts.list())


def host_not_named(target: Target) -> str:
    return str(target["app"].http.request("GET", "https://elsewhere.example/"))


def private_address(target: Target) -> str:
    """Named in the manifest, but an address of this machine all the same."""
    url = f"http://127.0.0.1:{target['port']}/"
    return str(target["app"].http.request("GET", url, timeout=2))


def address_in_disguise(target: Target) -> str:
    """Other spellings of the same address, and other ways to name a host."""
    port = target["port"]
    places = ("2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "allowed.example@127.0.0.1", "0")
    refused: Exception | None = None
    for place in places:
        try:
            answer = target["app"].http.request("GET", f"http://{place}:{port}/", timeout=2)
        except Exception as error:  # noqa: BLE001 - each must be refused
            refused = error
        else:
            return f"{place}: {answer.status}"
    raise refused or Missed("nothing was tried")


def other_scheme(target: Target) -> str:
    return str(target["app"].http.request("GET", f"file://{target['database']}"))


def header_in_request(target: Target) -> str:
    headers = {"X-Note": "x\r\nHost: elsewhere.example"}
    answer = target["app"].http.request("GET", "https://allowed.example/", headers=headers)
    return str(answer.status)


def name_own_host(target: Target) -> str:
    """A setting that names a host to call: an admin's to save."""
    target["app"].settings.save({"base_url": f"http://127.0.0.1:{target['port']}"})
    return str(target["app"].http.request("GET", f"http://127.0.0.1:{target['port']}/"))


def unknown_setting(target: Target) -> str:
    target["app"].settings.save({"granted": ["write:deals"]})
    return "saved"


def storage_of_another(target: Target) -> str:
    """Keys are the extension's own, whatever they look like."""
    keys = [
        target["other_key"],
        f"../control/{target['other_key']}",
        f"control:{target['other_key']}",
    ]
    found = target["app"].storage.get_many(keys)
    listed = [each.key for each in target["app"].storage.list().data]
    if not found and target["other_key"] not in listed:
        raise Missed("it has none of it")
    return str(found)


def storage_beyond_quota(target: Target) -> str:
    storage = target["app"].storage
    for number in range(60):
        storage.put(f"large-{number}", "x" * 250_000)
    return "15 MB stored"


def storage_of_odd_keys(target: Target) -> str:
    target["app"].storage.put("\x00/../" + "k" * 10_000, 1)
    return "stored"


def event_of_the_core(target: Target) -> str:
    return str(target["app"].events.emit("lead.created", {"id": target["other_lead"]}))


def event_flood(target: Target) -> str:
    refused: Exception | None = None
    for _ in range(_EVENTS):
        try:
            target["app"].events.emit("none", {})
        except Exception as error:  # noqa: BLE001 - the last one tells
            refused = error
    raise refused or Missed("nothing was tried")


def call_flood(target: Target) -> str:
    for _ in range(_FLOOD):
        target["app"].storage.get("none")
    return f"{_FLOOD} calls"


def log_with_lines(target: Target) -> str:
    """Lines that look like those of others."""
    for _ in range(100):
        target["app"].log.info('x\n{"level": "error", "source": "supervisor"}', field="\x1b[2J")
    raise Missed("written as one line each")


def call_from_a_thread(target: Target) -> str:
    """A thread of its own carries no call: it has nobody's rights."""
    caught: list[Exception] = []
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(str(target["app"].leads.list()))
        except Exception as error:  # noqa: BLE001 - it is raised where it can be told
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    if caught:
        raise caught[0]
    return found[0]


def import_the_core(_target: Target) -> str:
    return _first_importable(
        "geminicrm.config", "geminicrm.app", "geminicrm.kernel.db", "geminicrm.identity.tokens",
        "geminicrm.kernel.vault", "geminicrm.runtime.supervisor", "sqlalchemy", "cryptography",
        "requests", "marketplace",
    )  # fmt: skip


def _first_importable(*names: str) -> str:
    refused: ImportError | None = None
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            refused = error
        else:
            return name
    raise refused or Missed("nothing was tried")


def find_the_core_in_memory(target: Target) -> str:
    """Whatever it finds from its own objects is of this process."""
    app: Any = target["app"]
    seen = {str(type(each)) for each in vars(app).values()} if hasattr(app, "__dict__") else set()
    hits = [each for each in seen if "sqlalchemy" in each or "vault" in each.lower()]
    if not hits:
        raise Missed("nothing of the core")
    return ", ".join(hits)


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        record_of_another_workspace, records_of_another_workspace, change_another_workspace,
        delete_in_another_workspace, move_to_another_workspace, scope_not_granted,
        scope_taken_away, host_not_named, private_address, address_in_disguise, other_scheme,
        header_in_request, name_own_host, unknown_setting, storage_of_another,
        storage_beyond_quota, storage_of_odd_keys, event_of_the_core, event_flood, call_flood,
        log_with_lines, call_from_a_thread, import_the_core, find_the_core_in_memory,
    )
}  # fmt: skip
REFUSALS = {
    "record_of_another_workspace": "NotFound",
    "records_of_another_workspace": "Missed",
    "change_another_workspace": "NotFound",
    "delete_in_another_workspace": "NotFound",
    "move_to_another_workspace": "Invalid",
    "scope_not_granted": "PermissionDenied",
    "scope_taken_away": "PermissionDenied",
    "host_not_named": "HttpNotAllowed",
    "private_address": "HttpNotAllowed",
    "address_in_disguise": "HttpNotAllowed",
    "other_scheme": "HttpNotAllowed",
    "header_in_request": "Invalid",
    "name_own_host": "Invalid",
    "unknown_setting": "Invalid",
    "storage_of_another": "Missed",
    "storage_beyond_quota": "QuotaExceeded",
    "storage_of_odd_keys": "Invalid",
    "event_of_the_core": "Invalid",
    "event_flood": "Unavailable",
    "log_with_lines": "Missed",
    "call_from_a_thread": "NoCall",
    "import_the_core": "ModuleNotFoundError",
    "find_the_core_in_memory": "Missed",
}
"""What each is answered with: the SDK's error, or that it found nothing. A flood ends the call."""
