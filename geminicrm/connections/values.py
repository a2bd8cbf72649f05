"""What a connection holds: what is left to fill in, and where each value comes from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from geminicrm.connections.opened import SharedValues
from geminicrm.connections.services import Field, Service, Values
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.errors import Finding, Forbidden, ValidationFailed
from geminicrm.kernel.vault import Vault

CONNECTION: Final = "connection"
INSTALLATION: Final = "installation"
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneath:
    """The values of one integration that hold where a connection has none of its own.

    `sources` says for each field where its value comes from: installation, file,
    environment:NAME or default.
    """

    values: Values
    sources: Mapping[str, str]

    @classmethod
    def of(cls, service: Service, shared: SharedValues, vault: Vault) -> "Beneath":
        """Put them together: what an admin saved for the installation goes before the operator's.

        Secrets that no key opens any more count as not given.
        """
        given = shared.of(service)
        sealed = vault.readable(service.sealed)
        defaults = {one.id: one.default for one in service.fields if one.default is not None}
        plain = {**defaults, **given.plain, **service.given}
        return cls(
            values=Values(plain, {**given.secrets, **sealed}),
            sources={
                **dict.fromkeys(defaults, DEFAULT),
                **given.origins,
                **dict.fromkeys([*service.given, *sealed], INSTALLATION),
            },
        )

    def sources_with(self, own: Collection[str]) -> dict[str, str]:
        """Give where each value comes from for a connection that has these fields of its own."""
        return {**self.sources, **dict.fromkeys(own, CONNECTION)}


def meant(service: Service, given: Mapping[str, Any], own: Values, beneath: Beneath) -> Values:
    """Part what is given to change into plain values and secrets, without what changes nothing.

    A secret is shown as null, so null keeps it; a plain value that is given as it is shown, and
    comes from elsewhere, goes on coming from there.
    """
    secret = {one.id for one in service.fields if one.secret}
    secrets = {name: one for name, one in given.items() if name in secret and one is not None}
    plain = {
        name: one
        for name, one in given.items()
        if name not in secret
        and not (name not in own.plain and one in (None, beneath.values.plain.get(name)))
    }
    return Values(plain, secrets)


def needed(service: Service, way: Authentication) -> tuple[Field, ...]:
    """Give the fields without which a way can't sign in."""
    of_some_way = {name for one in service.ways for name in one.settings}
    return tuple(
        one
        for one in service.fields
        if one.required and (one.id in way.settings or one.id not in of_some_way)
    )


def check_whole(service: Service, way: Authentication, values: Values, beneath: Beneath) -> None:
    """Raise ValidationFailed where a needed field has no value, from wherever."""
    known = {**beneath.values.plain, **values.plain, **beneath.values.secrets, **values.secrets}
    lacking = [one for one in needed(service, way) if known.get(one.id) in (None, "")]
    if lacking:
        raise ValidationFailed(
            Finding(f"/{one.id}", "missing_setting", f"{one.label} is needed: fill it in.")
            for one in lacking
        )


def check_hosts(service: Service, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse another host, for somebody who may not choose where credentials are sent.

    Who could, would have the server call any address, with the operator's credentials too.
    """
    changed = [
        one.label
        for one in service.fields
        if one.id in service.host_fields and before.get(one.id) != after.get(one.id)
    ]
    if changed:
        raise Forbidden(
            f"{', '.join(changed)}: an address to call is set by those who manage integrations."
        )
