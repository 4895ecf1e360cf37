"""Which kind of step a training takes: decided once, before the first one."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from ablate.model import Network
from ablate.spec.architecture import network as explicit
from ablate.spec.architecture.summary import summarise
from ablate.train.failure import is_out_of_memory
from ablate.train.run import Run
from ablate.train.step.compilation import compile_step, has_compiler
from ablate.train.step.graph import GraphedStep, record_on_cuda
from ablate.train.step.preservation import rehearse
from ablate.train.step.recomputation import recompute
from ablate.train.step.step import Step
from ablate.train.step.worth import seconds_saved

Choice = Literal["auto", "on", "off"]
Note = Callable[[str], None]


@dataclass(frozen=True)
class Manner:
    """How steps are taken; what they do does not depend on it, but for rounding where they are compiled."""

    compile: Choice = "auto"  # by torch.compile; auto: where it pays for itself
    recompute: Choice = "auto"  # activations in the backward pass; auto: on a GPU that cannot hold them
    graphs: bool = True  # on a GPU, steps are recorded and replayed


AS_PAYS = Manner()
PLAIN = Manner(compile="off", recompute="off", graphs=False)


def choose_step(run: Run, network: explicit.Network, manner: Manner, note: Note) -> None:
    """Give the run the fastest step that its manner allows, and that can be had here."""
    step = Step(run)
    if text := check_precision(run.recipe.precision, run.device):
        note(text)
    if manner.recompute == "on" or (manner.recompute == "auto" and run.device.type == "cuda" and not fits(step)):
        assert isinstance(run.module, Network)
        recompute(run.module)
        if manner.recompute == "auto":
            note("its activations do not fit into memory: computed again in the backward pass, a third slower")
        if manner.compile == "on":
            note("not compiled, since activations are recomputed; pass --recompute off")
    elif wants_compilation(run, network, manner, note) and (compiled := compile_step(run, note)):
        step, run.is_compiled = compiled, True
    run.take_step = GraphedStep(step, record_on_cuda, note) if manner.graphs and run.device.type == "cuda" else step


def fits(step: Step) -> bool:
    """Whether the device can hold what a step keeps between its passes."""
    try:
        rehearse(step)
    except Exception as error:
        if is_out_of_memory(error):
            return False
        raise
    return True


def wants_compilation(run: Run, network: explicit.Network, manner: Manner, note: Note) -> bool:
    """Whether it is asked for, or worth it and possible."""
    if manner.compile != "auto":
        return manner.compile == "on"
    num_images = len(run.splits.train) * run.recipe.epochs
    multiply_adds = 3 * summarise(network).multiply_adds * num_images
    num_layers = sum(1 for _ in run.module.modules())
    saved = seconds_saved(run.device.type, run.recipe.precision, torch.get_num_threads(), multiply_adds, num_layers)
    if saved > 0 and not has_compiler(run.device):
        note(f"not compiled, which would save some {saved / 60:.0f} minutes: there is no C++ compiler; install g++")
        return False
    return saved > 0


def check_precision(precision: str, device: torch.device) -> str | None:
    """What to say of a precision that this device only imitates."""
    if precision != "bfloat16" or has_bfloat16(device):
        return None
    return "this device computes bfloat16 by way of float32, in twice the time; train.precision=float32 is faster here"


def has_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies matrices of bfloat16."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu" and platform.machine() in ("x86_64", "AMD64"):
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return True
