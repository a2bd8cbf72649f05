"""SPF, DKIM and DMARC of a domain, by what DNS says."""

import socket
import threading

import dns.message
import dns.resolver
import dns.rrset
import pytest

from extensions.sdk.service_errors import ServiceRefused
from extensions.smtp_email.operations.domains import DnsSilent, domain_check, texts_of
from extensions.smtp_email.operations.presets import PRESETS

GMAIL, CUSTOM = PRESETS["gmail"], PRESETS["custom"]
KEY = "v=DKIM1; k=rsa; p=MIIBIjAN"


def states(records, preset=CUSTOM, selectors=(), domain="north.example"):
    check = domain_check(domain, selectors, preset, lambda name: tuple(records.get(name, ())))
    return {one.kind: one.state for one in check.records}


@pytest.mark.parametrize(
    ("records", "preset", "state"),
    [
        ([], CUSTOM, "missing"),
        (["v=spf1 mx -all"], CUSTOM, "ok"),
        (["v=spf1 mx -all", "google-site-verification=x"], CUSTOM, "ok"),
        (["v=spf1 redirect=_spf.x.example"], CUSTOM, "ok"),
        (["v=spf1 mx -all", "v=spf1 a -all"], CUSTOM, "wrong"),
        (["v=spf1 +all"], CUSTOM, "wrong"),
        (["v=spf1 mx ?all"], CUSTOM, "weak"),
        (["v=spf1 mx -all"], GMAIL, "wrong"),
        (["v=spf1 include:_spf.google.com ~all"], GMAIL, "ok"),
        ([f"v=spf1 {' '.join(f'include:{n}.example' for n in range(11))} -all"], CUSTOM, "wrong"),
        (["v=spf10 -all"], CUSTOM, "missing"),
    ],
)
def test_spf(records, preset, state):
    assert states({"north.example": records}, preset)["spf"] == state


@pytest.mark.parametrize(
    ("name", "record", "preset", "selectors", "state"),
    [
        ("google", KEY, GMAIL, (), "ok"),
        ("own", KEY, GMAIL, ("own",), "ok"),
        ("own", "v=DKIM1; p=", CUSTOM, ("own",), "wrong"),
        ("other", KEY, CUSTOM, ("own",), "missing"),
        ("other", KEY, CUSTOM, (), "unknown"),
    ],
)
def test_dkim(name, record, preset, selectors, state):
    records = {f"{name}._domainkey.north.example": [record]}
    assert states(records, preset, selectors)["dkim"] == state


@pytest.mark.parametrize(
    ("domain", "record", "state"),
    [
        ("north.example", "v=DMARC1; p=reject", "ok"),
        ("mail.north.example", "v=DMARC1; p=quarantine", "ok"),
        ("north.example", "v=DMARC1; p=none", "weak"),
        ("north.example", "v=DMARC1; p=maybe", "wrong"),
        ("north.example", "v=spf1 -all", "missing"),
    ],
)
def test_dmarc(domain, record, state):
    assert states({"_dmarc.north.example": [record]}, domain=domain)["dmarc"] == state


def test_nothing_is_known_where_no_name_server_answers():
    def silent(_name):
        raise DnsSilent("timeout")

    check = domain_check("North.Example.", ("own",), CUSTOM, silent)
    assert check.domain == "north.example"
    assert {one.state for one in check.records} == {"unknown"}


@pytest.mark.parametrize("domain", ["", "localhost", "a b.example", "x" * 300 + ".example", "-"])
def test_what_is_no_domain(domain):
    with pytest.raises(ServiceRefused):
        domain_check(domain, (), CUSTOM, lambda _name: ())


def test_a_domain_with_letters_beyond_ascii_is_asked_for_in_ascii():
    assert domain_check("größe.example", (), CUSTOM, lambda _name: ()).domain == (
        "xn--gre-6ka8i.example"
    )


@pytest.fixture
def resolver():
    """Give a resolver whose one name server knows a text in two pieces, of one name."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        for _ in range(2):
            data, peer = server.recvfrom(4_096)
            asked = dns.message.from_wire(data)
            answer = dns.message.make_response(asked)
            name = asked.question[0].name
            known = [dns.rrset.from_text(name, 60, "IN", "TXT", '"v=spf1 " "-all"')]
            answer.answer = known[: name.labels[0] == b"north"]
            server.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve)
    thread.start()
    found = dns.resolver.Resolver(configure=False)
    found.nameservers, found.port = ["127.0.0.1"], server.getsockname()[1]
    yield found
    thread.join()
    server.close()


def test_texts_come_from_a_name_server_whole(resolver):
    assert texts_of(resolver, "north.example") == ("v=spf1 -all",)
    assert texts_of(resolver, "south.example") == ()
