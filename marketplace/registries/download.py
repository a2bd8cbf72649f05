"""Bringing a package in over HTTP: into a file, bounded, going on after a connection broke off."""

import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.http import HttpFailed, HttpRequest
from marketplace.registries.answers import OK, PARTIAL, check_status, failed
from marketplace.registries.errors import RegistryRefused, RegistryUnreachable
from marketplace.registries.transport import HttpDoor

MAX_RESUMES: Final = 3
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Download:
    """One package on its way. The file is complete, or gone; whoever asked removes it then."""

    def __init__(
        self,
        registry: str,
        http: HttpDoor,
        request: HttpRequest,
        folder: Path,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`request.max_bytes` is the size that the registry has signed for the package."""
        self._registry = registry
        self._http = http
        self._request = request
        self._size = request.max_bytes
        self._folder = folder
        self._monotonic = monotonic

    def run(self) -> Path:
        """Give the file; RegistryUnreachable after the last resume, RegistryRefused, NotThere."""
        with tempfile.NamedTemporaryFile(
            dir=self._folder, prefix="package-", suffix=".part", delete=False
        ) as file:
            path = Path(file.name)
            try:
                self._bring(_Arriving(self._registry, file.file, self._size))
            except BaseException:
                path.unlink()
                raise
        return path

    def _bring(self, arriving: "_Arriving") -> None:
        ends = self._monotonic() + self._request.deadline_seconds
        resumes = 0
        while True:
            try:
                self._http.stream(self._from(arriving.have, ends), arriving)
            except HttpFailed as error:
                resumes += 1
                found = failed(self._registry, error)
                if resumes > MAX_RESUMES or isinstance(found, RegistryRefused):
                    raise found from error
                continue
            if arriving.have != self._size:
                raise RegistryRefused(
                    self._registry,
                    f"the package has {arriving.have} bytes, {self._size} are signed.",
                )
            return

    def _from(self, have: int, ends: float) -> HttpRequest:
        left = ends - self._monotonic()
        if left <= 0:
            seconds = self._request.deadline_seconds
            raise RegistryUnreachable(
                self._registry, f"a package did not arrive within {seconds:g} s."
            )
        headers = {**self._request.headers, **({"Range": f"bytes={have}-"} if have else {})}
        return replace(self._request, headers=headers, deadline_seconds=left)


class _Arriving:
    """The file that the body goes to, across several connections."""

    def __init__(self, registry: str, file: IO[bytes], size: int) -> None:
        self._registry = registry
        self._file = file
        self._size = size
        self.have = 0

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """See that the head fits what is still missing; a registry may also start all over."""
        check_status(self._registry, status)
        if status == OK:
            self._restart()
        elif status == PARTIAL and not self._goes_on(headers):
            raise RegistryRefused(self._registry, "it sends another part than was asked for.")
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._size - self.have:
            raise RegistryRefused(
                self._registry,
                f"it announces {announced} bytes where {self._size - self.have} are due.",
            )

    def write(self, chunk: bytes) -> None:
        """Keep the next bytes."""
        if self.have + len(chunk) > self._size:
            raise RegistryRefused(
                self._registry, f"a package is longer than the {self._size} bytes that are signed."
            )
        try:
            self._file.write(chunk)
        except OSError as error:
            raise Unavailable(f"The package could not be written to disk: {error}.") from error
        self.have += len(chunk)

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self.have = 0

    def _goes_on(self, headers: Mapping[str, str]) -> bool:
        found = _RANGE.fullmatch(headers.get("content-range", ""))
        return found is not None and int(found[1]) == self.have
