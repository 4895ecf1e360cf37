"""How a report judges, in words: stands on the page, so that no reader has to look for the rule."""

from __future__ import annotations

from ablate.report.inequality import MIN_FLAT
from ablate.report.notation import p_value
from ablate.report.statistics import ALPHA, LEVEL, MIN_BOOTSTRAP, POWER
from ablate.spec.study.study import Study


def describe_method(study: Study) -> list[str]:
    """The rule of the verdicts and the reading of the tables, one paragraph each."""
    return [*_RULE, _seeds(len(study.seeds)), *_READING]


def summarise_rule(study: Study) -> str:
    """One line above the verdicts."""
    n = len(study.seeds)
    seeds = f"{n} seed{'s' if n != 1 else ''}"
    text = f"Judged by {LEVEL:.0%} t intervals of differences paired over {seeds}, Holm’s correction included."
    if n > 1 and 2 / 2**n > ALPHA:
        text += f" With {seeds} the exact sign-flip test cannot go below p = {2 / 2**n:.3g}: read it as a hint."
    return text


_RULE = (
    "A claim compares cells that differ in one axis and agree in every other factor. Its unit is the seed: the metric "
    "of the one cell minus that of the other after the last epoch, trained from the same seed, averaged over the "
    "matched pairs of cells where there are several.",
    f"The verdict rests on the {LEVEL:.0%} t interval of the mean difference over seeds. Supported: the whole interval "
    "lies on the claimed side of the margin. Refuted: the whole interval lies on the other side. Inconclusive: it "
    f"reaches across. For both of the first two the t-test against the margin must also stay at or below {ALPHA:g} "
    "after Holm’s correction over all claims of the study. Not testable: a trial that the claim needs is missing, "
    "failed or was stopped early, no cells match, or there is only one seed.",
    "Diverged trials enter claims and gaps at chance level, 100 (1 − 1/K) percent for K classes: leaving them out "
    "would flatter the network that diverged. Tables of means count them beside the mean instead.",
    "A claim of several parts, such as the steps of an order, is supported if every part is, and hangs on the weakest; "
    "one part refutes it, its p multiplied by their number. Equality is tested by two one-sided t-tests (TOST), and "
    "supported if the 90% interval lies within the margins. Counts, such as parameters, are compared as they are.",
    f"Where all differences are equal there is nothing to estimate a spread from; from {MIN_FLAT} seeds on the value "
    "alone then decides, and the card says so.",
)
_READING = (
    f"The bootstrap interval (percentile, 9,999 resamples) is shown from {MIN_BOOTSTRAP} seeds on; below, it is far "
    "too narrow. The effect size is Cohen’s d of paired data: the mean difference in its standard deviations. “Would "
    f"settle it” is the number of seeds for {POWER:.0%} power, taking the difference and spread seen as the true ones.",
    "The last epoch is reported, and beside it the epoch with the lowest validation error where there is a validation "
    "split; never the best test epoch. ± is the sample standard deviation (n − 1) over seeds, not a standard error.",
)


def _seeds(n: int) -> str:
    smallest = 2 / 2**n
    text = f"This study has {n} seed{'s' if n != 1 else ''}. "
    if n < 2:
        return text + "That shows no spread at all, so no claim can be tested; use at least three."
    if smallest > ALPHA:
        return text + (
            f"The exact sign-flip test, which assumes nothing of the distribution, cannot give a p below "
            f"{p_value(smallest)} with so few; it is shown, but the t interval decides, and that assumes roughly "
            "normal differences. Six seeds or more let both speak."
        )
    return text + f"The exact sign-flip test can reach p = {p_value(smallest)}, so it can confirm what the t-test says."
