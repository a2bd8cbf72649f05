"""The style guide at /styleguide: every macro in every state, for people and for browser tests."""

from flask import Blueprint

from geminicrm.web.pages import render

_SCOPES = (
    {
        "name": "read:contacts",
        "sentence": "View contacts and companies",
        "explanation": "Names, emails, phone numbers and custom fields.",
        "group": "view",
        "sensitive": False,
    },
    {
        "name": "write:deals",
        "sentence": "Edit deals",
        "explanation": "Change stage, amount and owner of any deal you can edit.",
        "group": "change",
        "sensitive": True,
        "reason": "We move a deal forward when its quote is signed.",
    },
    {
        "name": "send:email",
        "sentence": "Send email",
        "explanation": "In the name of the person who clicks the button.",
        "group": "send",
        "sensitive": True,
    },
    {
        "name": "run:hourly",
        "sentence": "Run in the background",
        "explanation": "Every hour, even when nobody is signed in.",
        "group": "run",
        "sensitive": False,
    },
)
_BLOCKS = (
    {"type": "heading", "text": "Quote 1042", "level": 2},
    {"type": "text", "text": "Sent on Monday.\nOpened twice, <b>not</b> signed yet."},
    {
        "type": "fields",
        "entries": [
            {"label": "Signer", "value": "Ada Lovelace"},
            {"label": "Sent to", "value": "ada@analytical.example"},
        ],
    },
    {"type": "stat", "label": "Score", "value": "82", "hint": "Up 6 this week", "tone": "success"},
    {"type": "badge", "text": "Waiting", "tone": "warning"},
    {
        "type": "table",
        "columns": ["Item", "Pieces"],
        "rows": [["Seat", 12], ["Onboarding", None]],
        "caption": "Items of the quote",
    },
    {"type": "link", "text": "Open the quote", "href": "https://quotes.example/1042"},
    {"type": "link", "text": "All deals", "href": "/deals"},
    {"type": "link", "text": "An address that is not allowed", "href": "javascript:alert(1)"},
    {
        "type": "button",
        "text": "Send a reminder",
        "action": "remind",
        "style": "primary",
        "confirm": "Send the reminder now?",
    },
    {"type": "button", "text": "Withdraw the quote", "action": "withdraw", "style": "danger"},
    {"type": "heading", "text": "Change the quote", "level": 3},
    {
        "type": "form",
        "action": "change",
        "submit": "Save",
        "fields": [
            {"id": "note", "label": "Note", "type": "textarea", "help": "Shown to the signer."},
            {"id": "discount", "label": "Discount", "type": "number", "value": 5},
            {
                "id": "language",
                "label": "Language",
                "type": "select",
                "required": True,
                "value": "en",
                "options": [
                    {"value": "en", "label": "English"},
                    {"value": "fr", "label": "French"},
                ],
            },
            {"id": "until", "label": "Valid until", "type": "date"},
            {"id": "copy", "label": "Send me a copy", "type": "checkbox", "value": True},
            {"id": "pin", "label": "Signing PIN", "type": "password"},
        ],
    },
)
_COLUMNS = (
    {"value": "new", "label": "New", "cards": (("d1", "Engine for Analytical", "12400.00"),)},
    {
        "value": "offer",
        "label": "Offer made",
        "cards": (("d2", "Looms for Jacquard", "980.50"), ("d3", "Cards for Babbage", "64000.00")),
    },
    {"value": "won", "label": "Won", "cards": ()},
)


def show() -> str:
    """Answer GET /styleguide."""
    return render("styleguide.html", scopes=_SCOPES, blocks=_BLOCKS, columns=_COLUMNS)


def blueprint() -> Blueprint:
    """Give the style guide's one route; it shows samples only, no data of anybody."""
    made = Blueprint("styleguide", __name__)
    made.add_url_rule("/styleguide", "show", show)
    return made
