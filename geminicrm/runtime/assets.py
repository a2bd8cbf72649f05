"""Static files of extensions: public, immutable, and harmless to whoever opens one."""

import re
from pathlib import Path

from flask import Blueprint, Response, send_file
from werkzeug.security import safe_join

from geminicrm.identity.guards import public
from geminicrm.kernel.errors import NotFound

_DIGEST = re.compile(r"[0-9a-f]{64}")
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_YEAR = 365 * 24 * 3600
# A browser runs the scripts in these where they are opened as pages.
_AS_FILES = frozenset({".svg", ".svgz", ".xml", ".xsl", ".xhtml", ".html", ".htm", ".mht"})


def blueprint(packages: Path) -> Blueprint:
    """Make `/ext-assets/<digest>/<path>`, from the static/ folder of each stored version."""
    door = Blueprint("extension_assets", __name__, url_prefix="/ext-assets")

    @door.get("/<digest>/<path:path>")
    @public
    def asset(digest: str, path: str) -> Response:
        return serve(packages, digest, path)

    return door


def serve(packages: Path, digest: str, path: str) -> Response:
    """Give one file. Raises NotFound, also for whatever lies outside of static/."""
    file = find(packages, digest, path)
    if file is None:
        raise NotFound("file", path)
    response = send_file(file, conditional=True, etag=True, max_age=_YEAR)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if file.suffix.lower() in _AS_FILES:
        # An <img> shows it all the same.
        response.headers["Content-Disposition"] = "attachment"
    return response


def find(packages: Path, digest: str, path: str) -> Path | None:
    """Find a file of a version's static/ folder; links that lead out of it are not followed."""
    if not _DIGEST.fullmatch(digest) or not path.isprintable():
        return None
    base = (packages / digest / "static").resolve()
    joined = safe_join(str(base), path)
    if joined is None:
        return None
    file = Path(joined).resolve()
    return file if file.is_relative_to(base) and file.is_file() else None
