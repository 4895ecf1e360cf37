"""Whole modules: names, auxiliaries, memory that is overwritten, errors, and the tools that look inside."""

from __future__ import annotations

import pytest
import torch

from ablate.errors import AblateError
from ablate.model import build
from ablate.spec.architecture.network import Auxiliary, Network, Operation, Unit

bn = Operation("bn", {"eps": 1e-5, "momentum": 0.1, "scale_init": 1.0})
relu, pool = Operation("relu"), Operation("global-avgpool")


def conv(channels: int, origin: str = "", **changed: int) -> Operation:
    arguments = {"channels": channels, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "dilation": 1}
    return Operation("conv", {**arguments, "bias": False, "bias_init": None, **changed}, origin)


def linear(features: int) -> Operation:
    return Operation("linear", {"features": features, "bias": True})


BASIC = Unit({"branch": (conv(4), bn, relu, conv(4), bn), "shortcut": ()}, "add", after=(relu,))
NETWORK = Network((3, 8, 8), 10, (conv(4), bn, relu), ((BASIC, BASIC), (BASIC,)), (pool, linear(10)))


def test_the_names_of_the_weights() -> None:
    names = [name for name, _ in build(NETWORK).named_parameters()]
    assert names[:4] == ["stem.0.weight", "stem.1.weight", "stem.1.bias", "stages.0.0.branch.0.weight"]
    assert "stages.1.0.branch.3.weight" in names
    assert names[-2:] == ["head.1.weight", "head.1.bias"]


def test_before_after_and_paths_of_any_name_have_their_weights() -> None:
    unit = Unit({"train": (conv(4),), "type": (conv(2),)}, "concat", before=(bn,), after=(bn,))
    module = build(Network((3, 8, 8), 6, (), ((unit,),), ()))
    names = [name.removeprefix("stages.0.0.") for name, _ in module.named_parameters()]
    assert names[:3] == ["before.0.weight", "before.0.bias", "path:train.0.weight"]
    assert names[3:] == ["path:type.0.weight", "after.0.weight", "after.0.bias"]
    assert module.eval()(torch.randn(2, 3, 8, 8)).shape == (2, 6, 8, 8)


def test_auxiliaries_answer_in_training_only_in_the_order_of_the_network() -> None:
    taps = (Auxiliary(1, 0, (pool, linear(7))), Auxiliary(0, 1, (pool, linear(5))), Auxiliary(0, 1, (pool, linear(3))))
    network = Network(NETWORK.input, 10, NETWORK.stem, NETWORK.stages, NETWORK.head, taps)
    module, x = build(network), torch.randn(2, 3, 8, 8)
    logits, others = module(x)
    assert logits.shape == (2, 10)
    assert [other.shape for other in others] == [(2, 7), (2, 5), (2, 3)]
    sum(other.sum() for other in others).backward()
    assert module.stages[0][1].branch[0].weight.grad.any()
    assert module.eval()(x).shape == (2, 10)
    assert "auxiliaries.2.1.weight" in module.state_dict()


def test_a_network_without_auxiliaries_returns_logits_in_training() -> None:
    assert build(NETWORK)(torch.randn(2, 3, 8, 8)).shape == (2, 10)


def test_a_relu_overwrites_only_what_is_its_own() -> None:
    unit = Unit(
        {"branch": (relu, conv(4), relu, bn, relu, relu), "shortcut": (relu,)}, "add", (relu, bn, relu), (relu,)
    )
    module = build(Network((4, 8, 8), 4, (relu,), ((unit, unit),), ())).double()
    overwriting = [name for name, part in module.stages[0][0].named_modules() if getattr(part, "inplace", False)]
    assert overwriting == ["before.2", "branch.2", "branch.4", "after.0"]
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module.eval(), x)


def test_weights_are_drawn_by_the_rule_and_the_generator() -> None:
    first, second = (build(NETWORK, "he-fan-in", torch.Generator().manual_seed(7)).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(value.device.type == "cpu" for value in first.values())
    assert first["stem.1.running_var"].unique().tolist() == [1]


@pytest.mark.parametrize(
    ("unit", "place", "shapes"),
    [
        (
            Unit({"a": (conv(4), conv(4, "blocks.mine.a[1]", groups=3)), "b": ()}, "add"),
            "blocks.mine.a[1]",
            "(4, 8, 8)",
        ),
        (Unit({"a": (conv(4),), "b": (conv(5),)}, "add"), "stages[1].units[0]", "a (4, 8, 8), b (5, 8, 8)"),
        (Unit({"a": (conv(4),), "b": (conv(4, stride=2),)}, "concat"), "stages[1].units[0]", "b (4, 4, 4)"),
    ],
)
def test_an_error_while_building_says_where(unit: Unit, place: str, shapes: str) -> None:
    network = Network((3, 8, 8), 10, (conv(4),), ((), (unit,)), ())
    with pytest.raises(AblateError) as caught:
        build(network)
    assert place in str(caught.value)
    assert shapes in str(caught.value)
    assert "stages[1].units[0]" in str(caught.value)


def test_a_network_larger_than_memory_is_an_error() -> None:
    huge = conv(65_536, kernel=255, padding=127)
    with pytest.raises(AblateError, match="279,280,250,847,242 parameters"):
        build(Network((3, 8, 8), 10, (conv(65_536), huge), (), (pool, linear(10))))


def test_channels_last_passes_through() -> None:
    resized = Unit(
        {
            "branch": (conv(8, stride=2), bn),
            "shortcut": (Operation("subsample", {"stride": 2}), Operation("pad-channels", {"channels": 8})),
        },
        "add",
        after=(relu,),
    )
    module = build(Network((3, 8, 8), 8, (conv(4), bn, relu), ((BASIC, resized),), ()))
    x = torch.randn(2, 3, 8, 8)
    expected = module.eval()(x)
    y = module.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    assert y.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(y, expected)


def test_the_whole_network_is_one_graph() -> None:
    survival = Operation("stochastic-depth", {"survival": 0.5})
    unit = Unit({"branch": (*BASIC.paths["branch"], survival), "shortcut": ()}, "add", after=(relu,))
    module = build(Network(NETWORK.input, 10, NETWORK.stem, ((unit,),), NETWORK.head))
    x = torch.randn(2, 3, 8, 8)
    compiled = torch.compile(module.eval(), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), module(x))
    compiled.train()
    torch.autograd.grad(compiled(x).sum(), list(module.parameters()))


def test_several_networks_run_as_one_stack() -> None:
    """What training a pack of trials on one device needs: one forward for all, running statistics included."""
    members, x = [build(NETWORK) for _ in range(3)], torch.randn(4, 3, 8, 8)
    parameters, statistics = torch.func.stack_module_state(members)
    skeleton = build(NETWORK).to("meta")

    def run(parameters: dict[str, torch.Tensor], statistics: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(skeleton, (parameters, statistics), (x,))

    logits = torch.vmap(run)(parameters, statistics)
    torch.testing.assert_close(logits, torch.stack([member(x) for member in members]))
    means = torch.stack([member.stem[1].running_mean for member in members])
    torch.testing.assert_close(statistics["stem.1.running_mean"], means)
