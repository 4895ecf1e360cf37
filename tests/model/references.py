"""Residual units written by hand, straight from He et al. 2016: the tests' independent truth."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv3(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, padding=1, bias=False)


class Residual(nn.Module):
    """Two weight layers with their normalisations, in the order of the branch."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv3(channels), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv3(channels), nn.BatchNorm2d(channels)

    def branch(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))


class Original(Residual):  # Fig. 4(a)
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.branch(x))


class BnAfterAddition(Residual):  # Fig. 4(b)
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn2(x + self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class ReluBeforeAddition(Residual):  # Fig. 4(c)
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.relu(self.branch(x))


class ReluOnlyPreactivation(Residual):  # Fig. 4(d)
    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(torch.relu(x))


class FullPreactivation(nn.Module):  # Fig. 4(e)
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels), conv3(channels)
        self.bn2, self.conv2 = nn.BatchNorm2d(channels), conv3(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(torch.relu(self.bn2(self.conv1(torch.relu(self.bn1(x))))))


class Plain(Residual):  # Table 1, constant scaling with 0 on the shortcut
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.branch(x))


class ConstantScaling(Residual):  # Fig. 2(b)
    def __init__(self, channels: int, shortcut: float, branch: float) -> None:
        super().__init__(channels)
        self.on_shortcut, self.on_branch = shortcut, branch

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.on_shortcut * x + self.on_branch * self.branch(x))


class Gated(Residual):
    def __init__(self, channels: int, bias: float) -> None:
        super().__init__(channels)
        self.gate = nn.Conv2d(channels, channels, 1)
        nn.init.constant_(self.gate.bias, bias)


class ExclusiveGating(Gated):  # Fig. 2(c)
    def forward(self, x: Tensor) -> Tensor:
        g = torch.sigmoid(self.gate(x))
        return torch.relu((1 - g) * x + g * self.branch(x))


class ShortcutOnlyGating(Gated):  # Fig. 2(d)
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu((1 - torch.sigmoid(self.gate(x))) * x + self.branch(x))


class ConvolutionShortcut(Residual):  # Fig. 2(e); its caption: BN right after the weight layers
    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.projection, self.bn3 = nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn3(self.projection(x)) + self.branch(x))


class DropoutShortcut(Residual):  # Fig. 2(f)
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(nn.functional.dropout(x, 0.5, self.training) + self.branch(x))


class PreactivationUnit(nn.Module):
    """He et al. 2016, Fig. 4(e) as a bottleneck; the first of a stage activates once for both paths."""

    def __init__(self, inputs: int, channels: int, stride: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, channels, 1, stride, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(channels), conv3(channels)
        self.bn3, self.conv3 = nn.BatchNorm2d(channels), nn.Conv2d(channels, 4 * channels, 1, bias=False)
        if first:
            self.projection = nn.Conv2d(inputs, 4 * channels, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        activated = torch.relu(self.bn1(x))
        shortcut = self.projection(activated) if self.first else x
        y = self.conv2(torch.relu(self.bn2(self.conv1(activated))))
        return shortcut + self.conv3(torch.relu(self.bn3(y)))


class PreactivationBottleneckNet(nn.Module):
    """The 9n+2 net of KaimingHe/resnet-1k-layers: ResNet-164 and 1001."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        sizes = [(16, 16, 1), (64, 32, 2), (128, 64, 2)]
        self.units = nn.Sequential(
            *[
                PreactivationUnit(inputs if i == 0 else 4 * channels, channels, stride if i == 0 else 1, i == 0)
                for inputs, channels, stride in sizes
                for i in range(n)
            ]
        )
        self.bn, self.fc = nn.BatchNorm2d(256), nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.bn(self.units(self.conv1(x)))).mean((2, 3)))


class ReluOnlyNet(nn.Module):
    """6n+2 layers of Fig. 4(d) with option A: relu ahead of the first split, relu behind the last addition."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.units = nn.ModuleList()
        for inputs, channels in ((16, 16), (16, 32), (32, 64)):
            self.units.extend(Residual(channels) for _ in range(n))
            if inputs != channels:
                self.units[-n].conv1 = nn.Conv2d(inputs, channels, 3, 2, 1, bias=False)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))  # the first activation of the first unit
        for i, unit in enumerate(self.units):
            shortcut = x
            if unit.conv1.stride == (2, 2):
                shortcut = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, x.shape[1]))
            x = shortcut + unit.branch(x if i == 0 else torch.relu(x))
        return self.fc(torch.relu(x).mean((2, 3)))
