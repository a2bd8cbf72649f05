from pathlib import Path

import pytest

from geminicrm.runtime.hosts import allowed_hosts, fitting, shown_host
from tests.support.sample_extensions import HEAD, QUIET, write_package


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("api.example.com", "api.example.com", 443, True),
        ("API.example.com", "api.example.com", 443, True),
        ("api.example.com", "api.example.com", 80, False),
        ("api.example.com", "xapi.example.com", 443, False),
        ("api.example.com:8443", "api.example.com", 8443, True),
        ("api.example.com:8443", "api.example.com", 443, False),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("*.example.com", "badexample.com", 443, False),
        ("*.example.com:8443", "a.example.com", 8443, True),
        ("[::1]:8080", "::1", 8080, True),
        ("[::1]", "::1", 443, True),
    ],
)
def test_an_entry_fits_exactly_what_it_names(entry: str, host: str, port: int, *, allowed: bool):
    assert (fitting(host, port, [entry]) == entry) is allowed


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("API.example.com:443", "api.example.com"),
        ("*.example.com", "*.example.com"),
        ("crm.example.com:80", "crm.example.com:80"),
        ("[::1]:443", "[::1]"),
        ("[::1]:8080", "[::1]:8080"),
    ],
)
def test_hosts_are_spelled_in_one_way(entry: str, shown: str):
    assert shown_host(entry) == shown


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("https://crm.example.com/path", {"crm.example.com:443"}),
        ("http://crm.example.com", {"crm.example.com:80"}),
        ("crm.example.com", {"crm.example.com:443"}),
        ("crm.example.com:8443", {"crm.example.com:8443"}),
        ("http://[::1]:8080/", {"[::1]:8080"}),
        ("https://", set()),
        ("https://x:port", set()),
        ("  ", set()),
        (None, set()),
        (3, set()),
    ],
)
def test_a_setting_allows_the_host_that_it_holds(tmp_path: Path, value: object, hosts: set[str]):
    manifest = write_package(
        tmp_path,
        HEAD + QUIET,
        settings=[{"id": "url", "type": "url", "label": "Address", "description": "Where."}],
        network=[{"setting": "url", "reason": "Yours."}, {"host": "a.example", "reason": "Ours."}],
    ).manifest

    assert allowed_hosts(manifest, {"url": value}) == hosts | {"a.example"}
