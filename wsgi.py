"""The WSGI entry: `granian --interface wsgi wsgi:app`, or any other WSGI server."""

from geminicrm.processes.web import logged_application

app = logged_application()
