"""The templates of the pages, and how text is put into them: escaped, and never silently missing."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ablate.report import markdown


def render(template: str, **context: Any) -> str:
    """A template filled in; whatever it shows in an HTML page is escaped, and a name it does not know is an error."""
    return _environment().get_template(template).render(**context)


def read_template(name: str) -> str:
    """The text of a file among the templates, as it stands."""
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ablate.report"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["markdown"] = markdown.escape
    environment.filters["markdown_table"] = markdown.to_markdown
    return environment
