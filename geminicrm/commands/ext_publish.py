"""`geminicrm ext sign | publish`: a package gets its publisher's signature, and goes out."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import orjson
import requests

from geminicrm.commands.shared import json_option, opened_core, operator, say, workspace_option
from geminicrm.kernel.errors import ValidationFailed
from marketplace.blobs import digest_of
from marketplace.package_reader import open_package
from marketplace.service import Wish
from marketplace.signed_package import join_package, split_package
from marketplace.signing.envelope import sign_package
from marketplace.signing.keys import SigningKey, read_key, write_key
from marketplace.states import PENDING

TOKEN_VARIABLE = "GEMINICRM_PUBLISH_TOKEN"  # noqa: S105 - the name of the variable, not a token
_SECONDS = 120
_DONE = (200, 201)
_file = click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def commands() -> tuple[click.Command, ...]:
    """Give the commands of this file."""
    return sign, publish


@click.command()
@click.argument(
    "file",
    metavar="FILE",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--key", "key_path", metavar="PATH", type=_KEY_FILE, help="Your private key.")
@click.option(
    "--new-key",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Make a key there first; nobody but you may read the file.",
)
@json_option
def sign(*, file: Path | None, key_path: Path | None, new_key: Path | None, as_json: bool) -> None:
    """Sign a package with your key; the signature goes into the file itself.

    The digest stays what it was: it never covers the signature. Without FILE, --new-key only makes
    a key. Add its public half to your publisher, on the page Developer.
    """
    if (key_path is None) == (new_key is None):
        raise click.UsageError("Give either --key or --new-key.")
    if file is None and new_key is None:
        raise click.UsageError("Name the package to sign.")
    key = _make_key(new_key) if new_key else _read_key(key_path)
    answer: dict[str, object] = {"key_id": key.id, "public": key.public}
    lines = [f"key {key.id}", f"public {key.public}"]
    if file is not None:
        digest = _sign_file(file, key)
        answer |= {"file": str(file), "digest": f"sha256:{digest}"}
        lines.insert(0, f"{file} is signed  sha256:{digest}")
    say(as_json, answer, "\n".join(lines))


@click.command()
@_file
@click.option("--publisher", metavar="SLUG", help="One of yours; needed where you have several.")
@click.option("--sign", "key_path", metavar="KEY", type=_KEY_FILE, help="Sign it first.")
@click.option("--url", help="A registry elsewhere: the address of its CRM.")
@click.option(
    "--token-file",
    metavar="PATH",
    type=_KEY_FILE,
    help=f"With --url: holds a publishing token. Else it is read from {TOKEN_VARIABLE}.",
)
@workspace_option
@json_option
def publish(  # noqa: PLR0913 - one for each option of the command
    *,
    file: Path,
    publisher: str | None,
    key_path: Path | None,
    url: str | None,
    token_file: Path | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Publish a package: here, or with --url in a registry elsewhere.

    Here, whoever can run commands acts for any publisher; without --publisher the package is the
    workspace's own and nobody else sees it.
    """
    package = file.read_bytes()
    if key_path is not None:
        package = _signed(package, _read_key(key_path))
    if url is None:
        answer = _publish_here(package, publisher, workspace)
    else:
        answer = _publish_there(url, _token(token_file), package, publisher)
    signed = f"signed by {answer['signed_by'][:16]}" if answer.get("signed_by") else "not signed"
    for warning in answer.get("warnings", ()):
        place = f"manifest.json {warning['pointer']}: " if warning["pointer"] else ""
        click.echo(f"warning: {place}{warning['message']}", err=True)
    words = "is published" if answer.pop("created") else "was published before"
    waits = "; it waits for a review" if answer.get("state") == PENDING else ""
    say(as_json, answer, f"{answer['id']} {answer['version']} {words}, {signed}{waits}.")


def _publish_here(package: bytes, publisher: str | None, workspace: str | None) -> dict[str, Any]:
    with opened_core() as core:
        actor = operator(core.works, workspace)
        published = core.registry.publish(actor, package, Wish(publisher=publisher))
    warnings = [{"pointer": one.pointer, "message": one.message} for one in published.warnings]
    return {**published.release.to_dict(), "warnings": warnings, "created": published.created}


def _publish_there(url: str, token: str, package: bytes, publisher: str | None) -> dict[str, Any]:
    """Send the package; a token never follows a redirect to another place."""
    _refuse_clear(url)
    address = f"{url.rstrip('/')}/api/marketplace/extensions"
    try:
        answer = requests.post(
            address,
            headers={"Authorization": f"Bearer {token}"},
            files={"package": ("package.gcx", package)},
            data={"publisher": publisher} if publisher else {},
            timeout=_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise click.ClickException(f"{address} does not answer: {error}.") from None
    members = _members(answer.content)
    if answer.status_code not in _DONE:
        raise click.ClickException("\n".join(_refusal(answer.status_code, members)))
    return {**members, "created": answer.status_code == _DONE[1]}


def _refuse_clear(url: str) -> None:
    parts = urlsplit(url)
    near = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not (parts.scheme == "http" and near):
        raise click.UsageError("Give an https:// address: a token must not travel in clear.")


def _refusal(status: int, members: Mapping[str, Any]) -> list[str]:
    errors = members.get("errors") or ()
    lines = [f"  {one['pointer'] or '/'}: {one['message']}" for one in errors]
    return [f"{members.get('title', 'The registry refused the package')} ({status})",
            *(lines or [str(members.get("detail", "It gave no reason."))])]  # fmt: skip


def _members(content: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _token(path: Path | None) -> str:
    # Never an option of its own: arguments of a process can be read by everybody on the machine.
    token = path.read_text().strip() if path else os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise click.UsageError(f"Give the token by --token-file or in {TOKEN_VARIABLE}.")
    return token


def _make_key(path: Path) -> SigningKey:
    key = SigningKey.make()
    try:
        write_key(path, key)
    except OSError as error:
        raise click.ClickException(f"{path} can't be made: {error}.") from error
    return key


def _read_key(path: Path | None) -> SigningKey:
    try:
        return read_key(path or Path())
    except (OSError, ValidationFailed) as error:
        raise click.ClickException(str(error)) from error


def _sign_file(path: Path, key: SigningKey) -> str:
    signed = _signed(path.read_bytes(), key)
    staged = path.with_name(f".{path.name}.signed")
    try:
        staged.write_bytes(signed)
        staged.replace(path)
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error}.") from error
    finally:
        staged.unlink(missing_ok=True)
    return digest_of(split_package(signed)[0])


def _signed(package: bytes, key: SigningKey) -> bytes:
    bare, _ = split_package(package)
    open_package(bare)  # refuses what is no package before it is signed
    return join_package(bare, sign_package(digest_of(bare), key))
