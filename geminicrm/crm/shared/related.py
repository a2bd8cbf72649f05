"""The records that belong to a record, as cards beside it."""

from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.views import Fact, Related
from geminicrm.identity.guards import current_actor

_SHOWN = 6
_TITLES = {"contact": "Contacts", "deal": "Deals"}


def belonging(desk: Desk, kind: str, owner: str, identifier: str) -> list[Related]:
    """Give the card of the records of `kind` whose `<owner>_id` is the given one."""
    if not desk.may("read", kind):
        return []
    name = f"{owner}_id"
    query = ListQuery(limit=_SHOWN, filters={name: identifier})
    page = desk.records[kind].list(current_actor(), query)
    noun = desk.records[kind].spec.noun
    table = "view=table&" if kind == "deal" else ""
    more = f"/{noun}?{table}{name}={identifier}" if page.next_cursor else None
    new = f"/{noun}/new?{name}={identifier}"
    return [Related(_TITLES[kind], kind, page.data, more, new)]


def common_facts(desk: Desk, record: Rest) -> list[Fact]:
    """Give the lines that every record's field panel ends with."""
    custom = [Fact(str(key), value) for key, value in record["custom"].items()]
    return [
        Fact("Owner", desk.owner_name(record["owner_id"]), "person"),
        Fact("Tags", record["tags"], "tags"),
        *custom,
        Fact("Created", record["created_at"], "age"),
        Fact("Updated", record["updated_at"], "age"),
    ]


def linked(desk: Desk, record: Rest, kind: str) -> Fact:
    """Give the line that names a linked record."""
    identifier = record[f"{kind}_id"]
    link = desk.links([(kind, identifier)]).get(identifier) if identifier else None
    return Fact(kind.capitalize(), link, "link")


def person_facts(record: Rest) -> list[Fact]:
    """Give the lines about reaching a person."""
    return [
        Fact("Email", record["email"], "email"),
        Fact("Phone", record["phone"], "phone"),
        Fact("Job title", record["title"]),
    ]
