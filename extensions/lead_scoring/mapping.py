"""From a lead to its score: one small rule for each reason, and the points that it is worth."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 100
_DECIDES = re.compile(
    r"\b(ceo|cto|cfo|coo|cio|cmo|chief|president|founder|co-?founder|owner|partner|director|vp|"
    r"vice president|head)\b"
)
_LEADS_OTHERS = re.compile(r"\b(manager|lead|principal|senior)\b")

Lead = Mapping[str, Any]


@dataclass(frozen=True)
class Options:
    """The settings of a workspace, ready for the rules."""

    points: Mapping[str, int]
    full_amount: float
    good_sources: frozenset[str]
    free_domains: frozenset[str]
    hot_from: int
    warm_from: int


@dataclass(frozen=True)
class Line:
    """One reason: what was looked at, what was found, the points it gives of those it can give."""

    label: str
    found: str
    points: int
    possible: int


@dataclass(frozen=True)
class Score:
    """A lead's points from 0 to 100, what they are called, and why."""

    value: int
    name: str
    lines: tuple[Line, ...]


Rule = Callable[[Lead, Options], tuple[float, str]]
"""Gives the share of the points from 0 to 1, and what was found, empty if that needs no words."""


def score(lead: Lead, options: Options) -> Score:
    """Score a lead."""
    lines = tuple(
        _line(label, options.points[name], rule(lead, options)) for name, label, rule in _RULES
    )
    value = max(0, min(MOST, sum(line.points for line in lines)))
    if value >= options.hot_from:
        return Score(value, "Hot", lines)
    return Score(value, "Warm" if value >= options.warm_from else "Cold", lines)


def options_from(settings: Mapping[str, Any]) -> Options:
    """Read the settings; the manifest gives every one of them a default."""
    return Options(
        points={name: settings[f"points_{name}"] for name, _, _ in _RULES},
        full_amount=float(settings["full_amount"]),
        good_sources=frozenset(
            part.strip().lower() for part in settings["good_sources"].split(",")
        ),
        free_domains=domains(settings["free_domains"]),
        hot_from=settings["hot_from"],
        warm_from=settings["warm_from"],
    )


def domains(text: str) -> frozenset[str]:
    """Read domains separated by commas, spaces or line breaks."""
    parts = re.split(r"[\s,;]+", text.lower())
    return frozenset(part.lstrip("@").strip(".") for part in parts) - {""}


def domain_of(email: str | None) -> str:
    """Give the domain of an e-mail address, empty for none."""
    return (email or "").rpartition("@")[2].lower().strip().rstrip(".")


def is_among(domain: str, listed: Iterable[str]) -> bool:
    """Tell whether a domain, or one that it lies below, is listed."""
    return any(domain == one or domain.endswith(f".{one}") for one in listed)


def _line(label: str, possible: int, given: tuple[float, str]) -> Line:
    share, found = given
    return Line(label, found, round(share * possible), possible)


def _text(lead: Lead, name: str) -> str:
    return str(lead.get(name) or "").strip()


def _email(lead: Lead, _options: Options) -> tuple[float, str]:
    return (1, "") if _text(lead, "email") else (0, "none")


def _business_domain(lead: Lead, options: Options) -> tuple[float, str]:
    domain = domain_of(lead.get("email"))
    if not domain:
        return 0, "no address"
    if is_among(domain, options.free_domains):
        return 0, f"{domain} is a free provider"
    return 1, domain


def _phone(lead: Lead, _options: Options) -> tuple[float, str]:
    return (1, "") if _text(lead, "phone") else (0, "none")


def _company(lead: Lead, _options: Options) -> tuple[float, str]:
    return (1, "") if _text(lead, "company") else (0, "none")


def _seniority(lead: Lead, _options: Options) -> tuple[float, str]:
    title = _text(lead, "title")
    if _DECIDES.search(title.lower()):
        return 1, title
    if _LEADS_OTHERS.search(title.lower()):
        return 0.5, title
    return 0, title or "no title"


def _amount(lead: Lead, options: Options) -> tuple[float, str]:
    text = _text(lead, "amount")
    if not text:
        return 0, "none"
    shown = f"{text} {_text(lead, 'currency')}".strip()
    if options.full_amount <= 0:
        return 1, shown
    return max(0.0, min(1.0, float(text) / options.full_amount)), shown


def _source(lead: Lead, options: Options) -> tuple[float, str]:
    source = _text(lead, "source")
    return (1 if source and source.lower() in options.good_sources else 0), source or "unknown"


_RULES: tuple[tuple[str, str, Rule], ...] = (
    ("email", "E-mail address", _email),
    ("business_domain", "Address at a business", _business_domain),
    ("phone", "Phone number", _phone),
    ("company", "Company", _company),
    ("seniority", "Somebody who decides", _seniority),
    ("amount", "Amount", _amount),
    ("source", "Good source", _source),
)
"""The name of its setting without `points_`, what people read, and the rule itself."""
