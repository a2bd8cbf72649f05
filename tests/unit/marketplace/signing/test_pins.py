"""What a registry, or whoever stands between, might try with its keys."""

import json
from dataclasses import replace

import pytest

from geminicrm.runtime.install.offers import Signature
from marketplace.signing.envelope import SignedText, canonical, sign
from marketplace.signing.errors import Untrusted
from marketplace.signing.keys import SigningKey
from marketplace.signing.pins import Pinned, accept, first, pinned_of

A, B, C, D = (SigningKey.make() for _ in range(4))


def offer(serial: int, states: dict[SigningKey, str], *by: SigningKey) -> SignedText:
    """Give a key set as a registry would."""
    keys = [{"id": key.id, "public": key.public, "state": state} for key, state in states.items()]
    text = canonical({"type": "keys", "serial": serial, "made_at": "2026-11-21", "keys": keys})
    return sign(text, *by)


FIRST = offer(1, {A: "active", B: "next"}, A, B)
SECOND = offer(2, {A: "retired", B: "active", C: "next"}, A, B, C)
THIRD = offer(3, {A: "retired", B: "retired", C: "active", D: "next"}, A, B, C, D)
PINNED = first(FIRST)


def changed(signed: SignedText, **members: object) -> SignedText:
    """Give a text with other members under the same signatures."""
    return replace(signed, text=canonical({**json.loads(signed.text), **members}))


def refused(pinned: Pinned, offered: SignedText, reason: str) -> None:
    with pytest.raises(Untrusted, match=reason):
        accept(pinned, offered)


def test_keys_follow_each_other():
    second = accept(PINNED, SECOND)

    assert second.serial == 2
    assert second.of_state("active") == {B.id: B.public}
    assert accept(second, THIRD).serial == 3


def test_one_who_missed_a_rotation_can_follow():
    assert accept(PINNED, THIRD).of_state("active") == {C.id: C.public}


def test_the_same_keys_again_change_nothing():
    assert accept(PINNED, FIRST) == PINNED


def test_what_is_stored_reads_back():
    assert pinned_of(PINNED.serial, PINNED.to_rows()) == PINNED


def test_older_keys_are_refused():
    refused(accept(PINNED, SECOND), offer(1, {A: "active", B: "next"}, A, B), "older")


def test_other_keys_of_the_same_serial_are_refused():
    refused(PINNED, offer(1, {A: "active", C: "next"}, A, C), "two key sets")


def test_keys_that_no_pinned_key_signed_are_refused():
    refused(PINNED, offer(9, {C: "active", D: "next"}, C, D), "None of the keys")


def test_another_registry_is_refused_however_it_is_mixed():
    mixed = offer(9, {C: "active", A: "retired", B: "retired"}, C, D)
    refused(PINNED, mixed, "None of the keys")
    # The signatures of ours under the text of theirs.
    refused(PINNED, replace(mixed, signatures=(*mixed.signatures, *FIRST.signatures)), "None of")


def test_stripped_signatures_are_refused():
    refused(PINNED, replace(SECOND, signatures=()), "active key has not signed")
    kept = tuple(one for one in SECOND.signatures if one.key_id == B.id)
    assert accept(PINNED, replace(SECOND, signatures=kept)).serial == 2
    lost = tuple(one for one in SECOND.signatures if one.key_id != B.id)
    refused(PINNED, replace(SECOND, signatures=lost), "active key has not signed")


def test_signatures_over_other_bytes_are_refused():
    refused(PINNED, changed(SECOND, serial=7), "active key has not signed")
    refused(PINNED, replace(SECOND, text=f"{SECOND.text} "), "active key has not signed")


def test_a_retired_key_alone_leads_nowhere():
    second = accept(PINNED, SECOND)

    refused(second, offer(3, {A: "active", C: "next"}, A), "None of the keys")


def test_a_revoked_key_leads_nowhere_and_never_comes_back():
    without = accept(PINNED, offer(2, {A: "revoked", B: "active", C: "next"}, B, C))

    refused(without, offer(3, {A: "active", C: "next"}, A), "None of the keys")
    refused(without, offer(3, {A: "retired", B: "active", C: "next"}, B), "can't come back")


def test_a_key_under_another_id_is_refused():
    row = {"id": A.id, "public": C.public, "state": "active"}
    text = canonical({"type": "keys", "serial": 2, "keys": [row]})
    forged = Signature(A.id, C.sign(text.encode()).value)

    refused(PINNED, SignedText(text, (forged, *sign(text, C).signatures)), "another id")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"type": "notices"}, "another document"),
        ({"serial": "2"}, "lacks its serial"),
        ({"serial": True}, "lacks its serial"),
        ({"serial": 0}, "lacks its serial"),
        ({"keys": {}}, "lacks its serial or its keys"),
        ({"keys": []}, "no keys"),
        ({"keys": [1]}, "A key lacks"),
        ({"keys": [{"id": A.id, "public": A.public}]}, "A key lacks"),
        ({"keys": [{"id": A.id, "public": "AAAA", "state": "active"}]}, "32 bytes"),
        ({"keys": [{"id": A.id, "public": A.public, "state": "new"}]}, "nobody knows"),
        ({"keys": [{"id": A.id, "public": A.public, "state": "active"}] * 2}, "named twice"),
        ({"keys": [{"id": A.id, "public": A.public, "state": "next"}]}, "one active key"),
    ],
)
def test_what_is_no_key_set_is_refused(members: dict[str, object], reason: str):
    refused(PINNED, changed(SECOND, **members), reason)


def test_what_is_no_json_is_refused():
    refused(PINNED, SignedText("{", ()), "not JSON")


def test_the_first_keys_are_held_against_a_fingerprint():
    assert first(FIRST, A.id) == PINNED
    with pytest.raises(Untrusted, match="active key is not"):
        first(FIRST, B.id)
    with pytest.raises(Untrusted, match="active key has not signed"):
        first(replace(FIRST, signatures=()))


def test_what_a_pinned_key_signed_is_proven():
    second = accept(PINNED, offer(2, {A: "revoked", B: "active", C: "next"}, B, C))

    assert PINNED.proves(sign("text", A))
    assert second.proves(sign("text", B))
    assert not second.proves(sign("text", A))
    assert not second.proves(sign("text", D))
