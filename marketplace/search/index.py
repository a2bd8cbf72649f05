"""Keeping the index in step: whoever stores an extension or a version changes what is found.

Publishing, moderation, publishers, reviews and counts all change these rows. None of them has to
remember the index: it follows in the same transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, UOWTransaction

from geminicrm.kernel.generation import Generation
from geminicrm.kernel.tenancy import WorkspaceSession
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.search.facts import README_CHARACTERS, adds_of, level_of, required_core
from marketplace.search.models import FIELDS, SearchRow
from marketplace.search.text import fold, fold_all

SEARCH = "search"
"""The name of the generation that rises with every change of what is found."""

_EXTENSIONS = RegistryExtension.__table__
_VERSIONS = RegistryVersion.__table__
_GENERATIONS = Generation.__table__
_ROWS = SearchRow.__table__
_VECTOR = " || ".join(
    f"setweight(to_tsvector('simple', {name}), '{weight}')"
    for name, weight in zip(FIELDS, "ABBCD", strict=True)
)
_WEIGH = f"UPDATE registry_search SET vector = {_VECTOR} WHERE extension_id = %s"  # noqa: S608 - names of our own
_LISTED = "listed"


def keep(connection: Connection, extension_ids: Iterable[str]) -> None:
    """Write down anew what these extensions are found by."""
    wanted = sorted(set(extension_ids))
    if not wanted:
        return
    serial = _next_serial(connection)
    for extension_id in wanted:
        _keep_one(connection, extension_id, serial)


@event.listens_for(WorkspaceSession, "after_flush")
def _follow(session: Session, _context: UOWTransaction) -> None:
    touched = {
        row.id if isinstance(row, RegistryExtension) else row.extension_id
        for row in (*session.new, *session.dirty)
        if isinstance(row, RegistryExtension | RegistryVersion)
    }
    if touched:
        keep(session.connection(), touched)


def _next_serial(connection: Connection) -> int:
    """Raise the generation; its row is held to the end, so that serials commit in their order."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    raised = dialect.insert(_GENERATIONS).values(name=SEARCH, value=1)
    connection.execute(
        raised.on_conflict_do_update(
            index_elements=["name"], set_={"value": _GENERATIONS.c.value + 1}
        )
    )
    found = select(_GENERATIONS.c.value).where(_GENERATIONS.c.name == SEARCH)
    return int(connection.execute(found).scalar_one())


def _keep_one(connection: Connection, extension_id: str, serial: int) -> None:
    extension = connection.execute(
        select(_EXTENSIONS).where(_EXTENSIONS.c.id == extension_id)
    ).first()
    if extension is None:
        return
    version = connection.execute(
        select(_VERSIONS.c.manifest, _VERSIONS.c.readme, _VERSIONS.c.state).where(
            _VERSIONS.c.extension_id == extension_id,
            _VERSIONS.c.version == extension.latest_version,
        )
    ).first()
    live = version is not None and version.state == _LISTED
    facts = _facts(
        extension, version.manifest if version else {}, version.readme if version else ""
    )
    values = {"serial": serial, "live": live, **facts}
    known = connection.execute(
        select(_ROWS.c.number).where(_ROWS.c.extension_id == extension_id)
    ).scalar()
    if known is None:
        connection.execute(insert(SearchRow).values(extension_id=extension_id, **values))
    else:
        connection.execute(update(SearchRow).where(_ROWS.c.number == known).values(**values))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_WEIGH, (extension_id,))


def _facts(extension: Any, manifest: dict[str, Any], readme: str) -> dict[str, Any]:
    """Fold what it says of itself; its id counts as a keyword."""
    words: Sequence[str] = (*extension.keywords, *extension.categories, extension.extension_id)
    return {
        "name": fold(extension.name),
        "keywords": fold_all(words),
        "publisher": fold_all(dict.fromkeys((extension.publisher, extension.author))),
        "description": fold(extension.description),
        "readme": fold(readme[:README_CHARACTERS]),
        "requires": required_core(manifest),
        "adds": adds_of(manifest),
        "level": level_of(manifest),
    }
