"""What every entry of the zoo must amount to, from sources other than the package's own arithmetic."""

from __future__ import annotations


def conv(inputs: int, outputs: int, kernel: int = 3, bias: bool = False) -> int:
    return inputs * outputs * kernel**2 + outputs * bias


def bn(channels: int) -> int:
    return 2 * channels


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def gates() -> int:
    """A 1x1 convolution with bias beside each of the 54 units of ResNet-110."""
    pairs = [(16, 16)] * 18 + [(16, 32)] + [(32, 32)] * 17 + [(32, 64)] + [(64, 64)] * 17
    return sum(conv(*pair, 1, bias=True) for pair in pairs)


def bottleneck_cifar(n: int) -> int:
    """9n + 2 layers, original order, projections with normalisation wherever the shape changes."""
    total, inputs = conv(3, 16) + bn(16) + linear(256, 10), 16
    for width in (16, 32, 64):
        output = 4 * width
        inner = bn(width) + conv(width, width) + bn(width) + conv(width, output, 1) + bn(output)
        total += conv(inputs, width, 1) + (n - 1) * conv(output, width, 1) + n * inner
        total += conv(inputs, output, 1) + bn(output)
        inputs = output
    return total


def projections(*units: int) -> int:
    """Option C beyond option B: a projection on every unit of 64, 128, ... channels that keeps its shape."""
    widths = (64, 128, 256, 512)
    return sum(n * (conv(width, width, 1) + bn(width)) for n, width in zip(units, widths, strict=True))


def wide(n: int, k: int) -> int:
    """WRN-(6n+4)-k: a stage starts with one shared normalisation and a bare projection; one more ends the net."""
    total, inputs = conv(3, 16) + bn(64 * k) + linear(64 * k, 10), 16
    for width in (16 * k, 32 * k, 64 * k):
        total += bn(inputs) + conv(inputs, width) + conv(inputs, width, 1) + bn(width) + conv(width, width)
        total += (n - 1) * 2 * (bn(width) + conv(width, width))
        inputs = width
    return total


def prelu_net(n: int, *widths: int) -> int:
    """Convolutions with bias, each with a slope per channel; a pyramid of 49 + 9 + 4 + 1 cells; two hidden layers."""
    total, inputs = conv(3, 96, 7, bias=True) + 96, 96
    for width in [width for width in widths for _ in range(n)]:
        total += conv(inputs, width, bias=True) + width
        inputs = width
    return total + linear(63 * inputs, 4096) + linear(4096, 4096) + linear(4096, 1000) + 2 * 4096


def highway(widths: tuple[int, int, int], *stages: list[int]) -> int:
    """A plain 3x3 layer, then gated ones of the listed windows, whose gate is as large as the branch."""
    total, inputs = conv(widths[2], 100, 1, bias=True) + linear(100, 10), 3
    for width, kernels in zip(widths, stages, strict=True):
        total += conv(inputs, width, bias=True) + sum(2 * conv(width, width, kernel, bias=True) for kernel in kernels)
        inputs = width
    return total


