"""Several views of every test image, once training has ended: ten crops, or whole images at several scales."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ablate.spec.study.datasets import image_size
from ablate.spec.study.recipe import Data
from ablate.train.data.normalisation import Normalisation
from ablate.train.data.streamed import Streamed
from ablate.train.data.views import TenCrop, View, Whole
from ablate.train.loop import PIXELS_PER_BATCH, Means
from ablate.train.run import Run
from ablate.train.step.losses import precision


def list_views(data: Data) -> list[View]:
    """What the section asks for beyond the central square; empty where that is all."""
    size = image_size(data)
    if data.testing.crops == 10:
        return [TenCrop(size, data.resize or size)]
    return [Whole(scale) for scale in data.testing.scales]


@torch.inference_mode()
def evaluate_views(run: Run, files: Streamed, views: Sequence[View]) -> Means:
    """Cross-entropy and top-1 error of class probabilities averaged over all views of an image.

    Ten crops: Krizhevsky et al. 2012, sec. 4.1. Whole images: the network is applied fully convolutionally, so its
    global pooling runs over a larger map, to the image and its mirror image; the mean over scales follows (He et al.
    2015, sec. 3.4; Simonyan and Zisserman 2015, sec. 3.2). A mean image is then subtracted as its mean colour.
    """
    run.module.eval()
    own = files.select(torch.arange(run.group.rank, len(files), run.group.size))
    normalisations = {True: run.splits.normalisation.for_any_size(), False: run.splits.normalisation}
    labels = own.labels()
    scale = run.splits.normalisation.scale
    probabilities = scale.new_zeros(len(own), len(run.splits.classes))
    for view in views:
        normalisation = normalisations[isinstance(view, Whole)]
        for positions, pixels in own.look(view):
            probabilities.index_add_(0, positions, _predict(run, normalisation, pixels) / len(views))
    loss = F.nll_loss(probabilities.log(), labels, reduction="sum")
    errors = (probabilities.argmax(1) != labels).sum().to(loss.dtype)
    total_loss, total_errors = run.group.add(torch.stack([loss, errors])).tolist()
    return Means(total_loss / len(files), 100 * total_errors / len(files), len(files))


def _predict(run: Run, normalisation: Normalisation, pixels: Tensor) -> Tensor:
    """(G, V, 3, height, width) uint8 -> (G, classes), mean probabilities over the V views."""
    num, num_views, _, height, width = pixels.shape
    logits = []
    for part in torch.split(pixels.flatten(0, 1), max(1, PIXELS_PER_BATCH // (height * width))):
        images = normalisation(part).contiguous(memory_format=torch.channels_last)
        with precision(run):
            logits.append(run.module(images))
    probabilities = torch.cat(logits).to(normalisation.scale.dtype).softmax(1)
    return probabilities.view(num, num_views, -1).mean(1)
