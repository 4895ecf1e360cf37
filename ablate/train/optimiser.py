"""SGD as the papers use it, and the learning rate at every step."""

from __future__ import annotations

from bisect import bisect_right

from torch import nn, optim

from ablate.spec.study.recipe import Train


def create_optimiser(module: nn.Module, recipe: Train) -> optim.SGD:
    """SGD with momentum; weight decay on all parameters, or only on convolution and linear weights."""
    parameters = list(module.parameters())
    weights = [parameter for parameter in parameters if parameter.ndim > 1]
    others = [parameter for parameter in parameters if parameter.ndim <= 1]
    others_decay = recipe.weight_decay if recipe.decay == "all" else 0.0
    groups = [
        {"params": group, "weight_decay": decay}
        for group, decay in ((weights, recipe.weight_decay), (others, others_decay))
        if group
    ]
    return optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov, fused=True)


def learning_rate(recipe: Train, epoch: int, step: int) -> float:
    """The rate at `step` of the whole training, in `epoch`, both counted from 0.

    `warmup_steps` at `warmup_lr`, then the schedule as if there had been no warm-up (He et al. 2016, appendix).
    """
    if step < recipe.warmup_steps:
        return recipe.warmup_lr
    return recipe.lr * recipe.gamma ** bisect_right(sorted(recipe.milestones), epoch)
