"""What an action answers."""

import pytest

from extensions.sdk.actions import ActionResult
from extensions.sdk.errors import Invalid


def test_a_result_as_data():
    result = ActionResult(toast="Sent", refresh=True, navigate="/leads/lead_1?tab=mail")
    assert result.to_dict() == {
        "toast": "Sent",
        "refresh": True,
        "navigate": "/leads/lead_1?tab=mail",
        "field_errors": {},
    }


def test_an_empty_result_does_nothing():
    assert not any(ActionResult().to_dict().values())


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "leads", "", "/a\n"]
)
def test_people_are_not_sent_outside(target):
    with pytest.raises(Invalid) as caught:
        ActionResult(navigate=target)
    assert [found.pointer for found in caught.value.findings] == ["/navigate"]
