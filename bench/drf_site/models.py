"""The table of leads, with the fields that ours has."""

import secrets

from django.db import models
from typing_extensions import override


def new_id() -> str:
    """Give an id of a new lead."""
    return f"lead_{secrets.token_hex(12)}"


def _text(length: int) -> "models.CharField[str | None, str | None]":
    return models.CharField(max_length=length, null=True, blank=True)


class Lead(models.Model):  # type: ignore[misc]  # Django has no types here
    """A lead."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    first_name = _text(120)
    last_name = _text(120)
    email = models.EmailField(max_length=254, null=True, blank=True)  # noqa: DJ001 - as ours: no e-mail is none
    phone = _text(40)
    company = _text(254)
    title = _text(120)
    source = _text(120)
    status = models.CharField(
        max_length=20,
        default="new",
        choices=[(each, each) for each in ("new", "contacted", "qualified", "unqualified")],
    )
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = _text(3)
    owner_id = _text(40)
    tags = models.JSONField(default=list)
    custom = models.JSONField(default=dict)

    @override
    def __str__(self) -> str:
        return str(self.id)
