"""RECORD: the hashes that a wheel gives of its own files (the binary distribution format, PyPA)."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from geminicrm.runtime.requirements.archive import chunks, read_small
from geminicrm.runtime.requirements.problems import WheelWrong

MAX_RECORD_BYTES: Final = 4 * 1024 * 1024
_SIGNATURES: Final = ("", ".jws", ".p7s")
_ALGORITHMS: Final = frozenset({"sha256", "sha384", "sha512"})

Hashes: TypeAlias = Mapping[str, str | None]
"""`algorithm=digest` by path; None for the record itself and its signatures."""


def read_hashes(archive: zipfile.ZipFile, record: str) -> Hashes:
    """Read the record, which must name exactly the files of the archive. Raises WheelWrong."""
    wheel = Path(str(archive.filename)).name
    told = _rows(wheel, read_small(archive, record, MAX_RECORD_BYTES))
    unhashed = {f"{record}{suffix}" for suffix in _SIGNATURES}
    there = {name for name in archive.namelist() if not name.endswith("/")}
    for name in sorted((there ^ told.keys()) - unhashed):
        how = "is in no line of its RECORD" if name in there else "is in its RECORD and not there"
        raise WheelWrong(f"{wheel}: {name[:100]!a} {how}.")
    return {name: None if name in unhashed else told[name] for name in there}


def _rows(wheel: str, content: bytes) -> dict[str, str]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        return {row[0]: row[1] for row in rows if row}
    except (UnicodeDecodeError, csv.Error, IndexError) as error:
        raise WheelWrong(f"{wheel}: its RECORD can't be read: {error}.") from error


def verified(archive: zipfile.ZipFile, name: str, expected: str | None) -> Iterator[bytes]:
    """Give the content of an entry in parts; WheelWrong at the end where it has another hash.

    `expected` is as in `Hashes`.
    """
    wheel = Path(str(archive.filename)).name
    algorithm, _, wanted = ("sha256=" if expected is None else expected).partition("=")
    if algorithm not in _ALGORITHMS:
        raise WheelWrong(f"{wheel}: its RECORD has no SHA-256 of {name[:100]!a}.")
    digest = hashlib.new(algorithm)
    for part in chunks(archive, name):
        digest.update(part)
        yield part
    found = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    if expected is not None and found != wanted.rstrip("="):
        raise WheelWrong(f"{wheel}: {name[:100]!a} is not what its RECORD says.")
