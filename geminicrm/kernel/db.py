"""The database: declarative base, column types, engine, and the one-writer rule of SQLite."""

import contextlib
import datetime as dt
import fcntl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import orjson
from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    QueuePool,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session
from typing_extensions import override

from geminicrm.kernel.errors import Unavailable

WRITE = "geminicrm_write"
_LOCK_SECONDS = 10.0
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An instant: aware and in UTC in Python, the same on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use an aware instant")
        return value.astimezone(dt.UTC)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=dt.UTC)  # type: ignore[no-any-return]  # driver rows are untyped
        return value.astimezone(dt.UTC)  # type: ignore[no-any-return]  # driver rows are untyped


class Base(DeclarativeBase):
    """The base of every table of the core."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UtcDateTime(),
        dict[str, Any]: JsonColumn,
        list[str]: JsonColumn,
        list[dict[str, Any]]: JsonColumn,
        list[dict[str, Any]] | None: JsonColumn,
        list[str] | None: JsonColumn,
        dict[str, Any] | None: JsonColumn,
    }


def insert_into(session: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that may go on with `on_conflict_do_update`, in the words of the engine."""
    table = model.metadata.tables[model.__tablename__]
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


class WriteLock:
    """One writer at a time over all threads and processes that share a SQLite file.

    SQLite fails a writer at once when it upgrades a read transaction, and its own waiting is
    unfair; queueing in front of `BEGIN IMMEDIATE` keeps the slowest writer close to the median.
    """

    def __init__(self, path: Path) -> None:
        self._thread_lock = threading.Lock()
        self._path = path
        self._file = path.open("a+b")
        self._holder: int | None = None

    def close(self) -> None:
        """Close the lock file."""
        self._file.close()

    @contextlib.contextmanager
    def held(self, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
        """Hold the lock; Unavailable when others keep it longer than `seconds`."""
        if self._holder == threading.get_ident():
            raise RuntimeError("a write transaction was opened inside another one")
        deadline = time.monotonic() + seconds
        if not self._thread_lock.acquire(timeout=seconds):
            raise self._busy(seconds)
        try:
            self._take_file(deadline, seconds)
            self._holder = threading.get_ident()
            try:
                yield
            finally:
                self._holder = None
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._thread_lock.release()

    def _take_file(self, deadline: float, seconds: float) -> None:
        pause = 0.0002
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise self._busy(seconds) from None
                time.sleep(pause)  # flock has no deadline: it is asked again
                pause = min(pause * 1.5, 0.004)
            else:
                return

    def _busy(self, seconds: float) -> Unavailable:
        return Unavailable(f"Other writers kept {self._path.name} locked for {seconds:g} s.")


class Database:
    """One engine for the life of a process; `dispose` closes it."""

    def __init__(self, url: str, lock_dir: Path, pool_size: int = 16) -> None:
        self.engine = create_engine(
            url,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=8,
            pool_pre_ping=not url.startswith("sqlite"),
        )
        self.dialect = self.engine.dialect.name
        self.write_engine = self.engine.execution_options(**{WRITE: True})
        self._lock: WriteLock | None = None
        if self.dialect == "sqlite":
            _tune_sqlite(self.engine)
            self._lock = WriteLock(_lock_path(self.engine, lock_dir))

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Hold whatever a writing unit of work must hold on this engine."""
        return self._lock.held() if self._lock else contextlib.nullcontext()

    def dispose(self) -> None:
        """Close every connection and the lock file."""
        self.engine.dispose()
        if self._lock:
            self._lock.close()


def _lock_path(engine: Engine, lock_dir: Path) -> Path:
    name = engine.url.database
    return Path(f"{name}.lock") if name else lock_dir / "database.lock"


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins, the driver must not
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "temp_store=MEMORY",
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITE):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Past SQLAlchemy: a deferred BEGIN takes no lock and can't fail, and by way of
            # its own machinery it cost a third of what reading a row costs.
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN")
