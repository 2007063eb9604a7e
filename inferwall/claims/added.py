"""Claims that the book adds to those of the texts."""

from __future__ import annotations

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds_if
from inferwall.claims.cases import llama_on_h200
from inferwall.claims.lookup import number, percent, reported, row_of
from inferwall.data import table
from inferwall.hardware import accelerator
from inferwall.step import Deployment, fewest_chips, prefill_step, sequence_bytes
from inferwall.training import training_flop


def added_01() -> Finding:
    """NVIDIA's chips did at least nine tenths of the arithmetic of training."""
    asserted = 0.9
    runs = table("training_runs").dropna(subset=["chip"])
    flop = runs["training_flop"].fillna(training_flop(runs["active_parameters"], runs["tokens"]))
    ours = runs["chip"].map(lambda chip: accelerator(chip).vendor == "NVIDIA")
    share = flop[ours].sum() / flop.sum()
    google = reported("Google", "share of the world's AI compute")
    return Finding(
        holds_if(somewhere=share >= asserted, everywhere=1 - google >= asserted),
        share,
        "1",
        f"Of {len(runs)} runs whose chips are published {int(ours.sum())} used NVIDIA's, and they "
        f"took {percent(share)} of the arithmetic, over {percent(asserted)}; but Google, which "
        f"trains on its own, is put at {percent(google)} of the world's AI compute and publishes "
        "none of its later runs.",
        ("llama-3-paper", "deepseek-v3-paper", "palm-paper", "google-compute-share-2026"),
        "firms that buy their chips are meant, as nearly all who publish them are",
    )


def added_02() -> Finding:
    """What the MI300X offers over the H100 on paper is lost in its software."""
    ours, theirs = accelerator("MI300X"), accelerator("H100 SXM")
    paper = ours.fp8_flop_per_s / theirs.fp8_flop_per_s
    rows = table("mlperf_offline").query("round == '5.1' and model == 'Llama 2 70B'")
    rate = (rows["output_tokens_per_s"] / rows["chips"]).to_numpy()
    measured = dict(zip(rows["chip"], rate, strict=True))
    ratio = measured["MI300X"] / measured["H100 SXM"]
    model = transformer("Llama 3.1 70B")
    need = [fewest_chips(Deployment(model, chip)) for chip in (ours, theirs)]
    return Finding(
        holds_if(somewhere=ratio < 1 < paper, everywhere=need[0] >= need[1]),
        ratio,
        "1",
        f"With {number(ours.memory_bytes / theirs.memory_bytes)} times the memory and "
        f"{number(paper)} times the arithmetic of an H100 the MI300X wrote {number(ratio, 2)} "
        "times the tokens in MLPerf 5.1 of September 2025, where more than 1 was to be had; but "
        f"{need[0]} of it holds a 70B model in 16 bits for which the H100 needs {need[1]}.",
        ("mlperf-inference-5.1", "amd-mi300x-datasheet", "nvidia-h100-datasheet"),
        "the model fits on either; where memory alone decides, capacity wins",
    )


def added_03() -> Finding:
    """Memory in tiers behind HBM relieves the memory wall."""
    tokens, served = 131_072, llama_on_h200()
    tier = row_of("memory_tiers", tier="DRAM of the host")
    bandwidth = float(tier["bandwidth_bytes_per_s_per_chip"])
    reload_s = float(sequence_bytes(served, tokens)) / bandwidth
    gain = float(prefill_step(served, 1, tokens).total_s) / reload_s
    slower = served.chip.bandwidth_bytes_per_s / bandwidth
    return Finding(
        holds_if(somewhere=gain > 1, everywhere=slower < 2),
        gain,
        "1",
        f"Fetching the cache of {tokens:,} tokens from the host's DRAM takes {number(reload_s, 2)} "
        f"s, {number(gain, 2)} times less than reading the prompt again on an H200; but a decode "
        f"step that read from there would be {number(slower, 2)} times slower, where 2 could be "
        "borne.",
        ("mlperf-h200-system", "epoch-ml-hardware", "llama-3.1-model-card"),
        "the bytes wait between uses, as the caches of idle conversations do; what every step "
        "reads has to stay in HBM",
    )
