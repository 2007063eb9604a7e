"""What training costs, when serving overtakes it, and what that says about the size of a model.

Training multiplies every active parameter six times for each token (two FLOP forward, four back),
serving twice. From those two numbers follow the crossover of a model, the size that is cheapest
over its life, and why a company may lose money on models that all earn theirs back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.data import table, unknown_name
from inferwall.units import HOUR, MTOK

TRAINING_FLOP_PER_PARAMETER = 6.0  # forward 2, backward 4
SERVING_FLOP_PER_PARAMETER = 2.0  # one multiplication, one addition


def training_flop(active_parameters: Any, tokens: Any) -> Any:
    """Return the FLOP of a training run: ``6 × active parameters × tokens``.

    Assumes short sequences: attention over the context is left out.

    Parameters
    ----------
    active_parameters : float or array
        What one token multiplies by.
    tokens : float or array
        Tokens the model is trained on.

    Examples
    --------
    >>> f"{training_flop(405e9, 15.6e12):.2e}"
    '3.79e+25'
    """
    return TRAINING_FLOP_PER_PARAMETER * active_parameters * tokens


def serving_flop(active_parameters: Any, tokens: Any) -> Any:
    """Return the FLOP of computing tokens, read or written: ``2 × active parameters × tokens``.

    Parameters
    ----------
    active_parameters : float or array
        What one token multiplies by.
    tokens : float or array
        Tokens computed, read or written.

    Examples
    --------
    >>> f"{serving_flop(405e9, 1e12):.1e}"
    '8.1e+23'
    """
    return SERVING_FLOP_PER_PARAMETER * active_parameters * tokens


def lifetime_flop(active_parameters: Any, training_tokens: Any, served_tokens: Any) -> Any:
    """Return the FLOP of training a model once and serving it for life.

    Parameters
    ----------
    active_parameters : float or array
        What one token multiplies by.
    training_tokens, served_tokens : float or array
        Tokens of the training run, and of the life after it.

    Examples
    --------
    >>> f"{lifetime_flop(1e9, 20e9, 60e9):.1e}"
    '2.4e+20'
    """
    return training_flop(active_parameters, training_tokens) + serving_flop(
        active_parameters, served_tokens
    )


def mfu(flop: Any, chip_hours: Any, peak_flop_per_s: Any) -> Any:
    """Return the model FLOP utilisation: useful FLOP over what the chips could have done.

    Parameters
    ----------
    flop : float or array
        FLOP of the run, by its parameters and tokens.
    chip_hours : float or array
        Chips times hours.
    peak_flop_per_s : float or array
        Dense peak of one chip.

    Examples
    --------
    >>> round(mfu(3.8e25, chip_hours=30.84e6, peak_flop_per_s=989e12), 3)
    0.346
    """
    return flop / (chip_hours * HOUR * peak_flop_per_s)


def chip_hours(flop: Any, peak_flop_per_s: Any, mfu: Any) -> Any:
    """Return the chip-hours that a run of so many FLOP takes: ``FLOP / (peak × MFU × 3,600)``.

    Parameters
    ----------
    flop : float or array
        FLOP of the run.
    peak_flop_per_s : float or array
        Dense peak of one chip.
    mfu : float or array
        Share of the peak that the run reaches.

    Examples
    --------
    >>> round(chip_hours(3.8e25, peak_flop_per_s=989e12, mfu=0.40) / 1e6, 1)
    26.7
    """
    return flop / (peak_flop_per_s * mfu) / HOUR


def training_cost_usd(flop: Any, peak_flop_per_s: Any, mfu: Any, rent_usd_per_hour: Any) -> Any:
    """Return the rent of a run's chip-hours; staff, experiments and failed runs are not in it.

    Parameters
    ----------
    flop, peak_flop_per_s, mfu : float or array
        As `chip_hours`.
    rent_usd_per_hour : float or array
        Rent of one chip.

    Examples
    --------
    >>> round(training_cost_usd(3.8e25, 989e12, mfu=0.40, rent_usd_per_hour=2.0) / 1e6, 1)
    53.4
    """
    return chip_hours(flop, peak_flop_per_s, mfu) * rent_usd_per_hour


def computed_tokens(input_tokens: Any, output_tokens: Any, cache_hit_share: Any = 0.0) -> Any:
    """Return the tokens that serving multiplies: input found in a cache is not computed again.

    Parameters
    ----------
    input_tokens, output_tokens : float or array
        Tokens read and written.
    cache_hit_share : float or array
        Share of the input found in a cache, 0 to 1.

    Examples
    --------
    >>> computed_tokens(608.0, 168.0, cache_hit_share=0.25)
    624.0
    """
    return input_tokens * (1.0 - cache_hit_share) + output_tokens


def crossover_tokens(training_tokens: Any, price_ratio: Any = 1.0) -> Any:
    """Return the computed tokens at which serving a model has taken as much as training it.

    ``6 N D = price ratio × 2 N T``, so ``T = 3 D / price ratio``: the size of the model drops out.

    Parameters
    ----------
    training_tokens : float or array
        Tokens the model was trained on.
    price_ratio : float or array
        What a FLOP of serving costs over a FLOP of training: 1 compares FLOP; training MFU over
        serving MFU compares dollars on chips of one rent.

    Examples
    --------
    >>> crossover_tokens(15e12) / 1e12, crossover_tokens(15e12, price_ratio=3.0) / 1e12
    (45.0, 15.0)
    """
    ratio = TRAINING_FLOP_PER_PARAMETER / SERVING_FLOP_PER_PARAMETER
    return ratio * training_tokens / price_ratio


def crossover_tokens_usd(training_cost_usd: Any, serving_cost_usd_per_mtok: Any) -> Any:
    """Return the tokens at which the bill for serving equals the bill for training.

    Parameters
    ----------
    training_cost_usd : float or array
        Bill of the training run.
    serving_cost_usd_per_mtok : float or array
        Cost of a million computed tokens.

    Examples
    --------
    >>> crossover_tokens_usd(60e6, serving_cost_usd_per_mtok=2.0) / 1e12
    30.0
    """
    return training_cost_usd / serving_cost_usd_per_mtok * MTOK


def days_to_crossover(tokens: Any, tokens_per_day: Any, growth_per_day: Any = 0.0) -> Any:
    """Return the days until so many tokens have been served.

    Traffic starts at `tokens_per_day` and grows at the continuous rate g, so that
    ``t = ln(1 + g × tokens / tokens per day) / g``; without growth ``tokens / tokens per day``.
    Where traffic fades before they are reached the answer is infinite.

    Parameters
    ----------
    tokens : float or array
        Tokens to be served.
    tokens_per_day : float or array
        Traffic of the first day.
    growth_per_day : float or array
        Continuous rate; below 0 traffic fades.

    Examples
    --------
    >>> float(days_to_crossover(45e12, tokens_per_day=1e12))
    45.0
    >>> round(float(days_to_crossover(45e12, 1e12, growth_per_day=0.01)), 1)
    37.2
    >>> float(days_to_crossover(45e12, 1e12, growth_per_day=-0.03))
    inf
    """
    flat = tokens / tokens_per_day
    exponent = growth_per_day * flat
    exponent = exponent + 1e-300 * (exponent == 0)  # ln(1 + x) / x is 1 there
    with np.errstate(divide="ignore"):
        return flat * (np.log1p(np.maximum(exponent, -1.0)) / exponent)


@dataclass(frozen=True)
class ScalingLaw:
    """Loss in nats per token: ``E + A / parameters^alpha + B / tokens^beta``."""

    name: str
    irreducible_loss: float
    parameter_coefficient: float
    token_coefficient: float
    parameter_exponent: float
    token_exponent: float
    sources: str = ""

    def loss(self, parameters: Any, tokens: Any) -> Any:
        """Return the loss of a model of that size after that many tokens."""
        size = self.parameter_coefficient / parameters**self.parameter_exponent
        data = self.token_coefficient / tokens**self.token_exponent
        return self.irreducible_loss + size + data

    def tokens_for_loss(self, parameters: Any, loss: Any) -> Any:
        """Return the tokens after which a size reaches a loss; NaN where no number of them does."""
        size = self.parameter_coefficient / parameters**self.parameter_exponent
        with np.errstate(invalid="ignore", divide="ignore"):
            share = self.token_coefficient / (loss - self.irreducible_loss - size)
            return np.power(share, 1.0 / self.token_exponent)

    def training_optimal_tokens(self, parameters: Any) -> Any:
        """Return the tokens at which a size is the cheapest to train to the loss it reaches."""
        size = (
            self.parameter_exponent
            * self.parameter_coefficient
            / parameters**self.parameter_exponent
        )
        return (self.token_exponent * self.token_coefficient / size) ** (1.0 / self.token_exponent)

    def cheapest_model(self, loss: Any, served_tokens: Any, price_ratio: Any = 1.0) -> Any:
        """Return the (parameters, training tokens) of the cheapest life that reaches a loss.

        Minimises ``6 N D + price ratio × 2 N T`` over all sizes and tokens D of that loss, for T
        served tokens. There ``3 D (r - 1) = price ratio × T``, where r compares what one per cent
        of size and one per cent of data do to the loss; a bisection finds it, also in arrays.

        Raises
        ------
        ValueError
            The loss is not above the irreducible one.

        Source: Sardana et al., "Beyond Chinchilla-optimal".
        """
        if isinstance(loss, int | float) and not loss > self.irreducible_loss:
            raise ValueError(f"loss={loss!r}: allowed is more than {self.irreducible_loss}")
        alpha, beta = self.parameter_exponent, self.token_exponent
        reducible = loss - self.irreducible_loss
        demand = price_ratio * served_tokens

        def split(logit):  # how much of the reducible loss is due to size, and how much to data
            return reducible / (1.0 + np.exp(-logit)), reducible / (1.0 + np.exp(logit))

        low = np.log(beta / alpha) + 0.0 * (reducible + demand)
        high = low + 50.0
        for _ in range(80):
            middle = (low + high) / 2.0
            size, data = split(middle)
            tokens = (self.token_coefficient / data) ** (1.0 / beta)
            ratio = alpha * size / (beta * data)
            below = 1.0 * (3.0 * tokens * (ratio - 1.0) < demand)
            low, high = low + (middle - low) * below, middle + (high - middle) * below
        size, data = split((low + high) / 2.0)
        parameters = (self.parameter_coefficient / size) ** (1.0 / alpha)
        return parameters, (self.token_coefficient / data) ** (1.0 / beta)


def scaling_law(name: str = "Chinchilla") -> ScalingLaw:
    """Return a published fit of data/scaling_laws.csv.

    Raises
    ------
    KeyError
        No fit has that name; the message says which are near.

    Examples
    --------
    >>> law = scaling_law()
    >>> size, tokens = law.cheapest_model(law.loss(13e9, law.training_optimal_tokens(13e9)), 2e12)
    >>> round(float(size) / 1e9, 1), round(float(tokens) / 1e12, 2)
    (7.0, 1.25)
    """
    rows = table("scaling_laws").set_index("name")
    if name not in rows.index:
        raise unknown_name("scaling law", name, rows.index)
    row = rows.loc[name].to_dict()
    return ScalingLaw(
        name, **{key: row[key] for key in ScalingLaw.__dataclass_fields__ if key in row}
    )


def company_profit(
    multiple: Any, growth: Any, training_cost_usd: Any = 1.0, life_periods: int = 1
) -> Any:
    """Return a period's profit of a company that trains a new model every period.

    Each model returns `multiple` times its training cost, spread evenly over the `life_periods`
    after the one in which it is trained; each costs `growth` times the one before, the one in
    training now `training_cost_usd`. With a life of one period that is ``cost × (multiple /
    growth - 1)``: the sign of multiple minus growth.

    Parameters
    ----------
    multiple : float or array
        What a model returns over its life, over its training cost.
    growth : float or array
        Training cost over that of the period before.
    training_cost_usd : float or array
        Cost of the model in training now.
    life_periods : int
        Periods over which a model returns its money.

    Examples
    --------
    >>> round(company_profit(2.0, growth=3.0, training_cost_usd=300.0))
    -100
    """
    return training_cost_usd * (multiple / break_even_multiple(growth, life_periods) - 1.0)


def break_even_multiple(growth: Any, life_periods: int = 1) -> Any:
    """Return what each model must return of its training cost for the company to break even.

    ``L / (1/g + 1/g² + … + 1/g^L)``: g itself for a life of one period, more for a longer one,
    because later receipts stand against larger bills.

    Parameters
    ----------
    growth : float or array
        Training cost over that of the period before.
    life_periods : int
        Periods over which a model returns its money, at least 1.

    Raises
    ------
    ValueError
        The life is shorter than a period.

    Examples
    --------
    >>> break_even_multiple(3.0), round(break_even_multiple(2.0, life_periods=2), 3)
    (3.0, 2.667)
    """
    if life_periods < 1:
        raise ValueError(f"life_periods={life_periods!r}: allowed are whole numbers of at least 1")
    return life_periods / sum(growth**-age for age in range(1, life_periods + 1))
