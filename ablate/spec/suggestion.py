"""Words for faults: a value cut to a readable length, and the known name a wrong one was probably meant to be."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist = 2, 4, 6
_SHORT.maxstring, _SHORT.maxlong, _SHORT.maxother = 60, 24, 60


def shown(value: Any) -> str:
    """The value as a person wrote it, never longer than a line."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    return _SHORT.repr(value)


def suggest(word: Any, known: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """`did you mean 'relu'?` where a known word is close, else the list of all known words."""
    names = list(known)
    text = str(word).lower() if isinstance(word, str | bool) else ""
    if aliases and text in aliases:
        return f"did you mean {aliases[text]!r}?"
    close = difflib.get_close_matches(text[:80], names, n=1, cutoff=0.6)
    listed = f"known: {', '.join(names)}"
    return f"did you mean {close[0]!r}? {listed}" if close else listed
