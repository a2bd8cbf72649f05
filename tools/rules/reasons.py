"""Every exception from a tool says on its own line why."""

import io
import re
import tokenize
from collections.abc import Iterator

from tools.rules.tree import Finding, Source, Tree

CODES = r"[A-Z]+[0-9]+"
DIRECTIVES = re.compile(
    rf"#\s*(noqa(:\s*{CODES}([,\s]+{CODES}\b)*)?"
    r"|type:\s*ignore(\[[^]]*])?"
    r"|pragma:\s*no (cover|branch))",
    re.IGNORECASE,
)
BARE = re.compile(
    r"#\s*(noqa(?!:)|type:\s*ignore(?!\[)|ruff:\s*noqa|mypy:\s*ignore-errors)", re.IGNORECASE
)
WORDS = 2


def check(tree: Tree) -> Iterator[Finding]:
    """Give the exceptions without a reason and those that name no code."""
    for source in tree.python():
        for line, comment in _comments(source):
            if BARE.search(comment):
                yield source.finding(line, f"{comment!r}: name the code")
            elif DIRECTIVES.search(comment) and not _has_reason(comment):
                yield source.finding(line, f"{comment!r}: say why, on this line")


def _has_reason(comment: str) -> bool:
    return len(re.findall(r"[^\W\d_]{2,}", DIRECTIVES.sub("", comment))) >= WORDS


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
