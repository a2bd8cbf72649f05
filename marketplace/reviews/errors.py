"""What reviews refuse.

Forbidden
└── ReviewNotAllowed (403)
Conflict
└── ReviewedAlready (409)
"""

from geminicrm.kernel.errors import Conflict, Forbidden


class ReviewNotAllowed(Forbidden):
    """The workspace can't review this extension, or the person not answer for its publisher."""

    code = "review_not_allowed"
    title = "This review is not yours to write"


class ReviewedAlready(Conflict):
    """The workspace has reviewed the extension before; there is one review for each."""

    code = "reviewed_already"
    title = "This workspace has reviewed it before"
