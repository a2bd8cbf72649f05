"""The page about members says what the code says."""

from geminicrm.members.notice_mails import CHOICES
from geminicrm.members.passwords import ASKED_FOR_ACCOUNT
from geminicrm.members.roles import RANKS
from geminicrm.members.tokens import UNKNOWN_LINKS
from tests.support.pages import ROOT, page, rows, section

PAGE = page("docs/members.md")
MAILS = ROOT / "geminicrm/members/templates/members/mails"


def test_roles():
    assert rows(section(PAGE, "Roles")) == [[f"`{role}`", str(at)] for role, at in RANKS.items()]


def test_choices():
    told = [row[0] for row in rows(section(PAGE, "Notifications by mail"))]
    assert told == [f"`{one}`" for one in CHOICES]


def test_every_mail_is_told_and_comes_in_both_forms():
    told = {row[0].strip("`") for row in rows(section(PAGE, "Mails that the CRM writes"))}
    forms = [
        {path.name.partition(".")[0] for path in MAILS.glob(f"*.{form}.jinja")}
        - {"layout", "button"}
        for form in ("txt", "html")
    ]
    assert forms == [told, told]


def test_figures():
    text = PAGE.replace("\n", " ")
    assert f"tries {UNKNOWN_LINKS} unknown links" in text
    assert f"mailed {ASKED_FOR_ACCOUNT} times" in text
