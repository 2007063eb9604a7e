"""The claims of the third text on chips: which silicon serves cheaply, and how fast."""

from __future__ import annotations

import math
from typing import Any

from inferwall.architecture import transformer
from inferwall.claims import Finding, holds, holds_if
from inferwall.claims.lookup import number, reported, row_of
from inferwall.data import table
from inferwall.efficiency import named_efficiency
from inferwall.hardware import accelerator
from inferwall.serving import Workload, frontier
from inferwall.step import Deployment

LLAMA = "Llama 3.1 70B"
CONTEXT = 4096
SPEED = 50  # tokens per second that each user sees at least, as in chapter 10
ABROAD = "sa-|ap-|europe-"


def hourly_usd() -> Any:
    """Return the median on-demand rent of every chip on its latest day, as in chapter 10."""
    rents = table("rental_prices")
    rents = rents[rents["contract"].eq("on_demand") & rents["confidence"].ne("low")]
    rents = rents[(rents["price_date"] >= "2024-11") & rents["accelerator"].notna()]
    rents = rents[~rents["region"].fillna("").str.match(ABROAD)]
    last = rents.groupby("accelerator")["price_date"].transform("max")
    return (
        rents[rents["price_date"] == last]
        .groupby("accelerator")["usd_per_accelerator_hour"]
        .median()
    )


def landscape_usd_per_mtok() -> dict[str, float]:
    """Return the least cost of a million output tokens on every rented chip, at one speed.

    Llama 3.1 70B in 8 bits, a thousand tokens in and out, `SPEED` for each user, measured shares
    of the kernels on every chip alike; chips that are too slow or unknown are left out.
    """
    found, work = {}, Workload(1000, 1000, tpot_target_s=1 / SPEED)
    for name, rent in hourly_usd().items():
        chip, model = accelerator(name), transformer(LLAMA)
        linked = chip.scaleup_domain_chips if chip.link_bytes_per_s > 0 else 1
        sizes = [n for n in (1, 2, 4, 8, 16, 32, 64) if n == 1 or n <= linked]
        products = "bf16" if math.isnan(chip.fp8_flop_per_s) else "fp8"
        kernels = named_efficiency("kernels")
        ways = [
            Deployment(model, chip, n, "fp8", "fp8", products, efficiency=kernels) for n in sizes
        ]
        try:
            found[name] = float(frontier(ways, work, rent).cost_usd_per_mtok.min())
        except ValueError:
            continue
    return found


def decode_flop_per_byte(model_name: str) -> float:
    """Return the most FLOP that decode asks for a byte, with no end of users, in 8 bits."""
    model = transformer(model_name)
    return float(model.decode_flop(CONTEXT) / model.kv_bytes_read(CONTEXT, "fp8"))


def output_price(hosts: tuple[str, ...]) -> dict[str, float]:
    """Return what hosts ask for a million output tokens of gpt-oss-120b in August 2026."""
    rows = table("api_prices", "2026-08-01")
    rows = rows[rows["model"].str.contains("gpt-oss-120b")].sort_values("price_date")
    return rows.groupby("provider")["output_usd_per_mtok"].last().loc[list(hosts)].to_dict()


def host_speed(host: str) -> float:
    """Return the output speed of gpt-oss-120b at a host, the lowest that the press quotes."""
    rows = table("host_speeds").query("model == 'gpt-oss-120b' and confidence == 'press'")
    return float(rows[rows["host"] == host]["output_tokens_per_s"].min())


def bottleneck_17() -> Finding:
    """Chips made for inference are 3 to 10 times as cheap as GPUs in production."""
    asserted = 3
    price = output_price(("groq", "sambanova", "fireworks"))
    chips = landscape_usd_per_mtok()
    tpu = min(cost for name, cost in chips.items() if name.startswith("TPU"))
    gains = {
        "Groq": price["fireworks"] / price["groq"],
        "SambaNova": price["fireworks"] / price["sambanova"],
        "TPU": chips["H100 SXM"] / tpu,
        "Trainium2": reported("Trainium2", "price-performance over the seller's GPU instances"),
    }
    best = max(gains.values())
    return Finding(
        holds(best >= asserted),
        best,
        "1",
        "At speeds that GPUs reach as well, a dollar buys "
        f"{gains['Groq']:.2f} times the tokens of a GPU host at Groq and {gains['SambaNova']:.2f} "
        f"times at SambaNova by list price, {gains['TPU']:.2f} times an H100's on the best rented "
        f"TPU by our model and {gains['Trainium2']:.2f} times on Trainium2 as its seller says: "
        f"none reaches {asserted}.",
        (
            "litellm-2026-08-01",
            "alatirok-speed-2026",
            "gpu-price-index-2026",
            "dreaming-trainium-claims",
        ),
    )


