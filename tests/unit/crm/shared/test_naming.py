import pytest

from geminicrm.crm.shared.naming import (
    display_name,
    fold,
    search_patterns,
    search_text,
    split_name,
)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Walter de la Mare", "Walter", "de la Mare"),
        ("De Gaulle", "De", "Gaulle"),
        ("Lovelace, Ada", "Ada", "Lovelace"),
        ("Lovelace,", None, "Lovelace"),
        ("Plato", None, "Plato"),
        ("", None, None),
    ],
)
def test_names_are_split(name: str, first: str | None, last: str | None):
    assert split_name(name) == (first, last)


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        ({"first_name": "Ada", "last_name": None, "company": "Engines"}, "Ada"),
        ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"),
        ({"last_name": None, "company": "Engines", "email": "a@b.example"}, "Engines"),
        ({"email": "a@b.example"}, "a@b.example"),
        ({"name": "A deal"}, "A deal"),
        ({"subject": "Call", "kind": "call"}, "Call"),
        ({}, ""),
    ],
)
def test_every_record_has_a_name_to_show(record: dict[str, str], shown: str):
    assert display_name(record) == shown


def test_folding_takes_case_accents_and_space_away():
    assert fold("  José  ÅSTRÖM\tŁukasz ") == "jose astrom lukasz"


def test_patterns_find_beginnings_of_words_and_escape_wildcards():
    assert search_patterns("Jo 50%_\\") == ["% jo%", "% 50\\%\\_\\\\%"]
    assert search_text(["Ada", "Byron King"]) == " ada byron king"