def squeeze(channels: int, reduction: int = 16) -> int:
    return linear(channels, channels // reduction) + linear(channels // reduction, channels)


def dense_cifar(n: int = 16, growth: int = 12) -> int:
    """Three stages of n units; after each but the last the channels are halved."""
    channels = 2 * growth
    total = conv(3, channels)
    for stage in range(3):
        for _ in range(n):
            total += bn(channels) + conv(channels, 4 * growth, 1) + bn(4 * growth) + conv(4 * growth, growth)
            channels += growth
        if stage < 2:
            total += bn(channels) + conv(channels, channels // 2, 1)
            channels //= 2
    return total + bn(channels) + linear(channels, 10)


# Counted apart from this package and agreed with what others print; the papers round them.
CIFAR = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962, 1202: 19_421_274}
IMAGENET = {18: 11_515_688, 34: 21_623_848}
RESNET_50 = 25_557_032
RESNET_152 = 60_192_808
RESNET_164 = 1_704_154
# A pre-activation net of bottlenecks normalises as many channels, but no projection: 64 + 128 + 256 fewer on CIFAR.
BARE = bn(64 + 128 + 256)
# Sixteen more units of 512, 128, 128, 512 channels at 28x28.
RESNET_200 = RESNET_152 + 16 * (2 * conv(512, 128, 1) + conv(128, 128) + 2 * bn(128) + bn(512))
# Three 3x3 convolutions in place of one 7x7.
STEM_D = conv(3, 32) + conv(32, 32) + conv(32, 64) + 2 * bn(32) - conv(3, 64, 7)
SQUEEZES = sum(n * squeeze(channels) for n, channels in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
ALTERNATING = [1, 3, 1, 3, 1, 3, 1, 3, 1]
ROWS_AS_110 = ("scaling-0.5-1", "scaling-0.5-0.5", "dropout")
ROWS_OF_GATES = (
    *("exclusive-gating-0", "exclusive-gating-minus-6", "exclusive-gating-minus-7"),
    *("shortcut-only-gating-0", "shortcut-only-gating-minus-6"),
)
PLACEMENTS = ("bn-after-addition", "relu-before-addition", "relu-only-preactivation")

PARAMETERS = {
    **{f"resnet-{depth}": count for depth, count in CIFAR.items()},
    **{f"plain-{depth}": count for depth, count in CIFAR.items() if depth != 1202},
    **{f"plain-{depth}": count for depth, count in IMAGENET.items()},
    **{f"resnet-{depth}-a": count for depth, count in IMAGENET.items()},
    "resnet-18-c": 11_689_512 + projections(2, 1, 1, 1),
    "resnet-34-c": 21_797_672 + projections(3, 3, 5, 2),
    **{f"resnet-110-{row}": CIFAR[110] for row in ROWS_AS_110},
    **{f"resnet-110-{row}": CIFAR[110] + gates() for row in ROWS_OF_GATES},
    "resnet-110-conv1x1": 1_822_170,
    **{f"resnet-110-{placement}": CIFAR[110] for placement in PLACEMENTS},
    **dict.fromkeys(("preact-110", "resnet-110-1layer", "preact-110-1layer"), CIFAR[110]),
    **dict.fromkeys(("resnet-164", "resnet-164-bn-after-addition", "resnet-164-relu-before-addition"), RESNET_164),
    "preact-164": 1_703_258,
    "resnet-164-relu-only-preactivation": RESNET_164 - BARE,
    "resnet-1001": bottleneck_cifar(111),
    "preact-1001": bottleneck_cifar(111) - BARE,
    "resnet-200": RESNET_200,
    "preact-152": RESNET_152 - bn(256 + 512 + 1024 + 2048),
    "preact-200": RESNET_200 - bn(256 + 512 + 1024 + 2048),
    "resnet-50-d": RESNET_50 + STEM_D,
    "se-resnet-50": RESNET_50 + SQUEEZES,
    "se-resnet-110": CIFAR[110] + 18 * sum(map(squeeze, (16, 32, 64))),
    "stochastic-depth-resnet-110": CIFAR[110],
    "wrn-40-4": wide(6, 4),
    **dict.fromkeys(("wrn-28-10", "wrn-28-10-dropout"), wide(4, 10)),
    "wrn-16-8": wide(2, 8),
    "prelu-net-a": prelu_net(5, 256, 512, 512),
    "prelu-net-b": prelu_net(6, 256, 512, 512),
    "prelu-net-c": prelu_net(6, 384, 768, 896),
    "highway-19": highway((32, 80, 128), [3] * 4, [3] * 5, [3] * 5),
    "highway-32": highway((32, 64, 96), ALTERNATING, ALTERNATING, ALTERNATING),
    "densenet-bc-100": dense_cifar(),
}

# Counted on torchvision's own modules.
TORCHVISION = {
    "resnet-18-b": "resnet18",
    "resnet-34-b": "resnet34",
    "resnet-50": "resnet50",
    "resnet-101": "resnet101",
    "resnet-152": "resnet152",
    "wide-resnet-50-2": "wide_resnet50_2",
    "resnext-50": "resnext50_32x4d",
    "mobilenet-v2": "mobilenet_v2",
    "vgg-16": "vgg16",
    "vgg-16-bn": "vgg16_bn",
    "vgg-19": "vgg19",
    "vgg-19-bn": "vgg19_bn",
    "googlenet": "googlenet",
    "densenet-121": "densenet121",
}

# As the papers print them, in units of the last digit: He et al. 2015, Table 1 and text; He et al. 2015b, Table 3.
PRINTED_MULTIPLY_ADDS = {
    **dict.fromkeys(("plain-18", "resnet-18-a", "resnet-18-b"), 1.8e9),
    **dict.fromkeys(("plain-34", "resnet-34-a", "resnet-34-b"), 3.6e9),
    **{"resnet-50": 3.8e9, "resnet-101": 7.6e9, "resnet-152": 11.3e9},
    **{"vgg-16": 15.3e9, "vgg-19": 19.6e9},
    **{"prelu-net-a": 1.90e10, "prelu-net-b": 2.32e10, "prelu-net-c": 5.30e10},
}
# The same, recounted layer by layer: convolutions and linear layers.
MULTIPLY_ADDS = {
    "plain-18": 1_794_293_760 + 512_000,
    "resnet-18-b": 1_814_073_344,
    "resnet-34-a": 3_643_981_824 + 512_000,
    "resnet-34-b": 3_663_249_408 + 512_000,
    "resnet-50": 3_857_973_248,
    "resnet-101": 7_568_146_432 + 2_048_000,
    "resnet-152": 11_280_367_616 + 2_048_000,
    "resnet-200": 14_774_222_848 + 2_048_000,
    "vgg-16": 15_470_264_320,
    "vgg-19": 19_632_062_464,
    "resnet-20": 40_550_400 + 640,
    "plain-56": 125_485_056 + 640,
    "resnet-110": 252_887_040 + 640,
    "resnet-1202": 2_829_238_272 + 640,
}
