"""Whether the services that a process leans on answer; used by /readyz and `geminicrm doctor`."""

from collections.abc import Callable, Mapping

import redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

Check = Callable[[], str | None]
_SECONDS = 2


def checks_of(engine: Engine, redis_url: str | None) -> Mapping[str, Check]:
    """Make the checks of the services that a process uses, by name."""
    checks = {"database": database_check(engine)}
    return {**checks, "redis": redis_check(redis_url)} if redis_url else checks


def database_check(engine: Engine) -> Check:
    """Make a check that the database answers; it gives what is wrong, or None."""

    def check() -> str | None:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            return f"the database does not answer ({type(error).__name__})"
        return None

    return check


def redis_check(url: str) -> Check:
    """Make a check that Redis answers; it gives what is wrong, or None."""

    def check() -> str | None:
        try:
            with redis.Redis.from_url(url, socket_timeout=_SECONDS) as client:
                client.ping()
        except (redis.RedisError, ValueError) as error:
            return f"Redis at REDIS_URL does not answer ({type(error).__name__})"
        return None

    return check
