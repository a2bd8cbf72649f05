"""Secret settings that no key of ours opens any more."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem


def find(look: Look) -> Iterator[Problem]:
    """Ask for them again; nothing can bring them back but the old key."""
    for one in look.installed:
        if look.senses.secrets(one.row) is None:
            yield Problem(
                code="unreadable_secrets",
                severity="danger",
                extension_id=one.id,
                title=f"The secrets of {one.name} can't be read",
                detail="They were encrypted with a key that is not there any more. Bring the key "
                "back, or type the secrets again.",
                fix_label="Type them again",
                fix_url=f"{one.place}/settings",
            )
