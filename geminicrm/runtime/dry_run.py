"""A dry run: what an extension would have done, noted in place of being done."""

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Final, TypeVar

from geminicrm.kernel.dry_works import DryWorks
from geminicrm.kernel.work import Works

MOST_ACTIONS: Final = 1_000
MOST_LINES: Final = 1_000
_LONGEST: Final = 200
_MOST_ITEMS: Final = 20
_DEEPEST: Final = 6
_SHORTEST_SECRET: Final = 4
_HIDDEN: Final = "(secret)"
_TARGETS: Final = ("record_id", "key", "url")
_OF_A_RECORD: Final = ("id", "version")
_OF_OTHERS: Final = ("key", "version", "status")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that it would have done; `error` says why it would have been refused."""

    extension_id: str
    door: str
    operation: str
    target: str
    data: dict[str, Any]
    result: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line that it would have logged."""

    level: str
    message: str
    fields: dict[str, Any] = field(default_factory=dict)


class DryRun:
    """What goes with a call, and with all calls inside of it, for nothing of them to happen.

    `secrets` are texts that are shown nowhere; `secret_names` settings whose values are such.
    """

    def __init__(
        self, works: Works, secrets: Collection[str] = (), secret_names: Collection[str] = ()
    ) -> None:
        self.works = DryWorks(works)
        self._secrets = [one for one in secrets if len(one) >= _SHORTEST_SECRET]
        self._names = frozenset(secret_names)
        self._lock = threading.Lock()
        self._actions: list[Action] = []
        self._lines: list[LogLine] = []

    def note(self, where: tuple[str, str, str], given: Mapping[str, Any], do: Callable[[], T]) -> T:
        """Do it in the blocked form that the door has, and note what came of it.

        `where` is the extension's id, the door, and the operation; `given` its arguments by name.
        """
        target = next((str(given[one]) for one in _TARGETS if one in given), "")
        data = {
            name: value
            for name, value in given.items()
            if name not in _TARGETS and value is not None
        }
        if where[1] == "settings":
            data = {name: self._masked(value) for name, value in data.items()}
        try:
            result = do()
        except Exception as error:
            self._add(where, target, data, error=self.shown(f"{type(error).__name__}: {error}"))
            raise
        facts = _facts(result)
        self._add(where, target or _id_of(facts), data, result=facts)
        return result

    def log(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        """Note a line."""
        line = LogLine(
            level=level, message=self.shown(str(message)), fields=self._short(dict(fields))
        )
        with self._lock:
            if len(self._lines) < MOST_LINES:
                self._lines.append(line)

    def shown(self, text: str) -> str:
        """Give a text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    @property
    def actions(self) -> list[dict[str, Any]]:
        """Everything that it would have done up to now, in order."""
        with self._lock:
            return [asdict(one) for one in self._actions]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Everything that it would have logged up to now."""
        with self._lock:
            return [asdict(one) for one in self._lines]

    def _add(
        self, where: tuple[str, str, str], target: str, data: Mapping[str, Any], **came: Any
    ) -> None:
        extension_id, door, operation = where
        action = Action(
            extension_id=extension_id,
            door=door,
            operation=operation,
            target=self.shown(target),
            data=self._short(dict(data)),
            **came,
        )
        with self._lock:
            if len(self._actions) < MOST_ACTIONS:
                self._actions.append(action)

    def _masked(self, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {
            name: _HIDDEN if name in self._names and each else each for name, each in value.items()
        }

    def _short(self, value: Any, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return "..."
        if isinstance(value, Mapping):
            kept = list(value.items())[:_MOST_ITEMS]
            found = {self.shown(str(name)): self._short(each, depth + 1) for name, each in kept}
            return found if len(kept) == len(value) else {**found, "...": len(value) - len(kept)}
        if isinstance(value, list | tuple):
            kept_items = [self._short(each, depth + 1) for each in value[:_MOST_ITEMS]]
            return kept_items if len(value) <= _MOST_ITEMS else [*kept_items, "..."]
        return self._plain(value)

    def _plain(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        text = self.shown(str(value))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _facts(result: object) -> Any:
    """Give of a result what tells the reader what came of it."""
    if isinstance(result, Mapping):
        return {name: result[name] for name in _OF_A_RECORD if name in result}
    if is_dataclass(result) and not isinstance(result, type):
        return {name: getattr(result, name) for name in _OF_OTHERS if hasattr(result, name)}
    if isinstance(result, Sequence) and not isinstance(result, str | bytes):
        return [_facts(one) for one in result]
    return result if result is None or isinstance(result, bool) else str(result)


def _id_of(facts: object) -> str:
    return str(facts.get("id", "")) if isinstance(facts, dict) else ""


def text_of(data: object) -> str:
    """Give the data of an action on one line."""
    return json.dumps(data, ensure_ascii=False, default=str) if data else ""
