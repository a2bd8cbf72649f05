"""/api/mails for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import respond, respond_page
from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.paging import Page
from geminicrm.mail.answering import threaded
from geminicrm.mail.doors_needed import MailNeeds, check_account
from geminicrm.mail.file_doors import allow_files, download, sent_mail
from geminicrm.mail.files import find_file
from geminicrm.mail.listing import list_mails, whole
from geminicrm.mail.noting import settle
from geminicrm.mail.writing import SEND, find_mail, send_again, write_mail

_CREATED = 201


def blueprint(needed: MailNeeds) -> Blueprint:
    """Serve mails: list, write, read, decide."""
    api = Blueprint("mail_api", __name__, url_prefix="/api/mails")
    api.url_value_preprocessor(allow_files)

    @api.get("")
    @needs(SEND)
    def list_all() -> Response:
        page = Page.parse(request.args.get("limit"), request.args.get("cursor"))
        state, related = request.args.get("state", ""), request.args.get("related_id", "")
        with reading() as work:
            found = list_mails(work, page, state=state, related_id=related)
        return respond_page(found.data, found.next_cursor)

    @api.post("")
    @needs(SEND)
    def write() -> Response:
        new = sent_mail()
        check_account(needed.accounts, current_actor(), new.connection_id)
        if new.related is not None:
            needed.read_record(current_actor(), *new.related)
        with writing() as work:
            answer = threaded(work, needed.records, new)
            return respond(whole(work, write_mail(work, answer)), _CREATED)

    @api.get("/<mail_id>")
    @needs(SEND)
    def read_one(mail_id: str) -> Response:
        with reading() as work:
            return respond(whole(work, find_mail(work, mail_id)))

    @api.get("/<mail_id>/files/<file_id>")
    @needs(SEND)
    def file(mail_id: str, file_id: str) -> Response:
        with reading() as work:
            return download(find_file(work, find_mail(work, mail_id), file_id))

    @api.post("/<mail_id>/send")
    @needs(SEND)
    def again(mail_id: str) -> Response:
        with writing() as work:
            return respond(whole(work, send_again(work, mail_id)))

    @api.post("/<mail_id>/sent")
    @needs(SEND)
    def sent(mail_id: str) -> Response:
        with writing() as work:
            return respond(whole(work, settle(work, needed.records, mail_id)))

    return api
