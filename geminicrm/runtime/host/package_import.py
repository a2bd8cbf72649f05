"""Importing one extension folder as a package under a name of our choice."""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from typing_extensions import override


class _SourceOnly(SourceFileLoader):
    """Compiles the source each time.

    A .pyc in the folder could hold other code than the source that was checked, and published
    folders are never written to.
    """

    @override
    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        code = self.source_to_code(self.get_data(path), path)
        return code if isinstance(code, CodeType) else None


class _Finder(MetaPathFinder):
    """Finds the modules of one package in one folder: `.py` files and nothing else."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._below = f"{name}."

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == self.name:
            return self._package(fullname, self._folder)
        if not fullname.startswith(self._below):
            return None
        place = self._folder.joinpath(*fullname.removeprefix(self._below).split("."))
        return self._package(fullname, place)

    def _package(self, fullname: str, folder: Path) -> ModuleSpec | None:
        inside = [str(folder)]
        found = self._module(fullname, folder / "__init__.py", inside)
        if found is None and fullname != self.name:
            found = self._module(fullname, folder.with_name(f"{folder.name}.py"), None)
        if found is None and folder.is_dir():  # a package without __init__.py, as Python has it
            found = ModuleSpec(fullname, None, is_package=True)
            found.submodule_search_locations = inside
        return found

    def _module(self, fullname: str, file: Path, inside: list[str] | None) -> ModuleSpec | None:
        if not file.is_file():
            return None
        loader = _SourceOnly(fullname, str(file))
        return spec_from_file_location(
            fullname, file, loader=loader, submodule_search_locations=inside
        )


class PackageImport:
    """One import of one folder; `close` or `remove` undoes it.

    Relative imports work inside. The folder is not on `sys.path`, so absolute imports of its own
    files don't: two versions can be live at once and never meet.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._finder = _Finder(_free(name), folder)
        # First: Python's own finder would read compiled code, and write it, beside the source.
        sys.meta_path.insert(0, self._finder)

    @property
    def name(self) -> str:
        """The name of the package: the one asked for, or with a number where it was taken."""
        return self._finder.name

    def load(self, entry_point: str) -> ModuleType:
        """Import the file `entry_point`, given relative to the folder; any error of its code."""
        module = entry_point.removesuffix(".py").replace("/", ".")
        return importlib.import_module(f"{self.name}.{module}")

    def close(self) -> None:
        """Take everything out again."""
        self.remove(self.name)

    @staticmethod
    def remove(name: str) -> None:
        """Take the package with this name out of memory, its modules and its finder."""
        for finder in tuple(sys.meta_path):
            if isinstance(finder, _Finder) and finder.name == name:
                sys.meta_path.remove(finder)
        for module in tuple(sys.modules):
            if module == name or module.startswith(f"{name}."):
                sys.modules.pop(module, None)


def _free(name: str) -> str:
    taken = {finder.name for finder in sys.meta_path if isinstance(finder, _Finder)}
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
