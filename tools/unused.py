"""Dependencies without an import, each with the reason.

A name leaves this table with its first import: the rule `used_by_now` tells when.
"""

UNUSED_YET = {
    "Authlib": "the OAuth 2 provider and the sign-in with outside accounts are still to come",
    "psycopg": "SQLAlchemy loads it by the name in the database address",
    "redis": "queue workers are still to come: the embedded worker needs none",
    "rq": "queue workers are still to come: the embedded worker needs none",
    "tzdata": "zoneinfo reads it as data where the system has no time zones",
}
