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
from inferwall.step import Deployment, StepTime, decode_step, max_batch, prefill_step
from inferwall.units import DAY, HOUR

LARGEST_COPY_CHIPS = 64  # beyond it tensor parallelism alone is no longer how models are served
READING, WRITING = "reading the prompt", "writing the answer"


@dataclass(frozen=True)
class Service:
    """A scenario as it runs on one deployment; numbers may be arrays of draws.

    Attributes
    ----------
    scenario : Scenario
    deployment : Deployment
        One copy of the model.
    rent_usd_per_hour : float or array
        Rent of one chip.
    memory_batch, batch : int or array
        Requests in flight that a copy's memory holds, and those at which each user still gets the
        target speed: 0 where one user alone does not.
    prefill, decode : StepTime
        Reading one prompt; one step of `batch` answers at their mean context.
    """

    scenario: Scenario
    deployment: Deployment
    rent_usd_per_hour: Any
    memory_batch: Any
    batch: Any
    prefill: StepTime
    decode: StepTime

    @property
    def parts_s(self) -> dict[tuple[str, str], Any]:
        """Return the seconds that one request takes of a copy, by phase and part."""
        steps = self.scenario.output_tokens / np.maximum(self.batch, 1)
        reading = {(READING, part): value for part, value in self.prefill.parts_s.items()}
        writing = {(WRITING, part): value * steps for part, value in self.decode.parts_s.items()}
        return reading | writing

    @property
    def copy_s(self) -> Any:
        """Return the seconds that one request takes of a copy; infinite where none can be served.

        ``prefill + output tokens × decode step / batch``
        """
        total = sum(self.parts_s.values())
        return np.where(np.isnan(total) | (self.batch < 1), math.inf, total)

    @property
    def tokens_per_s_per_user(self) -> Any:
        """Return the speed of an answer when all copies are full, its own prompt included."""
        return self.scenario.output_tokens / (np.maximum(self.batch, 1) * self.copy_s)

    def copies(self, users: Any) -> Any:
        """Return the copies of the model that the peak of so many users needs."""
        peak = users * (self.scenario.peak_requests_per_s / self.scenario.users)
        return np.maximum(np.ceil(peak * self.copy_s), 1)

    def cost_usd_per_request(self, users: Any) -> Any:
        """Return a day's rent of all chips, also of idle ones, over the day's requests."""
        chips = self.copies(users) * self.deployment.chips
        requests = users * self.scenario.requests_per_user_day
        return chips * self.rent_usd_per_hour * (DAY / HOUR) / requests


def serve(scenario: Scenario, deployment: Deployment, rent_usd_per_hour: Any) -> Service:
    """Fill each copy as far as its memory and the target speed allow.

    The speed of a user is ``output tokens / (batch × seconds of a copy per request)``: by Little's
    law a request stays that long, prompts of others that interrupt it included.

    Parameters
    ----------
    scenario : Scenario
    deployment : Deployment
        One copy of the model.
    rent_usd_per_hour : float or array
        Rent of one chip.

    Raises
    ------
    ValueError
        A scalar deployment cannot run the scenario: weights or one request do not fit, the target
        speed is out of reach, or the datasheet lacks a number.
    """
    context = scenario.input_tokens + scenario.output_tokens / 2
    prefill = prefill_step(
        deployment, 1, scenario.input_tokens - scenario.cached_tokens, scenario.cached_tokens
    )
    decode_step(deployment, 1, context)  # raises for a scalar that does not fit

    def at(batch: Any) -> Service:
        decode = decode_step(deployment, np.maximum(batch, 1), context)
        return Service(scenario, deployment, rent_usd_per_hour, memory, batch, prefill, decode)

    def quick(batch: Any) -> Any:
        return at(batch).tokens_per_s_per_user >= scenario.speed_target_tokens_per_s

    memory = max_batch(deployment, context)
    alone = at(1)
    if np.ndim(alone.copy_s) == 0 and not quick(1):
        raise ValueError(
            f"speed_target_tokens_per_s={scenario.speed_target_tokens_per_s:g}: one user alone "
            f"gets {float(alone.tokens_per_s_per_user):.3g} tokens/s on {deployment.chips} × "
            f"{deployment.chip.name}, the prompt included"
        )
    # Speed falls as the batch grows, so halving finds the last batch that is quick enough.
    low = np.where(quick(1), 1, 0)
    high = np.broadcast_to(memory, low.shape)
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        good = quick(middle) & (low < high)
        low, high = np.where(good, middle, low), np.where(good | (low >= high), high, middle - 1)
    return at(low)


def choose(scenario: Scenario, efficiency: Efficiency, rent_usd_per_hour: float) -> Service:
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
    services, failures = [], []
    for chips in _copy_sizes(scenario, chip):
        formats = scenario.weight_format, scenario.kv_format
        try:
            deployment = Deployment(model, chip, chips, *formats, efficiency=efficiency)
            services.append(serve(scenario, deployment, rent_usd_per_hour))
        except ValueError as error:
            failures.append(str(error))
    if not services:
        reasons = dict.fromkeys((failures[0], failures[-1]))
        raise ValueError("; ".join(reasons) + f" (tried: {_tried(scenario, chip)})")
    # Of several that need equally few the one with the smaller copies: it wastes less at night.
    return min(services, key=lambda s: s.copies(scenario.users) * s.deployment.chips)


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
