"""Jobs and schedules in place of event deliveries; the order in which events were stored."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_jobs"
down_revision = "0004_search"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
INSTANT = sa.DateTime(timezone=True)
OPEN = "state IN ('queued', 'running')"


def upgrade() -> None:
    """Do it; what was on its way to somebody stays on its way."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=130), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=True),
        sa.Column("order_key", sa.String(length=80), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("payload", JSON, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(length=200), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_jobs_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_jobs_workspace_id_id")),
    )
    _index("ix_jobs_due", ["queue", "due_at", "id"], OPEN)
    _index("ix_jobs_event", ["event_id", "kind", "target"], "event_id IS NOT NULL", unique=True)
    _index(
        "ix_jobs_unique",
        ["workspace_id", "kind", "unique_key"],
        f"unique_key IS NOT NULL AND {OPEN}",
        unique=True,
    )
    _index(
        "ix_jobs_order",
        ["kind", "target", "order_key", "position"],
        f"order_key IS NOT NULL AND {OPEN}",
    )
    _index("ix_jobs_leased", ["leased_by"], "leased_by IS NOT NULL")
    op.create_index(op.f("ix_jobs_workspace_id_state_id"), "jobs", ["workspace_id", "state", "id"])
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=True),
        sa.Column("last_job_id", sa.String(length=40), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_schedules_workspace_id_id")),
    )
    op.create_index(
        op.f("ix_schedules_workspace_id_kind_target_name"),
        "schedules",
        ["workspace_id", "kind", "target", "name"],
        unique=True,
    )
    op.create_index(op.f("ix_schedules_next_at"), "schedules", ["next_at"])
    _number_events()
    _take_over_deliveries()


def downgrade() -> None:
    """Take it back; what was on its way to an extension stays on its way."""
    op.create_table(
        "event_deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("sink", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_event_deliveries_event_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_deliveries")),
    )
    _index("ix_event_deliveries_due", ["next_at"], "status = 'pending'", "event_deliveries")
    op.create_index(
        op.f("ix_event_deliveries_event_id_sink_target"),
        "event_deliveries",
        ["event_id", "sink", "target"],
        unique=True,
    )
    op.execute(
        "INSERT INTO event_deliveries "
        "(id, event_id, sink, target, status, attempts, next_at, last_error) "
        "SELECT id, event_id, substr(kind, 7), target, "
        "CASE state WHEN 'dead' THEN 'dead' ELSE 'pending' END, attempts, due_at, last_error "
        "FROM jobs WHERE event_id IS NOT NULL AND state IN ('queued', 'running', 'dead')"
    )
    op.drop_table("schedules")
    op.drop_table("jobs")
    op.drop_index("ix_events_unplaced", "events")
    op.drop_column("event_position", "pruned")
    op.drop_column("events", "seq")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("events_seq")))
    _index("ix_events_unplaced", ["occurred_at"], "position IS NULL", "events")


def _index(
    name: str, columns: list[str], where: str, table: str = "jobs", *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def _number_events() -> None:
    # Not as a batch: SQLite would empty the tables that point here with the old one.
    op.add_column("events", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column(
        "event_position",
        sa.Column("pruned", sa.BigInteger(), server_default="0", nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("events_seq")))
        op.execute(
            "UPDATE events SET seq = nextval('events_seq') FROM (SELECT id FROM events "
            "WHERE position IS NULL ORDER BY occurred_at, id) AS waiting "
            "WHERE events.id = waiting.id"
        )
    op.drop_index("ix_events_unplaced", "events")
    _index("ix_events_unplaced", ["seq"], "position IS NULL", "events")


def _take_over_deliveries() -> None:
    # A job's id may be the delivery's: nobody reads more out of it than that it is one.
    op.execute(
        "INSERT INTO jobs (id, kind, target, queue, event_id, position, state, due_at, attempts, "
        "max_attempts, seconds, cancel_asked, last_error, created_at, workspace_id) "
        "SELECT d.id, 'event:' || d.sink, d.target, e.workspace_id || '/' || d.target, d.event_id, "
        "e.position, CASE d.status WHEN 'pending' THEN 'queued' ELSE 'dead' END, d.next_at, "
        "d.attempts, 6, 30, false, d.last_error, e.occurred_at, e.workspace_id "
        "FROM event_deliveries AS d JOIN events AS e ON e.id = d.event_id "
        "WHERE d.status IN ('pending', 'dead')"
    )
    op.drop_table("event_deliveries")
