"""The control: Flask, SQLAlchemy, a token from the database, an outbox row, and nothing else.

Written as one would in an afternoon: no permissions, no validation, no audit, no isolation.
"""

import datetime as dt
import hashlib
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import JSON, Engine, ForeignKey, Index, String, create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.exchanges import PAGE, lead
from bench.lab import Lab
from bench.services import Service, answers
from bench.serving import command
from bench.trees import free_port

NAME = "control"
_DATABASE = "BENCH_CONTROL_DATABASE"
_FIELDS = (
    "first_name", "last_name", "email", "phone", "company", "title", "source", "status", "amount",
    "currency", "tags", "custom", "owner_id",
)  # fmt: skip


class Base(DeclarativeBase):
    """The tables of the control."""


class Token(Base):
    """A bearer token by its hash."""

    __tablename__ = "tokens"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(String(40))


class Lead(Base):
    """A lead with the fields that ours has."""

    __tablename__ = "leads"
    # The order of the list; with the workspace alone SQLite would sort all leads for each page.
    __table_args__ = (Index("ix_leads_list", "workspace_id", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    company: Mapped[str | None]
    title: Mapped[str | None]
    source: Mapped[str | None]
    status: Mapped[str | None]
    amount: Mapped[str | None]
    currency: Mapped[str | None]
    owner_id: Mapped[str | None]
    tags: Mapped[Any] = mapped_column(JSON)
    custom: Mapped[Any] = mapped_column(JSON)

    def rest(self) -> dict[str, Any]:
        """Give the lead as it is answered."""
        return {
            "id": self.id,
            "version": self.version,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            **{name: getattr(self, name) for name in _FIELDS},
        }


class Outbox(Base):
    """One event that somebody would hand out."""

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id"))
    type: Mapped[str]
    data: Mapped[Any] = mapped_column(JSON)


def application() -> Flask:
    """Make the control on the database that the environment names."""
    engine = _engine(Path(os.environ[_DATABASE]))
    app = Flask("control")

    def workspace(session: Session) -> str:
        secret = request.headers["Authorization"].removeprefix("Bearer ")
        token = session.scalar(select(Token).where(Token.secret_hash == _hash(secret)))
        return token.workspace_id if token else abort(401)

    @app.get("/api/leads")
    def list_leads() -> Response:
        limit = int(request.args.get("limit", PAGE))
        with Session(engine) as session:
            query = select(Lead).where(Lead.workspace_id == workspace(session))
            if "cursor" in request.args:
                query = query.where(Lead.id < request.args["cursor"])
            rows = session.scalars(query.order_by(Lead.id.desc()).limit(limit + 1)).all()
            cursor = rows[limit - 1].id if len(rows) > limit else None
            return jsonify(data=[row.rest() for row in rows[:limit]], next_cursor=cursor)

    @app.get("/api/leads/<identifier>")
    def read_lead(identifier: str) -> Response:
        with Session(engine) as session:
            query = select(Lead).where(
                Lead.workspace_id == workspace(session), Lead.id == identifier
            )
            row = session.scalar(query)
            return jsonify(row.rest()) if row else abort(404)

    @app.post("/api/leads")
    def create_lead() -> tuple[Response, int]:
        with Session(engine) as session:
            now = dt.datetime.now(dt.UTC)
            row = Lead(
                id=f"lead_{secrets.token_hex(12)}",
                workspace_id=workspace(session),
                created_at=now,
                updated_at=now,
                **request.get_json(),
            )
            session.add(row)
            session.flush()
            answer = row.rest()
            event_id = secrets.token_hex(12)
            session.add(Outbox(id=event_id, lead_id=row.id, type="lead.created", data=answer))
            session.commit()
            return jsonify(answer), 201

    return app


def start(lab: Lab) -> Service:
    """Start the control with its records."""
    home = lab.home(NAME)
    secret = secrets.token_urlsafe(24)
    ids = _fill(home / "control.db", lab.options.rows, secret)
    port = free_port()
    tree = lab.start(
        command(sys.executable, "bench.control:application", port, lab.options.threads),
        {_DATABASE: str(home / "control.db")},
        home,
    )
    service = Service(name=NAME, tree=tree, port=port, token=secret, ids=ids)
    tree.wait_for(lambda: answers(port, "/", (404,)))
    return service


def _fill(path: Path, count: int, secret: str) -> list[str]:
    engine = _engine(path)
    Base.metadata.create_all(engine)
    ids = [f"lead_{number:024d}" for number in range(count)]
    now = dt.datetime.now(dt.UTC)
    fixed = {"workspace_id": "ws_1", "created_at": now, "updated_at": now, "owner_id": None}
    with Session(engine) as session:
        session.add(Token(secret_hash=_hash(secret), workspace_id="ws_1"))
        rows = [{"id": each, **fixed, **lead(number)} for number, each in enumerate(ids)]
        session.execute(insert(Lead), rows)
        session.commit()
    engine.dispose()
    return ids


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=20)

    @event.listens_for(engine, "connect")
    def _tune(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
