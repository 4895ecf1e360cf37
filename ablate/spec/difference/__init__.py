"""What differs between two networks and their recipes, and what else changed with it: numbers and names, no prose."""

from ablate.spec.difference.alignment import Alteration, align
from ablate.spec.difference.comparison import Difference, compare
from ablate.spec.difference.confounds import Change, measure_changes
from ablate.spec.difference.steps import Part, Step

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
