"""docs/event-types.md is what the catalogue says."""

from tools import event_types


def test_the_page_is_as_the_catalogue_says():
    assert event_types.PAGE.read_text("utf-8") == event_types.page(), (
        "Write it anew: python -m tools.event_types"
    )
