"""What goes wrong with registries that are not part of this CRM.

RegistryRefused (502)
└── NoticesExpired (502)
Unavailable
└── RegistryUnreachable (503)
NotFound
└── UnknownRegistry (404)
Conflict
├── RegistryNameTaken (409)
├── RegistryInUse (409)
└── KeyNotPinned (409)
ValidationFailed
└── BundleRefused (422)
"""

from geminicrm.kernel.errors import AppError, Conflict, NotFound, Unavailable, ValidationFailed


class RegistryRefused(AppError):
    """A registry said something that is not signed as pinned, or that can't be read.

    `registry` names it; `what` was wrong with which answer; `mend` says what to do.
    """

    code = "registry_refused"
    status = 502
    title = "The registry's answer was refused"

    def __init__(self, registry: str, what: str, mend: str = "") -> None:
        told = mend or "Nothing was installed. Ask whoever runs the registry."
        super().__init__(f"The registry {registry}: {what} {told}", registry=registry)
        self.registry = registry
        self.what = what


class NoticesExpired(RegistryRefused):
    """The registry has not said for too long which of its versions must not run."""

    code = "registry_notices_expired"
    title = "The registry's notices have run out"


class RegistryUnreachable(Unavailable):
    """A registry gives no answer in time, or breaks off."""

    code = "registry_unreachable"
    title = "The registry can't be reached"

    def __init__(self, registry: str, reason: str, retry_after: float = 30.0) -> None:
        super().__init__(
            f"The registry {registry} can't be reached: {reason} Nothing was installed; what runs "
            "goes on. Try again later.",
            retry_after,
            registry=registry,
        )
        self.registry = registry
        self.reason = reason


class UnknownRegistry(NotFound):
    """No registry of this name was added here."""

    def __init__(self, name: str) -> None:
        super().__init__("registry", name)
        self.detail = (
            f"There is no registry {name!r} here; `geminicrm registry list` shows those there are."
        )
        self.args = (self.detail,)  # the words of NotFound speak of a workspace


class RegistryNameTaken(Conflict):
    """Another registry has this name."""

    code = "registry_name_taken"
    title = "There is a registry of this name"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a registry {name!r} already; choose another name.")


class RegistryInUse(Conflict):
    """Installations are bound to the registry; `installations` counts them."""

    code = "registry_in_use"
    title = "Installations come from this registry"

    def __init__(self, name: str, count: int) -> None:
        super().__init__(
            f"{count} installation{'s come' if count != 1 else ' comes'} from {name}. Uninstall "
            "first, or force it: they then run on, without updates and notices.",
            installations=count,
        )


class KeyNotPinned(Conflict):
    """Nobody has said which key the registry has; `fingerprints` are those that it shows."""

    code = "registry_key_not_pinned"
    title = "The registry's key has to be named"

    def __init__(self, name: str, fingerprints: tuple[str, ...]) -> None:
        super().__init__(
            f"{name} shows the key {', '.join(fingerprints)}. Compare it with what its operator "
            "tells you by another way, then give it as the key.",
            fingerprints=list(fingerprints),
        )
        self.fingerprints = fingerprints


class BundleRefused(ValidationFailed):
    """A bundle is no bundle, or holds what no bundle may hold; `findings` tells each."""

    code = "bundle_refused"
    title = "The bundle can't be imported"
