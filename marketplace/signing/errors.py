"""What goes wrong with keys and signatures.

AppError
├── ValidationFailed
│   └── KeyInvalid (422)
└── Untrusted (502)
"""

from geminicrm.kernel.errors import AppError, Finding, ValidationFailed


class KeyInvalid(ValidationFailed):
    """Not an Ed25519 key in the form that is asked for."""

    code = "key_invalid"
    title = "This is no key that can be used"

    def __init__(self, message: str, pointer: str = "/public") -> None:
        super().__init__([Finding(pointer, "key_invalid", message)], message)


class Untrusted(AppError):
    """What a registry says is not signed by a key that is pinned for it, or is older than that."""

    code = "untrusted"
    status = 502
    title = "The registry's signature does not hold"
