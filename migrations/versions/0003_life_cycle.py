"""What the marketplace and the life cycle need: publishers, signatures, moderation, reviews, runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003_life_cycle"
down_revision = "0002_extension_host"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Do it."""
    op.create_table(
        "advisories",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("affected", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fixed_in", sa.String(length=100), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisories")),
    )
    op.create_index(op.f("ix_advisories_extension_id"), "advisories", ["extension_id"])

    op.create_table(
        "own_packages",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_own_packages")),
    )
    op.create_table(
        "error_groups",
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "extension_id", "version", "fingerprint", name=op.f("pk_error_groups")
        ),
    )
    op.create_table(
        "error_sightings",
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("installation", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["extension_id", "version", "fingerprint"],
            ["error_groups.extension_id", "error_groups.version", "error_groups.fingerprint"],
            name=op.f("fk_error_sightings_extension_id_version_fingerprint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "extension_id",
            "version",
            "fingerprint",
            "installation",
            name=op.f("pk_error_sightings"),
        ),
    )
    op.create_table(
        "extension_origins",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("registry_id", sa.String(length=40), nullable=False),
        sa.Column("publisher_id", sa.String(length=40), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension_origins")),
        sa.UniqueConstraint(
            "workspace_id",
            "extension_id",
            name=op.f("uq_extension_origins_workspace_id_extension_id"),
        ),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_extension_origins_workspace_id_id")
        ),
    )
    op.create_table(
        "install_runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("group_id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("from_version", sa.String(length=100), nullable=True),
        sa.Column("from_digest", sa.String(length=80), nullable=True),
        sa.Column("to_version", sa.String(length=100), nullable=True),
        sa.Column("to_digest", sa.String(length=80), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=40), nullable=False),
        sa.Column("actor_label", sa.String(length=200), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install_runs")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_install_runs_workspace_id_id")),
    )
    op.create_index(op.f("ix_install_runs_state"), "install_runs", ["state"])
    op.create_index(
        op.f("ix_install_runs_workspace_id_extension_id"),
        "install_runs",
        ["workspace_id", "extension_id"],
    )

    op.create_table(
        "installed_versions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("installation_id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("registry_id", sa.String(length=40), nullable=False),
        sa.Column("publisher_id", sa.String(length=40), nullable=True),
        sa.Column("signed_by", sa.String(length=64), nullable=True),
        sa.Column(
            "manifest", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "granted", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("secrets", sa.Text(), nullable=True),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("hooks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("level", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installed_versions")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_installed_versions_workspace_id_id")
        ),
    )
    op.create_index(op.f("ix_installed_versions_digest"), "installed_versions", ["digest"])
    op.create_index(
        op.f("ix_installed_versions_workspace_id_extension_id_since"),
        "installed_versions",
        ["workspace_id", "extension_id", "since"],
    )

    op.create_table(
        "kill_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("affected", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.String(length=200), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kill_orders")),
    )
    op.create_index(op.f("ix_kill_orders_extension_id"), "kill_orders", ["extension_id"])

    op.create_table(
        "package_blobs",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_package_blobs")),
    )
    op.create_table(
        "publishers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("homepage", sa.Text(), nullable=True),
        sa.Column("workspace_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishers")),
        sa.UniqueConstraint("slug", name=op.f("uq_publishers_slug")),
    )
    op.create_table(
        "registries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("keys", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("keys_serial", sa.BigInteger(), nullable=False),
        sa.Column(
            "notices", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("notices_serial", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registries")),
        sa.UniqueConstraint("name", name=op.f("uq_registries_name")),
    )
    op.create_table(
        "registry_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_keys")),
    )
    op.create_table(
        "removed_installations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("data", sa.String(length=8), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("removed_by", sa.String(length=200), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_installations")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_removed_installations_workspace_id_id")
        ),
    )
    op.create_index(op.f("ix_removed_installations_digest"), "removed_installations", ["digest"])
    op.create_index(
        op.f("ix_removed_installations_expires_at"), "removed_installations", ["expires_at"]
    )

    op.create_table(
        "signed_documents",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "signatures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_signed_documents")),
    )
    op.create_table(
        "version_days",
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.Column("installs", sa.BigInteger(), nullable=False),
        sa.Column("upgrades", sa.BigInteger(), nullable=False),
        sa.Column("returns", sa.BigInteger(), nullable=False),
        sa.Column("uninstalls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("extension_id", "version", "day", name=op.f("pk_version_days")),
    )
    op.create_table(
        "watch_counts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("installation_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("worker_id", sa.String(length=40), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_counts")),
        sa.UniqueConstraint(
            "installation_id",
            "digest",
            "worker_id",
            name=op.f("uq_watch_counts_installation_id_digest_worker_id"),
        ),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_watch_counts_workspace_id_id")),
    )
    op.create_table(
        "publisher_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("publisher_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=200), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["publisher_id"],
            ["publishers.id"],
            name=op.f("fk_publisher_keys_publisher_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publisher_keys")),
    )
    op.create_index(op.f("ix_publisher_keys_publisher_id"), "publisher_keys", ["publisher_id"])

    op.create_table(
        "publisher_members",
        sa.Column("publisher_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["publisher_id"],
            ["publishers.id"],
            name=op.f("fk_publisher_members_publisher_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_publisher_members_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("publisher_id", "user_id", name=op.f("pk_publisher_members")),
    )
    op.create_index(op.f("ix_publisher_members_user_id"), "publisher_members", ["user_id"])

    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["extension_id"],
            ["registry_extensions.id"],
            name=op.f("fk_reviews_extension_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint(
            "extension_id", "workspace_id", name=op.f("uq_reviews_extension_id_workspace_id")
        ),
    )
    op.create_table(
        "publishing_tokens",
        sa.Column("token_id", sa.String(length=40), nullable=False),
        sa.Column("publisher_id", sa.String(length=40), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["publisher_id"],
            ["publishers.id"],
            name=op.f("fk_publishing_tokens_publisher_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["api_tokens.id"],
            name=op.f("fk_publishing_tokens_token_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_publishing_tokens")),
    )
    op.create_index(
        op.f("ix_publishing_tokens_publisher_id"), "publishing_tokens", ["publisher_id"]
    )

    op.create_table(
        "registry_pictures",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["registry_versions.id"],
            name=op.f("fk_registry_pictures_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_pictures")),
        sa.UniqueConstraint(
            "version_id", "position", name=op.f("uq_registry_pictures_version_id_position")
        ),
    )
    op.add_column(
        "installations",
        sa.Column("registry_id", sa.String(length=40), server_default="embedded", nullable=False),
    )
    op.add_column("installations", sa.Column("publisher_id", sa.String(length=40), nullable=True))
    op.add_column("installations", sa.Column("signed_by", sa.String(length=64), nullable=True))
    op.add_column(
        "installations",
        sa.Column("watch", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )
    op.add_column("install_locks", sa.Column("owner", sa.String(length=200), nullable=True))

    op.add_column(
        "registry_extensions",
        sa.Column("active_count", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "registry_extensions",
        sa.Column("visibility", sa.String(length=8), nullable=False, server_default="public"),
    )
    op.add_column(
        "registry_extensions", sa.Column("workspace_id", sa.String(length=40), nullable=True)
    )
    op.add_column("registry_extensions", sa.Column("featured", sa.Integer(), nullable=True))
    op.add_column(
        "registry_extensions",
        sa.Column("rating_count", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "registry_extensions",
        sa.Column("rating_sum", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "registry_extensions",
        sa.Column("extension_id", sa.String(length=64), nullable=False, server_default=""),
    )
    op.execute("UPDATE registry_extensions SET extension_id = id")
    op.create_index(
        op.f("ix_registry_extensions_publisher_id"), "registry_extensions", ["publisher_id"]
    )
    op.create_index(
        op.f("ix_registry_extensions_workspace_id_extension_id"),
        "registry_extensions",
        ["workspace_id", "extension_id"],
    )

    op.add_column(
        "registry_versions",
        sa.Column("state", sa.String(length=12), nullable=False, server_default="listed"),
    )
    op.add_column("registry_versions", sa.Column("state_reason", sa.Text(), nullable=True))
    op.add_column(
        "registry_versions", sa.Column("state_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("registry_versions", sa.Column("state_by", sa.String(length=200), nullable=True))
    op.add_column(
        "registry_versions",
        sa.Column(
            "findings",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            server_default="[]",
        ),
    )
    op.add_column(
        "registry_versions",
        sa.Column(
            "signature", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
    )
    op.add_column("registry_versions", sa.Column("record", sa.Text(), nullable=True))
    op.add_column(
        "registry_versions",
        sa.Column(
            "record_signatures",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
        ),
    )
    op.add_column(
        "registry_versions",
        sa.Column("storage_version", sa.Integer(), nullable=False, server_default="1"),
    )
    op.add_column(
        "registry_versions",
        sa.Column("downloads", sa.Integer(), nullable=False, server_default="0"),
    )

    op.add_column(
        "workers",
        sa.Column(
            "not_loaded", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
    )
    op.add_column(
        "users", sa.Column("is_operator", sa.Boolean(), nullable=False, server_default=sa.false())
    )

    _name_publishers()
    _make_an_operator()


def _name_publishers() -> None:
    """Give every publisher so far, a workspace or the core, a row of its own."""
    op.execute(
        "INSERT INTO publishers (id, slug, name, kind, verified, workspace_id, created_at) "
        "SELECT publisher_id, replace(publisher_id, '_', '-'), min(publisher), "
        "CASE publisher_id WHEN 'core' THEN 'core' ELSE 'workspace' END, "
        "publisher_id = 'core', "
        "CASE publisher_id WHEN 'core' THEN NULL ELSE publisher_id END, min(created_at) "
        "FROM registry_extensions GROUP BY publisher_id"
    )


def _make_an_operator() -> None:
    """Let whoever was there first operate the installation."""
    op.execute(
        "UPDATE users SET is_operator = true "
        "WHERE id = (SELECT id FROM users ORDER BY created_at, id LIMIT 1)"
    )


def downgrade() -> None:
    """Undo it."""
    # Not in batches: see 0002.
    op.drop_column("users", "is_operator")
    op.drop_column("workers", "not_loaded")

    op.drop_column("registry_versions", "downloads")
    op.drop_column("registry_versions", "storage_version")
    op.drop_column("registry_versions", "record_signatures")
    op.drop_column("registry_versions", "record")
    op.drop_column("registry_versions", "signature")
    op.drop_column("registry_versions", "findings")
    op.drop_column("registry_versions", "state_by")
    op.drop_column("registry_versions", "state_at")
    op.drop_column("registry_versions", "state_reason")
    op.drop_column("registry_versions", "state")

    op.drop_index(op.f("ix_registry_extensions_workspace_id_extension_id"), "registry_extensions")
    op.drop_index(op.f("ix_registry_extensions_publisher_id"), "registry_extensions")
    op.drop_column("registry_extensions", "extension_id")
    op.drop_column("registry_extensions", "rating_sum")
    op.drop_column("registry_extensions", "rating_count")
    op.drop_column("registry_extensions", "featured")
    op.drop_column("registry_extensions", "workspace_id")
    op.drop_column("registry_extensions", "visibility")
    op.drop_column("registry_extensions", "active_count")

    op.drop_column("install_locks", "owner")
    op.drop_column("installations", "watch")
    op.drop_column("installations", "signed_by")
    op.drop_column("installations", "publisher_id")
    op.drop_column("installations", "registry_id")

    op.drop_table("registry_pictures")
    op.drop_index(op.f("ix_publishing_tokens_publisher_id"), "publishing_tokens")

    op.drop_table("publishing_tokens")
    op.drop_table("reviews")
    op.drop_index(op.f("ix_publisher_members_user_id"), "publisher_members")

    op.drop_table("publisher_members")
    op.drop_index(op.f("ix_publisher_keys_publisher_id"), "publisher_keys")

    op.drop_table("publisher_keys")
    op.drop_table("watch_counts")
    op.drop_table("version_days")
    op.drop_table("signed_documents")
    op.drop_index(op.f("ix_removed_installations_expires_at"), "removed_installations")
    op.drop_index(op.f("ix_removed_installations_digest"), "removed_installations")

    op.drop_table("removed_installations")
    op.drop_table("registry_keys")
    op.drop_table("registries")
    op.drop_table("publishers")
    op.drop_table("package_blobs")
    op.drop_index(op.f("ix_kill_orders_extension_id"), "kill_orders")

    op.drop_table("kill_orders")
    op.drop_index(
        op.f("ix_installed_versions_workspace_id_extension_id_since"), "installed_versions"
    )
    op.drop_index(op.f("ix_installed_versions_digest"), "installed_versions")

    op.drop_table("installed_versions")
    op.drop_index(op.f("ix_install_runs_workspace_id_extension_id"), "install_runs")
    op.drop_index(op.f("ix_install_runs_state"), "install_runs")

    op.drop_table("install_runs")
    op.drop_table("extension_origins")
    op.drop_table("error_sightings")
    op.drop_table("error_groups")
    op.drop_table("own_packages")
    op.drop_index(op.f("ix_advisories_extension_id"), "advisories")

    op.drop_table("advisories")
