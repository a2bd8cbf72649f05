"""What can be wrong with installing and changing an installation.

ConsentRequired (409)   nobody has agreed to the plan yet; it comes with the answer
TrustRequired (409)     third-party code has not been trusted in so many words
TrustNotTyped (409)     an installed extension is to be trusted, and its id was not typed
NoTrustNeeded (409)     what came with the CRM is neither trusted nor distrusted
AlreadyInstalled (409)  the workspace has the extension
InstalledAnew (409)     what was removed can't come back: the extension was installed since
PackageGone (409)       what was removed can't come back: its files are not here any more
StillNeeded (409)       other extensions of the workspace need it
InstallFailed (422)     a step refused or failed; everything is as it was before
NotInstalled (404)      the workspace does not have the extension
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from geminicrm.kernel.errors import AppError, Conflict, Finding, NotFound
from geminicrm.runtime.enforcement import TRUST_WORDS

_DONE = {
    "install": "installed",
    "upgrade": "upgraded",
    "rollback": "rolled back",
    "dry run": "tried",
}


class ConsentRequired(Conflict):
    """Show the plan, then repeat with a grant."""

    code = "consent_required"
    title = "Consent is needed"

    def __init__(self, plan: Mapping[str, Any]) -> None:
        super().__init__(
            'Nobody has agreed to what this extension may do. Repeat with "grant": a list of the '
            'permissions in the plan, or "requested" for those it needs.',
            plan=plan,
        )


class TrustRequired(Conflict):
    """The admin has to type the id of the extension, knowing that its code runs unconfined."""

    code = "trust_required"
    title = "Trust is needed"

    def __init__(self, extension_id: str, plan: Mapping[str, Any]) -> None:
        super().__init__(
            f'{trust_sentence(extension_id)} Repeat with "trust": "{extension_id}".', plan=plan
        )
        self.extension_id = extension_id


class TrustNotTyped(Conflict):
    """The admin has to type the id of an installed extension to trust it."""

    code = "trust_not_typed"
    title = "Type the id to trust it"

    def __init__(self, extension_id: str) -> None:
        super().__init__(
            f'{TRUST_WORDS} If you want that, type its id: "trust": "{extension_id}".',
            extension_id=extension_id,
        )


class NoTrustNeeded(Conflict):
    """An extension that came with the CRM runs in its process; there is nothing to mark."""

    code = "no_trust_needed"
    title = "It came with the CRM"

    def __init__(self, extension_id: str) -> None:
        super().__init__(
            f"The extension {extension_id!r} came with the CRM and runs in its process. Only "
            "extensions from elsewhere are marked as trusted.",
            extension_id=extension_id,
        )


class AlreadyInstalled(Conflict):
    """One extension is installed once in a workspace."""

    code = "already_installed"
    title = "Installed already"

    def __init__(self, extension_id: str) -> None:
        super().__init__(
            f"The extension {extension_id!r} is installed in this workspace already. Uninstall it "
            "first; its settings are kept for the next install.",
            extension_id=extension_id,
        )


class InstalledAnew(Conflict):
    """What was removed has a successor; both can't be in one workspace."""

    code = "installed_anew"
    title = "It was installed anew"

    def __init__(self, extension_id: str, *, left_documents: bool = False) -> None:
        since = (
            f"The extension {extension_id!r} was installed again since, and left documents that "
            "would mix with those of the removed one. Restore that later one, uninstall it with "
            "its data, then restore this one."
            if left_documents
            else f"The extension {extension_id!r} was installed again since. Uninstall it first, "
            "then restore the removed one."
        )
        super().__init__(since, extension_id=extension_id)


class PackageGone(Conflict):
    """The files of a removed version are not on this machine any more."""

    code = "package_gone"
    title = "Its files are gone"

    def __init__(self, extension_id: str, version: str) -> None:
        super().__init__(
            f"The files of {extension_id} {version} are not on this machine any more. Install it "
            "from the marketplace instead; settings and documents that were kept come back.",
            extension_id=extension_id,
        )


class StillNeeded(Conflict):
    """Other extensions would stop working."""

    code = "still_needed"
    title = "Other extensions need it"

    def __init__(self, extension_id: str, needed_by: Sequence[str]) -> None:
        names = ", ".join(needed_by)
        super().__init__(
            f"The extension {extension_id!r} is needed by {names}; remove or disable those first.",
            needed_by=list(needed_by),
        )


class InstallFailed(AppError):
    """A step of the install refused or failed; nothing of it is left.

    `place` is where in the package, such as `manifest.json` or `extension.py:12 in install`; `kind`
    is that of the run: install, upgrade, rollback, return or dry run.
    """

    code = "install_failed"
    status = 422
    title = "The extension was not installed"

    def __init__(
        self,
        step: str,
        extension_id: str,
        reason: str,
        place: str = "",
        findings: Sequence[Finding] = (),
        *,
        kind: str = "install",
    ) -> None:
        at = f" ({place})" if place else ""
        super().__init__(
            f"{extension_id} was not {_DONE.get(kind, 'changed')}, the step {step!r} failed{at}: "
            f"{reason} Nothing was changed.",
            extension_id=extension_id,
            step=step,
            place=place,
            errors=[asdict(finding) for finding in findings],
        )
        self.step = step
        self.extension_id = extension_id
        self.reason = reason
        self.place = place
        self.findings = tuple(findings)


class NotInstalled(NotFound):
    """The workspace does not have the extension."""

    code = "not_installed"

    def __init__(self, extension_id: str) -> None:
        super().__init__("installed extension", extension_id)


def trust_sentence(extension_id: str) -> str:
    """Say what trusting means and how it is done."""
    return (
        "This code is not part of the CRM, and this machine can't lock a process around it: once "
        "installed it can do whatever the server can, whatever its permissions say. If you trust "
        f"its author that far, say so by typing its id, {extension_id}."
    )
