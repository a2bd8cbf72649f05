"""Licence, texts, pictures, settings, stored data: what people see of an extension."""

import struct

import pytest

from geminicrm.runtime.check.run import check_folder
from geminicrm.runtime.manifest import parse_manifest
from geminicrm.runtime.pictures import Picture, measure


def codes(author, **options):
    found = check_folder(author.folder, known_scopes=set(), **options)
    return [(one.severity, one.code) for one in found]


def png(width, height):
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I4s2I5B", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)
        + b"crc0"
    )


def jpeg(width, height):
    app = b"\xff\xe0\x00\x10JFIF" + bytes(10)
    return b"\xff\xd8" + app + b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width)


def webp(kind, data):
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + b"\x0a\x00\x00\x00" + data


@pytest.mark.parametrize(
    ("content", "picture"),
    [
        (png(30, 20), Picture("image/png", 30, 20)),
        (jpeg(30, 20), Picture("image/jpeg", 30, 20)),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x1e\x00\x14\x00"), Picture("image/webp", 30, 20)),
        (webp(b"VP8L", struct.pack("<BI5x", 0x2F, 29 | 19 << 14)), Picture("image/webp", 30, 20)),
        (webp(b"VP8X", b"\0\0\0\0\x1d\0\0\x13\0\0"), Picture("image/webp", 30, 20)),
        (png(0, 20), None),
        (png(30, 20)[:20], None),
        (jpeg(30, 20)[:12], None),
        (b"\xff\xd8\xff\xe0\x00\x00" * 2_000, None),
        (webp(b"VP8 ", bytes(10)), None),
        (webp(b"VP8X", b""), None),
        (b"GIF89a" + bytes(20), None),
        (b"", None),
    ],
    ids=range(13),
)
def test_pictures_are_measured_by_their_bytes(content, picture):
    assert measure(content) == picture


@pytest.mark.parametrize(
    ("svg", "found"),
    [
        ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path d='M0 0'/></svg>", []),
        ("<svg><use href='#a'/><image href='data:image/png;base64,AA'/></svg>", []),
        ("<svg><style>.a{fill:url(#b)}</style></svg>", []),
        ("<svg width='20' height='10'/>", [("warning", "icon_not_square")]),
        ("<svg viewBox='0 0 20 10'/>", [("warning", "icon_not_square")]),
        ("<svg><script>1</script></svg>", [("error", "unsafe_svg")]),
        ("<svg xmlns:a='http://www.w3.org/2000/svg'><a:script/></svg>", [("error", "unsafe_svg")]),
        ("<svg><foreignObject/></svg>", [("error", "unsafe_svg")]),
        ("<svg onload='x()'/>", [("error", "unsafe_svg")]),
        ("<svg><a href='javascript:x()'/></svg>", [("error", "unsafe_svg")]),
        ("<svg><image href='https://evil.io/a.png'/></svg>", [("error", "unsafe_svg")]),
        ("<svg><use xmlns:x='x' x:href='//evil.io/a#b'/></svg>", [("error", "unsafe_svg")]),
        ("<svg><image href='data:image/svg+xml,x'/></svg>", [("error", "unsafe_svg")]),
        ("<svg><style>@import 'a'</style></svg>", [("error", "unsafe_svg")]),
        ("<svg><path style='fill:url(https://evil.io)'/></svg>", [("error", "unsafe_svg")]),
        ("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>", [("error", "unsafe_svg")]),
        ("<?xml-stylesheet href='a'?><svg/>", [("error", "unsafe_svg")]),
        ("<svg>" + "<g>" * 20_000, [("warning", "wrong_icon")]),
        ("<html/>", [("warning", "wrong_icon")]),
        ("", [("warning", "wrong_icon")]),
        ("<svg/>" + " " * 300_000, [("warning", "icon_too_large")]),
    ],
    ids=range(21),
)
def test_icons_do_nothing(author, svg, found):
    author.write("static/icon.svg", svg)

    assert codes(author) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (png(64, 64), []),
        (png(64, 32), [("warning", "icon_not_square")]),
        (jpeg(64, 64), [("warning", "wrong_icon")]),
    ],
    ids=range(3),
)
def test_icons_that_are_png(author, content, found):
    author.manifest(icon="static/icon.png")
    author.write("static/icon.png", content)

    assert codes(author) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (png(800, 600), []),
        (png(4_001, 10), [("error", "screenshot_too_large")]),
        (png(8, 6) + bytes(3_000_000), [("error", "screenshot_too_large")]),
        (b"<svg/>", [("error", "wrong_screenshot")]),
    ],
    ids=range(4),
)
def test_screenshots_are_pictures(author, content, found):
    author.manifest(screenshots=[{"path": "static/shot.png", "caption": "The panel."}])
    author.write("static/shot.png", content)

    assert codes(author) == found


