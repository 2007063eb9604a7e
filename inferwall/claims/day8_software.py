"""The claims of the fifth text on software: number formats, whole stacks, and a chip generation."""

from __future__ import annotations

from typing import Any

import numpy as np

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds_if
from inferwall.claims.lookup import number, percent, reported, row_of, spend_of
from inferwall.cost import rents
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.serving import Workload, serve
from inferwall.speculation import acceptance_of, one_layer_draft, speculation_speedup
from inferwall.step import Deployment, max_batch, prefill_step

PROMPT, ANSWER, LONGEST, TARGET_S = 2000, 500, 2048, 0.040  # of chapter 08
CHIPS, DRAFTED = 4, 3
MONTH = "2026-10"


def server(chip: str = "H100 SXM", format_: str = "bf16") -> Deployment:
    """Return the server of chapter 08: Llama 3.1 70B on four chips, weights and cache alike."""
    return Deployment(
        transformer("Llama 3.1 70B"),
        accelerator(chip),
        CHIPS,
        format_,
        format_,
        efficiency=named_efficiency("serving"),
    )


def best_tokens_per_s(deployment: Deployment, hits: float = 0.0, drafted: int = 0) -> float:
    """Return the most output tokens per second at `TARGET_S` or less for each user's token."""
    work, users = Workload(PROMPT, ANSWER, PROMPT * hits), np.arange(1.0, 513.0)
    service = serve(deployment, work, users)
    tpot_s, own_prompt_s = service.tpot_s, service.prefill_s / ANSWER
    if drafted:
        right = acceptance_of(
            reported("Llama 3.3 70B, draft", "tokens yielded by a check of seven guesses"), 7
        )
        gain = speculation_speedup(
            deployment,
            np.minimum(users, service.running),
            work.mean_context,
            drafted,
            right,
            one_layer_draft(deployment),
        )
        tpot_s = tpot_s - service.step.total_s * (1 - 1 / gain)
    kept = (service.running == users) & (tpot_s <= TARGET_S)
    return float(np.where(kept, users / (tpot_s + own_prompt_s), 0.0).max())


def longest_answer(answers: Any) -> Any:
    """Return the mean length of the longest of 1, 2, 3 … answers, in tokens.

    Lengths scatter exponentially and end at `LONGEST`, with a mean of `ANSWER`. Without that end
    the longest of B would have 1 + 1/2 + … + 1/B mean lengths.
    """
    scale = float(ANSWER)
    for _ in range(50):
        below = 1 - np.exp(-LONGEST / scale)
        scale = ANSWER / below
    return scale * np.cumsum(below**answers / answers)


def static_tokens_per_s(deployment: Deployment) -> float:
    """Return the tokens per second of batches that wait for their longest answer."""
    users = np.arange(1.0, max_batch(deployment, PROMPT + LONGEST) + 1)
    step_s = serve(deployment, Workload(PROMPT, ANSWER), users).step.total_s
    reading_s = users * prefill_step(deployment, 1, PROMPT).total_s
    run_s = reading_s + longest_answer(users) * step_s
    return float(np.where(step_s <= TARGET_S, users * ANSWER / run_s, 0.0).max())


def software_gains() -> dict[str, float]:
    """Return what the whole software stack gains over four baselines on the same chips."""
    hits = spend_of("DeepSeek", "2025-02-28", "input tokens served from cache")
    full = best_tokens_per_s(server(format_="fp8"), hits, DRAFTED)
    alone = serve(server(), Workload(PROMPT, ANSWER), 1).tokens_per_s
    return {
        "an engine in 8 bits": full / best_tokens_per_s(server(format_="fp8")),
        "an engine in 16 bits": full / best_tokens_per_s(server()),
        "static batches in 16 bits": full / static_tokens_per_s(server()),
        "one user alone": full / float(alone),
    }


def carried_by_the_next_chip() -> Any:
    """Return how many times the requests a B200 was measured to carry at the H100's speed.

    Llama 70B in FP8 under vLLM; one number for each load of the B200 whose time per token the
    H100 met with some load of its own.
    """
    runs = table("measured_serving").query(
        "model == 'Llama-3.1/3.3-70B' and metric == 'mean_tpot' and weights == 'fp8'"
    )
    runs = runs.assign(load=runs["concurrency_or_batch"].astype(float)).sort_values("load")
    ratios = []
    for _, group in runs.groupby(["n_chips", "isl", "osl"]):
        old, new = (group[group["chip"] == chip] for chip in ("H100-SXM", "B200"))
        if len(old) and len(new):
            equal = np.interp(new["value"], old["value"], old["load"], np.nan, np.nan)
            ratios.append(new["load"] / equal)
    return np.concatenate(ratios)[~np.isnan(np.concatenate(ratios))]


