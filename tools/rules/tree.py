"""The project's own text files, read once, and what a rule says about them."""

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FOLDERS = (
    "geminicrm",
    "extensions",
    "marketplace",
    "migrations",
    "tests",
    "tools",
    "bench",
    "docs",
)
PRODUCT = ("geminicrm", "extensions", "marketplace")
# Other people's files, kept as they came, and what is made again on every run.
FOREIGN = frozenset({"__pycache__", "vendor", "node_modules", ".pytest_cache", ".venv-drf"})
TEXT = frozenset(
    {".py", ".html", ".txt", ".md", ".cfg", ".toml", ".ini", ".css", ".js", ".json", ".sh", ".mako"}
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One breach of one rule."""

    path: str
    line: int
    message: str

    def text(self) -> str:
        """Give the place in the form that editors jump to."""
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One text file; `path` is relative to the root, with slashes."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """The name without folders."""
        return PurePosixPath(self.path).name

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the name."""
        return PurePosixPath(self.path).parts

    @functools.cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.splitlines()

    @functools.cached_property
    def syntax(self) -> ast.Module:
        """The parsed module; SyntaxError when it is not Python."""
        return ast.parse(self.text, self.path)

    def finding(self, line: int, message: str) -> Finding:
        """Give a finding at a line of this file."""
        return Finding(path=self.path, line=line, message=message)


@dataclass(frozen=True)
class Tree:
    """A set of files that rules look at."""

    files: tuple[Source, ...]

    def ending(self, suffix: str) -> Iterator[Source]:
        """Give the files whose name ends so."""
        return (each for each in self.files if each.path.endswith(suffix))

    def python(self) -> Iterator[Source]:
        """Give the modules written by hand: migrations are generated."""
        return (each for each in self.ending(".py") if each.parts[0] != "migrations")

    def product(self) -> Iterator[Source]:
        """Give the modules that are shipped."""
        return (each for each in self.python() if each.parts[0] in PRODUCT)

    def text_of(self, path: str) -> str:
        """Give the text of one file; LookupError when it is missing."""
        found = next((each.text for each in self.files if each.path == path), None)
        if found is None:
            raise LookupError(f"{path} is missing")
        return found


def read_tree(root: Path) -> Tree:
    """Read the text files of the project in `root`."""
    return Tree(tuple(_source(root, path) for path in sorted(_paths(root))))


def _source(root: Path, path: Path) -> Source:
    return Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def _paths(root: Path) -> Iterable[Path]:
    top = (each for each in root.iterdir() if each.is_file())
    deep = (each for folder in FOLDERS for each in (root / folder).rglob("*") if each.is_file())
    return (each for each in (*top, *deep) if _is_ours(each.relative_to(root)))


def _is_ours(path: Path) -> bool:
    known = path.suffix in TEXT or path.name in {"Makefile", ".editorconfig", ".gitignore"}
    return known and FOREIGN.isdisjoint(path.parts)
