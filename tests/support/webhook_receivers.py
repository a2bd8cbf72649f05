"""What receivers of webhooks verify with: the libraries of the specification, in two languages."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError as StandardRefusal
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixRefusal

Verify = Callable[[str, Mapping[str, str], bytes], bool]
"""Tells whether a library takes headers and body as signed with a secret."""

MISSING = "the npm packages of receivers are not on this machine (.ci/run installs them)"
_SCRIPT = """
const { Webhook } = require(process.argv[1]);
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
  new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf8"), headers);
  console.log("verified");
} catch (error) {
  console.log(error.constructor.name);
}
"""


def standardwebhooks(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Ask standardwebhooks of PyPI."""
    try:
        StandardWebhook(secret).verify(body, dict(headers))
    except StandardRefusal:
        return False
    return True


def svix(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Ask svix of PyPI."""
    try:
        SvixWebhook(secret).verify(body, dict(headers))
    except SvixRefusal:
        return False
    return True


def node_verifier(package: str) -> Verify:
    """Give what asks a package of npm; skips where it is not installed."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) / "geminicrm-peers/node_modules" / package
    node = shutil.which("node")
    if node is None or not folder.exists():
        pytest.skip(MISSING)

    def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        given = {
            "secret": secret,
            "headers": dict(headers),
            "body": base64.b64encode(body).decode(),
        }
        asked = subprocess.run(
            [node, "-e", _SCRIPT, str(folder)],
            input=json.dumps(given).encode(),
            capture_output=True,
            check=True,
            timeout=60,
        )
        return asked.stdout.strip() == b"verified"

    return verify
