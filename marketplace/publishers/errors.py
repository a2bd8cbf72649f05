"""What goes wrong with publishers.

AppError
├── Forbidden
│   ├── NotAMember (403)
│   └── TokenBound (403)
├── NotFound
│   └── UnknownPublisher (404)
├── Conflict
│   └── SlugTaken (409)
└── ValidationFailed
    └── SignatureRefused (422)
"""

from geminicrm.kernel.errors import Conflict, Finding, Forbidden, NotFound, ValidationFailed


class NotAMember(Forbidden):
    """Only members of a publisher may do this, or only its owners."""

    code = "not_a_member"
    title = "You don't act for this publisher"


class TokenBound(Forbidden):
    """A publishing token publishes for its publisher, and does nothing else."""

    code = "token_bound"
    title = "This token may not do this"


class UnknownPublisher(NotFound):
    """Nobody publishes under this name."""

    def __init__(self, slug: str) -> None:
        super().__init__("publisher", slug)
        self.detail = f"There is no publisher {slug!r} here."
        self.args = (self.detail,)  # the words of NotFound speak of a workspace


class SlugTaken(Conflict):
    """Another publisher has this short name."""

    code = "slug_taken"
    title = "This short name is taken"


class SignatureRefused(ValidationFailed):
    """The signature in a package is not by a good key of its publisher."""

    code = "signature_refused"
    title = "The package's signature is refused"

    def __init__(self, message: str) -> None:
        super().__init__([Finding("", "signature_refused", message)], message)
