from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from geminicrm.api.http import problem
from geminicrm.kernel.errors import AppError
from geminicrm.runtime.assets import blueprint
from tests.support.sample_extensions import HEAD, QUIET, Package, write_package

FILES = {
    "static/js/app.js": "let a = 1",
    "static/page.html": "<script>alert(1)</script>",
    "README.md": "# Sample",
}


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_package(tmp_path, HEAD + QUIET, FILES)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    app = Flask("core")
    app.register_blueprint(blueprint(tmp_path))
    app.register_error_handler(AppError, lambda error: problem(error, "/"))
    return app.test_client()


def get(client: FlaskClient, package: Package, path: str) -> TestResponse:
    return client.get(f"/ext-assets/{package.digest}/{path}")


def test_files_are_public_immutable_and_harmless(client: FlaskClient, package: Package):
    with get(client, package, "js/app.js") as answer:
        assert answer.data == b"let a = 1"
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["Content-Disposition"].startswith("inline")
        tag = answer.headers["ETag"]
    with client.get(answer.request.path, headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["icon.svg", "page.html"])
def test_what_could_run_scripts_is_a_download(client: FlaskClient, package: Package, path: str):
    with get(client, package, path) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    "path",
    [
        "../manifest.json",
        "%2e%2e/extension.py",
        "..%2fREADME.md",
        "js/../../README.md",
        "/etc/passwd",
        "//etc/passwd",
        "js",
        "nothing.js",
        "link.js",
        "js/%00",
    ],
)
def test_nothing_outside_of_static_is_served(client: FlaskClient, package: Package, path: str):
    (package.folder / "static" / "link.js").symlink_to(package.folder / "extension.py")
    assert get(client, package, path).status_code in {308, 404}


@pytest.mark.parametrize("digest", ["0" * 64, "..", "zz", "A" * 64])
def test_unknown_versions_have_no_files(client: FlaskClient, package: Package, digest: str):
    assert package.folder.is_dir()
    assert client.get(f"/ext-assets/{digest}/icon.svg").status_code == 404
