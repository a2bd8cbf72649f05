"""Static files: addresses that change with the content, and how long browsers may keep them."""

import hashlib
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import quote

from flask import Response, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

_DIGITS = 10
_YEAR = "public, max-age=31536000, immutable"
_WEEK = "public, max-age=604800"


class Assets:
    """The files of one static folder; a digest is computed once for each state of a file."""

    def __init__(self, folder: Path) -> None:
        """Serve from `folder`; nothing is read yet."""
        self._folder = folder
        self._digests: dict[tuple[str, int], str] = {}

    def digest(self, path: str) -> str:
        """Give the start of the file's sha256, ten hex digits; FileNotFoundError for no file."""
        file = self._folder / path
        key = (path, file.stat().st_mtime_ns)
        if key not in self._digests:
            self._digests[key] = hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGITS]
        return self._digests[key]

    def url(self, path: str) -> str:
        """Give the address of a static file, e.g. `/static/css/base.css?v=0123456789`."""
        return f"/static/{quote(path)}?v={self.digest(path)}"

    def icon(self, name: str, css: str = "", label: str = "") -> Markup:
        """Give one icon of the sprite: decoration without a label, an image with one."""
        spoken = (
            Markup('role="img" aria-label="{}"').format(label)
            if label
            else Markup('aria-hidden="true"')
        )
        return Markup('<svg class="icon {}" {}><use href="{}#tabler-{}"></use></svg>').format(
            css, spoken, self.url("icons.svg"), name
        )

    def serve(self, path: str) -> Response:
        """Answer GET /static/<path>; kept for a year only where the address names the content.

        ES modules import each other without a digest, so those are revalidated by their ETag; the
        font, which a style sheet names without one, changes with the lock only.
        """
        file = safe_join(str(self._folder), path)
        if file is None or not Path(file).is_file():
            raise NotFound
        # Read whole: the files are small, and a browser that hangs up leaves no open file behind.
        response = Response(Path(file).read_bytes(), mimetype=guess_type(path)[0])
        response.set_etag(self.digest(path))
        response.make_conditional(request)
        named = request.args.get("v")
        if named is not None and named == self.digest(path):
            response.headers["Cache-Control"] = _YEAR
        else:
            response.headers["Cache-Control"] = _WEEK if path.startswith("vendor/") else "no-cache"
        return response
