"""What the services' own libraries sign is good: vectors.json says which made which, and with what.

They were made once, in an environment of their own, with these versions; the libraries are not
needed to run this.
"""

import json
from pathlib import Path

import pytest

from geminicrm.webhooks.incoming.scheme import Checking, Rejected, Request
from geminicrm.webhooks.incoming.schemes import SCHEMES

_STORED = json.loads(Path(__file__).with_name("vectors.json").read_text())
VECTORS = _STORED["vectors"]


NAMES = [f"{at}-{one['scheme']}-by-{one['made_by']}" for at, one in enumerate(VECTORS)]


def _request(vector):
    return Request(
        method=vector["method"],
        url=vector["url"],
        headers=vector["headers"],
        body=vector["body"].encode(),
    )


def _checking(vector):
    return Checking(secrets=vector["secrets"], now=vector["now"])


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_what_the_service_signs_is_good(vector):
    found = SCHEMES[vector["scheme"]].verify(_request(vector), _checking(vector))
    assert [item.key for item in found.items] == vector["keys"]
    assert [item.type for item in found.items] == vector["types"]
    assert found.reply is None


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_with_another_body_it_is_not(vector):
    changed = {**vector, "body": vector["body"] + " "}
    with pytest.raises(Rejected) as caught:
        SCHEMES[vector["scheme"]].verify(_request(changed), _checking(vector))
    assert caught.value.part in {"signature", "body"}


def test_github_s_own_words_are_signed_as_its_page_says():
    # The page's body is no JSON: it is believed, and only then found to be none.
    with pytest.raises(Rejected, match="no JSON") as caught:
        SCHEMES["github"].verify(_request(_STORED["github_own"]), _checking(_STORED["github_own"]))
    assert (caught.value.part, caught.value.status) == ("body", 400)
