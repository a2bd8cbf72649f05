"""What looks unused to a tool and is not, each with the reason.

A dependency leaves its table with its first import: the rule `used_by_now` tells when.
"""

UNUSED_YET = {
    "Authlib": "the OAuth 2 provider and the sign-in with outside accounts are still to come",
    "Jinja2": "Flask imports it; pinned here because the templates are written in it",
    "psycopg": "SQLAlchemy loads it by the name in the database address",
    "tzdata": "zoneinfo reads it as data where the system has no time zones",
}

# Modules that only declare: their parameters are used by those who implement them.
DECLARATIONS = (
    "extensions/extension_base.py",
    "extensions/sdk/context.py",
    "extensions/sdk/hookspecs.py",
)

NAMES = {
    "WriteableBuffer": "a type of the stubs, named in a quoted annotation only",
    "bind_key": "Flask-SQLAlchemy passes it to the method that we override",
}
