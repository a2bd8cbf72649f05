"""Supervisors that clients start for themselves, and how they give way."""

import sys
import time

from geminicrm.runtime.host.control import Ensure, Look
from geminicrm.runtime.hosting.supervisor_client import SupervisorAway, SupervisorClient
from tests.support.waiting import eventually
from tests.unit.runtime.supervisor.conftest import SECONDS


def test_a_client_starts_a_supervisor_which_ends_with_it(home):
    client = SupervisorClient(home.folder, idle_seconds=20.0)
    states = client.ask(Look(), time.monotonic() + SECONDS)
    assert states.hosts == ()
    other = SupervisorClient(home.folder)
    assert other.ask(Look(), time.monotonic() + SECONDS) == states
    client.close()
    time.sleep(1.0)  # longer than it would stay if nobody held it
    assert home.ask(Look()) == states
    other.close()
    home.client.close()
    impatient = SupervisorClient(home.folder, starts=False)
    assert "no supervisor" in eventually(lambda: away(impatient), SECONDS)
    assert "the supervisor has ended" in (home.folder / "logs" / "supervisor.log").read_text()


def away(client):
    """Give what is said where no supervisor answers; nothing where one does."""
    try:
        client.ask(Look(), time.monotonic() + SECONDS)
    except SupervisorAway as error:
        return str(error)
    return ""


def test_one_that_a_client_started_gives_way_to_the_one_of_a_server(home):
    with_own = SupervisorClient(home.folder)
    before = with_own.ask(Ensure(home.spec()), time.monotonic() + SECONDS)
    tree = home.start()
    after = with_own.ask(Ensure(home.spec()), time.monotonic() + SECONDS)
    assert after.generation > before.generation
    with_own.close()
    assert home.ask(Look()).zygote != 0
    tree.stop()


def test_a_supervisor_of_a_client_that_comes_too_late_leaves(home, start_tree):
    home.start()
    words = [sys.executable, "-m", "geminicrm.runtime.supervisor", str(home.folder)]
    late = start_tree([*words, "--until-unused"])
    assert late.process.wait(SECONDS) == 0
