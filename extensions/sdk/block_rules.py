"""What each kind of UI block may hold, and the check of blocks against it.

Blocks come from code that is not trusted with the page: everything not named here is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, cast

from extensions.sdk.errors import Finding, InvalidBlocks
from extensions.sdk.shapes import REQUIRED, Prop, Reader, choice, flag, many, scalar, shape, text

MAX_BLOCKS: Final = 50
MAX_BYTES: Final = 64 * 1024
"""Size of all blocks of one panel as JSON."""

TONES: Final = ("neutral", "info", "success", "warning", "danger")
BUTTON_STYLES: Final = ("secondary", "primary", "danger")
FIELD_TYPES: Final = (
    "text",
    "textarea",
    "number",
    "email",
    "url",
    "date",
    "select",
    "checkbox",
    "password",
)


class HasDict(Protocol):
    """A block of `extensions.sdk.blocks`."""

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""


BlockLike: TypeAlias = Mapping[str, Any] | HasDict


def _is_address(value: str) -> bool:
    # A page of the CRM or an https page; "//host", "/\host" and "javascript:" are neither.
    internal = value.startswith("/") and value[1:2] not in {"/", "\\"}
    return (internal or value.startswith("https://")) and value.isprintable() and " " not in value


def _is_name(value: str) -> bool:
    return value.isascii() and value[:1].isalpha() and value.replace("-", "_").isidentifier()


_NAME: Final = text(64, _is_name, "a name of letters, digits, - and _ such as 'send-mail'")
_ADDRESS: Final = text(
    2048, _is_address, "an https:// address or a path inside the CRM such as '/leads'"
)
_LINE: Final = text(500)
_PROSE: Final = text(20_000)
_LINK_CELL: Final = shape(
    {"type": Prop(choice("link")), "text": Prop(_LINE), "href": Prop(_ADDRESS)}
)
_PLAIN_CELL: Final = scalar(20_000)


def _cell(value: object, pointer: str, found: list[Finding]) -> object:
    """Read a cell of a table: a value, or a link."""
    reader = _LINK_CELL if isinstance(value, Mapping) else _PLAIN_CELL
    return reader(value, pointer, found)


_OPTION: Final = shape({"value": Prop(_LINE), "label": Prop(_LINE)})
_FIELD: Final = shape(
    {
        "id": Prop(_NAME),
        "label": Prop(_LINE),
        "type": Prop(choice(*FIELD_TYPES), "text"),
        "value": Prop(scalar(20_000), ""),
        "required": Prop(flag, default=False),
        "placeholder": Prop(_LINE, ""),
        "help": Prop(_LINE, ""),
        "options": Prop(many(_OPTION), ()),
    }
)

BLOCK_TYPES: Final[Mapping[str, Mapping[str, Prop]]] = MappingProxyType(
    {
        "heading": {"text": Prop(_LINE), "level": Prop(choice(2, 3, 4), 3)},
        "text": {"text": Prop(_PROSE), "tone": Prop(choice(*TONES), "neutral")},
        "fields": {
            "entries": Prop(many(shape({"label": Prop(_LINE), "value": Prop(scalar(20_000))})))
        },
        "stat": {
            "label": Prop(_LINE),
            "value": Prop(scalar(500)),
            "hint": Prop(_LINE, ""),
            "tone": Prop(choice(*TONES), "neutral"),
        },
        "badge": {"text": Prop(text(60)), "tone": Prop(choice(*TONES), "neutral")},
        "table": {
            "columns": Prop(many(_LINE)),
            "rows": Prop(many(many(_cell))),
            "caption": Prop(_LINE, ""),
        },
        "link": {"text": Prop(_LINE), "href": Prop(_ADDRESS)},
        "button": {
            "text": Prop(_LINE),
            "action": Prop(_NAME),
            "style": Prop(choice(*BUTTON_STYLES), "secondary"),
            "confirm": Prop(_LINE, ""),
            "inputs": Prop(many(shape({"id": Prop(_NAME), "value": Prop(_PROSE)})), ()),
        },
        "form": {
            "action": Prop(_NAME),
            "submit": Prop(_LINE, "Save"),
            "fields": Prop(many(_FIELD)),
        },
    }
)
"""Properties of each block type; one without a default is required.

No property is called `items`, `values` or `keys`: in a Jinja template those are methods.
"""


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Readers of whole blocks by type; made once per check, since it is cheap."""

    readers: Mapping[str, Reader]

    def read(self, block: object, pointer: str, found: list[Finding]) -> object:
        data = _plain(block)
        if data is None:
            found.append(
                Finding(pointer, "not_a_block", f"{type(block).__name__} can't be read as a block.")
            )
            return None
        reader = self.readers.get(cast("str", data.get("type", REQUIRED))) if _typed(data) else None
        if reader is None:
            kinds = ", ".join(self.readers)
            message = f"Unknown block type {data.get('type')!r}. Known are: {kinds}."
            found.append(Finding(f"{pointer}/type", "unknown_block", message[:500]))
            return None
        return reader(data, pointer, found)


def _typed(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("type"), str)


def _plain(block: object) -> Mapping[str, Any] | None:
    if isinstance(block, Mapping):
        return block
    to_dict = getattr(block, "to_dict", None)
    try:
        plain = to_dict() if callable(to_dict) else None
    except (AttributeError, TypeError, ValueError):
        return None  # the block was made from values of other types than its class says
    return plain if isinstance(plain, Mapping) else None


def _cross_check(block: Mapping[str, Any], pointer: str, found: list[Finding]) -> None:
    if block["type"] == "table":
        width = len(block["columns"])
        found.extend(
            Finding(
                f"{pointer}/rows/{at}", "row_width", f"The row has {len(row)} cells, not {width}."
            )
            for at, row in enumerate(block["rows"])
            if len(row) != width
        )
    if block["type"] == "form":
        ids = [field["id"] for field in block["fields"]]
        found.extend(
            Finding(f"{pointer}/fields/{at}/id", "repeated", f"The id {one!r} is used twice.")
            for at, one in enumerate(ids)
            if one in ids[:at]
        )


def validate_blocks(blocks: object) -> list[dict[str, Any]]:
    """Check blocks and give them as JSON-ready dictionaries with every default filled in.

    At most `MAX_BLOCKS` blocks and `MAX_BYTES` bytes. Raises `InvalidBlocks` with all findings;
    pointers begin with the block's place, such as `/3/rows/0`.
    """
    if isinstance(blocks, str | bytes) or not isinstance(blocks, Sequence):
        kind = type(blocks).__name__
        raise InvalidBlocks([Finding("", "not_a_list", f"Blocks come as a list, not as {kind}.")])
    if len(blocks) > MAX_BLOCKS:
        message = f"{len(blocks)} blocks are too many; {MAX_BLOCKS} are allowed."
        raise InvalidBlocks([Finding("", "too_many_blocks", message)])
    found: list[Finding] = []
    reader = _Blocks(
        {name: shape({"type": Prop(choice(name)), **props}) for name, props in BLOCK_TYPES.items()}
    )
    checked = [reader.read(block, f"/{at}", found) for at, block in enumerate(blocks)]
    if found:
        raise InvalidBlocks(found)
    result = cast("list[dict[str, Any]]", checked)
    for at, block in enumerate(result):
        _cross_check(block, f"/{at}", found)
    size = len(json.dumps(result, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        message = f"The blocks are {size} bytes as JSON; {MAX_BYTES} are allowed. Show less."
        found.append(Finding("", "too_large", message))
    if found:
        raise InvalidBlocks(found)
    return result
