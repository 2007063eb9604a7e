"""What a scenario costs, earns and needs, and what limits it: each with the range it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inferwall.cost import rents
from inferwall.data import table
from inferwall.distributions import HIGH, LOW, Observed, Percentiles, draw
from inferwall.efficiency import IDEAL, named_efficiency
from inferwall.provision import Provision, choose, provide
from inferwall.scenario import DAYS_PER_MONTH, Scenario
from inferwall.sensitivity import Range, interval
from inferwall.validation import error_factors, unlike

if TYPE_CHECKING:
    import pandas as pd

DRAWS, SEED = 2048, 20261121
SET = "serving"  # the efficiency set of data/efficiency.csv


def rent_quotes(scenario: Scenario) -> pd.DataFrame:
    """Return what each provider asks for the chip: its latest prices of the last twelve months.

    One row a provider, cheapest first, the median where it asks several (regions, sizes). A rent
    that the scenario gives is the only row.

    Raises
    ------
    ValueError
        Nothing is published for this chip and contract in that time.
    """
    import pandas as pd

    if scenario.rent_usd_per_hour is not None:
        row = {"provider": "given in the scenario", "price_date": scenario.as_of or ""}
        return pd.DataFrame([{**row, "rent_usd_per_hour": scenario.rent_usd_per_hour}]).assign(
            sources=""
        )
    today = scenario.as_of or table("rental_prices")["price_date"].max()
    year_before = f"{int(today[:4]) - 1}{today[4:]}"
    quotes = rents(scenario.chip, scenario.contract, today)
    quotes = quotes[(quotes["price_date"] > year_before) & (quotes["confidence"] != "low")]
    if quotes.empty:
        raise ValueError(
            f"contract={scenario.contract!r}: no rent of {scenario.chip} is published under it in "
            f"the twelve months to {today}; give rent_usd_per_hour"
        )
    latest = quotes.groupby("provider")["price_date"].transform("max")
    grouped = quotes[quotes["price_date"] == latest].groupby("provider", as_index=False)
    rows = grouped.agg(
        price_date=("price_date", "max"),
        rent_usd_per_hour=("usd_per_accelerator_hour", "median"),
        sources=("sources", lambda keys: ";".join(sorted(set(keys)))),
    )
    return rows.sort_values(["rent_usd_per_hour", "provider"]).reset_index(drop=True)


@dataclass(frozen=True)
class Answers:
    """The scenario at the central inputs, at every draw, and at the bound of its chip.

    Attributes
    ----------
    central, draws, bound : Provision
        `draws` holds arrays of `DRAWS` elements; `bound` has the ideal efficiency.
    quotes : DataFrame
        As `rent_quotes`.
    """

    central: Provision
    draws: Provision
    bound: Provision
    quotes: pd.DataFrame

    @property
    def scenario(self) -> Scenario:
        """Return the scenario that was asked about."""
        return self.central.scenario

    def range_of(self, result: Any) -> Range:
        """Return the range of what `result` says of a Provision."""
        return interval(result(self.central), result(self.draws))

    @property
    def cost_usd_per_request(self) -> Range:
        """Return the cost of a request: rent of all chips, idle hours included."""
        return self.range_of(lambda s: s.cost_usd_per_request(self.scenario.users))

    @property
    def margin(self) -> Range:
        """Return the gross margin: what rent leaves of revenue, as a share of revenue."""
        cost, revenue = self.cost_usd_per_request, self.scenario.revenue_usd_per_request
        return Range(*(1 - value / revenue for value in (cost.central, cost.high, cost.low)))

    @property
    def chips(self) -> Range:
        """Return the chips that the peak needs."""
        users = self.scenario.users
        return self.range_of(lambda s: s.copies(users) * s.deployment.chips)

    @property
    def rent_usd_per_month(self) -> Range:
        """Return the rent of all chips for a month."""
        requests = self.scenario.requests_per_day * DAYS_PER_MONTH
        cost = self.cost_usd_per_request
        return Range(*(value * requests for value in (cost.central, cost.low, cost.high)))

    @property
    def slowdown(self) -> tuple[float, float]:
        """Return by what factors of the predicted time four of five such servers are off."""
        central = self.central
        return error_factors("tpot", unlike(central.deployment, float(central.batch)))

    @property
    def ttft_s(self) -> Range:
        """Return the wait for the first token when all copies are full."""
        central = self.central
        ways = unlike(central.deployment, float(central.batch))
        predicted = float(central.service.ttft_s)
        return Range(predicted, *(predicted * end for end in error_factors("ttft", ways)))

    @property
    def limit(self) -> str:
        """Return the part that takes most of a copy's time."""
        parts = self.central.parts_s
        return max(parts, key=lambda key: parts[key])

    @property
    def limit_holds(self) -> float:
        """Return in which share of the draws that can be served the same part takes most."""
        parts = {
            key: np.broadcast_to(seconds, DRAWS)[np.isfinite(self.draws.copy_s)]
            for key, seconds in self.draws.parts_s.items()
        }
        return float(np.mean(parts[self.limit] >= np.max(list(parts.values()), axis=0)))

    def share(self, part: str) -> Range:
        """Return the share of a copy's time that one part takes."""
        return self.range_of(lambda s: s.parts_s[part] / s.copy_s)

    @property
    def memory_limits(self) -> bool:
        """Say whether memory, and not the target speed, sets how many requests are in flight."""
        return bool(self.central.batch >= self.central.memory_batch)


