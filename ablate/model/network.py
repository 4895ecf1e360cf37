"""A whole network as a module: stem, stages of units, head, and classifiers on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn


class Network(nn.Module):
    """`(N, C, H, W)` images -> `(N, classes)` logits; in training with auxiliaries: `(logits, [auxiliary logits])`.

    `taps` are the (stage, unit), both from 0, whose outputs the `auxiliaries` classify.
    """

    def __init__(
        self,
        stem: nn.Module,
        stages: Iterable[nn.Sequential],
        head: nn.Module,
        taps: Sequence[tuple[int, int]] = (),
        auxiliaries: Iterable[nn.Module] = (),
    ) -> None:
        super().__init__()
        self.taps = tuple(taps)
        self.stem = stem
        self.stages = nn.Sequential(*stages)
        self.head = head
        if self.taps:
            self.auxiliaries = nn.ModuleList(auxiliaries)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        x = self.stem(x)
        if not (self.training and self.taps):
            return self.head(self.stages(x))  # type: ignore[no-any-return]
        outputs = {}
        for s, stage in enumerate(self.stages.children()):
            for u, unit in enumerate(stage.children()):
                x = outputs[s, u] = unit(x)
        return self.head(x), [classify(outputs[tap]) for tap, classify in zip(self.taps, self.auxiliaries, strict=True)]
