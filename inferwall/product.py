"""What a product earns and what serving it costs, at four boundaries.

A wall ratio is cost over revenue. Which cost decides the answer: what one more user adds, what
serving all of them takes, what the company spends, or what the chips would earn elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from inferwall.arrays import at_least, at_most, either, over, share, share_over_0, under
from inferwall.plans import Plan, Usage
from inferwall.serving import Service
from inferwall.token_costs import token_times
from inferwall.units import HOUR


@dataclass(frozen=True)
class WallRatios:
    """Cost over revenue at four boundaries; over 1 the boundary loses money.

    Attributes
    ----------
    marginal : float or array
        One more paying user, served by chips that are there, over what that user pays.
    serving_average : float or array
        Serving all paying users, idle hours included, over revenue. One less it is gross margin.
    fully_loaded : float or array
        The same with free users and what does not move with use: research, staff.
    opportunity : float or array
        What all chip-hours of the product would earn in their best other use, over revenue.
    """

    marginal: Any
    serving_average: Any
    fully_loaded: Any
    opportunity: Any


@dataclass(frozen=True)
class Product:
    """A month of a product: who uses it, what they pay, what serving takes.

    Attributes
    ----------
    users : float or array
        Users who pay.
    usage : Usage
        Requests that one of them wants in a month.
    plan : Plan
        What one of them is billed.
    chip_hours_per_request : float or array
        Busy time of accelerators, summed over the chips.
    usd_per_chip_hour : float or array
        Rent or cost of an accelerator-hour.
    utilisation : float or array
        Share of the paid hours in which the chips serve, over 0 and at most 1.
    other_usd_per_request : float or array
        Network, storage, retrieval, payment.
    free_users, free_requests : float or array
        Users who pay nothing, and what each asks in a month.
    fixed_usd : float or array
        Research, staff and all else that does not move with use, a month.
    marginal_share : float or array
        Share of a chip-hour's cost that a further request adds: 1 where its busy hours alone are
        hired, nearer energy's share where chips that are paid for stand idle.
    best_other_use_usd_per_chip_hour : float or array, optional
        What a chip-hour would earn elsewhere; its cost by default.

    Raises
    ------
    ValueError
        A number is unknown or negative, the utilisation or `marginal_share` is no share, or the
        usage or the plan is of another kind.

    Examples
    --------
    By hand: 1,000 users × 100 requests × 0.001 h = 100 busy hours, 200 paid ones at USD 4 each.

    >>> chat = Product(1000, Usage(100.0), Plan(fee_usd=2.0), 0.001, 4.0, utilisation=0.5)
    >>> float(chat.revenue_usd), float(chat.chip_hours), float(chat.serving_usd)
    (2000.0, 200.0, 800.0)
    >>> round(float(chat.gross_margin), 3), float(chat.contribution_usd_per_chip_hour)
    (0.6, 6.0)
    """

    users: Any
    usage: Usage
    plan: Plan
    chip_hours_per_request: Any
    usd_per_chip_hour: Any
    utilisation: Any = 1.0
    other_usd_per_request: Any = 0.0
    free_users: Any = 0.0
    free_requests: Any = 0.0
    fixed_usd: Any = 0.0
    marginal_share: Any = 1.0
    best_other_use_usd_per_chip_hour: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.usage, Usage) or not isinstance(self.plan, Plan):
            raise ValueError(
                f"usage={self.usage!r}, plan={self.plan!r}: allowed are a Usage and a Plan"
            )
        share_over_0("utilisation", self.utilisation)
        share("marginal_share", self.marginal_share)
        best = "best_other_use_usd_per_chip_hour"
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("usage", "plan") and not (field.name == best and value is None):
                at_least(field.name, value, 0)

    @property
    def paid_requests(self) -> Any:
        """Requests of paying users that are served."""
        return self.users * self.plan.served(self.usage)

    @property
    def requests(self) -> Any:
        """All requests served."""
        return self.paid_requests + self.free_users * self.free_requests

    @property
    def revenue_usd(self) -> Any:
        """What all users pay: users × mean bill."""
        return self.users * self.plan.mean_bill_usd(self.usage)

    @property
    def chip_hours(self) -> Any:
        """Accelerator-hours paid for, idle ones included."""
        return self.requests * self.chip_hours_per_request / self.utilisation

    @property
    def serving_usd_per_request(self) -> Any:
        """What a request costs on average: its share of all paid hours, and what is not chips."""
        chips = self.chip_hours_per_request * self.usd_per_chip_hour / self.utilisation
        return chips + self.other_usd_per_request

    @property
    def marginal_usd_per_request(self) -> Any:
        """What one more request adds: no idle hour, and the share of the busy one that moves."""
        chips = self.chip_hours_per_request * self.usd_per_chip_hour * self.marginal_share
        return chips + self.other_usd_per_request

    @property
    def serving_usd(self) -> Any:
        """Cost of serving paying users."""
        return self.paid_requests * self.serving_usd_per_request

    @property
    def free_usd(self) -> Any:
        """Cost of serving free users."""
        return self.free_users * self.free_requests * self.serving_usd_per_request

    @property
    def total_usd(self) -> Any:
        """All costs: serving, free users, fixed."""
        return self.serving_usd + self.free_usd + self.fixed_usd

    @property
    def gross_margin(self) -> Any:
        """Share of revenue left after serving paying users."""
        return 1.0 - self.wall.serving_average

    @property
    def operating_margin(self) -> Any:
        """Share of revenue left after all costs."""
        return 1.0 - self.wall.fully_loaded

    @property
    def contribution_usd_per_chip_hour(self) -> Any:
        """What a paid accelerator-hour leaves after its cost, free users' hours included."""
        return _ratio(self.revenue_usd - self.serving_usd - self.free_usd, self.chip_hours)

    @property
    def serving_usd_per_usd(self) -> Any:
        """Inference cost per delivered dollar of revenue, free users' included."""
        return _ratio(self.serving_usd + self.free_usd, self.revenue_usd)

    @property
    def wall(self) -> WallRatios:
        """The four wall ratios."""
        best = self.best_other_use_usd_per_chip_hour
        best = self.usd_per_chip_hour if best is None else best
        other = self.requests * self.other_usd_per_request
        bill = self.plan.mean_bill_usd(self.usage)
        return WallRatios(
            marginal=_ratio(self.plan.served(self.usage) * self.marginal_usd_per_request, bill),
            serving_average=_ratio(self.serving_usd, self.revenue_usd),
            fully_loaded=_ratio(self.total_usd, self.revenue_usd),
            opportunity=_ratio(self.chip_hours * best + other, self.revenue_usd),
        )

    @property
    def break_even_users(self) -> Any:
        """Paying users at which their contribution covers free users and fixed costs.

        Infinite where a user costs more to serve than the mean bill.
        """
        bill = self.plan.mean_bill_usd(self.usage)
        left = bill - self.plan.served(self.usage) * self.serving_usd_per_request
        return either(left > 0, _ratio(self.free_usd + self.fixed_usd, left), np.inf)

    @property
    def break_even_utilisation(self) -> Any:
        """Share of paid hours in which chips must serve for revenue to cover serving all users.

        Over 1 no load is enough.
        """
        busy = self.requests * self.chip_hours_per_request * self.usd_per_chip_hour
        left = self.revenue_usd - self.requests * self.other_usd_per_request
        return either(left > 0, _ratio(busy, left), np.inf)


