"""Tables as booktabs LaTeX: a `tabular` to \\input into a paper that says \\usepackage{booktabs}."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.report.table import Table

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after a line's end it would read as an option
    "]": "{]}",
    "*": "{*}",
    "-": "{-}",  # `--` would become a dash
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "−": r"\ensuremath{-}",
    "–": "--",
    "…": r"\ldots{}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "’": "'",
    '"': "''",  # the straight quote's own command needs T1 fonts
}


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands, under any engine; what pdfTeX has no letter for becomes its code point."""
    return "".join(_character(character) for character in text)


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isspace():
        return " "
    if " " <= character <= "~" or "À" <= character <= "ÿ":
        return character
    return rf"\texttt{{U+{ord(character):04X}}}"


def to_latex(table: Table) -> str:
    """The table as a booktabs tabular, details left out; the caption is a comment above it."""
    alignment = "".join("r" if column.is_number else "l" for column in table.columns)
    lines = [f"% {escape(table.title)}: {escape(table.caption)}", "% needs \\usepackage{booktabs}"]
    lines += [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", *_groups(table)]
    lines += [_line(column.title for column in table.columns), r"\midrule"]
    lines += [_line(entry.text for entry in row) for row in table.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _line(texts: Iterable[str]) -> str:
    return " & ".join(escape(text) for text in texts) + r" \\"


def _groups(table: Table) -> list[str]:
    headings, rules, column = [], [], 1
    for name, span in table.groups:
        headings.append(rf"\multicolumn{{{span}}}{{c}}{{{escape(name)}}}")
        if name:
            rules.append(rf"\cmidrule(lr){{{column}-{column + span - 1}}}")
        column += span
    return [" & ".join(headings) + r" \\", " ".join(rules)] if headings else []