def answer(scenario: Scenario) -> Answers:
    """Answer a scenario with the constants of whole servers and the published rents.

    Two things are drawn, independently, in `DRAWS` draws of a fixed seed: the time that a server
    takes over the time predicted, by the errors of the model on servers that it was not fitted to,
    and the rent, from those published.

    Raises
    ------
    ValueError
        The scenario cannot run, or nobody publishes a rent.
    """
    quotes = rent_quotes(scenario)
    prices = quotes["rent_usd_per_hour"].to_numpy()
    rent = float(np.median(prices))
    central = choose(scenario, named_efficiency(SET), rent)
    ideal = provide(scenario, replace(central.deployment, efficiency=IDEAL), rent)
    found = Answers(central, central, ideal, quotes)
    low, high = found.slowdown
    unknown = {"rent": Observed(tuple(prices)), "slowdown": Percentiles(low, 1.0, high)}
    drawn = draw(unknown, DRAWS, SEED)
    draws = provide(scenario, central.deployment, drawn["rent"], drawn["slowdown"])
    return replace(found, draws=draws)


def cost_over_users(answers: Answers, users: Any) -> pd.DataFrame:
    """Return the cost of a request for other numbers of users, with its 80 % interval.

    NaN stands for an end that is out of reach.

    Parameters
    ----------
    answers : Answers
    users : array
        Numbers of users.
    """
    import pandas as pd

    users = np.asarray(users, dtype=float)
    drawn = answers.draws.cost_usd_per_request(users[:, None])
    low, high = np.quantile(drawn, (LOW, HIGH), axis=1, method="inverted_cdf")
    central = answers.central.cost_usd_per_request(users)
    frame = pd.DataFrame({"users": users, "cost": central, "low": low, "high": high})
    return frame.replace(np.inf, np.nan)


def breakdown(answers: Answers) -> pd.DataFrame:
    """Return the time that one request takes of a copy, by part, the longest first.

    Returns
    -------
    DataFrame
        `part`, `time_s` with `low_s` and `high_s`, and the `share` of all parts.
    """
    import pandas as pd

    rows = []
    for part in answers.central.parts_s:
        seconds = answers.range_of(lambda s, part=part: s.parts_s[part])
        rows.append((part, seconds.central, seconds.low, seconds.high))
    frame = pd.DataFrame(rows, columns=["part", "time_s", "low_s", "high_s"])
    frame["share"] = frame["time_s"] / answers.central.copy_s
    return frame.sort_values("time_s", ascending=False, kind="stable").reset_index(drop=True)