def bottleneck_18() -> Finding:
    """H100, H200 and B200 were made for training and do not suit inference."""
    ridges = {
        name: accelerator(f"{name}{' SXM' * (name != 'B200')}").ridge_point("fp8")
        for name in ("H100", "H200", "B200")
    }
    asks = {name: decode_flop_per_byte(name) for name in (LLAMA, "DeepSeek-V3")}
    model = transformer(LLAMA)
    asks["prefill"] = float(model.prefill_flop(2048) / model.weight_bytes("fp8"))
    idle = [ask < min(ridges.values()) for ask in asks.values()]
    other, h200 = accelerator("Inferentia2"), accelerator("H200 SXM")
    return Finding(
        holds_if(any(idle), everywhere=all(idle)),
        asks[LLAMA],
        "FLOP/byte",
        f"The three offer {number(min(ridges.values()))} to {number(max(ridges.values()))} FLOP in "
        f"8 bits for each byte they read, more than writing with {LLAMA} can use, "
        f"{number(asks[LLAMA])} at the most, but less than DeepSeek-V3 uses, "
        f"{number(asks['DeepSeek-V3'], 2)}, or reading prompts, {number(asks['prefill'], 2)}; "
        f"Inferentia2, made for inference, offers {number(other.ridge_point('bf16'))} in 16 bits, "
        f"the H200 {number(h200.ridge_point('bf16'))}.",
        ("nvidia-h100-datasheet", "nvidia-blackwell-datasheet", "aws-neuron-inferentia"),
        "inference means writing with a dense model whose caches are not small",
    )


def bottleneck_19() -> Finding:
    """A Groq chip writes 500 tokens a second or more."""
    asserted = 500
    chip, model = accelerator("Groq LPU v1"), transformer(LLAMA)
    built = row_of("host_speeds", host="Groq", model="Llama 2 70B")
    chips, each = float(built["chips"]), float(built["output_tokens_per_s"])
    free = chips * chip.memory_bytes - model.weight_bytes("fp8")
    streams = math.floor(free / model.kv_bytes(CONTEXT, "fp8"))
    rate = streams * each / chips
    short = free / (asserted * chips / each) / model.kv_bytes_per_token("fp8")
    return Finding(
        holds(rate >= asserted),
        rate,
        "tokens/s/chip",
        f"For a 70B model {number(chips)} chips write {number(each)} tokens a second for each "
        f"reader; with all {streams} readers of {CONTEXT:,} tokens whose caches fit that is "
        f"{number(rate, 2)} a chip, and {asserted} would take {number(asserted * chips / each)} "
        f"readers of {number(short, 2)} tokens at the same speed, which nobody reports.",
        ("techpowerup-groq-2024", "semiwiki-groq-chips", "groq-groqchip-brief"),
    )


def bottleneck_20() -> Finding:
    """Google's TPU v5e and v5p are to be had from Google's cloud alone."""
    rents = table("rental_prices")
    rents = rents[rents["accelerator"].isin(["TPU v5e", "TPU v5p"])]
    others = rents[rents["provider"] != "GCP"]
    return Finding(
        holds(len(rents) > 0 and others.empty),
        len(others),
        "offers",
        f"Of the {len(rents)} rents of the two chips in our table, published from "
        f"{rents['price_date'].str[:4].min()} to {rents['price_date'].str[:4].max()}, "
        f"{len(others)} are of another provider.",
        tuple(sorted({key for cell in rents["sources"] for key in cell.split(";")})),
    )


def bottleneck_21() -> Finding:
    """Cerebras serves large models with the highest throughput."""
    rows = table("host_speeds").query("model == 'gpt-oss-120b' and confidence == 'press'")
    best = rows.groupby("host")["output_tokens_per_s"].min()
    lead = best["Cerebras"] / rows[rows["host"] != "Cerebras"]["output_tokens_per_s"].max()
    return Finding(
        holds_if(lead > 1, everywhere=False),
        lead,
        "1",
        f"One reader of gpt-oss-120b at Cerebras was measured to get {number(best['Cerebras'])} "
        f"tokens a second or more in 2026, {number(lead)} times the next of {len(best)} hosts; "
        "how many a whole machine writes is not published.",
        ("alatirok-speed-2026", "artificial-analysis-gpt-oss-low"),
        "throughput means the speed that one reader sees",
    )


def bottleneck_30() -> Finding:
    """The vendor of chips with the most tokens a second for a dollar will win."""
    rows = table("mlperf_offline").query("round == '5.1' and model == 'Llama 2 70B'")
    rents = table("rental_prices").query("contract == 'on_demand' and price_date >= '2024-11'")
    rent = rents[rents["provider"] == "RunPod Secure"].set_index("accelerator")
    per_usd = (rows["output_tokens_per_s"] / rows["chips"]).set_axis(rows["chip"]) / rent[
        "usd_per_accelerator_hour"
    ]
    lead = per_usd["MI300X"] / per_usd["H200 SXM"]
    lenders = rents.groupby("accelerator")["provider"].nunique()
    return Finding(
        "cannot be tested",
        lead,
        "1",
        f"By MLPerf of September 2025 and one lender's rents a dollar buys {number(lead)} times as "
        f"many tokens on an MI300X as on an H200, yet {lenders['MI300X']} lenders list the first "
        f"and {lenders['H200 SXM']} the second; missing are the vendors' shares of the chips "
        "bought for inference over time, and a date by which someone wins.",
        ("mlperf-inference-5.1", "gpu-price-index-2026"),
    )
