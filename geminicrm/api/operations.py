"""What operators ask a process: is it alive, is it ready, what does it count."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response

from geminicrm.api.http import respond

Check = Callable[[], str | None]


def blueprint(
    checks: Mapping[str, Check], exposition: Callable[[], tuple[bytes, str]]
) -> Blueprint:
    """Serve /healthz, /readyz and /metrics.

    A check gives None when all is well and otherwise what is wrong and how to mend it.
    """
    shell = Blueprint("operations", __name__)

    def healthz() -> Response:
        return respond({"status": "ok"})

    def readyz() -> Response:
        found = {name: check() for name, check in checks.items()}
        ready = not any(found.values())
        return respond(
            {
                "status": "ready" if ready else "not ready",
                "checks": {name: wrong or "ok" for name, wrong in found.items()},
            },
            status=200 if ready else 503,
        )

    def metrics() -> Response:
        body, kind = exposition()
        return Response(body, content_type=kind)

    for path, view in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        view.geminicrm_public = True  # type: ignore[attr-defined]  # the guard's mark, see identity
        shell.add_url_rule(path, view.__name__, view)
    return shell
