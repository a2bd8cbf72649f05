"""Files: reading the database, and everything that can be written."""

import fcntl
import os
import tempfile
from pathlib import Path

from .tools import Attack, Target, call, read, same

_AT_FDCWD = -100


def read_database(target: Target) -> str:
    return read(target["database"], target)


def read_private_file(target: Target) -> str:
    """In a folder that it may read, but only for the core's own user."""
    return read(target["private"], target)


def read_forbidden_file(target: Target) -> str:
    """In a folder that it may read, but for nobody: root does not ask."""
    return read(target["forbidden"], target)


def read_by_descriptor_path(target: Target) -> str:
    folder = os.open(target["folder"], os.O_PATH)
    file = os.open("database", os.O_RDONLY, dir_fd=folder)
    return same(os.read(file, 1000).decode(), target)


def read_after_chdir(target: Target) -> str:
    os.chdir(target["folder"])
    return read("database", target)


def read_by_openat2(target: Target) -> str:
    how = (0).to_bytes(24, "little")
    file = call("openat2", _AT_FDCWD, target["database"].encode(), how, 24)
    return same(os.read(file, 1000).decode(), target)


def read_by_handle(target: Target) -> str:
    handle = (128).to_bytes(4, "little") + bytes(132)
    mount = bytes(4)
    call("name_to_handle_at", _AT_FDCWD, target["database"].encode(), handle, mount, 0)
    return "a handle of the file"


def read_by_open_tree(target: Target) -> str:
    tree = call("open_tree", _AT_FDCWD, target["folder"].encode(), 0)
    return same(os.read(os.open("database", os.O_RDONLY, dir_fd=tree), 1000).decode(), target)


def list_folder(target: Target) -> str:
    return ", ".join(os.listdir(target["folder"]))


def list_root(_target: Target) -> str:
    return ", ".join(os.listdir("/"))


def read_passwords(_target: Target) -> str:
    return Path("/etc/passwd").read_text(encoding="utf-8")[:20]


def write_database(target: Target) -> str:
    with Path(target["database"]).open("r+b") as file:
        file.write(b"!")
    return "written"


def append_to_database(target: Target) -> str:
    with Path(target["database"]).open("ab") as file:
        file.write(b"!")
    return "appended"


def truncate_database(target: Target) -> str:
    os.truncate(target["database"], 3)
    return "truncated"


def truncate_while_opening(target: Target) -> str:
    os.close(os.open(target["database"], os.O_RDONLY | os.O_TRUNC))
    return "truncated"


def truncate_own_code(target: Target) -> str:
    # Its own folder may be read: below Landlock's ABI 3 only the filter stops this flag.
    os.close(os.open(target["readable"], os.O_RDONLY | os.O_TRUNC))
    return "truncated"


def create_file(target: Target) -> str:
    os.close(os.open(Path(target["folder"]) / "made", os.O_CREAT | os.O_WRONLY, 0o600))
    return "made"


def create_in_own_folder(target: Target) -> str:
    os.close(os.open(Path(target["own"]) / "made", os.O_CREAT | os.O_WRONLY, 0o600))
    return "made"


def overwrite_own_code(target: Target) -> str:
    with Path(target["readable"]).open("r+b") as file:
        file.write(b"!")
    return "written"


def create_temporary_file(_target: Target) -> str:
    with tempfile.NamedTemporaryFile(dir="/tmp", prefix="hostile-") as file:
        return file.name


def create_unnamed_file(_target: Target) -> str:
    os.close(os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o600))  # noqa: S108 - the attack
    return "made"


def symbolic_link(target: Target) -> str:
    link = Path(target["own"]) / "link"
    link.symlink_to(target["database"])
    return read(link, target)


def hard_link(target: Target) -> str:
    os.link(target["database"], Path(target["own"]) / "hard")
    return "linked"


def planted_link(target: Target) -> str:
    """A link that the package was unpacked with, or somebody made in its folder."""
    return read(target["link"], target)


def rename_database(target: Target) -> str:
    os.rename(target["database"], Path(target["folder"]) / "renamed")
    return "renamed"


def unlink_database(target: Target) -> str:
    os.unlink(target["database"])
    return "removed"


def make_folder(target: Target) -> str:
    os.mkdir(Path(target["folder"]) / "inner")
    return "made"


def remove_folder(target: Target) -> str:
    os.rmdir(Path(target["folder"]) / "empty")
    return "removed"


def make_pipe(target: Target) -> str:
    os.mkfifo(Path(target["folder"]) / "pipe")
    return "made"


def make_device(target: Target) -> str:
    os.mknod(Path(target["folder"]) / "node", 0o20600, os.makedev(1, 3))
    return "made"


def change_mode(target: Target) -> str:
    os.chmod(target["database"], 0o666)  # noqa: S103 - the attack
    return "opened to everybody"


def change_mode_of_own_code(target: Target) -> str:
    os.chmod(target["readable"], 0o666)  # noqa: S103 - the attack
    return "opened to everybody"


def change_mode_by_descriptor(target: Target) -> str:
    os.fchmod(os.open(target["readable"], os.O_RDONLY), 0o666)
    return "opened to everybody"


def change_owner(target: Target) -> str:
    os.chown(target["readable"], os.getuid(), os.getgid())
    return "owned"


def change_times(target: Target) -> str:
    os.utime(target["database"], (0, 0))
    return "aged"


def change_attributes(target: Target) -> str:
    os.setxattr(target["readable"], "user.hostile", b"1")
    return "marked"


def lock_database(target: Target) -> str:
    file = os.open(target["database"], os.O_RDONLY)
    os.lockf(file, os.F_TEST, 0)
    return "opened and locked"


def lock_own_code(target: Target) -> str:
    """The interpreter's files are read by the core as well: a lock on one would hold it up."""
    with Path(target["readable"]).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return "locked"


def tell_existence(target: Target) -> str:
    """What the locks leave open, as docs/security.md says."""
    return f"{Path(target['database']).stat().st_size} bytes"


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        read_database, read_private_file, read_forbidden_file, read_by_descriptor_path,
        read_after_chdir, read_by_openat2, read_by_handle,
        read_by_open_tree, list_folder, list_root, read_passwords, write_database,
        append_to_database, truncate_database, truncate_while_opening, truncate_own_code,
        create_file, create_in_own_folder, overwrite_own_code, create_temporary_file,
        create_unnamed_file, symbolic_link, hard_link, planted_link, rename_database,
        unlink_database, make_folder, remove_folder, make_pipe, make_device, change_mode,
        change_mode_of_own_code, change_mode_by_descriptor, change_owner, change_times,
        change_attributes, lock_database, lock_own_code, tell_existence,
    )
}  # fmt: skip
