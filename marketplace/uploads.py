"""Packages that come in as files of a form."""

import contextlib
from typing import Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from geminicrm.kernel.errors import Finding, TooLarge, ValidationFailed
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES

FIELD: Final = "package"
_FORM_BYTES: Final = 64 * 1024  # what a multipart form adds around the file


def allow_packages(_endpoint: str | None, _values: object) -> None:
    """Let uploads of packages be larger than other bodies; runs before the body is read."""
    if request.method == "POST":
        request.max_content_length = MAX_PACKAGE_BYTES + _FORM_BYTES


def uploaded_package() -> bytes:
    """Read the package of a multipart form; TooLarge, or ValidationFailed where there is none."""
    try:
        file = request.files.get(FIELD)
    except RequestEntityTooLarge as error:
        raise TooLarge(f"A package has at most {MAX_PACKAGE_BYTES} bytes.") from error
    if file is None or not file.filename:
        message = f"Send the package as the file {FIELD!r} of a multipart form."
        raise ValidationFailed([Finding(f"/{FIELD}", "missing_package", message)])
    with contextlib.closing(file):  # a large one is a temporary file by now
        return file.stream.read(MAX_PACKAGE_BYTES + 1)
