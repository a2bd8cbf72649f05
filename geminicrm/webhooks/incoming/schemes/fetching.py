"""What schemes with public keys of others share: certificates and key sets that are fetched."""

from typing import Final

from geminicrm.webhooks.incoming.scheme import Checking, Rejected

_LATER: Final = 503


def fetched(checking: Checking, url: str) -> bytes:
    """Give what is at an address; Rejected with 503 where it can't be had: the service comes again.

    Nobody is believed meanwhile.
    """
    if checking.fetch is None:
        raise Rejected("certificate", "Nothing is there to fetch the key with.", _LATER)
    try:
        return checking.fetch(url)
    except LookupError as away:
        raise Rejected("certificate", "The service's key can't be had now.", _LATER) from away
