"""Files of mails on their way in and out of HTTP."""

import contextlib
import io
import os
from dataclasses import replace
from typing import Final

from flask import Response, request, send_file
from werkzeug.datastructures import FileStorage

from extensions.sdk.capabilities.email import MailFile
from geminicrm.api.http import MAX_BODY, json_body, json_object
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.mail.files import MOST_BYTES, UNKNOWN_TYPE, clean_name, wrong_sizes
from geminicrm.mail.models import StoredFile
from geminicrm.mail.shapes import read_mail
from geminicrm.mail.writing import NewMail

FIELD: Final = "files"
BODY: Final = "mail"
# So much is looked at to say by how much it is too large; what is larger yet is not read at all.
_MOST_SENT: Final = 2 * MOST_BYTES + MAX_BODY
_WRITING: Final = frozenset({"mail.create", "mail_api.write"})
_POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
# What no browser runs; anything else is a row of bytes, whatever its sender calls it.
_HARMLESS: Final = frozenset(
    {
        "application/pdf", "application/zip", "image/gif", "image/jpeg", "image/png", "image/webp",
        "text/csv", "text/plain",
    }
)  # fmt: skip


def allow_files(endpoint: str | None, _values: object) -> None:
    """Let a mail with files be larger than other bodies; runs before the body is read."""
    if request.method == "POST" and endpoint in _WRITING:
        request.max_content_length = _MOST_SENT
        request.max_form_memory_size = MAX_BODY


def sent_mail() -> NewMail:
    """Read a mail as JSON, or as a multipart form of the part `mail` in JSON, and `files`.

    Raises BadRequest, ValidationFailed, UnsupportedMediaType.
    """
    if request.mimetype != "multipart/form-data":
        return read_mail(json_body())
    new = read_mail(json_object(request.form.get(BODY, "").encode()))
    return replace(new, files=sent_files())


def sent_files() -> tuple[MailFile, ...]:
    """Give the files of a multipart form. Raises ValidationFailed where they are too large."""
    given = [one for one in request.files.getlist(FIELD) if one.filename]
    wrong = wrong_sizes([(one.filename or "", _size(one)) for one in given])
    if wrong:
        raise ValidationFailed(wrong)
    return tuple(_read(one) for one in given)


def download(file: StoredFile) -> Response:
    """Answer with a file, to be saved and never to be shown: it is a stranger's."""
    kind = file.media_type if file.media_type in _HARMLESS else UNKNOWN_TYPE
    answer = send_file(
        io.BytesIO(file.content or b""), kind, as_attachment=True, download_name=file.name
    )
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _size(file: FileStorage) -> int:
    size = file.stream.seek(0, os.SEEK_END)
    file.stream.seek(0)
    return size


def _read(file: FileStorage) -> MailFile:
    with contextlib.closing(file):  # a large one is a temporary file by now
        content = file.stream.read()
    name = clean_name(file.filename or "")
    return MailFile(
        name=name, content=content, media_type=file.mimetype or UNKNOWN_TYPE, size=len(content)
    )
