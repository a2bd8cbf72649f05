"""The index that extensions are found by, filled from what is published already."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_search"
down_revision = "0003_life_cycle"
branch_labels = None
depends_on = None

FIELDS = ("name", "keywords", "publisher", "description", "readme")
ADDS = ("dashboard_widgets", "record_panels", "record_actions", "pages")


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "registry_search",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("readme", sa.Text(), nullable=False),
        sa.Column(
            "vector", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=True
        ),
        sa.Column("requires", sa.Text(), nullable=True),
        sa.Column("adds", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_registry_search")),
        sa.UniqueConstraint("extension_id", name=op.f("uq_registry_search_extension_id")),
    )
    op.create_index(op.f("ix_registry_search_serial"), "registry_search", ["serial"])
    op.create_index(op.f("ix_registry_search_name"), "registry_search", ["name"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            op.f("ix_registry_search_vector"),
            "registry_search",
            ["vector"],
            postgresql_using="gin",
        )
    else:
        _index_words()
    _fill()
    # Not as a batch: SQLite would empty the tables that point here with the old one.
    op.drop_column("registry_extensions", "search_text")


def downgrade() -> None:
    """Take it back; the old search text is made of what is left."""
    op.execute("DROP TABLE IF EXISTS registry_words")
    op.drop_table("registry_search")
    op.execute("DELETE FROM generations WHERE name = 'search'")
    op.add_column(
        "registry_extensions",
        sa.Column("search_text", sa.Text(), nullable=False, server_default=""),
    )
    op.execute(
        "UPDATE registry_extensions SET "
        "search_text = lower(id || ' ' || name || ' ' || description || ' ' || publisher)"
    )


def _index_words() -> None:
    bind = op.get_bind()
    fts5 = bind.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").first()
    if fts5 is None:
        return  # search then compares word by word, and says so in the log
    columns = ", ".join(FIELDS)
    new = ", ".join(f"new.{name}" for name in FIELDS)
    old = ", ".join(f"old.{name}" for name in FIELDS)
    changed = " OR ".join(f"new.{name} IS NOT old.{name}" for name in FIELDS)
    forget = (
        f"INSERT INTO registry_words (registry_words, rowid, {columns}) "
        f"VALUES ('delete', old.number, {old});"
    )
    learn = f"INSERT INTO registry_words (rowid, {columns}) VALUES (new.number, {new});"
    for statement in (
        f"CREATE VIRTUAL TABLE registry_words USING fts5({columns}, content='registry_search', "
        "content_rowid='number', tokenize='unicode61', prefix='2 3')",
        f"CREATE TRIGGER registry_words_new AFTER INSERT ON registry_search BEGIN {learn} END",
        f"CREATE TRIGGER registry_words_gone AFTER DELETE ON registry_search BEGIN {forget} END",
        "CREATE TRIGGER registry_words_other AFTER UPDATE ON registry_search "
        f"WHEN {changed} BEGIN {forget} {learn} END",
    ):
        bind.exec_driver_sql(statement)


def _fill() -> None:
    bind = op.get_bind()
    bind.execute(sa.text("INSERT INTO generations (name, value) VALUES ('search', 1)"))
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    extensions = sa.table(
        "registry_extensions",
        sa.column("id"), sa.column("name"), sa.column("description"), sa.column("publisher"),
        sa.column("author"), sa.column("latest_version"),
        sa.column("keywords", json), sa.column("categories", json),
    )  # fmt: skip
    versions = sa.table(
        "registry_versions",
        sa.column("extension_id"), sa.column("version"), sa.column("readme"), sa.column("state"),
        sa.column("manifest", json),
    )  # fmt: skip
    target = sa.table(
        "registry_search",
        *(sa.column(name) for name in ("extension_id", "serial", "live", *FIELDS)),
        *(sa.column(name) for name in ("requires", "adds", "level")),
    )
    found = bind.execute(
        sa.select(extensions, versions.c.readme, versions.c.manifest, versions.c.state).join(
            versions,
            sa.and_(
                versions.c.extension_id == extensions.c.id,
                versions.c.version == extensions.c.latest_version,
            ),
        )
    ).all()
    rows = [_row(each) for each in found]
    if rows:
        bind.execute(sa.insert(target), rows)
    if bind.dialect.name == "postgresql":
        weights = zip(FIELDS, "ABBCD", strict=True)
        parts = [
            f"setweight(to_tsvector('simple', {name}), '{weight}')" for name, weight in weights
        ]
        op.execute(f"UPDATE registry_search SET vector = {' || '.join(parts)}")


def _row(each):
    manifest = each.manifest
    ui = manifest.get("ui") or {}
    there = [bool(ui.get(member)) for member in ADDS]
    there += [bool(manifest.get("inbound_webhooks")), bool(manifest.get("schedules"))]
    return {
        "extension_id": each.id,
        "serial": 1,
        "live": each.state == "listed",
        "name": _fold(each.name),
        "keywords": _fold(" ".join([*each.keywords, *each.categories, each.id])),
        "publisher": _fold(" ".join(dict.fromkeys([each.publisher, each.author]))),
        "description": _fold(each.description),
        "readme": _fold(each.readme[:4000]),
        "requires": (manifest.get("requires") or {}).get("geminicrm"),
        "adds": sum(1 << place for place, yes in enumerate(there) if yes),
        "level": _level(manifest),
    }


def _level(manifest) -> int:
    if manifest.get("network"):
        return 3
    scopes = [*manifest.get("permissions", ()), *manifest.get("optional_permissions", ())]
    if any(not scope.startswith("read:") for scope in scopes):
        return 2
    return 1 if scopes or manifest.get("events") else 0


def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))
