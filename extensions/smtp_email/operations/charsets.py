"""Bytes of a mail as text: in the charset that it names, or in the one that it must be."""

import codecs
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

# Names that mail programs write, and what they mean by them.
_MEANT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "ks_c_5601-1987": "cp949",
        "euc-kr": "cp949",
        "iso-8859-8-i": "iso-8859-8",
        "iso-8859-1": "cp1252",
        "latin1": "cp1252",
        "us-ascii": "utf-8",
        "ascii": "utf-8",
        "unicode-1-1-utf-7": "utf-7",
        "shift_jis": "cp932",
        "iso-2022-jp": "iso2022_jp_ext",
    }
)
# Codecs that are no charsets; decoding with some takes time quadratic in the length.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
_HIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Decoded(NamedTuple):
    """Text, and whether it is what its charset says."""

    text: str
    as_declared: bool


def decoded(raw: bytes, charset: str) -> Decoded:
    """Decode; "" for a charset that is not named. Never fails."""
    named = charset.strip(" \"'").lower()
    for at, codec in enumerate(_candidates(named)):
        try:
            return Decoded(raw.decode(codec), as_declared=at == 0 or not named)
        except (UnicodeError, LookupError, ValueError):
            continue
    return Decoded(raw.decode("latin-1"), as_declared=False)


def tidy(text: str) -> str:
    """Take out what no database stores and nobody sees: control characters, half letters."""
    return _HIDDEN.sub("", text)


def _candidates(named: str) -> Iterator[str]:
    meant = _MEANT.get(named, named)
    yield meant if _is_charset(meant) else "no such charset"
    yield "utf-8"
    yield "cp1252"


def _is_charset(name: str) -> bool:
    try:
        return codecs.lookup(name).name.replace("-", "_") not in _NO_CHARSETS
    except (LookupError, ValueError):
        return False
