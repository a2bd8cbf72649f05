"""The link of a mail that was not sent, for whoever hands it over by hand."""

from flask import Blueprint, Response, make_response

from geminicrm.identity.guards import writing
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.sealing import SecretLinks
from geminicrm.web.pages import render


def blueprint(links: SecretLinks) -> Blueprint:
    """Serve /outbox/<mail>/link."""
    pages = Blueprint("mail_links", __name__, template_folder="templates", url_prefix="/outbox")

    @pages.post("/<mail_id>/link")
    def show(mail_id: str) -> Response:
        with writing() as work:
            row = work.get(OutgoingMail, mail_id, "mail")
            page = render("mail/link.html", link=links.show(work, row), mail=row)
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return pages
