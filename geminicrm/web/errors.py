"""The HTML page of an error; the app's error handler decides when people get it."""

from dataclasses import dataclass

from geminicrm.web.pages import render


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """What people are told: never a trace, always a reference they can pass on."""

    status: int
    title: str
    detail: str
    reference: str = ""
    retry_url: str = ""


def render_error(error: ErrorPage) -> str:
    """Give the page; it needs no navigation and no session, so it works when those fail."""
    return render("error.html", error=error)
