"""Whatever an extension's files hold, the rules give findings and nothing else."""

import contextlib
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geminicrm.runtime.check.codes import CODES
from geminicrm.runtime.check.run import check_folder
from geminicrm.runtime.check.svg import NotSvg, UnsafeSvg, svg_size
from geminicrm.runtime.pictures import measure
from tests.unit.runtime.check.conftest import MANIFEST, SOURCE

SHOTS = {"screenshots": [{"path": "static/shot.png"}], "icon": "static/icon.svg"}
NAMES = ("client.py", "README.md", "CHANGELOG.md", "static/icon.svg", "static/shot.png", "LICENSE")
WORDS = st.sampled_from(
    ["self.app", ".http", ".leads", ".create(", ")", "x = ", "\n", "    ", "def f(app):", "'https://",
     "a.io/'", "f'", "{", "}", "import ", "socket", "eval(", "[", "]", "+", "lambda: ", "async ",
     "password = '", "sk_live_", "\x00", "\u2028", "\ud7ff", "<svg ", "<script>", "href='", "/>",
     "\x89PNG\r\n\x1a\n", "IHDR", "-----BEGIN PRIVATE KEY-----"]
)  # fmt: skip
CONTENT = st.one_of(
    st.binary(max_size=300), st.lists(WORDS, max_size=60).map(lambda all_: "".join(all_).encode())
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), CONTENT))
def test_any_bytes_give_findings(contents):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "static").mkdir()
        (folder / "manifest.json").write_text(json.dumps({**MANIFEST, **SHOTS}))
        (folder / "extension.py").write_text(SOURCE)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        found = check_folder(folder, known_scopes=set())
    assert {one.code for one in found} <= set(CODES)
    assert all(one.message for one in found)


@given(CONTENT)
def test_any_bytes_are_measured_or_not(content):
    heads = (b"", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\xff\xd8\xff", b"RIFFaaaaWEBPVP8 ")
    for head in heads:
        found = measure(head + content)
        assert found is None or min(found.width, found.height) > 0


@given(CONTENT)
def test_any_bytes_are_an_svg_or_not(content):
    with contextlib.suppress(NotSvg, UnsafeSvg):
        svg_size(b"<svg>" + content + b"</svg>")
