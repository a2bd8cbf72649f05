import io
import random
import zipfile

import pytest

from geminicrm.kernel.errors import TooLarge
from marketplace.inspection import MAX_ICON, PackageRefused, icon_type, inspect
from marketplace.package_reader import PackageInvalid
from marketplace.packages import MAX_PACKAGE_BYTES
from tests.unit.marketplace.conftest import Author

PNG = b"\x89PNG\r\n\x1a\n and so on"


def codes(error: PackageInvalid | PackageRefused) -> set[str]:
    return {finding.code for finding in error.findings}


def test_a_good_package_is_read(author: Author):
    found = inspect(author.package(version="1.2.3"))

    assert (found.manifest.id, found.manifest.version) == ("deal-insights", "1.2.3")
    assert found.readme.startswith("# ")
    assert found.changelog.startswith("# ")
    assert found.icon is not None
    assert icon_type(found.icon) == "image/svg+xml"
    assert found.warnings == ()


def test_the_folder_as_a_plain_zip_is_accepted(author: Author):
    folder = author.write()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, f"{folder.name}/{path.relative_to(folder)}")

    assert inspect(made.getvalue()).manifest.id == "deal-insights"


def test_what_could_be_better_is_a_warning(author: Author):
    (author.write(icon=None) / "README.md").unlink()

    found = inspect(author.package())

    assert {finding.code for finding in found.warnings} == {"missing_icon", "missing_readme"}
    assert found.icon is None
    assert found.readme == ""


def test_every_error_is_told_at_once(author: Author):
    package = author.package(
        permissions=["read:everything"], entry_point="other.py", colour="red", license=None
    )

    with pytest.raises(PackageRefused) as caught:
        inspect(package)

    pointers = {finding.pointer for finding in caught.value.findings}
    assert {"/permissions/0", "/colour", "/license"} <= pointers


def test_imports_of_the_core_are_refused(author: Author):
    (author.write() / "extension.py").write_text("import geminicrm.kernel\n")

    with pytest.raises(PackageRefused) as caught:
        inspect(author.package())

    assert "forbidden_import" in codes(caught.value)


def test_a_place_of_the_marketplace_is_no_id(author: Author):
    with pytest.raises(PackageRefused) as caught:
        inspect(author.package("publish"))

    assert "reserved_id" in codes(caught.value)


def test_no_zip_is_refused():
    with pytest.raises(PackageInvalid) as caught:
        inspect(b"hello")

    assert codes(caught.value) == {"not_a_zip"}


def test_a_zip_bomb_is_refused(author: Author):
    author.package()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(author.folder / "deal_insights" / "manifest.json", "manifest.json")
        archive.writestr("static/bomb.txt", b"\0" * 30_000_000)

    with pytest.raises(PackageInvalid) as caught:
        inspect(made.getvalue())

    assert codes(caught.value) == {"bomb"}


def test_too_many_bytes_are_refused():
    with pytest.raises(TooLarge):
        inspect(b"\0" * (MAX_PACKAGE_BYTES + 1))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("static/icon.png", b"<svg></svg>"),
        ("static/icon.gif", b"GIF89a"),
        ("static/icon.svg", b""),
        ("static/icon.svg", random.Random(1).randbytes(MAX_ICON + 1)),  # noqa: S311 - any bytes will do that do not pack
    ],
    ids=["no png", "gif", "empty", "too large"],
)
def test_other_icons_are_not_kept(author: Author, name: str, content: bytes):
    (author.write(icon=name) / name).write_bytes(content)

    assert inspect(author.package()).icon is None


def test_a_png_is_an_icon(author: Author):
    (author.write(icon="static/icon.png") / "static/icon.png").write_bytes(PNG)

    assert inspect(author.package()).icon == PNG


def test_the_type_of_a_png_is_told():
    assert icon_type(PNG) == "image/png"


def test_texts_lose_what_databases_refuse(author: Author):
    (author.write() / "README.md").write_bytes(b"# A\x00B \xff")

    assert inspect(author.package()).readme == "# AB \ufffd"
