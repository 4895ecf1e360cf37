"""How values and suggestions read in a message or a name: always one line, never too long."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any

MAX_LENGTH = 60
MAX_SUGGESTED = 1_000  # known words looked at: comparing takes time


def flow(value: Any) -> str:
    """A plain value as YAML in one line: `{gate: exclusive, bias: -6}`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str() if not value.isprintable():
            return repr(value)
    return str(value)


def quote(value: Any) -> str:
    """A value as a message names it: text in quotes, anything long cut short."""
    text = flow(value)
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 3] + "..."
    if value is None:
        return "nothing"
    return repr(text) if isinstance(value, str) and value.isprintable() else text


def enumerate_words(words: Iterable[Any], last: str = "and") -> str:
    """`'a', 'b' and 'c'`."""
    *most, final = map(quote, words)
    return f"{', '.join(most)} {last} {final}" if most else final


def plural(number: int, noun: str) -> str:
    """`1 claim`, `2 claims`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def did_you_mean(word: Any, known: Iterable[str]) -> str:
    """`; did you mean 'width'?`, or nothing where no known word is close."""
    words = {name.lower(): name for name in islice(known, MAX_SUGGESTED)}
    close = get_close_matches(str(word)[:MAX_LENGTH].lower(), words, n=1)
    return f"; did you mean '{words[close[0]]}'?" if close else ""


def unknown_key(key: str, value: Any, known: Iterable[str]) -> str:
    """The message for a key that means nothing where it stands."""
    names = list(known)
    remedy = did_you_mean(key, names) or (f"; the keys here are {enumerate_words(names)}" if names else "; remove it")
    return f"unknown key, got {quote(value)}{remedy}"
