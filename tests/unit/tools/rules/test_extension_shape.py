from tests.support.rules import findings
from tools.rules.extension_shape import check

GOOD = {
    "extensions/__init__.py": "",
    "extensions/sdk/anything.py": "",
    "extensions/smtp_email/manifest.json": '{"id": "smtp-email"}',
    "extensions/smtp_email/__init__.py": "",
    "extensions/smtp_email/extension.py": "",
    "extensions/smtp_email/routes.py": "",
    "extensions/smtp_email/errors.py": "",
    "extensions/smtp_email/operations/sending.py": "",
    "extensions/smtp_email/static/icon.svg": "",
    "tests/extensions/smtp_email/test_extension.py": "",
}


def without(*paths: str) -> dict[str, str]:
    return {path: text for path, text in GOOD.items() if path not in paths}


def test_a_complete_extension_is_fine():
    assert findings(check, GOOD) == []


def test_a_missing_file_is_found():
    found = findings(check, without("extensions/smtp_email/extension.py"))
    assert found == ["extensions/smtp_email/manifest.json:1: smtp_email: extension.py is missing"]


def test_missing_tests_are_found():
    found = findings(check, without("tests/extensions/smtp_email/test_extension.py"))
    expected = "smtp_email: tests/extensions/smtp_email is missing"
    assert found == [f"extensions/smtp_email/manifest.json:1: {expected}"]


def test_unknown_names_are_found():
    more = {"extensions/smtp_email/helpers.py": "", "extensions/smtp_email/lib/a.py": ""}
    assert findings(check, {**GOOD, **more}) == [
        f"{path}:1: no file name of an extension" for path in more
    ]


def test_an_id_that_differs_is_found():
    wrong = {"extensions/smtp_email/manifest.json": '{"id": "mail-sender"}'}
    assert findings(check, {**GOOD, **wrong}) == [
        "extensions/smtp_email/manifest.json:1: the id wants the folder mail_sender, not smtp_email"
    ]
