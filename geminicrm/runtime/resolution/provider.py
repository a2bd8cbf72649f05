"""What resolvelib asks: who needs what, which versions there are, where to go on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from resolvelib import AbstractProvider
from typing_extensions import override

from geminicrm.runtime.resolution.universe import Candidate, Choice
from geminicrm.runtime.semver import Range


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """Somebody needs an extension; `wanted` is None where any version will do."""

    extension_id: str
    wanted: Range | None = None


class Cause(Protocol):
    """Somebody needs something that could not be had; `parent` is None for what was asked for."""

    @property
    def requirement(self) -> Need:
        """Give what is needed."""
        ...

    @property
    def parent(self) -> Candidate | None:
        """Give who needs it."""
        ...


class Provider(AbstractProvider[Need, Candidate, str]):
    """Answers from a choice; everything in a fixed order, so that the answer is always the same."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice

    @override
    def identify(self, requirement_or_candidate: Need | Candidate) -> str:
        """Give the extension's id."""
        return requirement_or_candidate.extension_id

    @override
    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Cause]],
        backtrack_causes: Sequence[Cause],
    ) -> tuple[bool, bool, str]:
        """Decide on what was wished for first, then on what was in the way."""
        del resolutions, candidates, information  # names alone decide: the order is always the same
        wished = identifier in self._choice.wishes
        troubled = any(cause.requirement.extension_id == identifier for cause in backtrack_causes)
        return not wished, not troubled, identifier

    @override
    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Callable[[], Iterator[Candidate]]:
        """Give those that every requirement takes, the preferred first."""
        needs = list(requirements[identifier])
        failed = {id(one) for one in incompatibilities[identifier]}

        def matches() -> Iterator[Candidate]:
            for one in self._choice.candidates(identifier):
                if id(one) not in failed and all(self.is_satisfied_by(n, one) for n in needs):
                    yield one

        return matches

    @override
    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        """Tell whether a version is inside the range."""
        wanted = requirement.wanted
        return wanted is None or self._choice.allows(wanted, candidate)

    @override
    def get_dependencies(self, candidate: Candidate) -> Iterable[Need]:
        """Give what a version requires."""
        return [Need(name, wanted) for name, wanted in sorted(candidate.requires.items())]
