"""Owners of records here and over there: the same person where the address is the same."""

from collections.abc import Mapping, Sequence

from extensions.sdk.capabilities.crm_sync import Owner
from geminicrm.identity.people import Member


class Owners:
    """Knows who is who, and remembers whom it was asked for in vain.

    `strange` are owners there and `missing` users here who have no namesake on the other side, by
    id with their address: a sync says so once, and leaves owners of such records as they are.
    `denied` says why the owners there may not be read: then nobody has a namesake, and nobody is
    remembered.
    """

    def __init__(self, ours: Sequence[Member], theirs: Sequence[Owner], denied: str = "") -> None:
        self.denied = denied
        self._ours = {one.id: one.email.strip().lower() for one in ours}
        self._theirs = {one.id: one.email.strip().lower() for one in theirs}
        self._our_ids = {address: one for one, address in self._ours.items() if address}
        # Somebody who left may have come back as another owner: who is there now stands.
        active = {one.id for one in theirs if not one.archived}
        self._far_ids = {
            address: one for one, address in self._theirs.items() if address and one in active
        }
        self.strange: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def ours(self, owner: str) -> str | None:
        """Give the user who is an owner of theirs; None where there is none."""
        found = self._our_ids.get(self._theirs.get(owner, ""))
        if found is None and not self.denied:
            self.strange[owner] = self._theirs.get(owner, "") or owner
        return found

    def theirs(self, user: str) -> str | None:
        """Give the owner of theirs who is a user; None where there is none, and for nobody."""
        found = self._far_ids.get(self._ours.get(user, ""))
        if found is None and user and not self.denied:
            self.missing[user] = self._ours.get(user, "") or user
        return found

    def still_strange(self, known: Mapping[str, str]) -> dict[str, str]:
        """Give those who have no namesake here yet."""
        there = {one: self._theirs.get(one, "") for one in known}
        return {one: known[one] for one, address in there.items() if address not in self._our_ids}

    def still_missing(self, known: Mapping[str, str]) -> dict[str, str]:
        """Give those who have no namesake there yet; who has left is forgotten."""
        here = {one: self._ours[one] for one in known if one in self._ours}
        return {one: known[one] for one, address in here.items() if address not in self._far_ids}

    def address(self, user: str) -> str:
        """Give the address of a user, for people to read."""
        return self._ours.get(user, user)
