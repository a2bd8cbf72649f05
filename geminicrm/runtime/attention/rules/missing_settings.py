"""Extensions that lack a setting they can't do without."""

from collections.abc import Iterator

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem
from geminicrm.runtime.settings_values import Stored, missing


def find(look: Look) -> Iterator[Problem]:
    """Name the settings; secrets that can't be read are another rule's."""
    for one in look.installed:
        secrets = look.senses.secrets(one.row)
        if one.manifest is None or secrets is None or not one.row.enabled:
            continue
        stored = Stored(one.row.settings, dict.fromkeys(secrets, "set"))
        labels = {setting.id: setting.label for setting in one.manifest.settings}
        lacking = [labels[name] for name in missing(one.manifest.needed_settings, stored)]
        if lacking:
            yield Problem(
                code="missing_settings",
                severity="warning",
                extension_id=one.id,
                title=f"{one.name} is not set up",
                detail=f"It needs a value for {', '.join(lacking)}.",
                fix_label="Set it up",
                fix_url=f"{one.place}/settings",
            )
