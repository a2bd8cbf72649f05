import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.kernel.crypto import (
    Cipher,
    DecryptionFailed,
    hash_token,
    new_key,
    new_secret,
    same_secret,
)
from geminicrm.kernel.errors import ConfigurationError

KEY = new_key()


@given(st.text())
def test_what_is_encrypted_comes_back(text: str) -> None:
    cipher = Cipher([KEY])
    token = cipher.encrypt(text)
    assert token.isascii()
    assert cipher.decrypt(token) == text


def test_the_same_text_never_gives_the_same_token() -> None:
    cipher = Cipher([KEY])
    assert cipher.encrypt("a") != cipher.encrypt("a")


def test_every_key_reads_and_the_first_writes() -> None:
    old, new = new_key(), new_key()
    token = Cipher([old]).encrypt("secret")
    both = Cipher([new, old])
    assert both.decrypt(token) == "secret"
    rotated = both.rotate(token)
    assert Cipher([new]).decrypt(rotated) == "secret"
    with pytest.raises(DecryptionFailed):
        Cipher([old]).decrypt(rotated)


@pytest.mark.parametrize("token", ["", "abc", "gAAAAA==", "\u20ac"])
def test_what_no_key_wrote_names_the_setting_to_mend(token: str) -> None:
    with pytest.raises(DecryptionFailed, match="GEMINICRM_ENCRYPTION_KEYS") as caught:
        Cipher([KEY]).decrypt(token)
    assert caught.value.code == "decryption_failed"
    with pytest.raises(DecryptionFailed):
        Cipher([KEY]).rotate(token)


def test_a_changed_token_is_refused() -> None:
    token = Cipher([KEY]).encrypt("secret")
    with pytest.raises(DecryptionFailed):
        Cipher([KEY]).decrypt(token[:-3] + "AA=")


def test_no_keys_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match="GEMINICRM_ENCRYPTION_KEYS"):
        Cipher([])


@pytest.mark.parametrize("key", ["too-short", "!" * 44, "\u20ac"])
def test_a_wrong_key_is_named_by_its_place_and_never_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="key 2, not shown") as caught:
        Cipher([KEY, key])
    assert key not in str(caught.value)


def test_new_secrets_are_long_and_differ() -> None:
    first, second = new_secret("gck_"), new_secret("gck_")
    assert first.startswith("gck_")
    assert len(first) >= len("gck_") + 32
    assert first != second


def test_hashing_is_sha_256_in_hex_and_takes_any_text() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(hash_token("\udcff")) == 64


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [("abc", "abc", True), ("abc", "abz", False), ("abc", "ab", False), ("\u00e9", "\u00e9", True)],
)
def test_secrets_are_compared(left: str, right: str, *, same: bool) -> None:
    assert same_secret(left, right) is same


def test_a_key_that_was_made_since_the_start_is_taken_up() -> None:
    first, second = new_key(), new_key()
    file = [first]
    running = Cipher([first], lambda: file)
    file.insert(0, second)
    assert running.decrypt(Cipher(file).encrypt("rotated")) == "rotated"
    assert Cipher([first]).decrypt(running.encrypt("written meanwhile")) == "written meanwhile"
    with pytest.raises(DecryptionFailed):
        running.decrypt(Cipher([new_key()]).encrypt("a stranger's"))
