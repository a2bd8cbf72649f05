"""Makes tables, leads and a token: `python -m bench.drf_site.fill COUNT`.

Prints the token, then the ids, one a line.
"""

import sys
from typing import Any

import django
from django.core.management import call_command
from django.utils import timezone

from bench.exchanges import lead


def main(count: int) -> None:
    """Fill the database of the settings."""
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    print(_token())
    for identifier in _leads(count):
        print(identifier)


def _token() -> str:
    # Models can be imported once Django is set up, so they are asked for by name.
    user = _model("auth", "User").objects.create_user("owner", "owner@bench.example")
    app = _model("oauth2_provider", "Application").objects.create(
        user=user,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        name="bench",
    )
    return str(
        _model("oauth2_provider", "AccessToken")
        .objects.create(
            user=user,
            application=app,
            token="bench-" + "x" * 30,
            expires=timezone.now() + timezone.timedelta(days=1),
            scope="read write",
        )
        .token
    )


def _leads(count: int) -> list[str]:
    model = _model("drf_site", "Lead")
    rows = [model(id=f"lead_{number:024d}", **lead(number)) for number in range(count)]
    model.objects.bulk_create(rows, batch_size=500)
    return [row.id for row in rows]


def _model(app: str, name: str) -> Any:
    return django.apps.apps.get_model(app, name)


if __name__ == "__main__":
    main(int(sys.argv[1]))
