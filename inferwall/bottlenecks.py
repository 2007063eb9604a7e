"""One token from silicon to market: its cost as a function of every input on the way.

The other modules each hold one floor of the stack. Here they are put on top of each other, with
the inputs of all floors in one flat list, so that any of them can be moved alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inferwall.arrays import at_least, either, over, share_over_0, under
from inferwall.owned_hours import OwnedHour
from inferwall.serving import Service, Workload, serve
from inferwall.step import Deployment, sequence_bytes
from inferwall.units import GB, HOUR, MTOK

CLOSE, MOST_CHORDS = 1e-13, 60  # how near the promised time the load is sought, in how many steps


@dataclass(frozen=True)
class Input:
    """One input of the cost of a token.

    Attributes
    ----------
    name : str
        The key under which `token_cost` takes it.
    layer : str
        The floor of the stack.
    label : str
        In words.
    scales : str
        How it joins the laws of `euler_sums`: as a ``"rate"`` (twice of all is twice as fast), a
        ``"time"`` (half of all is), ``"money"``, or not at all (``""``).
    """

    name: str
    layer: str
    label: str
    scales: str = ""


INPUTS = (
    Input("flop_per_s", "compute", "Peak FLOP/s of a chip", "rate"),
    Input("arithmetic_share", "compute", "Share of the peak reached"),
    Input("bandwidth_bytes_per_s", "memory", "Memory bandwidth of a chip", "rate"),
    Input("bandwidth_share", "memory", "Share of the bandwidth reached"),
    Input("memory_bytes", "memory", "Memory capacity of a chip"),
    Input("link_bytes_per_s", "network", "Bandwidth of a link", "rate"),
    Input("collective_s", "network", "Wait for an exchange", "time"),
    Input("chips", "packaging", "Chips that hold one copy"),
    Input("hbm_usd_per_gb", "packaging", "Price of HBM", "money"),
    Input("packaging_usd", "packaging", "Price of advanced packaging", "money"),
    Input("kernel_s", "software", "Wait between two kernels", "time"),
    Input("prompt_s", "software", "Start of a prompt", "time"),
    Input("power_w", "power", "Power of a chip with its host"),
    Input("pue", "power", "PUE"),
    Input("tariff_usd_per_kwh", "power", "Price of electricity", "money"),
    Input("equipment_usd", "economics", "Price of other equipment", "money"),
    Input("building_usd_per_w", "economics", "Price of the building", "money"),
    Input("rate_per_year", "economics", "Cost of capital"),
    Input("life_years", "economics", "Life of the chip"),
    Input("margin_usd_per_hour", "economics", "Rent above cost", "money"),
    Input("utilisation", "economics", "Share of hours sold"),
    Input("input_tokens", "demand", "Length of the prompt"),
    Input("fresh_share", "demand", "Share of the prompt not cached"),
    Input("output_tokens", "demand", "Length of the answer"),
    Input("tokens_per_s", "demand", "Speed for each user", "rate"),
)


@dataclass(frozen=True)
class TokenCost:
    """What a token costs, and how that came about; every number may be an array.

    Attributes
    ----------
    usd_per_mtok : float or array
        Dollars a million output tokens, the reading of the prompt included.
    hour_usd : float or array
        Rent of one chip: `owned` and the margin.
    running, seats : float or array
        Requests in flight on one copy, and those that its memory holds. Fractions are allowed:
        they stand for the mean of many copies, and a small change of an input shows.
    service : Service
        One copy at that load.
    owned : OwnedHour
        What a chip's hour costs its owner.
    """

    usd_per_mtok: Any
    hour_usd: Any
    running: Any
    seats: Any
    service: Service
    owned: OwnedHour

    @property
    def usd_per_answer(self) -> Any:
        """Dollars for one answer."""
        return self.usd_per_mtok / MTOK * self.service.workload.output_tokens

    @property
    def memory_binds(self) -> Any:
        """Whether memory, and not the speed that users are promised, limits the load."""
        return self.running >= self.seats


def central_inputs(
    deployment: Deployment,
    workload: Workload,
    owned: OwnedHour,
    rent_usd_per_hour: float,
    utilisation: float,
    tokens_per_s: float,
    hbm_usd_per_gb: float,
    packaging_usd: float,
) -> dict[str, float]:
    """Return every input of `token_cost`, read from the parts of the stack.

    Parameters
    ----------
    deployment, workload, owned
        With plain numbers.
    rent_usd_per_hour : float
        Rent of a chip; what it exceeds the owner's cost by becomes the margin.
    utilisation : float
        Share of the rented hours in which the chips are as full as they may be.
    tokens_per_s : float
        Speed that each user is promised.
    hbm_usd_per_gb : float
        Price of the chip's memory, which is taken out of the price of the equipment.
    packaging_usd : float
        Price of joining a chip's dies and memory in one package, likewise taken out.

    Returns
    -------
    dict of str to float
        In the order of `INPUTS`.

    Raises
    ------
    ValueError
        Memory and packaging cost more than the equipment, or the chip lacks a number.
    """
    chip, efficiency = deployment.chip, deployment.efficiency
    memory_usd = hbm_usd_per_gb * chip.known("memory_bytes") / GB
    if memory_usd + packaging_usd > owned.equipment_usd:
        raise ValueError(
            f"hbm_usd_per_gb={hbm_usd_per_gb!r}, packaging_usd={packaging_usd!r}: allowed are "
            f"prices at which the memory, now USD {memory_usd:,.0f}, and its package cost no more "
            f"than all equipment, USD {owned.equipment_usd:,.0f}"
        )
    return {
        "flop_per_s": chip.peak_flop_per_s(deployment.arithmetic_format),
        "arithmetic_share": efficiency.arithmetic_share(deployment.arithmetic_format),
        "bandwidth_bytes_per_s": chip.known("bandwidth_bytes_per_s"),
        "bandwidth_share": efficiency.bandwidth_share,
        "memory_bytes": chip.known("memory_bytes"),
        "link_bytes_per_s": chip.known("link_bytes_per_s"),
        "collective_s": efficiency.collective_s,
        "chips": deployment.chips,
        "hbm_usd_per_gb": hbm_usd_per_gb,
        "packaging_usd": packaging_usd,
        "kernel_s": efficiency.kernel_s,
        "prompt_s": _prompt_s(deployment),
        "power_w": owned.power_w,
        "pue": owned.pue,
        "tariff_usd_per_kwh": owned.tariff_usd_per_kwh,
        "equipment_usd": owned.equipment_usd - memory_usd - packaging_usd,
        "building_usd_per_w": owned.building_usd_per_w,
        "rate_per_year": owned.rate_per_year,
        "life_years": owned.life_years,
        "margin_usd_per_hour": rent_usd_per_hour - owned.total_usd_per_hour,
        "utilisation": utilisation,
        "input_tokens": workload.input_tokens,
        "fresh_share": workload.new_tokens / workload.input_tokens,
        "output_tokens": workload.output_tokens,
        "tokens_per_s": tokens_per_s,
    }


def token_cost(deployment: Deployment, owned: OwnedHour, inputs: Mapping[str, Any]) -> TokenCost:
    """Return what an output token costs on copies as full as memory and the promised speed let.

    ``rent of the chips / 3,600 / tokens a second / utilisation × 10^6``

    Parameters
    ----------
    deployment : Deployment
        The model, its formats, and the constants that no input moves.
    owned : OwnedHour
        Likewise for the hour.
    inputs : mapping of str to float or array
        All of `INPUTS` by name, as `central_inputs` gives them.

    Returns
    -------
    TokenCost
        NaN where not one request fits or gets its speed.

    Raises
    ------
    ValueError
        An input is missing or unknown, or out of range: prices and waits are at least 0, all else
        is over 0, and only the margin may be negative.

    Assumes
    -------
    The price of the equipment does not follow the speed of the chip: only HBM is bought by size.

    Examples
    --------
    >>> from inferwall import accelerator, transformer
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 2, "fp8", "fp8")
    >>> hour = OwnedHour(accelerator_usd=40_000, server_usd=0, network_usd=0,
    ...                  building_usd_per_w=13, power_w=1400, pue=1.2, tariff_usd_per_kwh=0.07,
    ...                  rate_per_year=0.1, life_years=5, building_life_years=20)
    >>> inputs = central_inputs(llama, Workload(1000, 500), hour, rent_usd_per_hour=3.60,
    ...                         utilisation=0.5, tokens_per_s=25, hbm_usd_per_gb=10,
    ...                         packaging_usd=1000)
    >>> found = token_cost(llama, hour, inputs)
    >>> print(f"{found.hour_usd:.2f} {1 / found.service.tpot_s:.2f}")
    3.60 25.00
    """
    names = {item.name for item in INPUTS}
    if set(inputs) != names:
        odd = ", ".join(sorted(names ^ set(inputs)))
        raise ValueError(f"inputs: allowed are exactly those of INPUTS; missing or unknown: {odd}")
    for item in INPUTS:
        _in_range(item, inputs[item.name])
    moved = _moved(deployment, inputs)
    workload = Workload(
        inputs["input_tokens"],
        inputs["output_tokens"],
        inputs["input_tokens"] * (1.0 - inputs["fresh_share"]),
    )
    free = moved.memory_bytes - moved.weight_bytes / moved.chips
    seats = free / sequence_bytes(moved, workload.mean_context)
    service, running = _fullest(moved, workload, seats, 1.0 / inputs["tokens_per_s"])
    hour = _owned(owned, inputs)
    rent = hour.total_usd_per_hour + inputs["margin_usd_per_hour"]
    rate = either(np.isnan(running), np.nan, service.tokens_per_s)
    cost = rent * inputs["chips"] / HOUR / rate * MTOK
    return TokenCost(
        cost / inputs["utilisation"], rent, running, seats + 0 * running, service, hour
    )


def euler_sums(elasticities: Mapping[str, Any]) -> dict[str, Any]:
    """Return two sums of elasticities that have to be 1 and −1 whatever the numbers are.

    Twice every price is twice the cost: the elasticities of money sum to 1. Twice every rate, half
    of every wait and twice the speed asked for is the same film played twice as fast, and so half
    the cost: rates less times sum to −1. (Euler's theorem on homogeneous functions.)

    Parameters
    ----------
    elasticities : mapping of str to float or array
        Of `token_cost`, by the names of `INPUTS`.

    Examples
    --------
    >>> made_up = dict.fromkeys([item.name for item in INPUTS], 0.2)
    >>> {law: round(value, 1) for law, value in euler_sums(made_up).items()}
    {'money': 1.2, 'time': 0.2}
    """
    signs = {"rate": 1.0, "time": -1.0}
    return {
        "money": sum(elasticities[item.name] for item in INPUTS if item.scales == "money"),
        "time": sum(
            signs[item.scales] * elasticities[item.name] for item in INPUTS if item.scales in signs
        ),
    }


def _in_range(item: Input, value: Any) -> None:
    """Raise unless an input is a number that `token_cost` takes."""
    if item.name == "margin_usd_per_hour":
        under(item.name, value, np.inf)
    elif item.name in ("utilisation", "fresh_share"):
        share_over_0(item.name, value)
    elif item.scales in ("money", "time") or item.name == "rate_per_year":
        at_least(item.name, value, 0)
    else:
        over(item.name, value, 0)


def _prompt_s(deployment: Deployment) -> Any:
    """Return the seconds that a prompt adds to a step beside its work."""
    return deployment.efficiency.request_s + deployment.efficiency.launch_s * deployment.kernels


def _moved(deployment: Deployment, inputs: Mapping[str, Any]) -> Deployment:
    """Return the deployment with the chip, the software and the chips of the inputs."""
    chip, efficiency = deployment.chip, deployment.efficiency
    # Of the wait of a lone prompt, what goes to launches; where nothing waits, nothing.
    launched = efficiency.launch_s * deployment.kernels / (_prompt_s(deployment) or 1.0)
    name = deployment.arithmetic_format
    faster = inputs["flop_per_s"] / chip.peak_flop_per_s(name)
    better = inputs["arithmetic_share"] / efficiency.arithmetic_share(name)
    peaks = {f: getattr(chip, f) for f in vars(chip) if f.endswith("flop_per_s")}
    shares = {f: getattr(efficiency, f) for f in ("bf16_share", "fp8_share", "fp4_share")}
    return replace(
        deployment,
        chips=inputs["chips"],
        chip=replace(
            chip,
            bandwidth_bytes_per_s=inputs["bandwidth_bytes_per_s"],
            memory_bytes=inputs["memory_bytes"],
            link_bytes_per_s=inputs["link_bytes_per_s"],
            **{field: peak * faster for field, peak in peaks.items()},
        ),
        efficiency=replace(
            efficiency,
            bandwidth_share=inputs["bandwidth_share"],
            collective_s=inputs["collective_s"],
            kernel_s=inputs["kernel_s"],
            launch_s=inputs["prompt_s"] * launched / deployment.kernels,
            request_s=inputs["prompt_s"] * (1.0 - launched),
            **{field: share * better for field, share in shares.items()},
        ),
    )


def _owned(owned: OwnedHour, inputs: Mapping[str, Any]) -> OwnedHour:
    """Return the owner's hour with the prices of the inputs."""
    memory_usd = inputs["hbm_usd_per_gb"] * inputs["memory_bytes"] / GB
    same = (
        "building_usd_per_w", "power_w", "pue", "tariff_usd_per_kwh", "rate_per_year", "life_years"
    )  # fmt: skip
    return replace(
        owned,
        accelerator_usd=inputs["equipment_usd"] + memory_usd + inputs["packaging_usd"],
        server_usd=0.0,
        network_usd=0.0,
        **{name: inputs[name] for name in same},
    )


def _fullest(
    deployment: Deployment, workload: Workload, seats: Any, tpot_s: Any
) -> tuple[Service, Any]:
    """Return the service at the largest load that memory holds and the speed allows.

    Memory has had its say in `seats`; the service is asked on chips with room for all, because it
    would round the requests that fit down to a whole number.
    """
    chip = deployment.chip
    roomy = replace(deployment, chip=replace(chip, memory_bytes=chip.memory_bytes * 1e6))
    none = 0.0 * (seats + tpot_s)  # the shape of both
    one, most = 1.0 + none, np.maximum(seats, 1.0) + none

    def late_s(load: Any) -> Any:
        return serve(roomy, workload, load).tpot_s - tpot_s + none

    possible = (seats >= 1.0) & (late_s(one) <= 0.0)
    full = late_s(most) <= 0.0
    running = either(full, most, _crossing(late_s, one, most, CLOSE * tpot_s))
    return serve(roomy, workload, running), either(possible, running, np.nan)


def _crossing(function: Callable[[Any], Any], low: Any, high: Any, close: Any) -> Any:
    """Return where a rising function crosses 0, in each cell; an end where it does not.

    The time per token is nearly a straight line of the load, so chords find it in a few steps;
    halving the value at the end that stays (the Illinois rule) keeps them from creeping.
    """
    early, late, stayed = function(low), function(high), 0.0 * low
    settled = (early > 0.0) | (late <= 0.0)
    for _ in range(MOST_CHORDS):
        rise = either(settled | (late == early), 1.0, late - early)
        middle = np.minimum(np.maximum(low - early * (high - low) / rise, low), high)
        gap = function(middle)
        below = gap <= 0.0
        late = either(below, late * either(stayed == 1.0, 0.5, 1.0), gap)
        early = either(below, gap, early * either(stayed == -1.0, 0.5, 1.0))
        low, high = either(below, middle, low), either(below, high, middle)
        stayed = either(below, 1.0, -1.0)
        if np.all(settled | (np.abs(gap) <= close)):
            break
    return middle
