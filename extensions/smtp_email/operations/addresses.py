"""Addresses as mail servers take them: international domains in ASCII, checked for their form."""

from collections.abc import Iterable
from email.headerregistry import Address as HeaderAddress

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from extensions.sdk.capabilities.email import Address
from extensions.sdk.service_errors import ServiceRefused


def checked(address: Address, where: str) -> HeaderAddress:
    """Give an address for a header. Raises ServiceRefused that names `where` it stands.

    A mail that goes through a relay inside a company may end in `.local`; whether a domain takes
    mail is for the server to know.
    """
    found = _read(address.email, where)
    domain = found.ascii_domain or found.domain
    try:
        return HeaderAddress(address.name, found.local_part, domain)
    except ValueError as error:
        # A line break in a name would begin a header of an attacker's choice.
        raise ServiceRefused(f"{where}: the name {address.name!r} can't be sent.") from error


def envelope(address: HeaderAddress) -> str:
    """Give the bare address for the envelope."""
    return f"{address.username}@{address.domain}"


def needs_smtputf8(addresses: Iterable[str]) -> bool:
    """Say whether an address has letters that only servers with SMTPUTF8 take (RFC 6531)."""
    return not all(one.isascii() for one in addresses)


def _read(email: str, where: str) -> ValidatedEmail:
    try:
        return validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ServiceRefused(f"{where}: {email!r} is no e-mail address: {error}") from error
