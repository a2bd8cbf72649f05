import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.runtime.install.offers import Signature
from marketplace.signing.envelope import (
    SignedText,
    canonical,
    package_signed,
    read_object,
    read_signatures,
    sign,
    sign_package,
    signature_dicts,
    signers,
)
from marketplace.signing.errors import Untrusted
from marketplace.signing.keys import SigningKey

TEXT = canonical({"type": "keys", "name": "Zoë"})
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


def test_the_form_is_fixed():
    assert canonical({"b": [1, None], "a": "é/"}) == '{"a":"é/","b":[1,null]}'


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), _VALUES))
def test_the_form_reads_back_and_is_stable(members: dict[str, Any]):
    text = canonical(members)

    assert read_object(text) == members
    assert canonical(json.loads(text)) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_is_no_json_is_refused(value: object):
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical({"a": value})


@pytest.mark.parametrize("text", ["", "[]", "1", '{"a":1,"a":2}', "[" * 100_000])
def test_a_signed_text_is_one_object(text: str):
    with pytest.raises(Untrusted):
        read_object(text)


def test_signers_are_those_whose_signature_holds():
    one, two, three = SigningKey.make(), SigningKey.make(), SigningKey.make()
    signed = sign(TEXT, one, two)
    publics = {key.id: key.public for key in (one, three)}

    assert signers(signed, publics) == {one.id}
    assert signers(SignedText(TEXT + " ", signed.signatures), publics) == frozenset()
    assert signers(SignedText(TEXT, ()), publics) == frozenset()


def test_a_signature_under_another_name_counts_for_nothing():
    mine, theirs = SigningKey.make(), SigningKey.make()
    forged = Signature(mine.id, theirs.sign(TEXT.encode()).value)

    assert signers(SignedText(TEXT, (forged,)), {mine.id: mine.public}) == frozenset()
    # A list that gives a foreign key the name of a known one.
    assert signers(SignedText(TEXT, (forged,)), {mine.id: theirs.public}) == frozenset()


def test_a_package_is_signed_by_its_digest():
    key, digest = SigningKey.make(), "ab" * 32
    made = sign_package(digest, key)

    assert package_signed(f"sha256:{digest}", made, key.public)
    assert not package_signed("cd" * 32, made, key.public)
    assert not package_signed(digest, key.sign(digest.encode()), key.public)


def test_signatures_are_kept_as_json():
    made = sign(TEXT, SigningKey.make()).signatures

    assert read_signatures(signature_dicts(made)) == made
    assert read_signatures([*signature_dicts(made), 1, {"key_id": 1, "value": "a"}, {}]) == made
    assert read_signatures("nothing") == ()
