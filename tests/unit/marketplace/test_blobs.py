from pathlib import Path

import pytest

from marketplace.blobs import Blobs, PackageDamaged, digest_of


def test_a_package_comes_back_as_it_was(blobs: Blobs):
    digest = blobs.put(b"package")

    assert digest == digest_of(b"package")
    assert blobs.read(digest) == b"package"


def test_the_file_is_named_by_its_digest_and_nothing_is_left_beside_it(tmp_path: Path):
    digest = Blobs(tmp_path).put(b"package")

    assert [path.name for path in tmp_path.iterdir()] == [f"{digest}.gcx"]


def test_the_same_bytes_are_written_once(tmp_path: Path):
    blobs = Blobs(tmp_path)
    path = tmp_path / f"{blobs.put(b'package')}.gcx"
    written = path.stat().st_ino

    blobs.put(b"package")

    assert path.stat().st_ino == written


def test_a_changed_file_is_refused(tmp_path: Path):
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"package")
    (tmp_path / f"{digest}.gcx").write_bytes(b"tampered")

    with pytest.raises(PackageDamaged, match="was changed"):
        blobs.read(digest)


def test_a_missing_file_is_told(blobs: Blobs):
    with pytest.raises(PackageDamaged, match="is missing"):
        blobs.read("0" * 64)
