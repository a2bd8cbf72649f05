"""Cookie sessions are for browsers; the decoy of sign-in costs what a password costs."""

from flask import Flask, session
from werkzeug.security import generate_password_hash

from geminicrm.identity import sign_in
from geminicrm.identity.cookies import BrowserSessions


def _app():
    app = Flask("cookies")
    app.secret_key = "a key for a test"
    app.session_interface = BrowserSessions()

    @app.get("/")
    def count():
        session["seen"] = session.get("seen", 0) + 1
        return str(session["seen"])

    return app


def test_a_browser_is_known_again():
    client = _app().test_client()
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


def test_a_program_with_a_token_has_no_session():
    client = _app().test_client()
    client.get("/")
    answer = client.get("/", headers={"Authorization": "bearer gck_x"})
    assert answer.text == "1"
    assert "Set-Cookie" not in answer.headers
    assert client.get("/").text == "2"


def test_other_credentials_leave_the_cookie_to_the_browser():
    client = _app().test_client()
    client.get("/", headers={"Authorization": "Basic eDp5"})
    assert client.get("/").text == "2"


def test_the_decoy_is_hashed_as_passwords_are():
    real = generate_password_hash("a long password")
    assert sign_in.DECOY.split("$")[0] == real.split("$")[0]
    assert [len(part) for part in sign_in.DECOY.split("$")] == [
        len(part) for part in real.split("$")
    ]
