"""ablate: which part of a network earns its place?

Three functions for notebooks and scripts; everything else is the `ablate` command.

    import ablate

    net = ablate.build("specs/architectures/resnet-20.yaml", "architecture.depth=56")
    result = ablate.run("specs/studies/quickstart.yaml", "seeds=1")
    frame = ablate.load_results("specs/studies/quickstart.yaml")
    frame.groupby(["architecture.shortcut", "architecture.depth"])["train_error"].agg(["mean", "std", "count"])
"""

from ablate.api import Result, build, load_results, run

__all__ = ["Result", "build", "load_results", "run"]
