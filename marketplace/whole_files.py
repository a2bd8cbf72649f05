"""Files that appear whole or not at all, also after a crash."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in place of the one that may be there. OSError."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_synced(staged, data)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file that others may read, and have it reach the disk. OSError."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder reach the disk. OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
