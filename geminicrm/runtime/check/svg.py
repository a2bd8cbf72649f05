"""What is wrong with an SVG from a stranger: anything that acts or reaches outside.

Read with expat, element by element, so that nesting costs no stack; a document type is refused
before an entity of it could be put in (billion laughs).
"""

import re
from collections.abc import Mapping
from typing import Final
from xml.parsers import expat

_ACTING: Final = frozenset(
    {
        "script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler",
        "listener", "animate", "animatemotion", "animatetransform", "set", "link", "base",
    }
)  # fmt: skip
_LINKS: Final = frozenset({"href", "src", "data", "base"})
_INSIDE: Final = re.compile(r"\s*(#|data:image/(png|jpeg|webp|gif);)", re.IGNORECASE)
_OUTWARD: Final = re.compile(r"@import|url\(\s*[\"']?\s*(?!#|data:image/(png|jpeg|webp|gif))|"
                             r"expression\(|javascript:", re.IGNORECASE)  # fmt: skip
_LENGTH: Final = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)(px|%)?\s*")
_VIEW_NUMBERS: Final = 4


class NotSvg(Exception):
    """The bytes are no SVG at all; the text says why."""


class UnsafeSvg(Exception):
    """The picture would act or reach outside; the text says how."""


class _Reader:
    def __init__(self) -> None:
        self.size: tuple[float, float] | None = None
        self._seen = False
        self._in_style = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        if not self._seen:
            self._root(local, attributes)
        if local in _ACTING:
            raise UnsafeSvg(f"it has a <{local}>, and a picture does nothing")
        self._in_style = local == "style"
        for full, value in attributes.items():
            self._attribute(full.rpartition(":")[2].lower(), value)

    def text(self, text: str) -> None:
        if self._in_style and _OUTWARD.search(text):
            raise UnsafeSvg("its style reaches outside of the file")

    def end(self, _name: str) -> None:
        self._in_style = False

    def doctype(self, *_: object) -> None:
        raise UnsafeSvg("it has a document type: leave out the <!DOCTYPE")

    def instruction(self, target: str, _data: str) -> None:
        raise UnsafeSvg(f"it has an instruction <?{target[:40]}: leave it out")

    def _root(self, local: str, attributes: Mapping[str, str]) -> None:
        self._seen = True
        if local != "svg":
            raise NotSvg(f"it begins with <{local[:40]}>, not with <svg>")
        self.size = _size(attributes)

    def _attribute(self, name: str, value: str) -> None:
        if name.startswith("on"):
            raise UnsafeSvg(f"it has the attribute {name[:40]}, and a picture does nothing")
        if name in _LINKS and not _INSIDE.match(value):
            raise UnsafeSvg(f"its {name} leads outside of the file")
        if _OUTWARD.search(value):
            raise UnsafeSvg(f"its {name[:40]} reaches outside of the file")


def svg_size(content: bytes) -> tuple[float, float] | None:
    """Give width and height of an SVG, where it tells them. Raises NotSvg, UnsafeSvg."""
    reader = _Reader()
    # A separator joins namespace and name, so that a prefix of one's own hides no element.
    parser = expat.ParserCreate(namespace_separator=":")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.ProcessingInstructionHandler = reader.instruction
    parser.buffer_text = True  # style that comes in pieces is looked at as one
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no names
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotSvg(f"it can't be read as XML: {error}") from error
    return reader.size


def _size(attributes: Mapping[str, str]) -> tuple[float, float] | None:
    lengths = [_LENGTH.fullmatch(attributes.get(name, "")) for name in ("width", "height")]
    if all(lengths):
        width, height = (float(one[1]) for one in lengths if one)
        return width, height
    numbers = re.split(r"[\s,]+", attributes.get("viewBox", "")[:200].strip())
    found = [_LENGTH.fullmatch(one.lstrip("-")) for one in numbers]
    if len(found) == _VIEW_NUMBERS and all(found):
        _, _, width, height = (float(one[1]) for one in found if one)
        return width, height
    return None
