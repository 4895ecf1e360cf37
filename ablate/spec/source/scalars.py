"""What an unquoted scalar means: the core schema of YAML 1.2, in which `off` is text and `1e-4` a number."""

from __future__ import annotations

import math
import re

Scalar = bool | int | float | str | None

WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
MAX_DIGITS = 18  # every integer of so many digits fits in 64 bits


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises:
        ValueError: a number that no key can take: infinite, undefined, or too large; says what to do.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if INTEGER.fullmatch(text):
        if len(text.lstrip("+-0")) > MAX_DIGITS:
            raise ValueError(f"a number of more than {MAX_DIGITS} digits; quote it if it is text")
        return int(text)
    if FLOAT.fullmatch(text):
        if math.isinf(number := float(text)):
            raise ValueError(f"a number too large, got {text[:20]}; quote it if it is text")
        return number
    if NOT_A_NUMBER.fullmatch(text):
        raise ValueError(f"expected a finite number, got {text}; quote it if it is text")
    return text
