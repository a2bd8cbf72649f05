"""The WSGI entry: `granian --interface wsgi wsgi:app`, or any other WSGI server."""

import os

from geminicrm.app import create_app
from geminicrm.config import Settings
from geminicrm.kernel import logs

_SETTINGS = Settings.from_env(os.environ)
# First of all: an access log of the server names secret links, which only our logging masks.
logs.configure(_SETTINGS.log_level, json=_SETTINGS.production)

app = create_app(_SETTINGS)
