"""Whether receivers can tell that mail from a domain is real: SPF, DKIM and DMARC in DNS."""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

import dns.exception
import dns.resolver
import idna

from extensions.sdk.capabilities.email import DomainCheck, RecordCheck
from extensions.sdk.service_errors import ServiceRefused

from .presets import Preset

Kind = Literal["spf", "dkim", "dmarc"]
State = Literal["ok", "weak", "missing", "wrong", "unknown"]
Texts = Callable[[str], tuple[str, ...]]
"""Gives the TXT records of a name, none where there are none. Raises DnsSilent."""

DNS_SECONDS: Final = 5.0
_MOST_SELECTORS: Final = 10
_MOST_LOOK_UPS: Final = 10
_DOMAIN: Final = re.compile(r"(?!.{254})([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}")
_LOOKS_UP: Final = re.compile(r"[+?~-]?(include:|a\b|mx\b|ptr\b|exists:)|redirect=", re.IGNORECASE)


class DnsSilent(Exception):
    """No name server answered."""


def dns_texts(name: str) -> tuple[str, ...]:
    """Ask the name servers of this machine."""
    return texts_of(dns.resolver.Resolver(), name)


def texts_of(resolver: dns.resolver.Resolver, name: str) -> tuple[str, ...]:
    """Ask for the TXT records of a name. Raises DnsSilent."""
    try:
        answer = resolver.resolve(name, "TXT", lifetime=DNS_SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except dns.exception.DNSException as error:
        raise DnsSilent(str(error)) from error
    return tuple(b"".join(one.strings).decode("utf-8", "replace") for one in answer)


def domain_check(
    domain: str, selectors: Sequence[str], preset: Preset, texts: Texts = dns_texts
) -> DomainCheck:
    """Look at the records of a domain. Raises ServiceRefused for what is no domain."""
    name = domain.strip().rstrip(".").lower()
    with contextlib.suppress(idna.IDNAError):
        name = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    if not _DOMAIN.fullmatch(name):
        raise ServiceRefused(f"{domain!r} is no domain such as 'example.com'.")
    tried = tuple(dict.fromkeys((*selectors, *preset.selectors)))[:_MOST_SELECTORS]
    records = (_spf(name, preset, texts), _dkim(name, tried, texts), _dmarc(name, texts))
    return DomainCheck(domain=name, records=records)


def _spf(domain: str, preset: Preset, texts: Texts) -> RecordCheck:
    """Check the SPF record (RFC 7208)."""
    try:
        found = tuple(one for one in texts(domain) if re.match(r"v=spf1(\s|$)", one, re.IGNORECASE))
    except DnsSilent as error:
        return _silent("spf", domain, error)
    example = f"v=spf1 {preset.spf or 'mx'} ~all"
    if len(found) != 1:
        advice = f"Add the TXT record: {example}" if not found else "Keep one SPF record only."
        return RecordCheck(
            kind="spf", state="wrong" if found else "missing", host=domain, found=found,
            advice=advice,
        )  # fmt: skip
    for state, advice in _spf_faults(found[0], preset):
        return RecordCheck(kind="spf", state=state, host=domain, found=found, advice=advice)
    return RecordCheck(kind="spf", state="ok", host=domain, found=found)


def _spf_faults(record: str, preset: Preset) -> Iterator[tuple[State, str]]:
    terms = record.lower().split()
    if sum(bool(_LOOKS_UP.match(one)) for one in terms[1:]) > _MOST_LOOK_UPS:
        yield "wrong", f"More than {_MOST_LOOK_UPS} look-ups: receivers give up. Leave some out."
    if "+all" in terms or "all" in terms:
        yield "wrong", "Everybody may send for this domain: end it with ~all or -all."
    if preset.spf and preset.spf not in terms:
        yield "wrong", f"The mail service is not in it: add {preset.spf}"
    if not any(one in {"-all", "~all"} or one.startswith("redirect=") for one in terms):
        yield "weak", "It says nothing of other servers: end it with ~all or -all."


def _dkim(domain: str, selectors: Sequence[str], texts: Texts) -> RecordCheck:
    """Look for keys (RFC 6376, 3.6.1); which names they have is known to the mail service only."""
    host = f"{(*selectors, '<selector>')[0]}._domainkey.{domain}"
    revoked = None
    for selector in selectors:
        host = f"{selector}._domainkey.{domain}"
        try:
            found = tuple(one for one in texts(host) if re.search(r"\bp=", one))
        except DnsSilent as error:
            return _silent("dkim", host, error)
        if any(re.search(r"\bp=\s*[A-Za-z0-9+/]", one) for one in found):
            return RecordCheck(kind="dkim", state="ok", host=host, found=found)
        if found:
            revoked = RecordCheck(
                kind="dkim", state="wrong", host=host, found=found,
                advice="The key was withdrawn: switch DKIM on again at the mail service.",
            )  # fmt: skip
    if revoked is not None:
        return revoked
    state: State = "missing" if selectors else "unknown"
    advice = "Switch on DKIM at the mail service; it names the selector and the record to add."
    return RecordCheck(kind="dkim", state=state, host=host, advice=advice)


def _dmarc(domain: str, texts: Texts) -> RecordCheck:
    """Check the policy of the domain, else of those above it (RFC 7489, 6.6.3)."""
    labels = domain.split(".")
    host = f"_dmarc.{domain}"
    try:
        for at in range(len(labels) - 1):
            above = f"_dmarc.{'.'.join(labels[at:])}"
            found = tuple(one for one in texts(above) if re.match(r"v=DMARC1\b", one))
            if found:
                return _policy(above, found)
    except DnsSilent as error:
        return _silent("dmarc", host, error)
    advice = f"Add the TXT record at {host}: v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
    return RecordCheck(kind="dmarc", state="missing", host=host, advice=advice)


def _policy(host: str, found: tuple[str, ...]) -> RecordCheck:
    policy = re.search(r";\s*p\s*=\s*(\w+)", found[0], re.IGNORECASE)
    name = policy[1].lower() if policy else ""
    if len(found) > 1 or name not in {"none", "quarantine", "reject"}:
        advice = "Keep one record with p=none, p=quarantine or p=reject."
        return RecordCheck(kind="dmarc", state="wrong", host=host, found=found, advice=advice)
    if name == "none":
        advice = "It only watches: once reports are clean, say p=quarantine."
        return RecordCheck(kind="dmarc", state="weak", host=host, found=found, advice=advice)
    return RecordCheck(kind="dmarc", state="ok", host=host, found=found)


def _silent(kind: Kind, host: str, error: DnsSilent) -> RecordCheck:
    return RecordCheck(
        kind=kind, state="unknown", host=host, advice=f"No name server answered ({error}): later."
    )
