"""What PyYAML's parsers say about a text that is not YAML, said so that the reader knows what to do."""

from __future__ import annotations

import yaml

from ablate.errors import Fault

# (in the problem, in its context, what to say, where: at the problem or at the start of its context)
MESSAGES = (
    ("mapping values", "", "a ':' where no key can stand; check the indentation, or quote the text", "problem"),
    ("unexpected ':'", "", "a ':' without a value after it; write 'key: value'", "problem"),
    ("block sequence entries", "", "a '-' cannot start a list here; put it on a line of its own", "problem"),
    ("sequence entries", "", "a '-' cannot start a list here; put it on a line of its own", "problem"),
    ("cannot start any token", "", "{character} cannot start a value; quote the text", "problem"),
    ("end of stream", "quoted", "this quote is never closed", "context"),
    ("escape", "quoted", "an unknown escape in double quotes; use single quotes, or double the backslash", "problem"),
    ("',' or ']'", "", "the '[' of line {line}, column {column} is not closed, or a ',' is missing", "problem"),
    ("',' or '}'", "", "the '{{' of line {line}, column {column} is not closed, or a ',' is missing", "problem"),
    ("expected key", "", "this does not fit the block of line {line}; check the indentation", "problem"),
    ("<block end>", "", "this does not fit the block of line {line}; check the indentation", "problem"),
    ("'-' indicator", "", "this does not fit the list of line {line}; check the indentation", "problem"),
    ("alphabetic or numeric", "alias", "a '*' refers to an anchor in YAML; quote the text", "context"),
    ("alphabetic or numeric", "anchor", "a '&' makes an anchor in YAML; quote the text", "context"),
    ("node content", "", "{character} cannot stand here; complete the value, or quote the text", "problem"),
    ("undefined tag", "", "a tag; remove it, or quote the text if it starts with '!'", "problem"),
    ("could not find expected ':'", "", "no ': ' after this; write 'key: value'", "context"),
)
TAB = repr("\t")


def syntax_fault(error: yaml.YAMLError, text: str, file: str) -> Fault:
    """One fault, `not YAML: ...`, for the parser's error."""
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    context = getattr(error, "context", None) or ""
    mark = getattr(error, "problem_mark", None)
    start = getattr(error, "context_mark", None) or mark
    if mark is None or start is None:
        return Fault(file, 0, 0, "", f"not YAML: {problem}")
    for in_problem, in_context, message, where in MESSAGES:
        if in_problem in problem and in_context in context:
            character = _character(text, mark)
            said = message.format(character=character, line=start.line + 1, column=start.column + 1)
            said = "a tab; indent with spaces" if character == TAB else said
            return Fault(file, *_place(text, start if where == "context" else mark), "", f"not YAML: {said}")
    return Fault(file, *_place(text, mark), "", f"not YAML: {problem}")


def _place(text: str, mark: yaml.Mark) -> tuple[int, int]:
    """Line and column from 1; the end of the text where the parser points beyond it."""
    lines = text.split("\n")
    return (mark.line + 1, mark.column + 1) if mark.line < len(lines) else (len(lines), len(lines[-1]) + 1)


def _character(text: str, mark: yaml.Mark) -> str:
    lines = text.split("\n")
    found = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
    return repr(found) if found else "the end of the line"
