"""Rule: no host is asked for that the code never names. Never an error."""

from collections.abc import Iterator

from geminicrm.runtime.check.addresses import written
from geminicrm.runtime.check.findings import in_manifest
from geminicrm.runtime.check.folder import CheckFinding, ExtensionFolder
from geminicrm.runtime.hosts import split_port
from geminicrm.runtime.manifest_model import Manifest


def check(folder: ExtensionFolder) -> list[CheckFinding]:
    """Look for each host in the texts of the code, the settings and the sign-in addresses."""
    manifest = folder.manifest
    if manifest is None or not folder.trees:
        return []
    texts = [text.lower() for _, _, text in written(folder)]
    texts += [text.lower() for text in _told(manifest)]
    return [
        in_manifest(
            "unused_host",
            f"The code does not seem to call {one.host}: ask for it once you need it.",
            f"/network/{at}/host",
        )
        for at, one in enumerate(manifest.network)
        if one.host is not None and not any(_named(one.host) in text for text in texts)
    ]


def _named(entry: str) -> str:
    host, _ = split_port(entry)
    return host.removeprefix("*.")


def _told(manifest: Manifest) -> Iterator[str]:
    for setting in manifest.settings:
        yield from (str(setting.default), setting.placeholder)
        yield from (one.value for one in setting.options)
    for signing in manifest.authentication:
        urls = (signing.authorization_url, signing.token_url, signing.revocation_url)
        yield from (one for one in urls if one)
