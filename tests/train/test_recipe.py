"""The loop against a plain PyTorch loop written here, in float64, where agreement means the same arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ablate.model import build
from ablate.records import Record
from ablate.spec.architecture.network import Auxiliary, Operation
from ablate.spec.study.recipe import Train
from ablate.spec.study.study import Trial
from ablate.train import load_splits, train_pack
from ablate.train.optimiser import learning_rate
from ablate.train.randomness import open_streams

CPU = torch.device("cpu")


def train_plainly(trial: Trial) -> tuple[list[float], float]:
    """Running mean of the training loss per epoch, and the final test error in percent."""
    recipe, streams = trial.cell.train, open_streams(trial.seed, CPU)
    splits = load_splits(trial.cell.data, CPU)
    images, labels = splits.train.pixels[splits.train.index].double() / 255, splits.train.labels[splits.train.index]
    mean, deviation = images.mean(), images.std(correction=0)
    module = build(trial.cell.network, recipe.init, streams.init).double()
    weights = [p for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear) for p in [m.weight]]
    others = [p for p in module.parameters() if not any(p is weight for weight in weights)]
    decays = recipe.weight_decay, recipe.weight_decay if recipe.decay == "all" else 0
    groups = [{"params": p, "weight_decay": d} for p, d in zip((weights, others), decays, strict=True)]
    sgd = torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov)
    schedule = torch.optim.lr_scheduler.MultiStepLR(sgd, list(recipe.milestones), recipe.gamma)
    losses, step = [], 0
    for _ in range(recipe.epochs):
        module.train()
        total = 0.0
        for batch in torch.randperm(len(images), generator=streams.order).split(recipe.batch_size):
            scheduled = [group["lr"] for group in sgd.param_groups]
            for group in sgd.param_groups:
                group["lr"] = recipe.warmup_lr if step < recipe.warmup_steps else group["lr"]
            output = module((images[batch] - mean) / deviation)
            logits, auxiliary = output if isinstance(output, tuple) else (output, [])
            loss = F.cross_entropy(logits, labels[batch])
            pairs = zip(trial.cell.network.auxiliaries, auxiliary, strict=True)
            extra = sum((a.weight * F.cross_entropy(out, labels[batch]) for a, out in pairs), start=torch.tensor(0.0))
            sgd.zero_grad()
            (loss + extra).backward()
            sgd.step()
            for group, rate in zip(sgd.param_groups, scheduled, strict=True):
                group["lr"] = rate
            total += loss.item() * len(batch)
            step += 1
        schedule.step()
        losses.append(total / len(images))
    module.eval()
    wrong = module((splits.test.pixels.double() / 255 - mean) / deviation).argmax(1) != splits.test.labels
    return losses, 100 * wrong.double().mean().item()


def train(trial: Trial) -> Record:
    (record,) = train_pack([trial], device="cpu")
    assert record.outcome == "finished", record.error
    return record


@pytest.mark.parametrize(
    "recipe",
    [
        {"momentum": 0.0, "weight_decay": 0.0},
        {"epochs": 3, "milestones": (1, 2), "warmup_steps": 5, "warmup_lr": 0.003},
        {"nesterov": True, "weight_decay": 0.01, "decay": "weights"},
        {"weight_decay": 0.1, "decay": "all", "init": "he-fan-in", "batch_size": 100},
    ],
    ids=",".join,
)
def test_training_is_the_plain_loop(recipe, create_trial):
    trial = create_trial(seed=3, precision="float64", **recipe)
    losses, test_error = train_plainly(trial)
    record = train(trial)
    assert [epoch.train_loss for epoch in record.history] == pytest.approx(losses, rel=1e-9)
    assert record.final["test_error"] == pytest.approx(test_error)


def test_auxiliary_classifiers_train_but_are_not_reported(create_trial):
    plain = create_trial(precision="float64")
    head = (Operation("global-avgpool"), Operation("linear", {"features": 10, "bias": True}))
    network = replace(plain.cell.network, auxiliaries=(Auxiliary(stage=1, unit=0, head=head, weight=0.7),))
    trial = replace(plain, cell=replace(plain.cell, network=network))
    losses, _ = train_plainly(trial)
    assert [epoch.train_loss for epoch in train(trial).history] == pytest.approx(losses, rel=1e-9)
    assert losses[1] != pytest.approx(train_plainly(plain)[0][1], rel=1e-6)


def test_he_2016s_schedule():
    """Lr 0.1, divided by 10 at 32k and 48k iterations, the first 400 at 0.01; 45k images in batches of 128."""
    recipe = Train(epochs=182, lr=0.1, milestones=(91, 137), warmup_steps=400, warmup_lr=0.01)
    rates = [learning_rate(recipe, step // 352, step) for step in range(352 * 182)]
    assert rates[:400] == [0.01] * 400
    assert rates[400:32_032] == [0.1] * 31_632
    assert rates[32_032:48_224] == pytest.approx([0.01] * 16_192)
    assert rates[48_224:] == pytest.approx([0.001] * (352 * 182 - 48_224))
