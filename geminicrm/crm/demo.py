"""Demo records: a company's year, made from a seed and told relative to now.

No events are recorded: this is history, not news, and a fresh demo must not call every webhook
and extension about things that never happened.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from geminicrm.crm import demo_words as words
from geminicrm.crm.activities.service import activity_spec
from geminicrm.crm.companies.service import company_spec
from geminicrm.crm.contacts.service import contact_spec
from geminicrm.crm.deals.service import deal_spec
from geminicrm.crm.leads.service import lead_spec
from geminicrm.crm.pipelines.service import ensure_default_pipeline
from geminicrm.crm.shared.naming import fold, split_name
from geminicrm.crm.shared.settling import derived
from geminicrm.crm.shared.spec import Change, Membership, RecordSpec
from geminicrm.identity.people import is_member
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work

_DAY = timedelta(days=1)
_JOINT = " – "  # noqa: RUF001 - a dash, as it is printed
_CONTACTS_EACH = 3
_DEALS = 70
_LEADS = 90
_ACTIVITIES = 200
_LEAD_STATUSES = ("new", "new", "contacted", "contacted", "qualified", "unqualified", "converted")
# A pipeline narrows towards its end.
_STAGES = ("prospecting", "prospecting", "prospecting", "qualification", "qualification",
           "proposal", "proposal", "negotiation", "closed_won", "closed_won",
           "closed_lost")  # fmt: skip
_CURRENCIES = ("USD", "USD", "USD", "EUR", "GBP")
Values = dict[str, Any]


@dataclass
class _Story:
    """The records in the making; each is its values, with the id that others point at."""

    now: datetime
    owner_id: str
    dice: random.Random
    companies: list[Values] = field(default_factory=list)
    contacts: list[Values] = field(default_factory=list)
    leads: list[Values] = field(default_factory=list)
    deals: list[Values] = field(default_factory=list)
    activities: list[Values] = field(default_factory=list)

    def ago(self, first: float, last: float) -> datetime:
        """Give an instant between so many days ago, in working hours of UTC."""
        day = self.now - _DAY * self.dice.uniform(first, last)
        at = day.replace(hour=self.dice.randint(7, 16), minute=self.dice.choice((0, 15, 30, 45)))
        return min(at, self.now - timedelta(hours=1))


def load(work: Work, owner_id: str, seed: int = 7) -> dict[str, int]:
    """Fill the workspace with 40 companies, 120 contacts, 90 leads, 70 deals, 200 activities.

    Gives how many there are of each. The same seed gives the same records, relative to now.
    """
    dice = random.Random(seed)  # noqa: S311 - made-up names need no secrecy
    story = _Story(work.now, owner_id, dice)
    stages = {place.key: place.id for place in ensure_default_pipeline(work)}
    pipeline = ensure_default_pipeline(work)[0].pipeline_id
    kinds: tuple[tuple[list[Values], Callable[[Membership], RecordSpec]], ...] = (
        (story.companies, company_spec),
        (story.contacts, contact_spec),
        (story.leads, lead_spec),
        (story.deals, deal_spec),
        (story.activities, activity_spec),
    )
    _companies(story)
    _contacts(story)
    _leads(story)
    _deals(story, pipeline, stages)
    _activities(story)
    counts = {}
    for values, describe in kinds:
        spec = describe(is_member)
        _store(work, spec, values)
        counts[spec.noun] = len(values)
    work.audit("demo.loaded", work.workspace_id, counts)
    return counts


def _add(
    story: _Story, prefix: str, rows: list[Values], created: datetime, /, **values: Any
) -> Values:
    row = {
        "id": new_id(prefix),
        "created_at": created,
        "updated_at": created,
        "owner_id": story.owner_id,
        "tags": [],
        "custom": {},
        **values,
    }
    rows.append(row)
    return row


def _store(work: Work, spec: RecordSpec, rows: Sequence[Values]) -> None:
    for values in rows:
        named = {spec.attribute(name): value for name, value in values.items()}
        made = derived(spec, Change(None, values))
        work.session.add(spec.model(workspace_id=work.workspace_id, version=1, **named, **made))
    work.session.flush()


def _companies(story: _Story) -> None:
    # Ids rise with time, so records are made in the order of their creation.
    for firm, created in zip(words.FIRMS, _rising(story, len(words.FIRMS), 360, 200), strict=True):
        _add(
            story, "company", story.companies, created,
            name=firm.name,
            domain=f"{_slug(firm.name)}.example",
            phone=_phone(story, firm.phone),
            address=f"{story.dice.randint(1, 180)} Harbour Road, {firm.city}",
            size=firm.size,
            industry=firm.industry,
            tags=story.dice.choice(([], [], ["key account"], ["partner"])),
        )  # fmt: skip


def _contacts(story: _Story) -> None:
    count = len(story.companies) * _CONTACTS_EACH
    for at, created in enumerate(_rising(story, count, 199, 60)):
        company = story.companies[at % len(story.companies)]
        first, last = split_name(words.PEOPLE[at % len(words.PEOPLE)])
        _add(
            story, "contact", story.contacts, created,
            first_name=first,
            last_name=last,
            email=f"{_slug(f'{first} {last}', '.')}@{company['domain']}",
            phone=_phone(story, words.FIRMS[at % len(words.FIRMS)].phone),
            title=story.dice.choice(words.TITLES),
            company_id=company["id"],
        )  # fmt: skip


def _leads(story: _Story) -> None:
    dice = story.dice
    for at, created in enumerate(_rising(story, _LEADS, 75, 0)):
        person = dice.choice(words.PEOPLE).split()
        first, last = person[0], dice.choice(words.PEOPLE).split()[-1]
        company = words.PROSPECTS[at % len(words.PROSPECTS)]
        fresh = at >= _LEADS - len(_LEAD_STATUSES)
        wanted = dice.random() < 2 / 3
        _add(
            story, "lead", story.leads, created,
            first_name=first,
            last_name=last,
            email=f"{_slug(f'{first} {last}', '.')}@{_slug(company)}.example",
            phone=_phone(story, dice.choice(words.FIRMS).phone),
            company=company,
            title=dice.choice(words.TITLES),
            source=dice.choice(words.SOURCES),
            status="new" if fresh else dice.choice(_LEAD_STATUSES),
            amount=dice.randrange(10, 400) * 10_000 if wanted else None,
            currency="USD" if wanted else None,
            owner_id=None if fresh else story.owner_id,
            tags=dice.choice(([], [], ["hot"], ["newsletter"])),
        )  # fmt: skip


def _deals(story: _Story, pipeline_id: str, stages: dict[str, str]) -> None:
    dice = story.dice
    for at, created in enumerate(_rising(story, _DEALS, 58, 1)):
        contact = story.contacts[at * 7 % len(story.contacts)]
        company = next(each for each in story.companies if each["id"] == contact["company_id"])
        key = _STAGES[at * 3 % len(_STAGES)]
        status = {"closed_won": "won", "closed_lost": "lost"}.get(key, "open")
        closed = None if status == "open" else created + (story.now - created) * dice.random()
        due = (closed or story.now + _DAY * dice.randint(-6, 70)).date()
        _add(
            story, "deal", story.deals, created,
            name=f"{company['name']}{_JOINT}{dice.choice(words.PRODUCTS)}",
            amount=dice.randrange(8, 900) * 10_000,
            currency=dice.choice(_CURRENCIES),
            pipeline_id=pipeline_id,
            stage_id=stages[key],
            contact_id=contact["id"],
            company_id=company["id"],
            expected_close_on=due,
            status=status,
            lost_reason=dice.choice(words.LOST_REASONS) if status == "lost" else None,
            closed_at=closed,
            updated_at=closed or created,
        )  # fmt: skip


def _activities(story: _Story) -> None:
    planned = [deal for deal in story.deals if deal["status"] == "open"]
    past = [(story.dice.choice(story.deals), None) for _ in range(_ACTIVITIES - len(planned))]
    moments = [_moment(story, deal) for deal, _ in past] + [_start(story, deal) for deal in planned]
    tasks = [*past, *((deal, story.dice.randint(-5, 14)) for deal in planned)]
    for created, (deal, due_in) in sorted(
        zip(moments, tasks, strict=True), key=lambda pair: pair[0]
    ):
        _activity(story, deal, created, due_in)


def _activity(story: _Story, deal: Values, created: datetime, due_in: int | None) -> None:
    contact = next(each for each in story.contacts if each["id"] == deal["contact_id"])
    names = {"first": contact["first_name"], "company": deal["name"].partition(_JOINT)[0]}
    if due_in is None:
        kind = story.dice.choice(tuple(words.DONE))
        subject = story.dice.choice(words.DONE[kind])
        due, done = None, created
    else:
        kind, subject = "task", story.dice.choice(words.NEXT)
        at = story.now.replace(hour=story.dice.randint(8, 15), minute=0, second=0, microsecond=0)
        due, done = at + _DAY * due_in, None
    _add(
        story, "activity", story.activities, created,
        kind=kind,
        subject=subject.format(**names),
        body=None,
        due_at=due,
        done_at=done,
        deal_id=deal["id"],
    )  # fmt: skip


def _moment(story: _Story, deal: Values) -> datetime:
    """Give an instant in the life of a deal."""
    end: datetime = deal["closed_at"] or story.now
    created: datetime = deal["created_at"]
    return created + (end - created) * story.dice.random()


def _start(story: _Story, deal: Values) -> datetime:
    created: datetime = deal["created_at"]
    return created + (story.now - created) / 2


def _rising(story: _Story, count: int, first: float, last: float) -> Iterable[datetime]:
    return sorted(story.ago(first, last) for _ in range(count))


def _slug(name: str, joint: str = "") -> str:
    kept = "".join(c if c.isalnum() else " " for c in fold(name) if c.isascii())
    return joint.join(kept.split())


def _phone(story: _Story, code: str) -> str:
    return f"{code} 555 {story.dice.randint(1000, 9999)}"
