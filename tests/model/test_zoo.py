"""Every network of the zoo compiles to what its summary says, and leaves as a Python file with the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ablate.model.compiler import compile_network
from ablate.model.export import to_python
from ablate.spec import load_architecture
from ablate.spec.architecture.summary import summarise

FILES = sorted((Path(__file__).parents[2] / "specs" / "architectures").glob("*.yaml"))


DEEP = [
    pytest.param(path, marks=pytest.mark.slow) if "100" in path.stem or "1202" in path.stem else path for path in FILES
]


def test_there_is_a_zoo() -> None:
    assert FILES


@pytest.mark.parametrize("path", DEEP, ids=lambda path: path.stem)
def test_as_summarised_and_as_exported(path: Path) -> None:
    network = load_architecture(path).network
    names: dict[str, object] = {"__name__": "exported"}
    exec(compile(to_python(network, "a net"), "exported.py", "exec"), names)
    with torch.device("meta"):
        module, exported = compile_network(network), names["a_net"]()
    assert sum(parameter.numel() for parameter in module.parameters()) == summarise(network).parameters
    shapes = [{name: value.shape for name, value in net.state_dict().items()} for net in (module, exported)]
    assert shapes[0] == shapes[1]


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_runs(path: Path) -> None:
    network = load_architecture(path).network
    with torch.device("meta"), torch.no_grad():
        logits = compile_network(network).eval()(torch.empty(2, *network.input))
    assert logits.shape == (2, network.classes)
