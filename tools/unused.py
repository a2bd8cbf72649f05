"""What looks unused to a tool and is not, each with the reason.

A dependency leaves its table with its first import: the rule `used_by_now` tells when.
"""

UNUSED_YET = {
    "psycopg": "SQLAlchemy loads it by the name in the database address",
    "tzdata": "zoneinfo reads it as data where the system has no time zones",
}

# Modules that only declare: their parameters are used by those who implement them.
DECLARATIONS = (
    "extensions/extension_base.py",
    "extensions/integration_base.py",
    "extensions/sdk/capabilities/automation.py",
    "extensions/sdk/capabilities/calendar.py",
    "extensions/sdk/capabilities/identity.py",
    "extensions/sdk/capabilities/storage.py",
    "extensions/sdk/capabilities/video.py",
    "extensions/sdk/capabilities/voice.py",
    "extensions/sdk/context.py",
    "extensions/sdk/hookspecs.py",
)

NAMES = {
    "WriteableBuffer": "a type of the stubs, named in a quoted annotation only",
    "bind_key": "Flask-SQLAlchemy passes it to the method that we override",
}
