"""Following the log of an installation while it is written, past its rotation."""

import os
from pathlib import Path
from typing import BinaryIO

from geminicrm.runtime.host.log_files import entry_of
from geminicrm.runtime.log_lines import Line, shaped


class Following:
    """Gives what came since it was asked last; `close` lets go of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._part = b""

    def news(self) -> list[Line]:
        """Give the new lines, the oldest first; all of the present file when first asked."""
        data = self._part + self._rest()
        if self._is_another():
            data += self._rest()  # written between the reading and the rotation
            self.close()
            self._file = self._path.open("rb")
            data += self._rest()
        *whole, self._part = data.split(b"\n")
        return [shaped(entry) for entry in map(entry_of, whole) if entry is not None]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _rest(self) -> bytes:
        return self._file.read() if self._file is not None else b""

    def _is_another(self) -> bool:
        """Tell whether the file at the path is not the one that is open."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or os.fstat(self._file.fileno()).st_ino != there.st_ino
