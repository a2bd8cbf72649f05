"""Structured logs: JSON lines in production, a console in development, secrets masked in both."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.typing import Processor

_MASK = "[hidden]"
_SECRET_KEY = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|api_?key|credential|private_?key|session_?id",
    re.IGNORECASE,
)
# Tokens that stand inside a text: an Authorization value, and our own secrets by their form.
_SECRET_TEXT = re.compile(
    r"\b((?:bearer|basic)\s+)[\w.~+/=-]{16,}|\b(g[a-z]{1,4}_|whsec_)[\w+/=-]{24,}", re.IGNORECASE
)
_DEEPEST = 6
# Loggers that bring handlers of their own; they shall speak through ours.
_FOREIGN = (
    "werkzeug",
    "granian",
    "_granian",
    "granian.access",
    "gunicorn.access",
    "gunicorn.error",
    "sqlalchemy",
    "flask.app",
    "rq.worker",
)


def redact(value: object, depth: int = 0) -> object:
    """Give a copy of a value with everything masked that looks like a secret, at any depth."""
    if depth > _DEEPEST:
        return "[too deep]"
    match value:
        case str():
            return _SECRET_TEXT.sub(lambda found: (found[1] or found[2]) + _MASK, value)
        case bytes():
            return f"[{len(value)} bytes]"
        case Mapping():
            return {key: _redact_item(key, item, depth) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redact(item, depth + 1) for item in value]
        case _:
            return value


def _redact_item(key: object, item: object, depth: int) -> object:
    if item is not None and _SECRET_KEY.search(str(key)):
        return _MASK
    return redact(item, depth + 1)


def redact_secrets(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Processor: mask secrets in every entry."""
    for key, item in event.items():
        event[key] = _redact_item(key, item, 0)
    return event


def configure(level: str, *, json: bool, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging; call once when a process starts.

    `level` is a name such as INFO; the stream is standard error unless given.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        # A logger kept from before would go on with the earlier settings.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_json() if json else _console()),
            ],
        )
    )
    _route(handler, level)


def _json() -> list[Processor]:
    # Local variables stay out of traces: they hold passwords and records.
    traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(traces),
        redact_secrets,
        structlog.processors.JSONRenderer(default=str),
    ]


def _console() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        redact_secrets,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _route(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _FOREIGN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(capture=True)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def bind(
    *,
    request_id: str | None = None,
    workspace_id: str | None = None,
    extension_id: str | None = None,
    actor: str | None = None,
) -> None:
    """Put ids on every further entry of this request or job; None leaves one as it is."""
    bind_contextvars(**_given(request_id, workspace_id, extension_id, actor))


def bound(
    *,
    request_id: str | None = None,
    workspace_id: str | None = None,
    extension_id: str | None = None,
    actor: str | None = None,
) -> AbstractContextManager[None]:
    """Put ids on the entries within a `with` block."""
    return bound_contextvars(**_given(request_id, workspace_id, extension_id, actor))


def unbind() -> None:
    """Forget all ids: at the start of a request, since threads are used again."""
    clear_contextvars()


def _given(
    request_id: str | None, workspace_id: str | None, extension_id: str | None, actor: str | None
) -> dict[str, str]:
    ids = {
        "request_id": request_id,
        "workspace_id": workspace_id,
        "extension_id": extension_id,
        "actor": actor,
    }
    return {name: value for name, value in ids.items() if value is not None}
