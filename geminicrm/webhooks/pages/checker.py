"""The signature checker: says which part of a signed request is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, request
from sqlalchemy import select

from geminicrm.identity.guards import current_actor, needs, reading
from geminicrm.kernel.work import Work
from geminicrm.web.pages import render
from geminicrm.webhooks.incoming.explaining import Explanation, explain, explain_outgoing
from geminicrm.webhooks.incoming.scheme import Checking, Request
from geminicrm.webhooks.incoming.schemes import SCHEMES
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.book import MANAGE, find
from geminicrm.webhooks.receiver.models import Caught
from geminicrm.webhooks.receiver.service import Receivers

OWN: Final = "own"
"""What this workspace itself sends, which has two signatures."""
_FIELDS: Final = ("scheme", "endpoint", "url", "headers", "body", "options", "caught")
_MOST: Final = 1_000_000


def blueprint(outgoing: Outgoing, receivers: Receivers) -> Blueprint:
    """Serve /webhooks/checker; nothing that is entered is kept."""
    pages = Blueprint(
        "webhook_checker", __name__, template_folder="templates", url_prefix="/webhooks/checker"
    )

    @pages.get("")
    @needs(MANAGE)
    def index() -> str:
        given = {"scheme": OWN, **{name: request.args.get(name, "") for name in ("caught",)}}
        return _page(outgoing, _with_caught(given))

    @pages.post("/check")
    @needs(MANAGE)
    def check() -> str:
        given = {name: request.form.get(name, "")[:_MOST] for name in _FIELDS}
        given = _with_caught(given)
        secrets = [request.form.get("secret", "").strip()]
        with reading() as work:
            if given["scheme"] == OWN and given["endpoint"]:
                secrets = outgoing.keys.signing(find(work, given["endpoint"]), work.now)
            asked = Request(
                method="POST",
                url=given["url"].strip() or receivers.prefix,
                headers=_headers(given["headers"]),
                body=_body(work, given),
            )
            now = work.now.timestamp()
        return _page(outgoing, given, _explained(given, asked, secrets, now))

    return pages


def _explained(
    given: Mapping[str, str], asked: Request, secrets: Sequence[str], now: float
) -> Mapping[str, Explanation]:
    if given["scheme"] == OWN:
        return explain_outgoing(asked, secrets, now)
    scheme = SCHEMES.get(given["scheme"])
    if scheme is None:
        return {}
    options = {name: value for name, (value, *_) in _headers(given["options"]).items()}
    checking = Checking(secrets=secrets, now=now, options=options)
    return {scheme.label: explain(scheme, asked, checking)}


def _page(
    outgoing: Outgoing,
    given: Mapping[str, str],
    explained: Mapping[str, Explanation] | None = None,
) -> str:
    schemes = sorted(SCHEMES.values(), key=lambda one: one.label.casefold())
    return render(
        "webhooks/checker.html",
        given=given,
        explained=explained,
        schemes=[
            {"value": OWN, "label": "Deliveries of this workspace"},
            *({"value": one.name, "label": one.label} for one in schemes),
        ],
        endpoints=[
            {"value": "", "label": "The secret below"},
            *(
                {"value": one["id"], "label": one["url"]}
                for one in outgoing.endpoints.list(current_actor()).data
            ),
        ],
    )


def _with_caught(given: dict[str, str]) -> dict[str, str]:
    """Fill in the headers of what the test receiver caught; its body is taken as it came."""
    if not given.get("caught"):
        return given
    with reading() as work:
        row = _caught(work, given["caught"])
    if row is None:
        return {**given, "caught": ""}
    lines: Mapping[str, Any] = row.headers
    return {**given, "headers": "\n".join(f"{name}: {value}" for name, value in lines.items())}


def _caught(work: Work, identifier: str) -> Caught | None:
    return work.session.scalar(select(Caught).where(Caught.id == identifier))


def _body(work: Work, given: Mapping[str, str]) -> bytes:
    row = _caught(work, given["caught"]) if given["caught"] else None
    if row is not None:
        return row.body
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read(_MOST)
    # Browsers write line ends of their own into what a form sends.
    return given["body"].replace("\r\n", "\n").encode()


def _headers(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            found[key] = (*found.get(key, ()), value.strip())
    return found