def test_screenshots_are_there_and_say_what_they_show(author):
    author.manifest(screenshots=[{"path": "static/shot.png"}])

    assert codes(author) == [("error", "missing_screenshot"), ("warning", "missing_caption")]


@pytest.mark.parametrize("licence", ["MIT", "mit", "Apache-2.0 OR MIT", "LicenseRef-Own"])
def test_known_licences(author, licence):
    author.manifest(license=licence)

    assert codes(author) == []


@pytest.mark.parametrize("licence", ["MTI", "Proprietary", "MIT OR", "(" * 99])
def test_unknown_licences_are_a_warning(author, licence):
    author.manifest(license=licence)

    assert codes(author) == [("warning", "unknown_licence")]


def test_texts_that_are_missing(author):
    (author.folder / "LICENSE").unlink()
    (author.folder / "CHANGELOG.md").unlink()

    assert codes(author) == [("warning", "missing_licence"), ("warning", "missing_changelog")]


@pytest.mark.parametrize(
    ("changelog", "found"),
    [
        ("## 1.0.0", []),
        ("## [1.0.0] - today", []),
        ("v. 1.0.0.", []),
        ("## 11.0.0", [("warning", "unmentioned_version")]),
        ("## 1.0.0.1", [("warning", "unmentioned_version")]),
        ("## 1.0.0-beta", [("warning", "unmentioned_version")]),
        (b"\xff\xfe", [("warning", "unmentioned_version")]),
    ],
)
def test_the_changelog_mentions_the_version(author, changelog, found):
    author.write("CHANGELOG.md", changelog)

    assert codes(author) == found


def test_the_first_readme_is_not_kept_for_good(author):
    author.write("README.md", "This is where people read what the extension does for them.")

    assert codes(author) == [("warning", "unchanged_readme")]


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("api_key", "text", [("warning", "plain_secret")]),
        ("webhook_secret", "textarea", [("warning", "plain_secret")]),
        ("api_key", "password", []),
        ("token_limit", "integer", []),
        ("publishable_key", "text", []),
        ("token_url", "text", []),
    ],
)
def test_secrets_are_stored_as_such(author, name, kind, found):
    author.manifest(settings=[{"id": name, "type": kind, "label": "It"}])

    assert codes(author) == found


def before(author, **changes):
    author.manifest(version="0.9.0", **changes)
    made = parse_manifest((author.folder / "manifest.json").read_bytes(), known_scopes=set())
    author.manifest()
    return made


def test_what_is_stored_has_a_version(author):
    author.write("client.py", "def f(self):\n    self.app.storage.put('a', 1)\n")
    assert codes(author) == [("warning", "missing_storage_version")]

    author.manifest(storage_version=1)
    assert codes(author) == []


def test_the_version_of_what_is_stored_never_goes_down(author):
    previous = before(author, storage_version=3)
    author.manifest(storage_version=2)
    assert codes(author, previous=previous) == [("error", "lower_storage_version")]

    author.manifest(storage_version=4)
    assert codes(author, previous=previous) == []

    author.write("CHANGELOG.md", "nothing")
    found = codes(author, previous=previous)
    assert ("warning", "unexplained_storage_version") in found
