"""Every text made from a number, an amount, a date or an instant; English, pure functions."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

_SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "USD": "$",
}
_MAGNITUDES = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
_UNITS = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("week", 7 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
_JUST_NOW = 45
_BYTES = 1024
_NO_BREAK = "\u00a0"


def _with_currency(number: str, currency: str) -> str:
    symbol = _SYMBOLS.get(currency, f"{currency}{_NO_BREAK}")
    return f"-{symbol}{number[1:]}" if number.startswith("-") else f"{symbol}{number}"


def money(amount: str, currency: str) -> str:
    """Give an amount as people read it: `money("1234.50", "EUR")` is `€1,234.50`.

    The amount is a decimal string as at the API; it keeps the decimals it came with, so currencies
    of 0, 2 and 3 decimals need no table here. Raises decimal.InvalidOperation for no number.
    """
    return _with_currency(f"{Decimal(amount):,f}", currency)


def money_short(amount: str, currency: str) -> str:
    """Give an amount rounded for a column head or a tile: `$1.2M`, `€950`."""
    return _with_currency(number_short(Decimal(amount)), currency)


def number(value: int | str | Decimal) -> str:
    """Give a number with thousands separators."""
    return f"{Decimal(value):,f}"


def number_short(value: int | Decimal) -> str:
    """Give a number with at most three significant digits and K, M or B: `12.4K`."""
    exact = Decimal(value)
    for size, letter in _MAGNITUDES:
        # 999,500 and more would round to "1000K".
        if abs(exact) >= size * Decimal("0.9995"):
            scaled = exact / size
            digits = 0 if abs(scaled) >= 100 else 1  # noqa: PLR2004 - three digits in all
            return f"{scaled:.{digits}f}".removesuffix(".0") + letter
    return f"{exact:.0f}"


def percent(share: float) -> str:
    """Give a share between 0 and 1 as whole percents."""
    return f"{share * 100:.0f}%"


def size(octets: int) -> str:
    """Give a number of bytes in binary units: `1.5 KiB`."""
    amount = float(octets)
    for unit in ("B", "KiB", "MiB"):
        if amount < _BYTES:
            return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
        amount /= _BYTES
    return f"{amount:.1f} GiB"


def as_datetime(value: datetime | str) -> datetime:
    """Give an aware datetime for one, or for an RFC 3339 string; ValueError for anything else."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone")
    return moment


def as_date(value: date | str) -> date:
    """Give a date for one, or for an ISO 8601 string; ValueError for anything else."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def instant(value: datetime | str, zone: str) -> str:
    """Give an instant in an IANA zone: `21 Nov 2026, 14:05`."""
    local = as_datetime(value).astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M}"


def clock(value: datetime | str, zone: str) -> str:
    """Write the time of day of an instant in a zone: `14:32`."""
    return as_datetime(value).astimezone(ZoneInfo(zone)).strftime("%H:%M")


def day(value: date | str) -> str:
    """Give a date: `21 Nov 2026`. A date has no zone and is never shifted."""
    exact = as_date(value)
    return f"{exact.day} {exact:%b %Y}"


def local_day(value: datetime | str, zone: str) -> date:
    """Give the calendar day of an instant in an IANA zone."""
    return as_datetime(value).astimezone(ZoneInfo(zone)).date()


def relative_time(value: datetime | str, now: datetime) -> str:
    """Give the distance between an instant and now: `3 days ago`, `in 2 hours`, `just now`."""
    seconds = (now.astimezone(UTC) - as_datetime(value).astimezone(UTC)).total_seconds()
    distance = abs(seconds)
    if distance < _JUST_NOW:
        return "just now"
    # A little less than a unit counts as one, so that it is never "60 minutes" or "12 months".
    fitting = (entry for entry in _UNITS if distance >= entry[1] * 0.95)
    unit, length = next(fitting, _UNITS[-1])
    count = max(round(distance / length), 1)
    amount = f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def relative_day(value: date | str, today: date) -> str:
    """Give the distance between two dates: `today`, `tomorrow`, `in 3 days`, `5 days ago`."""
    distance = (as_date(value) - today).days
    if distance in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[distance + 1]
    return f"in {distance} days" if distance > 0 else f"{-distance} days ago"


def initials(name: str) -> str:
    """Give at most two letters for a name's round picture; `?` for an empty one."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def hue(name: str) -> int:
    """Give one of the six decorative hues, always the same one for the same name."""
    return sum(name.encode()) % 6 + 1
