"""Handwritten digits, embedded in scikit-learn: 1,797 scans of 8x8 pixels, no download.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test part). The set comes
without a split; ours is fixed and stratified: 1,437 training and 360 test images.
"""

from __future__ import annotations

import hashlib

import torch

from ablate.train.data.images import DataSet, Images
from ablate.train.data.splits import stratified_split

NUM_TEST = 360
WHITE = 16  # the scans have 17 grey levels


def read_digits() -> DataSet:
    """The digits as (N, 1, 8, 8), their 17 grey levels spread over 0 to 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = torch.from_numpy(bunch.images).mul(255 / WHITE).round().to(torch.uint8).unsqueeze(1)
    labels = torch.from_numpy(bunch.target).long()
    train, test = (Images(pixels[index], labels[index]) for index in stratified_split(labels, NUM_TEST))
    digest = hashlib.sha256(bunch.images.tobytes() + bunch.target.tobytes()).hexdigest()
    return DataSet(train, test, tuple(str(name) for name in bunch.target_names), digest)
