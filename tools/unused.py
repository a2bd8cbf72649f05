"""Dependencies that are pinned before the code that needs them, each with the reason.

A name leaves this table with the first import; a rule tells when it should have.
"""

UNUSED_YET = {
    "Flask-Login": "sign-in pages",
    "tzdata": "no import: zoneinfo reads it where the system has no time zones",
}
