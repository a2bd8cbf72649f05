import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from geminicrm.runtime.install.offers import Signature
from marketplace.signing.errors import KeyInvalid
from marketplace.signing.keys import SigningKey, holds, key_id, read_key, write_key

# RFC 8032, part 7.1, test 2.
SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def _base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def test_it_signs_as_the_standard_does():
    key = SigningKey.of_secret(_base64(SECRET))

    assert key.public == _base64(PUBLIC)
    assert key.id == hashlib.sha256(bytes.fromhex(PUBLIC)).hexdigest()
    assert key.sign(b"\x72") == Signature(key.id, _base64(SIGNATURE))


def test_a_signature_holds_for_its_bytes_and_its_key_only():
    key, other = SigningKey.make(), SigningKey.make()
    made = key.sign(b"one")

    assert holds(made, key.public, b"one")
    assert not holds(made, key.public, b"two")
    assert not holds(made, other.public, b"one")
    assert not holds(Signature(other.id, made.value), key.public, b"one")
    assert not holds(Signature(key.id, "not base64"), key.public, b"one")
    assert not holds(Signature(key.id, ""), key.public, b"one")


@pytest.mark.parametrize(
    "public",
    ["", "AAAA", "x" * 44, _base64(PUBLIC)[:-1], f"{_base64(PUBLIC)}\n", _base64(PUBLIC + "00")],
)
def test_what_is_no_key_is_refused(public: str):
    with pytest.raises(KeyInvalid, match="32 bytes in base64"):
        key_id(public)


@pytest.mark.parametrize("last", ["00", "80"])
def test_a_key_that_everybody_can_sign_with_is_refused(last: str):
    identity = _base64("01" + "00" * 30 + last)

    with pytest.raises(KeyInvalid, match="small order"):
        key_id(identity)
    assert not holds(Signature("", _base64("01" + "00" * 63)), identity, b"anything")


def test_a_key_file_is_its_owners(tmp_path: Path):
    key, path = SigningKey.make(), tmp_path / "my.pem"
    write_key(path, key)

    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path).id == key.id
    with pytest.raises(FileExistsError):
        write_key(path, key)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path):
    path = tmp_path / "my.pem"
    write_key(path, SigningKey.make())
    path.chmod(0o640)

    with pytest.raises(KeyInvalid, match="can be read by others"):
        read_key(path)


def test_another_kind_of_key_is_refused(tmp_path: Path):
    path = tmp_path / "my.pem"
    made = generate_private_key(SECP256R1())
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)

    with pytest.raises(KeyInvalid, match="another kind"):
        read_key(path)


def test_no_key_at_all_is_refused(tmp_path: Path):
    path = tmp_path / "my.pem"
    path.write_text("hello")
    path.chmod(0o600)

    with pytest.raises(KeyInvalid, match="no private key"):
        read_key(path)
