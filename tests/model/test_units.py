"""Every activation placement and every shortcut row of He et al. 2016 against a unit written by hand, at float64."""

from __future__ import annotations

import pytest
import torch
from references import (
    BnAfterAddition,
    ConstantScaling,
    ConvolutionShortcut,
    DropoutShortcut,
    ExclusiveGating,
    FullPreactivation,
    Original,
    Plain,
    ReluBeforeAddition,
    ReluOnlyPreactivation,
    ShortcutOnlyGating,
)

from ablate.model import build
from ablate.spec.architecture.network import Network, Operation, Unit

C = 6
bn = Operation("bn", {"eps": 1e-5, "momentum": 0.1, "scale_init": 1.0})
relu, sigmoid = Operation("relu"), Operation("sigmoid")


def conv(kernel: int = 3, bias_init: float | None = None) -> Operation:
    arguments = {"channels": C, "kernel": kernel, "stride": 1, "padding": kernel // 2, "groups": 1, "dilation": 1}
    return Operation("conv", {**arguments, "bias": bias_init is not None, "bias_init": bias_init})


def scale(value: float) -> Operation:
    return Operation("scale", {"value": value, "learned": False})


BRANCH = (conv(), bn, relu, conv(), bn)


def unit(*branch: Operation, shortcut: tuple[Operation, ...] = (), after: tuple[Operation, ...] = (relu,)) -> Unit:
    return Unit({"branch": branch, "shortcut": shortcut}, "add", after=after)


def gated(join: str, bias: float) -> Unit:
    gate = (conv(1, bias), sigmoid)
    return Unit({"branch": BRANCH, "shortcut": (), "gate": gate}, join, after=(relu,))


CASES = {
    "original": (unit(*BRANCH), Original(C)),
    "bn after addition": (unit(*BRANCH[:-1], after=(bn, relu)), BnAfterAddition(C)),
    "relu before addition": (unit(*BRANCH, relu, after=()), ReluBeforeAddition(C)),
    "relu-only pre-activation": (unit(relu, *BRANCH, after=()), ReluOnlyPreactivation(C)),
    "full pre-activation": (unit(bn, relu, conv(), bn, relu, conv(), after=()), FullPreactivation(C)),
    "plain": (Unit({"branch": BRANCH}, after=(relu,)), Plain(C)),
    "scaling 0.5, 1": (unit(*BRANCH, shortcut=(scale(0.5),)), ConstantScaling(C, 0.5, 1.0)),
    "scaling 0.5, 0.5": (unit(*BRANCH, scale(0.5), shortcut=(scale(0.5),)), ConstantScaling(C, 0.5, 0.5)),
    "exclusive gating -6": (gated("gate", -6.0), ExclusiveGating(C, -6.0)),
    "exclusive gating -1": (gated("gate", -1.0), ExclusiveGating(C, -1.0)),
    "shortcut-only gating 0": (gated("gate-shortcut", 0.0), ShortcutOnlyGating(C, 0.0)),
    "shortcut-only gating -6": (gated("gate-shortcut", -6.0), ShortcutOnlyGating(C, -6.0)),
    "1x1 convolution": (unit(*BRANCH, shortcut=(conv(1), bn)), ConvolutionShortcut(C)),
    "dropout": (unit(*BRANCH, shortcut=(Operation("dropout", {"probability": 0.5}),)), DropoutShortcut(C)),
}


def outcome(module: torch.nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Output and gradients, of the input first, then of every parameter; then the running statistics."""
    torch.manual_seed(1)
    x = x.clone().requires_grad_()
    y = module(x)
    loss = (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)).sum()
    return [y, *torch.autograd.grad(loss, [x, *module.parameters()]), *module.buffers()]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_a_unit_and_its_gradients_equal_the_hand_written_one(name, training, copy_weights, randomise) -> None:
    written, reference = CASES[name]
    module = build(Network((C, 5, 5), C, (), ((written,),), ())).double()
    reference = randomise(reference.double()).train(training)
    copy_weights(reference.state_dict(), module.train(training).state_dict())
    x = torch.randn(4, C, 5, 5, dtype=torch.float64)
    for ours, theirs in zip(outcome(module, x), outcome(reference, x), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("bias", "gain"), [(0.0, 0.5), (-5.0, 0.993307), (-6.0, 0.997527), (-7.0, 0.999089)])
def test_a_gate_starts_at_its_bias(bias: float, gain: float) -> None:
    module = build(Network((C, 5, 5), C, (), ((gated("gate", bias),),), ()))
    gate = module.stages[0][0]._modules["gate"]
    assert 1 - gate(torch.zeros(1, C, 5, 5)).mean().item() == pytest.approx(gain, abs=1e-6)
