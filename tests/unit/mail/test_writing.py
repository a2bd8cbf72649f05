"""What may be written, and what is said where it may not."""

import pytest

from extensions.sdk.capabilities.email import Address
from geminicrm.kernel.errors import NotFound, ScopeMissing, ValidationFailed
from geminicrm.mail.writing import MOST_CHARACTERS, NewMail, find_mail, write_mail
from tests.support.core import make_tenant

ADA = Address(email="ada@example.com")
GOOD = {"to": (ADA,), "subject": "Hello", "text": "Hi"}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"to": ()}, ["/to"]),
        ({"to": (ADA,) * 101}, ["/to"]),
        ({"to": (Address(email="ada"),)}, ["/to/0"]),
        ({"cc": (ADA, Address(email="b@example.com\nBcc: c@example.com"))}, ["/cc/1"]),
        ({"to": (Address(email="a@example.com", name="A\r\nX: y"),)}, ["/to/0"]),
        ({"subject": " "}, ["/subject"]),
        ({"subject": "a\nb"}, ["/subject"]),
        ({"subject": "x" * 501, "text": ""}, ["/subject", "/text"]),
        ({"text": "x" * (MOST_CHARACTERS + 1)}, ["/text"]),
    ],
)
def test_what_is_wrong_is_named(core, tenant, changes, pointers):
    with core.works.write(tenant.owner()) as work, pytest.raises(ValidationFailed) as caught:
        write_mail(work, NewMail(**{**GOOD, **changes}))
    assert [found.pointer for found in caught.value.findings] == pointers


def test_it_needs_the_permission(core, tenant):
    with core.works.write(tenant.owner("read:leads")) as work, pytest.raises(ScopeMissing):
        write_mail(work, NewMail(**GOOD))


def test_another_workspaces_mail_is_not_there(core, tenant):
    other = make_tenant(core, "elsewhere")
    with core.works.write(other.owner()) as work:
        mail_id = write_mail(work, NewMail(**GOOD)).id
    with core.works.read(tenant.owner()) as work, pytest.raises(NotFound):
        find_mail(work, mail_id)
