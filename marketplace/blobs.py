"""Package files, named by the digest of their bytes; written before the row that names them."""

import hashlib
import os
import tempfile
from pathlib import Path

from geminicrm.kernel.errors import AppError


class PackageDamaged(AppError):
    """A stored package is missing, or its bytes do not have the digest they were published with."""

    code = "package_damaged"
    status = 500
    title = "A stored package is damaged"


def digest_of(content: bytes) -> str:
    """Give the SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


class Blobs:
    """The folder of packages: `<digest>.gcx`, never changed once written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep a package and give its digest; a killed process leaves no half file under it."""
        digest = digest_of(content)
        path = self._path(digest)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(path, content)
        return digest

    def read(self, digest: str) -> bytes:
        """Give a package back; PackageDamaged unless the bytes still have their digest."""
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise PackageDamaged(
                f"The package {digest} is missing from {self._folder}; restore it from a backup "
                "or publish the version again."
            ) from None
        if digest_of(content) != digest:
            raise PackageDamaged(
                f"The package {digest} in {self._folder} was changed after it was published; "
                "remove the file and publish the version again."
            )
        return content

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.gcx"

    def _write(self, path: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # else the new name itself may be lost with the power
        finally:
            os.close(folder)
