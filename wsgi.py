"""The WSGI entry: `granian --interface wsgi wsgi:app`, or any other WSGI server."""

from geminicrm.app import create_app

app = create_app()