def rent_of_the_next_chip() -> float:
    """Return the lowest on-demand rent of a B200 over that of an H100, in `MONTH`."""
    lowest = []
    for chip in ("B200", "H100 SXM"):
        rows = rents(chip, "on_demand", as_of=MONTH)
        lowest.append(rows.loc[rows["price_date"] >= MONTH, "usd_per_accelerator_hour"].min())
    return float(lowest[0] / lowest[1])


def day8_06() -> Finding:
    """Going from 16 to 8 or 4 bits cuts memory and compute 2 to 4 times at hardly any loss."""
    asserted, model = 2, transformer("Llama 3.1 70B")
    bytes_ = {
        f: float(model.weight_bytes("bf16") / model.weight_bytes(f)) for f in ("int8", "int4")
    }
    runs = table("measured_serving").query(
        "framework.str.contains('gpt-fast') and n_chips in (1, 8) and metric == 'decode_tok_s'"
    )
    wide = runs.pivot_table(index=["model", "n_chips"], columns="weights", values="value")
    lone = table("single_stream").pivot_table(
        index=["chip", "model"], columns="weight_format", values="decode_tokens_per_s"
    )
    eight, four = (
        np.concatenate([wide[a] / wide["bf16"], *(lone[b] / lone["fp16"] for b in others)])
        for a, others in (("int8", ("q8_0",)), ("int4 g32", ("q4_0", "q4_k_m")))
    )
    eight, four = (gains[~np.isnan(gains)] for gains in (eight, four))
    lost = row_of("reported_figures", subject="8-bit integers")
    full = best_tokens_per_s(server(format_="fp8")) / best_tokens_per_s(server())
    return Finding(
        holds_if((four >= asserted).any(), everywhere=min(eight.min(), four.min()) >= asserted),
        np.median(np.concatenate([eight, four])),
        "1",
        f"With 8 bits weights shrink {number(bytes_['int8'])} times and a lone reader's tokens "
        f"were measured to come {number(eight.min())} to {number(eight.max())} times as fast, with "
        f"4 bits {number(bytes_['int4'])} and {number(four.min())} to {number(four.max())} times, "
        f"in {len(eight)} and {len(four)} pairs; 8-bit integers cost {percent(lost['low'], 1)} to "
        f"{percent(lost['high'], 1)} of accuracy, and a full server gains {number(full, 2)} times "
        "by our model.",
        ("gpt-fast-readme", "llama-cpp-apple-silicon", "kurtic-quantization-2025"),
        "the weights have 4 bits and a lone reader waits for them; with 8 bits memory halves and "
        "time does not",
    )


def day8_07() -> Finding:
    """Software techniques together cut the cost of inference 2 to 10 times on the same chips."""
    low, high = 2, 10
    gains = software_gains()
    inside = [low <= gain <= high for gain in gains.values()]
    return Finding(
        holds_if(any(inside), everywhere=all(inside)),
        gains["an engine in 16 bits"],
        "1",
        "By our model fp8, cached prompts and speculation together let four H100 write more "
        "at 25 tokens a second for each user: "
        + ", ".join(f"{number(gain, 2)} times over {name}" for name, gain in gains.items())
        + f", where {low} to {high} is claimed.",
        ("inferwall-validation", "nebius-eagle3-llama-70b", "deepseek-inference-2025"),
        "the baseline is a server in 16 bits, with or without continuous batching",
    )


def day8_08() -> Finding:
    """Software is worth a generation of hardware."""
    pairs = carried_by_the_next_chip()
    generation = float(np.median(pairs))
    gains = software_gains()
    stack, naive = gains["an engine in 16 bits"], gains["static batches in 16 bits"]
    energy = [
        row_of("energy_per_query", what=f"Llama 3.1 8B, H100, batch 64, vLLM {version}")["value"]
        for version in ("0.5.4", "0.11.1")
    ]
    versions = energy[0] / energy[1]
    return Finding(
        holds_if(max(stack, naive) >= generation, everywhere=versions >= generation),
        stack / generation,
        "1",
        f"At equal speed a B200 was measured to carry {number(generation)} times the requests of "
        f"an H100 (median of {len(pairs)} loads) for {number(rent_of_the_next_chip(), 2)} times "
        "the rent; by our model fp8, cached prompts and speculation "
        f"gain {number(stack, 2)} times on the H100 over an engine in 16 bits and "
        f"{number(naive, 2)} over static batches, but fifteen months of one engine were measured "
        f"to save {number(versions)} times in energy.",
        (
            "inferencex-silicon-sample",
            "gpu-price-index-2026",
            "inferwall-validation",
            "ml-energy-longitudinal",
        ),
        "software means the whole stack over a server in 16 bits, not newer versions of an engine",
    )
