"""How a scenario is served: copies of a model, as full as memory and the target speed allow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.architecture import transformer
from inferwall.efficiency import Efficiency
from inferwall.hardware import Accelerator, accelerator
from inferwall.scenario import Scenario
from inferwall.serving import Service, Workload, fullest, serve
from inferwall.step import Deployment, max_batch
from inferwall.units import DAY, HOUR

LARGEST_COPY_CHIPS = 64  # beyond it tensor parallelism alone is no longer how models are served


@dataclass(frozen=True)
class Provision:
    """A scenario as it runs on copies of one deployment; numbers may be arrays of draws.

    Attributes
    ----------
    scenario : Scenario
    service : Service
        One copy, with as many requests in flight as its memory holds and the target speed allows.
    batch, memory_batch : int or array
        Requests in flight on a copy: 0 where one user alone misses the target speed; and those
        that its memory holds.
    slowdown : float or array
        Time that the copy takes over the time that the model predicts.
    rent_usd_per_hour : float or array
        Rent of one chip.
    """

    scenario: Scenario
    service: Service
    batch: Any
    memory_batch: Any
    slowdown: Any
    rent_usd_per_hour: Any

    @property
    def deployment(self) -> Deployment:
        """Return one copy of the model and its chips."""
        return self.service.deployment

    @property
    def parts_s(self) -> dict[str, Any]:
        """Return the seconds that one request takes of a copy, by part: its share of the steps
        that write its answer, and the time for which its prompt holds up the others.
        """
        steps = self.scenario.output_tokens / np.maximum(self.batch, 1)
        writing = {part: seconds * steps for part, seconds in self.service.step.parts_s.items()}
        parts = writing | {"prefill": self.service.prefill_s}
        return {part: seconds * self.slowdown for part, seconds in parts.items()}

    @property
    def copy_s(self) -> Any:
        """Return the seconds that one request takes of a copy; infinite where none can be served.

        ``output tokens × decode step / requests in flight + prefill``
        """
        total = sum(self.parts_s.values())
        return np.where(np.isnan(total) | (self.batch < 1), math.inf, total)

    @property
    def tokens_per_s_per_user(self) -> Any:
        """Return the speed at which a user sees the answer come when all copies are full."""
        return 1.0 / (self.service.tpot_s * self.slowdown)

    def copies(self, users: Any) -> Any:
        """Return the copies of the model that the peak of so many users needs."""
        peak = users * (self.scenario.peak_requests_per_s / self.scenario.users)
        return np.maximum(np.ceil(peak * self.copy_s), 1)

    def cost_usd_per_request(self, users: Any) -> Any:
        """Return a day's rent of all chips, also of idle ones, over the day's requests."""
        chips = self.copies(users) * self.deployment.chips
        requests = users * self.scenario.requests_per_user_day
        return chips * self.rent_usd_per_hour * (DAY / HOUR) / requests


def provide(
    scenario: Scenario, deployment: Deployment, rent_usd_per_hour: Any, slowdown: Any = 1.0
) -> Provision:
    """Fill each copy as far as its memory and the target speed allow.

    Parameters
    ----------
    scenario : Scenario
    deployment : Deployment
        One copy of the model.
    rent_usd_per_hour : float or array
        Rent of one chip.
    slowdown : float or array
        Time that the copy takes over the time that the model predicts.

    Raises
    ------
    ValueError
        Weights or one request do not fit, one user alone misses the target speed at the predicted
        time, or the datasheet lacks a number.
    """
    workload = Workload(scenario.input_tokens, scenario.output_tokens, scenario.cached_tokens)
    target = scenario.speed_target_tokens_per_s
    alone = serve(deployment, workload, concurrency=1)  # raises for what does not fit
    if np.ndim(slowdown) == 0 and alone.tokens_per_s_per_user < target * slowdown:
        raise ValueError(
            f"speed_target_tokens_per_s={target:g}: one user alone gets "
            f"{float(alone.tokens_per_s_per_user / slowdown):.3g} tokens/s on "
            f"{deployment.chips} × {deployment.chip.name}"
        )
    batch = fullest(deployment, workload, 1.0 / (target * slowdown))
    service = serve(deployment, workload, concurrency=np.maximum(batch, 1))
    memory = max_batch(deployment, workload.mean_context)
    return Provision(scenario, service, batch, memory, slowdown, rent_usd_per_hour)


def choose(scenario: Scenario, efficiency: Efficiency, rent_usd_per_hour: float) -> Provision:
    """Serve the scenario with the chips a copy that it names, or those that need fewest in all.

    Parameters
    ----------
    scenario : Scenario
    efficiency : Efficiency
        What is reached of the datasheet.
    rent_usd_per_hour : float
        Rent of one chip.

    Raises
    ------
    ValueError
        No number of chips can run it.
    """
    model, chip = transformer(scenario.model), accelerator(scenario.chip)
    length = scenario.input_tokens + scenario.output_tokens
    if model.max_context and length > model.max_context:
        raise ValueError(
            f"input_tokens + output_tokens={length:,}: {model.name} takes {model.max_context:,}"
        )
    found, failures = [], []
    for chips in _copy_sizes(scenario, chip):
        formats = scenario.weight_format, scenario.kv_format
        try:
            deployment = Deployment(model, chip, chips, *formats, efficiency=efficiency)
            found.append(provide(scenario, deployment, rent_usd_per_hour))
        except ValueError as error:
            failures.append(str(error))
    if not found:
        reasons = dict.fromkeys((failures[0], failures[-1]))
        raise ValueError("; ".join(reasons) + f" (tried: {_tried(scenario, chip)})")
    # Of several that need equally few the one with the smaller copies: it wastes less at night.
    return min(found, key=lambda p: p.copies(scenario.users) * p.deployment.chips)


def _tried(scenario: Scenario, chip: Accelerator) -> str:
    """Return the chips a copy that were tried, in words."""
    sizes = _copy_sizes(scenario, chip)
    return f"{', '.join(map(str, sizes))} × {chip.name} a copy"


def _copy_sizes(scenario: Scenario, chip: Accelerator) -> list[int]:
    """Return the numbers of chips to try for one copy: powers of two within a linked group."""
    domain = chip.scaleup_domain_chips
    if scenario.chips is not None:
        if scenario.chips > 1 and scenario.chips > domain:
            raise ValueError(
                f"chips={scenario.chips}: links of {chip.name} join {domain:g} chips; "
                "a copy of the model is not spread further here"
            )
        return [scenario.chips]
    if math.isnan(domain):
        domain = 1 if math.isnan(chip.link_bytes_per_s) else 8
    largest = max(1, min(int(domain), LARGEST_COPY_CHIPS))
    return [2**power for power in range(largest.bit_length())]
