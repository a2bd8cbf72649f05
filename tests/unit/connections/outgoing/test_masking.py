"""What the activity log may show."""

import pytest

from geminicrm.connections.outgoing.masking import masked_path, masked_text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com", "/"),
        ("https://api.example.com/v1/customers?key=1", "/v1/customers"),
        ("https://api.example.com/crm/v3/objects/contacts/151", "/crm/v3/objects/contacts/151"),
        ("https://api.example.com/bot12345:AAF-x9_kd83hd7Wkd0/send", "/bot1…/send"),
        ("https://hooks.example.com/services/T01/B02/a1b2c3d4e5f6a7b8c9d0e1f2",
         "/services/T01/B02/a1b2…"),
        ("https://api.example.com/token/abc/rest", "/token/…/rest"),
        ("https://api.example.com/hooks/catch/1", "/hooks/…/1"),
        ("https://api.example.com/organisationalstructures", "/organisationalstructures"),
        ("https://api.example.com/x/" + "y/" * 300, ("/x/" + "y/" * 300)[:300]),
    ],
)  # fmt: skip
def test_a_path_is_shown_without_query_and_secrets(url: str, shown: str):
    assert masked_path(url) == shown


def test_a_credential_is_never_in_it_however_it_looks():
    assert masked_path("https://x.example/a/north/pass%2Fword/b", ["north", "pass/word"]) == (
        "/a/…/…/b"
    )
    assert masked_text("Invalid key: north", ["north", "no"]) == "Invalid key: …"


def test_what_a_service_says_keeps_its_words():
    said = 'No such customer: "cus_1"; key sk_live_4eC39HqLyjWDarjtT1zdp7dc/v1'
    assert masked_text(said) == 'No such customer: "cus_1"; key sk_l…/v1'
    assert len(masked_text("word " * 500)) == 500
