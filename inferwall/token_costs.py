"""Input, cached and output tokens priced apart; serving them oneself against an API's price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inferwall.arrays import at_least, either, lesser, only_where, over, share_over_0
from inferwall.serving import Service, Workload
from inferwall.step import prefill_step, sequence_bytes
from inferwall.units import HOUR, MTOK

KV_READS = ("output", "context")


@dataclass(frozen=True)
class TokenTimes:
    """Seconds of a whole deployment that one request takes, by the kind of token that takes them.

    Attributes
    ----------
    service : Service
        The steady state that they belong to.
    fresh_s, cached_s, output_s : float or array
        For the input that is computed, the input whose cache is there, and the output.
    held_s : float or array
        The part of `cached_s` that is rent of memory alone, for a cache that waits.
    """

    service: Service
    fresh_s: Any
    cached_s: Any
    output_s: Any
    held_s: Any = 0.0

    @property
    def total_s(self) -> Any:
        """Seconds of the deployment for one request."""
        return self.fresh_s + self.cached_s + self.output_s

    @property
    def requests_per_s(self) -> Any:
        """Requests per second that a busy deployment serves."""
        return 1.0 / self.total_s

    @property
    def tokens(self) -> dict[str, Any]:
        """Tokens of one request by kind."""
        workload = self.service.workload
        return {
            "fresh input": workload.new_tokens,
            "cached input": workload.cached_tokens,
            "output": workload.output_tokens,
        }

    @property
    def seconds(self) -> dict[str, Any]:
        """Seconds of the deployment for one request by kind of token; they add up to the total."""
        return {
            "fresh input": self.fresh_s,
            "cached input": self.cached_s,
            "output": self.output_s,
        }

    def usd_per_request(self, rent_usd_per_hour: Any, utilisation: Any = 1.0) -> Any:
        """Return what one request costs at the rent of one chip.

        ``seconds × chips × rent / 3,600 / utilisation``: idle time is charged to all kinds alike.

        Parameters
        ----------
        rent_usd_per_hour : float or array
            Rent of one chip.
        utilisation : float or array
            Share of the rented time in which the deployment is as busy as the service, over 0 and
            at most 1.

        Raises
        ------
        ValueError
            The rent is negative, or the utilisation out of range.
        """
        return self.total_s * self._usd_per_s(rent_usd_per_hour, utilisation)

    def usd_per_mtok(self, rent_usd_per_hour: Any, utilisation: Any = 1.0) -> dict[str, Any]:
        """Return what a million tokens of each kind cost.

        Times the tokens of a request they add up to `usd_per_request`. A kind of which the request
        has none costs NaN.

        Parameters
        ----------
        rent_usd_per_hour, utilisation : float or array
            As `usd_per_request`.

        Raises
        ------
        ValueError
            The rent is negative, or the utilisation out of range.
        """
        price = self._usd_per_s(rent_usd_per_hour, utilisation) * MTOK
        return {kind: _each(s * price, self.tokens[kind]) for kind, s in self.seconds.items()}

    def joules_per_token(
        self, prefill_power_w: Any, decode_power_w: Any, pue: Any = 1.0
    ) -> dict[str, Any]:
        """Return the energy of a token of each kind.

        ``seconds × chips × power × PUE / tokens``; a cache that waits takes memory and no work, so
        `held_s` is left out.

        Parameters
        ----------
        prefill_power_w, decode_power_w : float or array
            Watts of one chip with its share of the host while it reads prompts, and while it
            writes: the first near the limit of the chip, the second below.
        pue : float or array
            Power of the site over that of its IT load, at least 1.

        Raises
        ------
        ValueError
            The PUE is below 1, or a power negative.
        """
        at_least("pue", pue, 1)
        at_least("prefill_power_w", prefill_power_w, 0)
        at_least("decode_power_w", decode_power_w, 0)
        chips = self.service.deployment.chips
        joules = {
            "fresh input": self.fresh_s * prefill_power_w,
            "cached input": (self.cached_s - self.held_s) * prefill_power_w,
            "output": self.output_s * decode_power_w,
        }
        return {kind: _each(j * chips * pue, self.tokens[kind]) for kind, j in joules.items()}

    def _usd_per_s(self, rent_usd_per_hour: Any, utilisation: Any) -> Any:
        at_least("rent_usd_per_hour", rent_usd_per_hour, 0)
        share_over_0("utilisation", utilisation)
        return self.service.deployment.chips * rent_usd_per_hour / HOUR / utilisation


def _each(total: Any, tokens: Any) -> Any:
    """Return a total by the token, NaN where there is none."""
    if np.ndim(tokens) == 0 and not hasattr(tokens, "dims"):
        return total / tokens if tokens else total * np.nan
    return total / only_where(tokens * 1.0, tokens > 0)


def token_times(service: Service, kv_reads_to: str = "output", held_s: Any = 0.0) -> TokenTimes:
    """Return what one request of a service takes of its deployment, by kind of token.

    Seconds of prefill go to the input that is computed; what attention to the cached part adds to
    them goes to that part. Seconds of decode, ``output × step / batch``, go to the output. A cache
    that is kept for a reader takes ``held × its bytes / memory`` of the deployment besides.

    Parameters
    ----------
    service : Service
        From `serve`: its batch and its steps.
    kv_reads_to : {"output", "context"}
        Who pays for reading the cache in decode: the output, as in the price lists, or the tokens
        whose cache is read, as it is caused. A long prompt with a short answer is cheap by the
        first and dear by the second.
    held_s : float or array
        Seconds for which the cache of the cached input is kept idle before this request reads it.

    Returns
    -------
    TokenTimes

    Raises
    ------
    ValueError
        `kv_reads_to` is unknown, or `held_s` negative.

    Assumes
    -------
    Every request is read once: the seconds are those of a service that is busy all the time, and
    add up to ``output tokens / Service.tokens_per_s``. Reads of the cache are even over the tokens
    of a context, which a sliding window is not.

    Examples
    --------
    By hand: 1,000 tokens take 70 ms of arithmetic, of which 15 pass behind the weights that decode
    reads anyway; 500 steps of some 17 ms, shared by 64, take 136 ms.

    >>> from inferwall import Deployment, accelerator, transformer
    >>> from inferwall.serving import serve
    >>> llama = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    >>> times = token_times(serve(llama, Workload(1000, 500), concurrency=64))
    >>> {kind: round(float(s), 2) for kind, s in times.seconds.items()}
    {'fresh input': 0.06, 'cached input': 0.0, 'output': 0.14}
    >>> {kind: round(float(usd), 2) for kind, usd in times.usd_per_mtok(3.60).items()}
    {'fresh input': 0.06, 'cached input': nan, 'output': 0.27}
    """
    if kv_reads_to not in KV_READS:
        raise ValueError(f"kv_reads_to={kv_reads_to!r}: allowed are {', '.join(KV_READS)}")
    at_least("held_s", held_s, 0)
    deployment, workload = service.deployment, service.workload
    new, cached = workload.new_tokens, workload.cached_tokens
    longer = prefill_step(deployment, 1, new, cached).total_s
    longer = np.maximum(longer - prefill_step(deployment, 1, new).total_s, 0.0)
    longer = lesser(longer, service.prefill_s)
    steps = workload.output_tokens / service.running
    reads = service.step.kv_s * steps / workload.mean_context * (kv_reads_to == "context")
    held = held_s * sequence_bytes(deployment, cached) / deployment.memory_bytes
    return TokenTimes(
        service,
        fresh_s=service.prefill_s - longer + reads * new,
        cached_s=longer + reads * cached + held,
        output_s=service.step.total_s * steps - reads * workload.input_tokens,
        held_s=held,
    )


def list_price_usd_per_request(
    workload: Workload,
    input_usd_per_mtok: Any,
    output_usd_per_mtok: Any,
    cached_usd_per_mtok: Any = None,
) -> Any:
    """Return what an API bills for one request.

    Parameters
    ----------
    workload : Workload
    input_usd_per_mtok, output_usd_per_mtok : float or array
        List prices.
    cached_usd_per_mtok : float or array, optional
        Price of a cached read; by default that of the input, which is what a seller bills who
        gives no discount.

    Raises
    ------
    ValueError
        A price is unknown or negative.

    Examples
    --------
    By hand: 1,000 at USD 1 and 500 at USD 4 a million are 0.3 cents.

    >>> round(list_price_usd_per_request(Workload(1000, 500), 1.0, 4.0), 6)
    0.003
    """
    cached = input_usd_per_mtok if cached_usd_per_mtok is None else cached_usd_per_mtok
    at_least("input_usd_per_mtok", input_usd_per_mtok, 0)
    at_least("output_usd_per_mtok", output_usd_per_mtok, 0)
    at_least("cached_usd_per_mtok", cached, 0)
    bill = workload.new_tokens * input_usd_per_mtok + workload.cached_tokens * cached
    return (bill + workload.output_tokens * output_usd_per_mtok) / MTOK


def own_usd_per_day(
    requests_per_day: Any,
    replica_requests_per_day: Any,
    replica_usd_per_day: Any,
    fixed_usd_per_day: Any = 0.0,
    stepped: bool = True,
) -> Any:
    """Return the daily bill of serving oneself, by whole replicas in the short run.

    ``fixed + ceil(load / capacity) × replica``; in the long run, where the fleet is shared or
    grows to fit, the ceiling falls away and cost is proportional.

    Parameters
    ----------
    requests_per_day : float or array
        Load.
    replica_requests_per_day : float or array
        What one replica (the chips of one deployment) serves in a day at the utilisation that its
        peaks allow.
    replica_usd_per_day : float or array
        Cost of its chips.
    fixed_usd_per_day : float or array
        Staff and all else that does not grow with the load.
    stepped : bool
        False for the long run.

    Raises
    ------
    ValueError
        A number is unknown or negative, or a replica serves nothing.

    Examples
    --------
    >>> float(own_usd_per_day(150_000, 100_000, 50.0))
    100.0
    >>> own_usd_per_day(150_000, 100_000, 50.0, stepped=False)
    75.0
    """
    at_least("requests_per_day", requests_per_day, 0)
    _own(replica_requests_per_day, replica_usd_per_day, fixed_usd_per_day)
    replicas = requests_per_day / replica_requests_per_day
    return fixed_usd_per_day + (np.ceil(replicas) if stepped else replicas) * replica_usd_per_day


def break_even_requests_per_day(
    api_usd_per_request: Any,
    replica_requests_per_day: Any,
    replica_usd_per_day: Any,
    fixed_usd_per_day: Any = 0.0,
) -> tuple[Any, Any]:
    """Return the load at which serving oneself is first as cheap as an API, and where it stays so.

    With k replicas the bills are equal at ``(fixed + k × replica) / price``, if k replicas serve
    that much; the next replica, still empty, may put the API ahead again. First: ``k =
    ceil(fixed / (price × capacity − replica))``, at least 1. For good: the same with ``fixed +
    replica`` above the line.

    Parameters
    ----------
    api_usd_per_request : float or array
        From `list_price_usd_per_request`.
    replica_requests_per_day, replica_usd_per_day, fixed_usd_per_day : float or array
        As `own_usd_per_day`.

    Returns
    -------
    tuple of float or array
        Requests a day; ``inf`` where a full replica costs as much as the API does for its load.

    Raises
    ------
    ValueError
        A number is unknown or negative, or a replica serves nothing.

    Examples
    --------
    By hand: a replica of USD 50 serves 100,000 requests that cost USD 80 elsewhere. It pays from
    62,500 on. Request 100,001 needs a second replica, which pays from 2 × 50 / 0.0008 on; the third
    starts ahead of the API.

    >>> first, for_good = break_even_requests_per_day(0.0008, 100_000, 50.0)
    >>> round(first), round(for_good)
    (62500, 125000)
    """
    at_least("api_usd_per_request", api_usd_per_request, 0)
    _own(replica_requests_per_day, replica_usd_per_day, fixed_usd_per_day)
    gain = api_usd_per_request * replica_requests_per_day - replica_usd_per_day
    pays = gain > 0
    price, gain = either(pays, api_usd_per_request, 1.0), either(pays, gain, 1.0)
    loads = []
    for hurdle in (fixed_usd_per_day, fixed_usd_per_day + replica_usd_per_day):
        replicas = np.maximum(np.ceil(hurdle / gain), 1.0)
        load = (fixed_usd_per_day + replicas * replica_usd_per_day) / price
        loads.append(either(pays, load, np.inf))
    return loads[0], loads[1]


def _own(requests_per_day: Any, usd_per_day: Any, fixed_usd_per_day: Any) -> None:
    """Raise unless a replica serves something, at costs that are known."""
    over("replica_requests_per_day", requests_per_day, 0)
    at_least("replica_usd_per_day", usd_per_day, 0)
    at_least("fixed_usd_per_day", fixed_usd_per_day, 0)


def fleet_utilisation(requests_in_flight: Any, deviations: float = 2.0) -> Any:
    """Return the share of its slots that a fleet uses if it has to bear its own fluctuations.

    Requests in flight fluctuate by the root of their mean (a Poisson load), so a fleet holds ``n +
    z √n`` slots for n in flight on average: the large one wastes less.

    Parameters
    ----------
    requests_in_flight : float or array
        Mean, over 0.
    deviations : float
        Standard deviations of reserve: at 2, some 2 % of the moments find all slots taken.

    Raises
    ------
    ValueError
        Nothing is in flight, or the reserve is negative.

    Breaks if
    ---------
    Load comes in waves: a day with its night needs a reserve in proportion, not by the root.

    Examples
    --------
    By hand: 100 in flight need 120 slots; 10,000 need 10,200.

    >>> round(float(fleet_utilisation(100.0)), 3), round(float(fleet_utilisation(10_000.0)), 3)
    (0.833, 0.98)
    """
    over("requests_in_flight", requests_in_flight, 0)
    at_least("deviations", deviations, 0)
    return requests_in_flight / (requests_in_flight + deviations * np.sqrt(requests_in_flight))
