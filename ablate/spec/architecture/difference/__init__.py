"""What differs between two networks and their recipes, and what else changed with it: numbers and names, no prose."""

from ablate.spec.architecture.difference.alignment import Alteration, align
from ablate.spec.architecture.difference.comparison import Difference, compare
from ablate.spec.architecture.difference.confounds import Change, measure_changes
from ablate.spec.architecture.difference.steps import Part, Step

__all__ = [
    "Alteration",
    "Change",
    "Difference",
    "Part",
    "Step",
    "align",
    "compare",
    "measure_changes",
    "recipe_changes",
]
