import json

import pytest

from geminicrm.runtime.install.offers import Signature
from marketplace.package_reader import PackageInvalid, open_package
from marketplace.signed_package import MAX_COMMENT, join_package, split_package
from tests.support.life import files, zipped

BARE = zipped(files())
SIGNATURE = Signature("ab" * 32, "c2lnbmF0dXJl")


def commented(comment: bytes, length: int | None = None) -> bytes:
    """Give the package with any comment."""
    size = len(comment) if length is None else length
    return BARE[:-2] + size.to_bytes(2, "little") + comment


def signature(**members: object) -> bytes:
    """Give the comment of a signature with some of it changed; None takes a member away."""
    whole = {"v": 1, "key_id": "ab", "signature": "cd", **members}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def test_a_signature_goes_in_and_comes_out():
    signed = join_package(BARE, SIGNATURE)

    assert signed != BARE
    assert split_package(signed) == (BARE, SIGNATURE)


def test_an_unsigned_package_stays_as_it_is():
    assert split_package(BARE) == (BARE, None)


def test_a_second_signature_takes_the_place_of_the_first():
    other = Signature("cd" * 32, "b3RoZXI=")

    assert split_package(join_package(join_package(BARE, SIGNATURE), other)) == (BARE, other)


def test_the_digest_is_that_of_the_bytes_without_the_signature():
    bare, _ = split_package(join_package(BARE, SIGNATURE))
    assert open_package(bare).digest == open_package(BARE).digest


@pytest.mark.parametrize(
    "comment",
    [
        b"hello",
        b"[]",
        b"\xff",
        signature(v=2),
        signature(more=1),
        signature(key_id=None),
        signature(key_id=1),
        signature(signature=["cd"]),
        b"x" * (MAX_COMMENT + 1),
        b"x" * 0xFFFF,
    ],
)
def test_any_other_comment_is_refused(comment: bytes):
    with pytest.raises(PackageInvalid):
        split_package(commented(comment))


@pytest.mark.parametrize("length", [1, 500])
def test_an_end_that_lies_about_its_length_is_refused(length: int):
    with pytest.raises(PackageInvalid, match="does not fit"):
        split_package(commented(signature(), length))


def test_what_is_no_zip_is_left_to_the_reader():
    assert split_package(b"nothing") == (b"nothing", None)
    with pytest.raises(PackageInvalid, match="not a zip"):
        join_package(b"nothing", SIGNATURE)
