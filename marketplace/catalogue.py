"""What can be looked at in a registry: the embedded one and every other answer to it alike."""

from collections.abc import Sequence
from typing import Protocol

from geminicrm.kernel.work import Actor
from marketplace.listings import Listing, Release
from marketplace.search import Found, Query
from marketplace.service import Icon, Texts


class Catalogue(Protocol):
    """A registry as pages show it; `Registry` is the embedded one.

    Those of other registries raise RegistryUnreachable and RegistryRefused besides.
    """

    def search(self, actor: Actor, query: Query) -> Found:
        """Give one page of extensions; ValidationFailed for a cursor of another order."""
        ...

    def categories(self, actor: Actor) -> Sequence[str]:
        """Give every category that has an extension."""
        ...

    def get(self, actor: Actor, extension_id: str) -> tuple[Listing, Release]:
        """Give an extension and its newest good version; UnknownExtension."""
        ...

    def versions(self, actor: Actor, extension_id: str) -> Sequence[Release]:
        """Give every version, the highest first; UnknownExtension."""
        ...

    def texts(self, actor: Actor, release: Release) -> Texts:
        """Give what a version says of itself; UnknownExtension."""
        ...

    def icon(self, actor: Actor, extension_id: str) -> Icon | None:
        """Give the icon of the newest good version; None for none. UnknownExtension."""
        ...
