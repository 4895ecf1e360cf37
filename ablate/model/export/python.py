"""A network as one readable PyTorch file with no import of ablate, which loads the same state_dict."""

from __future__ import annotations

import inspect
import keyword
import re
from importlib.metadata import version

import torch
from torch import nn

from ablate.model.compiler import compile_network
from ablate.model.export.calls import bracket, calls_of, indent, sequential
from ablate.model.export.templates import find_templates, stage
from ablate.model.network import Network
from ablate.model.unit import Unit
from ablate.spec.architecture import network as explicit

IMPORTS = {
    "from collections.abc import {}": ("Iterable", "Mapping", "Sequence"),
    "from functools import {}": ("reduce",),
    "\nimport {}": ("torch",),
    "from torch import {}": ("Tensor", "nn"),
    "from torch.nn import functional as {}": ("F",),
}


def to_python(network: explicit.Network, name: str) -> str:
    """The text of a Python file whose function, called after `name`, constructs the network.

    Weights start at PyTorch's defaults until a state_dict is loaded.

    Raises:
        AblateError: PyTorch refuses an operation.
    """
    with torch.device("meta"):
        module = compile_network(network)
    units = [unit for stage in module.stages.children() for unit in stage.children() if isinstance(unit, Unit)]
    templates, uses = find_templates(units)
    function = _identifier(name)
    parts = [*_classes(module), *map(str, templates), _constructor(network, module, function, uses)]
    body = "\n\n\n".join(parts)
    return f"{_heading(network, module, name, function)}\n\n{_imports(body)}\n\n\n{body}\n"


def _identifier(name: str) -> str:
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "network"
    taken = keyword.iskeyword(word) or word in {"torch", "nn", "reduce"} or re.match(r"unit_\d+$", word)
    return f"net_{word}" if taken or word[0].isdigit() else word


def _heading(network: explicit.Network, module: nn.Module, name: str, function: str) -> str:
    shape, parameters = ", ".join(map(str, network.input)), sum(p.numel() for p in module.parameters())
    title = "".join(letter for letter in name if letter.isprintable() and letter not in '"\\')
    return f'''"""{title}: `(N, {shape})` images -> `(N, {network.classes})` logits, {parameters:,} parameters.

Written by ablate {version("ablate")}; needs PyTorch only. With the weights that ablate exports:

    model = {function}()
    model.load_state_dict(safetensors.torch.load_file("weights.safetensors"))
"""'''


def _imports(body: str) -> str:
    used = {line: [name for name in names if re.search(rf"\b{name}\b", body)] for line, names in IMPORTS.items()}
    lines = [line.format(", ".join(names)) for line, names in used.items() if names]
    return "\n".join(["from __future__ import annotations\n", *lines])


def _classes(module: Network) -> list[str]:
    """The source of our own classes that the network uses, the units' and the network's last."""
    used = {type(part): None for part in module.modules() if type(part).__bases__ == (nn.Module,)}
    ours = [kind for kind in used if kind.__module__.startswith("ablate.model.operations")]
    texts = [inspect.getsource(kind) for kind in [*ours, Unit, Network]]
    return [re.sub(r"  # type: ignore.*", "", text).rstrip() for text in texts]


def _constructor(network: explicit.Network, module: Network, function: str, uses: list[str]) -> str:
    left = iter(uses)
    stages = [stage([next(left) for _ in units]) for units in network.stages]
    lines = [
        f"stem = {sequential(calls_of(module.stem))}",
        f"stages = {bracket('[', stages, ']')}",
        f"head = {sequential(calls_of(module.head))}",
    ]
    if not module.taps:
        lines.append("return Network(stem, stages, head)")
    else:
        heads = [sequential(calls_of(head)) for head in module.auxiliaries]
        weights = ", ".join(str(auxiliary.weight) for auxiliary in network.auxiliaries)
        lines.append(f"auxiliaries = {bracket('[', heads, ']')}  # in the loss: {weights}")
        lines.append(f"return Network(stem, stages, head, {list(module.taps)}, auxiliaries)")
    return f"def {function}() -> Network:\n" + indent("\n".join(lines))
