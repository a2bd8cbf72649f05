"""Secrets in files: what is found, what is none, and what looking costs."""

import random
import string
import time

import pytest

from geminicrm.runtime.check import run, secrets_left

KEY = "".join(random.Random(4).choices(string.ascii_letters + string.digits, k=60))  # noqa: S311 - looks like a key
UPPER = "".join(random.Random(5).choices("ABCDEFGHJKLMNPQR234567", k=16))  # noqa: S311 - as above
HEAD = "-----BEGIN {}PRIVATE KEY-----\n"


def found(author, *wanted):
    return [
        (one.severity, one.code, one.file, one.line) for one in author.check() if one.code in wanted
    ]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (HEAD.format("RSA ") + KEY, "error"),
        (HEAD.format("") + KEY, "error"),
        (HEAD.format("").replace("\n", "\\n") + KEY, "error"),
        (f"AKIA{UPPER}", "error"),
        (f"sk_live_{KEY[:24]}", "error"),
        (f"rk_live_{KEY[:24]}", "error"),
        (f"sk_test_{KEY[:24]}", "warning"),
        (f"whsec_{KEY[:32]}", "warning"),
        (f"ghp_{KEY[:36]}", "error"),
        (f"github_pat_{KEY[:60]}", "error"),
        (f"xoxb-{KEY[:40]}", "error"),
        (f"https://hooks.slack.com/services/T{UPPER[:9]}/B{UPPER[:9]}/{KEY[:24]}", "error"),
        (f"AIza{KEY[:35]}", "warning"),
        (f"GOCSPX-{KEY[:28]}", "error"),
        (f"sk-proj-{KEY[:24]}T3BlbkFJ{KEY[:24]}", "error"),
        (f'password = "{KEY[:20]}"', "warning"),
        (f"'api_key': '{KEY[:20]}'", "warning"),
        (f'client_secret: str = "{KEY[:20]}"', "warning"),
    ],
    ids=range(18),
)
def test_secrets_are_found_with_file_and_line(author, text, severity):
    author.write("notes.txt", f"first line\n{text}\n")

    assert found(author, "secret_left") == [(severity, "secret_left", "notes.txt", 2)]
    [one] = [one for one in author.check() if one.code == "secret_left"]
    assert KEY[:12] not in one.message


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_1234567890abcdefghijklmn",
        "ghp_" + "0" * 36,
        'password = "changeme-changeme1"',
        'password = "your-password-2here"',
        'api_key = "<put your key 1 here>"',
        'secret = "averylongwordwithoutdigits"',
        'token = os.environ["A_TOKEN_9f8a7b6c5d"]',
        "password = input()",
        'passwords = {"a": 1}',
    ],
)
def test_examples_are_no_secrets(author, text):
    author.write("notes.txt", f"{text}\n")

    assert found(author, "secret_left") == []


def test_keys_of_tests_only_warn(author):
    author.write("tests/key.pem", HEAD.format("") + KEY)

    assert found(author, "secret_left") == [("warning", "secret_left", "tests/key.pem", 1)]


def test_pictures_are_not_looked_into(author):
    author.write("static/a.png", b"\x89PNG\x00" + f"ghp_{KEY[:36]}".encode())

    assert found(author, "secret_left") == []


def test_too_much_text_is_told(author, monkeypatch):
    monkeypatch.setattr(secrets_left, "MOST_IN_ALL", 100)
    author.write("a.txt", "x" * 200)

    assert [one[1] for one in found(author, "secrets_not_sought")] == ["secrets_not_sought"]


def test_many_findings_are_cut_and_counted(author):
    author.write("a.txt", "\n".join(f"ghp_{KEY[:35]}{number % 10}" for number in range(90)))

    secrets = [one for one in author.check() if one.code == "secret_left"]
    assert len(secrets) == run.MOST_FINDINGS
    assert "There are 40 more of this kind." in secrets[-1].message


@pytest.mark.parametrize(
    "line",
    [
        "secret" * 150_000,
        'password="' + "a1" * 400_000,
        "sk-" * 300_000,
        "-----BEGIN " * 80_000,
        " " * 900_000 + "=",
        "passwd:" * 100_000,
        "https://hooks.slack.com/services/T" * 20_000,
    ],
    ids=range(7),
)
def test_endless_lines_cost_no_more_than_short_ones(author, line):
    author.write("a.txt", line)
    started = time.process_time()
    author.check()
    assert time.process_time() - started < 5
