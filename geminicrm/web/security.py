"""Response headers that tell browsers what our pages may load, send and be framed by."""

import functools
import re
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
# How many policies are remembered: one for each host that asks, and whoever asks names the host.
_POLICIES = 64
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*")


def form_action_source(redirect_uri: str) -> str:
    """Give the CSP source of a redirect target: its origin, or `scheme:` for native applications.

    Raises ValueError for an address without a scheme or with characters that could end the source.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in {"http", "https"}:
        if not _SCHEME.fullmatch(parts.scheme):
            raise ValueError(f"{redirect_uri!r} is no redirect address")
        return f"{parts.scheme}:"
    host = parts.netloc.rpartition("@")[2]
    if not _HOST.fullmatch(host):
        raise ValueError(f"{redirect_uri!r} is no redirect address")
    return f"{parts.scheme}://{host}"


def allow_form_action(redirect_uri: str) -> None:
    """Let forms of the page being answered end at this address.

    Browsers apply `form-action` to the redirect after a form's POST too, so a consent page has to
    name the (already validated) place that it will send people to.
    """
    sources = [*g.get("form_action_sources", ()), form_action_source(redirect_uri)]
    g.form_action_sources = sources


def keep_address_secret() -> None:
    """Keep the address of the page being answered, which holds a secret, from other pages."""
    g.secret_address = True


def static_sources(public_url: str, scheme: str, host: str) -> str:
    """Give the only addresses that scripts and styles may come from.

    The path keeps extensions' files (`/ext-assets/...`) from being scripts of our pages. The
    request's own host counts as well: a demo is reached as localhost and as 127.0.0.1.
    """
    origins = [form_action_source(public_url)]
    if _HOST.fullmatch(host):
        origins.append(f"{scheme}://{host}")
    return " ".join(f"{origin}/static/" for origin in dict.fromkeys(origins))


def content_security_policy(
    public_url: str, scheme: str, host: str, form_actions: tuple[str, ...]
) -> str:
    """Give the policy of a page that is answered at this host."""
    static = static_sources(public_url, scheme, host)
    forms = " ".join(["'self'", *form_actions])
    return (
        f"default-src 'none'; script-src {static}; style-src {static}; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; frame-src 'self'; "
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )


def init_app(app: Flask, public_url: str) -> None:
    """Put the headers on every response; a response that brings its own policy keeps it."""
    policy = functools.lru_cache(_POLICIES)(functools.partial(content_security_policy, public_url))

    def add_headers(response: Response) -> Response:
        headers = response.headers
        if "Content-Security-Policy" not in headers:
            forms = tuple(g.get("form_action_sources", ()))
            headers["Content-Security-Policy"] = policy(request.scheme, request.host, forms)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        if g.get("secret_address"):
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add_headers)
