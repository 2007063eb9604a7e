"""What one input alone does to the cost of a request, the others at their centre."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from inferwall.answers import Answers
from inferwall.distributions import HIGH, LOW
from inferwall.provision import provide
from inferwall.scenario import Scenario
from inferwall.step import Deployment
from inferwall.units import usd

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN, ASSUMED = "unknown", "assumed"


def one_at_a_time(answers: Answers) -> pd.DataFrame:
    """Return between which costs of a request each input moves it.

    What is unknown goes from its 10th to its 90th percentile; what the analyst assumes is halved
    and doubled, and of the prompt nothing or nine tenths are cached.

    Returns
    -------
    DataFrame
        One row an input, the strongest first: `group`, `cause`, the lower and the higher cost
        (`low_usd`, `high_usd`), and the setting at each as text (`at_low`, `at_high`). A setting
        that cannot be met says so and leaves the cost at its centre.
    """
    import pandas as pd

    central, scenario = answers.central, answers.scenario
    deployment, rent = central.deployment, central.rent_usd_per_hour
    rows = []
    if len(answers.quotes) > 1:
        prices = np.quantile(answers.quotes["rent_usd_per_hour"], (LOW, HIGH))
        ends = [(usd(price), _cost_usd(scenario, deployment, price)) for price in prices]
        rows.append(_row(UNKNOWN, "Rent of a chip an hour", ends, answers))
    ends = [
        (f"{factor:.2f}\u00a0×", _cost_usd(scenario, deployment, rent, factor))
        for factor in answers.slowdown
    ]
    rows.append(_row(UNKNOWN, "Time taken over time predicted", ends, answers))
    for cause, unit, changes in _assumptions(scenario):
        ends = [
            (
                f"{_plain(next(iter(change.values())))}{unit}",
                _cost_usd(scenario.model_copy(update=change), deployment, rent),
            )
            for change in changes
        ]
        rows.append(_row(ASSUMED, cause, ends, answers))
    frame = pd.DataFrame(
        rows, columns=["group", "cause", "low_usd", "high_usd", "at_low", "at_high"]
    )
    span = frame["high_usd"] - frame["low_usd"]
    return frame.loc[span.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _row(group: str, cause: str, ends: list[tuple[str, float]], answers: Answers) -> tuple:
    """Return a row of `one_at_a_time`, the cheaper end first."""
    centre = answers.cost_usd_per_request.central
    met = [
        (f"{setting}: cannot be met", centre) if math.isnan(cost) else (setting, cost)
        for setting, cost in ends
    ]
    (at_low, low), (at_high, high) = sorted(met, key=lambda end: end[1])
    return group, cause, low, high, at_low, at_high


def _cost_usd(
    scenario: Scenario, deployment: Deployment, rent_usd_per_hour: float, slowdown: float = 1.0
) -> float:
    try:
        found = provide(scenario, deployment, rent_usd_per_hour, slowdown)
    except ValueError:
        return math.nan
    return float(found.cost_usd_per_request(scenario.users))


def _plain(value: float) -> str:
    """Write a setting without needless zeros.

    >>> _plain(10800.0), _plain(1.5)
    ('10,800', '1.5')
    """
    return f"{float(f'{value:.4g}'):,.12g}"


def _assumptions(scenario: Scenario) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return what the analyst assumed, each with its unit and two changes of the scenario."""
    prompt, cached, answer = scenario.input_tokens, scenario.cached_tokens, scenario.output_tokens
    speed, peak = scenario.speed_target_tokens_per_s, scenario.peak_to_mean
    cached_share = cached / prompt
    prompts = [max(1, prompt / 2), prompt * 2]
    return [
        (
            "Length of the answer",
            " tokens",
            [{"output_tokens": n} for n in (max(1, answer / 2), answer * 2)],
        ),
        (
            "Length of the prompt",
            " tokens",
            [{"input_tokens": n, "cached_tokens": n * cached_share} for n in prompts],
        ),
        (
            "Cached part of the prompt",
            " tokens",
            [{"cached_tokens": prompt * share} for share in (0, max(0.9, cached_share))],
        ),
        (
            "Peak over mean load",
            "",
            [{"peak_to_mean": ratio} for ratio in (max(1, peak / 2), peak * 2)],
        ),
        (
            "Target speed of a user",
            " tokens/s",
            [{"speed_target_tokens_per_s": rate} for rate in (speed / 2, speed * 2)],
        ),
    ]
