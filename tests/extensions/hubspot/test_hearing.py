"""HubSpot's change events, and the records that they are about."""

import pytest

from extensions.hubspot.operations.hearing import changes_of
from extensions.sdk.webhooks import Changed


def changed(kind, identifier, *, gone=False):
    return Changed(capability="crm_sync", kind=kind, id=identifier, gone=gone)


@pytest.mark.parametrize(
    ("kind", "data", "found"),
    [
        ("contact.creation", {"objectId": 7}, [changed("contact", "7")]),
        ("company.propertyChange", {"objectId": "7"}, [changed("company", "7")]),
        ("deal.deletion", {"objectId": 7}, [changed("deal", "7", gone=True)]),
        ("contact.privacyDeletion", {"objectId": 7}, [changed("contact", "7", gone=True)]),
        ("object.restore", {"objectTypeId": "0-3", "objectId": 7}, [changed("deal", "7")]),
        (
            "contact.merge",
            {"objectId": 9, "primaryObjectId": 7, "mergedObjectIds": [8, 9]},
            [
                changed("contact", "7"),
                changed("contact", "8", gone=True),
                changed("contact", "9", gone=True),
            ],
        ),
        ("contact.associationChange", {"fromObjectId": 7, "toObjectId": 8}, []),
        ("object.creation", {"objectTypeId": "0-5", "objectId": 7}, []),
        ("ticket.creation", {"objectId": 7}, []),
        ("contact.creation", {"objectId": None}, []),
        ("contact.creation", {"objectId": True}, []),
        ("", {}, []),
    ],
)
def test_the_records_of_an_event(kind, data, found):
    assert list(changes_of(kind, data)) == found
