"""What came out for a claim, in one sentence: the figures of its decisive part, in words."""

from __future__ import annotations

import numpy as np

from ablate.report.claims import Judgement, Verdict
from ablate.report.inequality import Part
from ablate.report.notation import axis_name, decimal, integer, interval, level, metric_name, quantity, unit, written
from ablate.report.statistics import Comparison, t_interval
from ablate.spec.architecture.network import Value
from ablate.spec.study.study import Claim

TOST_LEVEL = 0.9  # two one-sided tests at 5% are an interval of 90%


def find_out(judgement: Judgement) -> str:
    """The finding of a claim that has figures."""
    claim, part = judgement.claim, judgement.evidence.decisive
    assert part is not None
    match claim.form:
        case "threshold":
            text = _threshold(judgement, part)
        case "interaction":
            text = _interaction(claim, part)
        case "along" | "order":
            text = _order(judgement, part)
        case _:
            text = f"With {_levels(part, 0)} the {name_of(claim)} {_against(claim, part)} with {_levels(part, 1)}"
    if claim.form in ("compare", "interaction"):
        text += _where(claim)
    return f"{text} ({_certainty(judgement, part)})."


def _where(claim: Claim) -> str:
    where = " and ".join(f"{axis_name(axis)} is {written(value)}" for axis, value in claim.where.items())
    return f", where {where}" if where else ""


def name_of(claim: Claim) -> str:
    """The metric in words, e.g. `number of epochs to 10% training error`."""
    if claim.reach:
        return f"number of epochs to {claim.reach[1]:g}% {metric_name(claim.reach[0])}"
    return metric_name(claim.metric)


def _levels(part: Part, corner: int) -> str:
    return " and ".join(level(axis, value) for axis, value in part.corners[corner].items())


def _against(claim: Claim, part: Part) -> str:
    """`is 2.3 points higher than`."""
    assert part.value is not None
    return _differs(claim, part.value)


def _differs(claim: Claim, value: float) -> str:
    if not value:
        return "is the same as" if claim.is_exact else "is on average the same as"
    if not claim.is_exact and not float(decimal(abs(value))):
        return f"differs by less than 0.01 {unit(claim.metric)} from that"
    return f"is {_size(claim, value)} {'higher' if value > 0 else 'lower'} than"


def _size(claim: Claim, value: float) -> str:
    """A difference without its sign: `2.33 points`, `1,234`."""
    if claim.is_exact:
        return integer(abs(value))
    return f"{decimal(abs(value))} {unit(claim.metric)}".strip()


def absolute(claim: Claim, value: float) -> str:
    """A value of the metric itself: `2.33%`, `0.1 nats`, `1,234`."""
    if claim.metric.endswith("_error"):
        return f"{decimal(value)}%"
    return integer(value) if claim.is_exact else f"{decimal(value)} {unit(claim.metric)}".strip()


def _interaction(claim: Claim, part: Part) -> str:
    (one, values), (two, (this, that)) = claim.compare.items()
    far, near = part.means[0] - part.means[1], part.means[2] - part.means[3]
    assert part.value is not None
    first, second = (f"at {level(one, value)}" for value in values)
    text = f"From {level(two, that)} to {written(this)} the {name_of(claim)} changes by {_signed(claim, far)} {first} "
    return text + f"and by {_signed(claim, near)} {second}: a difference of {_signed(claim, part.value)}"


def _signed(claim: Claim, value: float) -> str:
    sign = "" if not float(decimal(abs(value))) else "+" if value > 0 else "−"
    return f"{sign}{_size(claim, value)}"


def _order(judgement: Judgement, part: Part) -> str:
    claim, parts = judgement.claim, judgement.evidence.parts
    ((axis, values),) = claim.compare.items()
    steps = list(dict.fromkeys(_step(one, axis) for one in parts))
    num_right = len(steps) - len({_step(one, axis) for one in parts if not one.holds})
    margin = f" by more than {quantity(claim.margin, claim.metric)}" if claim.margin else ""
    text = f"Along {axis_name(axis)} {_list(values)} the {name_of(claim)} {claim.expect}{margin} at {num_right} of "
    text += f"{len(steps)} steps{_where(claim)}"
    if claim.is_exact and part.holds:
        return text
    earlier, later = _step(part, axis)
    assert part.value is not None
    step, size = f"from {earlier} to {later}", _signed(claim, part.value)
    if judgement.evidence.leans_towards:
        return f"{text}; the least certain, {step}, is {size}"
    return f"{text}; that {step} is {size}"


def _step(part: Part, axis: str) -> tuple[str, str]:
    later, earlier = part.corners
    return written(earlier[axis]), written(later[axis])


def _list(values: tuple[Value, ...]) -> str:
    return ", ".join(map(written, values))


def _threshold(judgement: Judgement, part: Part) -> str:
    claim, parts = judgement.claim, judgement.evidence.parts
    assert part.value is not None
    ((cell,),) = part.cells
    name, value = name_of(claim), absolute(claim, part.value)
    if len(parts) == 1:
        return f"The {name} of {cell.name} is {value}{'' if claim.is_exact else ' on average'}"
    num_right = sum(one.holds for one in parts)
    which = "the closest" if num_right == len(parts) else "not so"
    text = f"The {name} is {claim.expect} {absolute(claim, claim.bound)} in {num_right} of {len(parts)} cells"
    text += _where(claim)
    return f"{text}; {which}, {cell.name}, has {value}"


def _certainty(judgement: Judgement, part: Part) -> str:
    claim, comparison = judgement.claim, part.comparison
    if claim.is_exact:
        figures = " against ".join(integer(mean) for mean in part.means)
        return f"{figures}{_share(judgement)}"
    assert comparison is not None
    if claim.expect == "equal" and judgement.evidence.leans_towards:
        return f"90% interval {interval(*tost_interval(comparison))}, {comparison.n} seeds"
    return f"95% interval {interval(comparison.low, comparison.high)}, {comparison.n} seeds"


def _share(judgement: Judgement) -> str:
    """Of a claim about counts: in how many groups of cells it is so."""
    if judgement.claim.form in ("along", "order"):
        return ""
    groups = [_names(part) for part in judgement.evidence.parts]
    against = {_names(part) for part in judgement.evidence.parts if not part.holds}
    num_groups = len(set(groups))
    return f"; as claimed in {num_groups - len(against)} of {num_groups} cases" if num_groups > 1 else ""


def _names(part: Part) -> tuple[str, ...]:
    return tuple(cell.name for group in part.cells for cell in group)


def tost_interval(comparison: Comparison) -> tuple[float, float]:
    """The interval of 90%, which lies within the margins exactly if both one-sided tests reject at 5%."""
    return t_interval(np.array(comparison.differences), TOST_LEVEL) if comparison.n > 1 else (-np.inf, np.inf)


def is_decided(judgement: Judgement) -> bool:
    """Whether the claim is supported or refuted."""
    return judgement.verdict in (Verdict.SUPPORTED, Verdict.REFUTED)
