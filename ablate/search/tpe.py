"""Optuna's tree-structured Parzen estimator (Bergstra et al. 2011): settings like the good ones so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ablate.errors import UsageError
from ablate.records import Outcome
from ablate.search.sampled import Sampled
from ablate.spec.study.factors import same
from ablate.spec.study.parameters import Parameter
from ablate.spec.study.search import Search
from ablate.spec.study.settings import Setting, shorten

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution


def suggest(search: Search, earlier: Sequence[Sampled], number: int) -> list[Setting]:
    """So many suggestions after the earlier results; at first random, and sometimes one that was there before.

    The sampler is made anew with the results in the order of their proposal, and a seed that follows from how many
    there are. So it says the same again after the same results.

    Raises:
        UsageError: Optuna is not installed.
    """
    optuna = _import()
    sampler = optuna.samplers.TPESampler(seed=search.seed + len(earlier), constant_liar=True)
    study = optuna.create_study(sampler=sampler)
    study.add_trials([_finish(search, one) for one in earlier])
    return [_ask(search, study.ask()) for _ in range(number)]


def _import() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise UsageError("`algorithm: optuna` needs Optuna; pip install 'ablate[optuna]', or use 'random'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _ask(search: Search, trial: optuna.Trial) -> Setting:
    setting: dict[str, Any] = {}
    for parameter in search.parameters:
        if parameter.applies(setting):
            setting[parameter.path] = _ask_value(parameter, trial)
    return setting


def _ask_value(parameter: Parameter, trial: optuna.Trial) -> Any:
    """A choice is known to Optuna by its index: it takes no lists."""
    if parameter.kind == "choice":
        return parameter.values[trial.suggest_categorical(parameter.path, range(len(parameter.values)))]
    low, high, step = _grid(parameter)
    if parameter.kind == "int":
        return trial.suggest_int(parameter.path, round(low), round(high), step=round(step or 1))
    value = trial.suggest_float(parameter.path, low, high, log=parameter.kind == "loguniform", step=step)
    return shorten(parameter, value)


def _grid(parameter: Parameter) -> tuple[float, float, float | None]:
    """The range and the step, with an upper end that is a whole number of steps away."""
    (low, high), step = parameter.range, parameter.step
    return low, parameter.at(parameter.num_steps(step), step) if step else high, step


def _distribution(parameter: Parameter) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if parameter.kind == "choice":
        return CategoricalDistribution(range(len(parameter.values)))
    low, high, step = _grid(parameter)
    if parameter.kind == "int":
        return IntDistribution(round(low), round(high), step=round(step or 1))
    return FloatDistribution(low, high, log=parameter.kind == "loguniform", step=step)


def _finish(search: Search, one: Sampled) -> optuna.trial.FrozenTrial:
    """An earlier result as Optuna keeps it: complete, given up early with what it reached, or failed."""
    import optuna

    assert one.record
    parameters = [parameter for parameter in search.parameters if parameter.path in one.setting]
    course = dict(enumerate(one.course(search.metric), start=1))
    metric = one.metric(search.metric)
    states = optuna.trial.TrialState
    state = states.FAIL if metric is None else states.COMPLETE
    state = states.PRUNED if one.record.outcome is Outcome.STOPPED else state
    return optuna.trial.create_trial(
        state=state,
        value=metric if state is states.COMPLETE else None,
        params={p.path: _tell_value(p, one.setting[p.path]) for p in parameters},
        distributions={p.path: _distribution(p) for p in parameters},
        intermediate_values=course,
    )


def _tell_value(parameter: Parameter, value: Any) -> Any:
    return [same(one) for one in parameter.values].index(same(value)) if parameter.kind == "choice" else value
