"""What a plan says of capabilities, and that nobody begins to be asked without consent."""

from dataclasses import replace
from typing import Any

import pytest

from geminicrm.runtime.growth import growth
from geminicrm.runtime.manifest import Manifest, build_manifest
from geminicrm.runtime.plan_lines import Addition, additions, scope_lines
from tests.support.capability_pair import DESK_FACTS, FORECAST, SKY_FACTS, USE
from tests.support.life import manifest
from tests.support.signed_in import WAYS


def made(**facts: Any) -> Manifest:
    return build_manifest(manifest(**facts))


def test_a_plan_names_what_is_provided_and_what_is_declared():
    assert list(additions(made(**SKY_FACTS))) == [Addition("capability", FORECAST, FORECAST)]
    assert list(additions(made(**DESK_FACTS))) == [
        Addition("capability of its own", "forecast", FORECAST)
    ]


def test_the_permission_to_use_one_is_put_into_words():
    (line,) = scope_lines(made(**DESK_FACTS), [USE])
    assert line.sentence == "Use forecast of weather-desk"
    assert (line.group, line.sensitive) == ("send", True)


@pytest.mark.parametrize(
    ("before", "after", "needs"),
    [
        ((), (FORECAST,), True),
        ((FORECAST,), (FORECAST,), False),
        ((FORECAST,), (), False),
        ((), ("email",), False),
    ],
)
def test_to_be_asked_by_others_needs_consent(
    before: tuple[str, ...], after: tuple[str, ...], *, needs: bool
):
    old, new = (made(**{**SKY_FACTS, "provides": list(one)}) for one in (before, after))
    assert growth(old, (), new).needs_consent is needs


def test_an_integration_is_asked_once_somebody_has_connected_it():
    old = made(**{**SKY_FACTS, "provides": [], "authentication": [WAYS["oauth2"]]})
    assert not growth(old, (), replace(old, provides=(FORECAST,))).needs_consent
