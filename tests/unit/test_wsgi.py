"""The WSGI entry under a server of its own: what its access log says."""

import sys

import pytest

from geminicrm.kernel.crypto import new_secret
from tests.support.homes import Home
from tests.support.waiting import eventually

_SECRETS = {
    "/accept-invitation/": new_secret("gci_"),
    "/reset-password/": new_secret("gcr_"),
    "/verify-email/": new_secret("gcv_"),
}
_SERVER = (sys.executable, "-m", "granian", "--interface", "wsgi", "--access-log", "wsgi:app")


@pytest.fixture
def served(tmp_path, start_tree):
    """Give a server with an access log, and where it can be asked."""
    home = Home(tmp_path / "home")
    home.run("db", "upgrade")
    tree = start_tree([*_SERVER, "--port", str(home.port)], **home.environ)
    tree.wait_for_ok(f"{home.address}/healthz", 60)
    yield home, tree
    tree.stop()


def test_secret_links_are_hidden_in_its_access_log(served):
    home, tree = served
    answers = [home.get(path + secret, {}).status_code for path, secret in _SECRETS.items()]
    assert answers == [404, 404, 404]
    eventually(lambda: all(path in tree.output() for path in _SECRETS))
    assert [secret in tree.output() for secret in _SECRETS.values()] == [False, False, False]
    assert tree.output().count("[hidden]") >= len(_SECRETS)
