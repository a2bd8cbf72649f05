"""Binds Flask-SQLAlchemy and Flask-Migrate to the engine that the kernel has made."""

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from typing_extensions import override

from geminicrm.kernel.db import Base, Database


class _BoundSQLAlchemy(SQLAlchemy):
    """Flask-SQLAlchemy on the engine that the kernel made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(metadata=Base.metadata)

    @override
    def _make_engine(self, bind_key: str | None, options: dict[str, object], app: Flask) -> Engine:
        return self._database.engine


def bind(app: Flask, database: Database, url: str) -> None:
    """Give the application this database."""
    bound = _BoundSQLAlchemy(database)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    bound.init_app(app)
    Migrate(app, bound)