def _ratio(cost: Any, revenue: Any) -> Any:
    """Return a ratio that is infinite where there is cost and no revenue."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.true_divide(cost, revenue)


def break_even_price(price_usd: Any, wall_ratio: Any) -> Any:
    """Return the price at which a boundary breaks even if nobody leaves and all bills scale.

    A wall ratio is the factor by which prices would have to change.

    Parameters
    ----------
    price_usd : float or array
        Any price of the plan.
    wall_ratio : float or array
        Of `WallRatios`, at least 0.

    Raises
    ------
    ValueError
        A number is unknown or negative.

    >>> break_even_price(0.10, 13.0)
    1.3
    """
    at_least("price_usd", price_usd, 0)
    at_least("wall_ratio", wall_ratio, 0)
    return price_usd * wall_ratio


def chip_hours_per_request(service: Service) -> Any:
    """Return the busy accelerator-hours of one request on a service in steady state.

    ``chips × (prefill + output × step / batch) / 3,600``: all seconds of `token_times`.

    Parameters
    ----------
    service : Service
        From `inferwall.serving.serve`.

    Examples
    --------
    Requests one by one take the chips while they are read and while they are written.

    >>> from inferwall import Deployment, accelerator, transformer
    >>> from inferwall.serving import Workload, serve
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> service = serve(llama, Workload(1000, 1000), concurrency=1)
    >>> hours = chip_hours_per_request(service)
    >>> bool(np.isclose(hours * 3600, service.prefill_s + 1000 * service.tpot_s))
    True
    """
    return service.deployment.chips * token_times(service).total_s / HOUR


def cost_exponent(margin_before: Any, margin_after: Any, revenue_factor: Any) -> Any:
    """Return e such that cost grew as revenue^e while the gross margin moved.

    ``e = 1 + ln((1 − m₁) / (1 − m₀)) / ln k``: 1 leaves the margin where it is.

    Parameters
    ----------
    margin_before, margin_after : float or array
        Gross margins, under 1.
    revenue_factor : float or array
        Revenue after over revenue before, over 0 and not 1.

    Raises
    ------
    ValueError
        A margin is not under 1, or the factor out of range.

    Examples
    --------
    70 % at USD 500,000 of yearly revenue, 15 % at 5 million:

    >>> round(float(cost_exponent(0.70, 0.15, 10.0)), 3)
    1.452
    """
    under("margin_before", margin_before, 1)
    under("margin_after", margin_after, 1)
    over("revenue_factor", revenue_factor, 0)
    if np.any(np.equal(revenue_factor, 1)):
        raise ValueError(f"revenue_factor={revenue_factor!r}: allowed are numbers other than 1")
    return 1.0 + np.log((1.0 - margin_after) / (1.0 - margin_before)) / np.log(revenue_factor)


def margin_at_scale(margin: Any, revenue_factor: Any, exponent: Any = 1.0) -> Any:
    """Return the margin after growth when cost grows as revenue^exponent.

    ``1 − (1 − m) k^(e − 1)``: a cost in proportion, e = 1, never moves it.

    Parameters
    ----------
    margin : float or array
        Gross margin before, at most 1.
    revenue_factor : float or array
        Revenue after over revenue before, over 0.
    exponent : float or array
        As `cost_exponent`.

    Raises
    ------
    ValueError
        A number is out of range.

    >>> margin_at_scale(0.70, 10.0), round(margin_at_scale(0.70, 10.0, 1.452), 2)
    (0.7, 0.15)
    """
    at_most("margin", margin, 1)
    over("revenue_factor", revenue_factor, 0)
    return 1.0 - (1.0 - margin) * revenue_factor ** (exponent - 1.0)


def margin_after(
    margin: Any, use: Any = 1.0, unit_cost: Any = 1.0, price: Any = 1.0, metered_share: Any = 0.0
) -> Any:
    """Return the gross margin after changes per user, each given as a factor.

    ``1 − (1 − m) × use × unit cost / (price × (1 − s + s × use))``. The number of users is not in
    it: it cancels.

    Parameters
    ----------
    margin : float or array
        Gross margin before, at most 1.
    use : float or array
        Requests per user.
    unit_cost : float or array
        Cost of a request: a dearer or cheaper model, a longer context.
    price : float or array
        All prices of the plan.
    metered_share : float or array
        Share of the bill before that moves with use: 0 is a flat plan, 1 a metered one.

    Raises
    ------
    ValueError
        A factor of use or price is not over 0, or another number out of range.

    Examples
    --------
    Use grows by 2.83: a flat plan falls from 70 % to 15 %, a metered one stays.

    >>> [round(margin_after(0.70, use=2.8333, metered_share=share), 2) for share in (0, 1)]
    [0.15, 0.7]
    """
    at_most("margin", margin, 1)
    over("use", use, 0)
    at_least("unit_cost", unit_cost, 0)
    over("price", price, 0)
    share("metered_share", metered_share)
    bill = price * (1.0 - metered_share + metered_share * use)
    return 1.0 - (1.0 - margin) * use * unit_cost / bill
