"""UI blocks: what panels and widgets are made of. The CRM draws them; no HTML passes.

Use the classes here, or plain dictionaries of the same shape. Everything is shown as text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from extensions.sdk.block_rules import MAX_BLOCKS, MAX_BYTES, BlockLike, validate_blocks

__all__ = [
    "MAX_BLOCKS",
    "MAX_BYTES",
    "Badge",
    "Block",
    "BlockLike",
    "Button",
    "Fields",
    "Form",
    "FormField",
    "Heading",
    "Link",
    "Stat",
    "Table",
    "Text",
    "validate_blocks",
]

Tone: TypeAlias = Literal["neutral", "info", "success", "warning", "danger"]
Cell: TypeAlias = str | int | float | None
FieldType: TypeAlias = Literal[
    "text", "textarea", "number", "email", "url", "date", "select", "checkbox", "password"
]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title inside a panel; `level` 2 to 4."""

    text: str
    level: Literal[2, 3, 4] = 3

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        return {"type": "heading", "text": self.text, "level": self.level}


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; line breaks are kept."""

    text: str
    tone: Tone = "neutral"

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        return {"type": "text", "text": self.text, "tone": self.tone}


@dataclass(frozen=True, slots=True)
class Fields:
    """Labels with values, in the order of the mapping: `Fields({"Phone": "123"})`."""

    items: Mapping[str, Cell]

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        entries = [{"label": label, "value": value} for label, value in self.items.items()]
        return {"type": "fields", "entries": entries}


@dataclass(frozen=True, slots=True)
class Stat:
    """One figure with a label, such as "Open deals 12"."""

    label: str
    value: Cell
    hint: str = ""
    tone: Tone = "neutral"

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        shown = {"label": self.label, "value": self.value}
        return {"type": "stat", **shown, "hint": self.hint, "tone": self.tone}


@dataclass(frozen=True, slots=True)
class Badge:
    """A small coloured label of at most 60 characters; also what `collect_badges` gives."""

    text: str
    tone: Tone = "neutral"

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        return {"type": "badge", "text": self.text, "tone": self.tone}


@dataclass(frozen=True, slots=True)
class Link:
    """A link to an https address or to a path inside the CRM."""

    text: str
    href: str

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        return {"type": "link", "text": self.text, "href": self.href}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column titles, each with as many cells.

    Numbers are shown as people write them; a cell may be a `Link`.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | Link]]
    caption: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        rows = [[_shown(cell) for cell in row] for row in self.rows]
        columns = list(self.columns)
        return {"type": "table", "columns": columns, "rows": rows, "caption": self.caption}


def _shown(cell: Cell | Link) -> Cell | dict[str, Any]:
    return cell.to_dict() if isinstance(cell, Link) else cell


@dataclass(frozen=True, slots=True)
class Button:
    """Calls `perform_action(action, values, ...)`; with `confirm` people are asked that first."""

    text: str
    action: str
    style: Literal["secondary", "primary", "danger"] = "secondary"
    confirm: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        look = {"text": self.text, "style": self.style, "confirm": self.confirm}
        inputs = [{"id": name, "value": value} for name, value in self.values.items()]
        return {"type": "button", **look, "action": self.action, "inputs": inputs}


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a form; `options` maps values to labels and belongs to the type `select`.

    `id` is the key among the values that `perform_action` is given. A checkbox that is ticked has
    the value "true"; a password is never shown, whatever its value.
    """

    id: str
    label: str
    type: FieldType = "text"
    value: Cell = ""
    required: bool = False
    placeholder: str = ""
    help: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the field as JSON-ready data."""
        look = {"label": self.label, "placeholder": self.placeholder, "help": self.help}
        rules = {"type": self.type, "value": self.value, "required": self.required}
        options = [{"value": value, "label": label} for value, label in self.options.items()]
        return {"id": self.id, **look, **rules, "options": options}


@dataclass(frozen=True, slots=True)
class Form:
    """Inputs with one button, which calls `perform_action(action, values, ...)`."""

    action: str
    fields: Sequence[FormField]
    submit: str = "Save"

    def to_dict(self) -> dict[str, Any]:
        """Give the block as JSON-ready data."""
        fields = [one.to_dict() for one in self.fields]
        return {"type": "form", "action": self.action, "submit": self.submit, "fields": fields}


Block: TypeAlias = Heading | Text | Fields | Stat | Badge | Table | Link | Button | Form
