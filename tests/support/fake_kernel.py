"""A kernel that does nothing and remembers what it was asked for."""

import os
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from geminicrm.runtime.host.sandbox.kernel import Kernel


class FakeKernel(Kernel):
    """Answers as `answers` say, by the name of the call; 0 to all others.

    An error is raised; `refuse_prctl` has those for one option of prctl. Rule sets of Landlock are
    true descriptors, for they get closed.
    """

    def __init__(self, answers: Mapping[str, int | OSError] | None = None) -> None:
        super().__init__()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.refuse_prctl: dict[int, OSError] = {}
        self._answers = answers or {}

    @override
    def call(self, name: str, *arguments: Any) -> int:
        self.calls.append((name, arguments))
        if name == "landlock_create_ruleset" and arguments[0]:
            return os.open("/", os.O_RDONLY)
        answer = self._answers.get(name, 0)
        if name == "prctl":
            answer = self.refuse_prctl.get(arguments[0], answer)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def given(self, name: str) -> list[tuple[Any, ...]]:
        """Give the arguments of each call by this name."""
        return [arguments for called, arguments in self.calls if called == name]
