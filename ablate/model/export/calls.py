"""Modules as the calls that construct them: `nn.Conv2d(3, 16, 3, padding=1, bias=False)`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from ablate.model.unit import Unit

WIDTH = 88  # of a line before it is indented


class Name(str):
    """A parameter's name in place of a value."""

    __slots__ = ()
    __repr__ = str.__str__


@dataclass(frozen=True)
class Call:
    """A class and the values of all its arguments."""

    target: type[nn.Module]
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """`nn.Conv2d` for a class of PyTorch, `PadChannels` for one of ours."""
        ours = self.target.__module__.startswith("ablate.")
        return self.target.__name__ if ours else f"nn.{self.target.__name__}"

    def __str__(self) -> str:
        written = []
        for parameter, value in zip(arguments(self.target), self.values, strict=True):
            if parameter.default is inspect.Parameter.empty:
                written.append(repr(value))
            elif isinstance(value, Name) or value != parameter.default:
                written.append(f"{parameter.name}={value!r}")
        return f"{self.name}({', '.join(written)})"


def arguments(target: type[nn.Module]) -> tuple[inspect.Parameter, ...]:
    """The constructor's arguments, those on storage apart."""
    parameters = inspect.signature(target).parameters.values()
    return tuple(p for p in parameters if p.name not in {"device", "dtype"} and p.kind is p.POSITIONAL_OR_KEYWORD)


def call_of(module: nn.Module) -> Call:
    """The call that constructs a module like this one; where it starts from is left out, as weights are loaded."""
    if isinstance(module, Unit):
        return _call_of_unit(module)
    target = next(kind for kind in type(module).__mro__ if _is_its_own(kind))
    return Call(
        target, tuple(_plain(parameter.name, getattr(module, parameter.name)) for parameter in arguments(target))
    )


def _call_of_unit(unit: Unit) -> Call:
    """A unit inside a path: its parts as text."""
    names = {part: name for name, part in unit.paths.items()}
    parts = {names.get(part, part): Name(sequential(calls_of(module))) for part, module in unit.named_children()}
    ends = [parts.pop(name, None) for name in ("before", "after")]
    paths = bracket("{", [f'"{name}": {text}' for name, text in parts.items()], "}")
    return Call(Unit, (Name(paths), unit.join if unit.join == "add" else Name(f'"{unit.join}"'), *ends))


def calls_of(modules: nn.Module) -> tuple[Call, ...]:
    """The calls for the members of a sequence."""
    return tuple(map(call_of, modules.children()))


def _is_its_own(kind: type) -> bool:
    """Whether a class is PyTorch's, or ours and more than a PyTorch layer with another start."""
    return kind.__module__.startswith("torch.nn.") or kind.__bases__ == (nn.Module,)


def _plain(name: str, value: Any) -> Any:
    if name == "bias":
        return value is not None and value is not False
    if isinstance(value, tuple) and name != "bins" and len(set(value)) == 1:
        return value[0]
    return value


def bracket(opening: str, items: Sequence[str], closing: str) -> str:
    """The items between brackets, on one line where they fit, else one on a line."""
    line = f"{opening}{', '.join(items)}{closing}"
    if not items or ("\n" not in line and len(line) <= WIDTH):
        return line
    lines = ",\n".join(items)
    return f"{opening}\n{indent(lines)},\n{closing}"


def indent(text: str) -> str:
    """Every line four columns to the right."""
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))


def sequential(calls: Iterable[Call]) -> str:
    """`nn.Sequential(...)` of the calls."""
    return bracket("nn.Sequential(", [str(call) for call in calls], ")")
