"""The text of a specification file, or the one fault why there is none."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path

from ablate.errors import Fault, SpecError
from ablate.spec.source.wording import quote

MAX_BYTES = 4_000_000
UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_text(path: str) -> str:
    """The file's text, as UTF-8.

    Raises:
        SpecError: missing, unreadable, too large, or not text; says what to do.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SpecError([Fault(path, 0, 0, "", _unreadable(path, error))]) from error
    if len(content) > MAX_BYTES:
        raise SpecError([Fault(path, 0, 0, "", f"larger than {MAX_BYTES // 10**6} MB; a specification is short text")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(content[: error.start].decode("utf-8-sig", "replace"))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8 text"
        raise SpecError([Fault(path, *place, "", message)]) from error
    check_printable(text, path)
    return text


def check_printable(text: str, file: str) -> None:
    """Raise SpecError at the first character that YAML does not allow, such as NUL."""
    if found := UNPRINTABLE.search(text):
        message = f"character U+{ord(found[0]):04X} is not allowed in YAML; remove it"
        raise SpecError([Fault(file, *_place(text[: found.start()]), "", message)])


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _unreadable(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, IsADirectoryError):
        return "a folder, not a file; name a YAML file in it"
    if not isinstance(error, FileNotFoundError):
        return f"cannot be read: {getattr(error, 'strerror', None) or error}; check the path"
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return f"no such file, and no folder {quote(folder)}"
    close = get_close_matches(name, sorted(os.listdir(folder or ".")), n=1)
    return "no such file" + (f"; did you mean {quote(str(Path(folder, close[0])))}?" if close else "; check the path")
