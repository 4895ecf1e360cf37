"""A study whose trials cost next to nothing."""

STUDY = """\
question: Does it run?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [2, 2, 2]}
  data: {dataset: digits, validation: 0.1}
  train: {epochs: 1, lr: 0.05}
grid:
  architecture.shortcut: [none, identity]
seeds: 2
"""
