"""The door that services post to: who is believed, what is stored, what is answered."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from geminicrm.kernel import logs
from geminicrm.webhooks.incoming.entry import MOST_BYTES
from geminicrm.webhooks.incoming.storing import Receipts
from tests.support.core import make_tenant
from tests.support.integrations import connect_to
from tests.support.webhooks_in import (
    HOOK,
    OLDER,
    SECRET,
    change_values,
    event,
    open_gate,
    path_of,
    signature,
)

COPIES = 10


def test_an_event_is_believed_stored_answered_and_worked_on(both_gates):
    gate = both_gates
    body = event("evt_1", note="ünï")
    answer = gate.send(body)
    assert (answer.status_code, answer.data, answer.headers.get("Set-Cookie")) == (200, b"", None)
    (row,) = gate.rows()
    assert (row.result, row.scheme, row.method, row.size) == (
        "verified",
        "stripe",
        "POST",
        row.size,
    )
    assert row.body == event("evt_1", note="ünï")
    assert gate.states() == [("evt_1", "queued")]
    assert gate.handed() == []
    gate.work()
    assert gate.states() == [("evt_1", "done")]
    assert gate.handed() == [("evt_1", 1)]


def test_the_log_has_neither_token_nor_credential(gate):
    token = gate.path.rpartition("/")[2]
    headers = {"Authorization": "Basic c2VjcmV0", "X-Gitlab-Token": "secret", "X-Request-Id": "r1"}
    gate.send(headers=headers)
    (row,) = gate.rows()
    assert token not in row.url
    assert row.url.endswith("/api/webhooks/sample/…")
    shown = {
        name: row.headers[name] for name in ("authorization", "x-gitlab-token", "x-request-id")
    }
    assert shown == {"authorization": "•••", "x-gitlab-token": "•••", "x-request-id": "r1"}
    assert "stripe-signature" in row.headers


def test_a_copy_is_answered_and_done_once(both_gates):
    gate = both_gates
    answers = [gate.send() for _ in range(3)]
    gate.work()
    answers.append(gate.send())
    gate.work()
    assert [one.status_code for one in answers] == [200] * 4
    assert gate.handed() == [("evt_1", 1)]
    (item,) = gate.items()
    assert (item.state, item.repeats, len(gate.rows())) == ("done", 3, 1)


def test_ten_copies_at_once_are_done_once(both_gates):
    gate = both_gates
    start = threading.Barrier(COPIES)
    statuses = []

    def send():
        start.wait()
        statuses.append(gate.send().status_code)

    threads = [threading.Thread(target=send) for _ in range(COPIES)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert statuses == [200] * COPIES
    gate.work()
    assert gate.handed() == [("evt_1", 1)]
    assert [(one.state, one.repeats) for one in gate.items()] == [("done", COPIES - 1)]


def test_the_same_event_of_another_connection_is_another(gate):
    other = connect_to(gate.stage, gate.tenant, config={"signing": SECRET})
    gate.stage.runtime.reconcile()
    gate.send()
    gate.send(path=path_of(gate.core, gate.tenant, other))
    gate.work()
    assert gate.handed() == [("evt_1", 1), ("evt_1", 1)]


@pytest.mark.parametrize("path", ["/api/webhooks/sample", "/api/webhooks/none/x"])
def test_where_nobody_is_nothing_is_told(gate, path):
    answer = gate.send(path=path)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert gate.rows() == []


def test_a_token_holds_at_its_own_service_only(gate):
    answer = gate.send(path=gate.path.replace("/sample/", "/other/"))
    assert answer.status_code == 404
    assert gate.send(path=f"{gate.path}x").status_code == 404


def test_another_services_signature_is_refused_and_noted(gate):
    answer = gate.send(headers={"Stripe-Signature": "", "X-Hub-Signature-256": "sha256=aa"})
    assert (answer.status_code, answer.json["code"]) == (401, "webhook_refused")
    (row,) = gate.rows(result="rejected")
    assert (row.part, row.status) == ("header", 401)
    assert gate.items() == []


def test_what_is_told_to_who_is_not_believed_says_nothing(gate):
    answer = gate.send(secret="whsec_wrong")
    assert answer.json["detail"] == "This webhook was not accepted."
    assert gate.rows()[0].part == "signature"


def test_without_a_secret_nothing_is_believed(gate):
    with gate.core.works.write(gate.tenant.owner()) as work:
        changes = gate.core.connections.book
        row = changes.get(work, gate.connection_id)
        row.secrets = changes.vault.seal({"api_key": "key-of-the-sample"})
        changes.generations.bump(work, "connections")
    assert gate.send(secret="").status_code == 401
    (row,) = gate.rows()
    assert (row.part, row.detail) == ("secret", "No secret is filled in to check it with.")


def test_two_secrets_hold_while_one_is_changed(gate):
    gate.configure(signing="whsec_fresh_and_long", older_signing=OLDER)
    first = gate.send(event("evt_1"), secret="whsec_fresh_and_long")
    second = gate.send(event("evt_2"), secret=OLDER)
    third = gate.send(event("evt_3"), secret=SECRET)
    assert [one.status_code for one in (first, second, third)] == [200, 200, 401]


def test_a_body_that_is_too_large_is_not_read(gate, monkeypatch):
    monkeypatch.setattr(gate.core.incoming.reception, "take", None)
    answer = gate.send(b" " * (MOST_BYTES + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert gate.rows() == []


def test_a_manifest_may_allow_more(stage, tenant):
    gate = open_gate(stage, tenant, hooks=[{**HOOK, "max_bytes": 6 * 1024 * 1024}])
    body = event(filler="x" * MOST_BYTES)
    assert gate.send(body).status_code == 200
    assert gate.rows()[0].size == len(body)
    gate.hands.close()


def test_what_can_not_be_stored_is_to_be_sent_again(gate, monkeypatch):
    def away(*_about):
        raise OperationalError("insert", {}, Exception("disk I/O error"))

    monkeypatch.setattr(Receipts, "keep", away)
    answer = gate.send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    monkeypatch.undo()
    assert gate.send().status_code == 200


def test_a_door_that_can_not_be_looked_up_is_no_unknown_one(gate, monkeypatch):
    def away(*_about, **_more):
        raise OperationalError("select", {}, Exception("disk I/O error"))

    monkeypatch.setattr(gate.core.incoming.addresses, "find", away)
    assert gate.send().status_code == 503


def test_what_is_switched_off_is_to_come_again(gate):
    with gate.core.works.write(gate.tenant.owner()) as work:
        gate.core.connections.book.get(work, gate.connection_id).active = False
        gate.core.generations.bump(work, "connections")
    answer = gate.send()
    assert (answer.status_code, int(answer.headers["Retry-After"])) == (503, 600)


def test_neither_session_nor_host_nor_origin_matter(gate):
    headers = {
        "Origin": "https://elsewhere.example",
        "Host": "elsewhere.example",
        "X-Forwarded-Host": "elsewhere.example",
        "Cookie": "geminicrm=forged",
        "Authorization": "Bearer gck_none",
    }
    answer = gate.send(headers=headers)
    assert answer.status_code == 200
    assert gate.rows()[0].url.startswith(gate.core.settings.public_url)


def test_only_posts_are_taken(gate):
    assert gate.app.test_client().get(gate.path).status_code == 405
    answer = gate.app.test_client().get(gate.path.replace("/sample/", "/none/"))
    assert answer.status_code == 405


def test_an_unknown_kind_of_event_is_stored_and_left(gate):
    assert gate.send(event("evt_1", "strange")).status_code == 200
    gate.work()
    assert gate.states() == [("evt_1", "ignored")]


def test_strangers_can_not_fill_the_log(gate, monkeypatch):
    monkeypatch.setattr("geminicrm.webhooks.incoming.storing.MOST_WITHOUT_EVENTS", 3)
    statuses = {gate.send(b"x" * 20_000, secret="wrong").status_code for _ in range(5)}
    assert statuses == {401}
    assert [len(row.body) for row in gate.rows()] == [16 * 1024] * 3
    assert gate.send().status_code == 200
    text = gate.core.metrics.exposition()[0].decode()
    assert 'webhooks_received_total{extension="sample",outcome="rejected"} 5.0' in text


def test_the_old_address_is_signed_as_it_was_given(gate):
    # Without an operator's secret nobody is there; what matters is that the path is led on.
    answer = gate.app.test_client().post("/webhooks/sample/", data=b"{}")
    assert answer.status_code == 404


def test_another_workspace_sees_nothing_of_it(gate):
    gate.send()
    other = make_tenant(gate.core, "elsewhere")
    client = gate.app.test_client()
    listed = client.get("/api/webhook-receipts", headers=other.headers())
    (row,) = gate.rows()
    one = client.get(f"/api/webhook-receipts/{row.id}", headers=other.headers())
    assert (listed.json["data"], one.status_code) == ([], 404)


def test_a_changed_secret_counts_at_once(gate):
    assert gate.send(event("evt_1")).status_code == 200
    change_values(gate.core, gate.tenant, gate.connection_id, signing="whsec_another_one")
    assert gate.send(event("evt_2")).status_code == 401
    assert gate.send(event("evt_2"), secret="whsec_another_one").status_code == 200


def test_a_signature_of_another_time_is_refused(gate):
    for_later = signature(event(), gate.now() + 301)
    assert gate.send(headers={"Stripe-Signature": for_later}).status_code == 401
    assert gate.rows()[0].part == "time"


def test_a_secret_that_comes_in_clear_is_not_kept_in_the_log(stage, tenant):
    hook = {"id": "calls", "scheme": "shared-key", "secrets": ["signing"],
            "options": {"header": "x-acme"}}  # fmt: skip
    gate = open_gate(stage, tenant, hooks=[hook])
    answer = gate.send(headers={"X-Acme": SECRET}, query_string={"again": SECRET})
    (row,) = gate.rows()
    assert (answer.status_code, row.headers["x-acme"]) == (200, "•••")
    assert SECRET not in f"{row.headers}{row.url}"
    gate.hands.close()


def test_the_servers_log_has_no_token_either(gate, capsys, monkeypatch):
    def broken(*_about):
        raise ZeroDivisionError

    logs.configure("DEBUG", json=False)
    monkeypatch.setattr(gate.core.incoming.reception, "take", broken)
    assert gate.send().status_code == 500
    told = capsys.readouterr().err
    assert "/api/webhooks/<service>/<token>" in told
    assert gate.path.rpartition("/")[2] not in told
