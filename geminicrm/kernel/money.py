"""Money: integer minor units plus an ISO 4217 code; never a float.

Source: ISO 4217 list one, as amended to January 2026. Fund codes, metals and test codes, in which
nobody sells, are left out.
"""

import re
from decimal import Decimal

from geminicrm.kernel.errors import Finding, ValidationFailed

_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_HUNDREDTHS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN "
    "QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
    "TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"  # codespell:ignore zar
)
_EXPONENTS = (
    dict.fromkeys(_WHOLE.split(), 0)
    | dict.fromkeys(_HUNDREDTHS.split(), 2)
    | dict.fromkeys(_THOUSANDTHS.split(), 3)
)
_LARGEST = 2**63 - 1  # what a 64-bit column holds
_NUMBER = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]{1,19}))?")
_MOST_DIGITS = 19


def is_currency(code: str) -> bool:
    """Say whether a code is a current ISO 4217 currency, in capitals."""
    return code in _EXPONENTS


def currencies() -> tuple[str, ...]:
    """Give all codes in the order of the alphabet, for choices in forms."""
    return tuple(sorted(_EXPONENTS))


def exponent(currency: str) -> int:
    """Give the number of decimals of a currency: 0, 2 or 3; ValidationFailed at /currency."""
    try:
        return _EXPONENTS[currency]
    except KeyError as error:
        text = f"{currency!r} is no current ISO 4217 code; write one such as EUR."
        raise ValidationFailed([Finding("/currency", "unknown_currency", text)]) from error


def parse_amount(value: object, currency: str, pointer: str = "/amount") -> int:
    """Read an amount of major units (text, int or Decimal) into minor units.

    ValidationFailed at `pointer` for a float, anything that is not a plain decimal number, more
    decimals than the currency has, or more than 64 bits of minor units; at /currency for the code.
    """
    places = exponent(currency)
    match = _NUMBER.fullmatch(_as_text(value, pointer))
    if match is None:
        raise _refused(pointer, "not_an_amount", "Write a plain number such as 1250.50.")
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    if len(fraction) > places:
        text = f"{currency} has {places} decimals; the amount has {len(fraction)}."
        raise _refused(pointer, "too_many_decimals", text)
    minor = int(whole + fraction.ljust(places, "0"))
    if minor > _LARGEST:
        raise _refused(pointer, "amount_too_large", "The amount is too large to be stored.")
    return -minor if sign else minor


def to_decimal_string(minor: int, currency: str) -> str:
    """Write minor units as a decimal string with all decimals of the currency: `1250.50`."""
    places = exponent(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    sign = "-" if minor < 0 else ""
    cut = len(digits) - places
    return f"{sign}{digits[:cut]}.{digits[cut:]}" if places else sign + digits


def _as_text(value: object, pointer: str) -> str:
    match value:
        case str():
            return value
        case bool() | float():
            text = 'Write the amount as text ("12.50"): a float can\'t hold every amount.'
            raise _refused(pointer, "float_refused", text)
        # Bounds come before text: writing out a giant takes long, and Python refuses it too.
        case int() if abs(value) <= _LARGEST:
            return str(value)
        case Decimal() if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS:
            return format(value, "f")
        case _:
            raise _refused(pointer, "not_an_amount", "Write a plain number such as 1250.50.")


def _refused(pointer: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed([Finding(pointer, code, message)])
