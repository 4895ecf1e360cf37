"""A step's forward and backward passes through torch.compile: where that pays for itself, and never at a trial's cost.

The optimiser stays PyTorch's fused kernel; batches of another size than the recipe's, and evaluation, stay eager.
"""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ablate.train.failure import explain, is_out_of_memory
from ablate.train.run import Result, Run
from ablate.train.step.losses import Forward, Losses, measure_losses
from ablate.train.step.preservation import look_on, rehearse
from ablate.train.step.step import Step, divide

NUM_CODES = 256  # networks compiled in one process before PyTorch refuses another
CONFIGURATION: dict[str, str | int | bool | Callable[..., Any]] = {
    "fallback_random": True,  # dropout draws the numbers that it draws without compilation
}


class CompiledStep(Step):
    """A `Step` whose passes are compiled for the recipe's batches."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, compile_forward(set(divide(run.recipe.batch_size, run.recipe))))

    def __call__(self, *feed: Tensor) -> Result:
        """As `Step`."""
        look_on(self.run, feed)
        return self.take(*feed)


def compile_step(run: Run, note: Callable[[str], None]) -> Step | None:
    """A step whose passes are compiled, tried out on a batch of black images; None where that fails, which is noted.

    PyTorch keeps compiled code on disk, so the next network of this form is compiled in seconds.
    """
    step = CompiledStep(run)
    try:
        with quiet(), compiling():
            rehearse(step)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        note(f"trained without compilation, which failed: {explain(error)}")
        return None
    return step


def compile_forward(sizes: Collection[int]) -> Forward:
    """`measure_losses`, compiled for batches of these sizes; others, an epoch's last, are not worth their own code."""
    compiled: Forward = torch.compile(measure_losses, fullgraph=True, dynamic=False, options=CONFIGURATION)

    def forward(module: nn.Module, images: Tensor, labels: Tensor, weights: Sequence[float]) -> Losses:
        measure = compiled if len(images) in sizes else measure_losses
        return measure(module, images, labels, weights)

    return forward


@contextmanager
def compiling() -> Iterator[None]:
    """Compile with no more processes at a time than the trial has threads, and say so if a code is refused."""
    import torch._dynamo.config
    import torch._inductor.config

    with ExitStack() as settings:
        if "TORCHINDUCTOR_COMPILE_THREADS" not in os.environ:
            settings.enter_context(torch._inductor.config.patch(compile_threads=torch.get_num_threads()))
        settings.enter_context(torch._dynamo.config.patch(recompile_limit=NUM_CODES, fail_on_recompile_limit_hit=True))
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """What PyTorch's compiler says on its way is for its developers; TORCH_LOGS brings it back."""
    torch._logging.set_logs(all=logging.ERROR)  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def has_compiler(device: torch.device) -> bool:
    """Whether there is what PyTorch compiles with: a C++ compiler for the CPU, Triton for CUDA."""
    if device.type == "cpu":
        return shutil.which(os.environ.get("CXX", "g++")) is not None
    from torch.utils._triton import has_triton

    return has_triton()
