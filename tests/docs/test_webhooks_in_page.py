"""docs/webhooks-in.md says what the code does."""

import json

from geminicrm.runtime.manifest_build import build_manifest
from geminicrm.webhooks.incoming import storing
from geminicrm.webhooks.incoming.addresses import OLD_HOLDS
from geminicrm.webhooks.incoming.entry import MOST_BYTES
from geminicrm.webhooks.incoming.models import STATES
from geminicrm.webhooks.incoming.schemes import SCHEMES
from tests.support.manifests import MINIMAL
from tests.support.pages import page, rows, samples, section

PAGE = page("docs/webhooks-in.md")
TEXT = " ".join(PAGE.split())
AUTHORS = section(PAGE, "For authors")


def test_the_states_are_those_of_the_code():
    table = rows(section(PAGE, "What becomes of an event"))
    assert [row[0].strip("`") for row in table] == list(STATES)


def test_the_figures_are_those_of_the_code():
    assert f"{MOST_BYTES // 2**20} MiB" in TEXT
    assert f"kept for {storing.KEPT_DAYS} days" in TEXT
    assert f"up to {storing.MOST_WITHOUT_EVENTS} an hour" in TEXT
    assert f"{storing.MOST_OF_A_STRANGER // 1024} KiB of the body" in TEXT
    assert f"works for {OLD_HOLDS.total_seconds() / 3600:.0f} hours more" in TEXT
    assert storing.MOST_ATTEMPTS == 12  # "twelve attempts"


def test_the_sample_of_a_manifest_is_read():
    first, second = samples(AUTHORS)
    sample = json.loads(f"{{{first.text}}}")
    way = {"type": "bearer", "settings": ["webhook_secret"]}
    manifest = build_manifest({**MINIMAL, **sample, "authentication": [way]})
    (entry,) = manifest.taken_webhooks
    assert (entry.scheme in SCHEMES, len(entry.secrets)) == (True, 2)
    assert "handle_webhook" in second.text
