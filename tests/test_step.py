"""Laws of a step: bounds, limits, monotonicity, parts that add up, dimensions."""

from dataclasses import dataclass, replace

import numpy as np
import pint
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from inferwall import step as step_module
from inferwall.architecture import transformer
from inferwall.efficiency import IDEAL, named_efficiency
from inferwall.hardware import accelerator
from inferwall.step import (
    Deployment,
    decode_step,
    fewest_chips,
    fits,
    max_batch,
    prefill_step,
    sequence_bytes,
)

MODELS = ["Llama 3.1 8B", "Llama 3.1 70B", "gpt-oss-120b", "Mixtral 8x7B", "DeepSeek-V3"]
# An unknown fp32 rate: matrix units, whatever the drawn peak.
ROOMY = replace(accelerator("H200 SXM"), memory_bytes=1e16, fp32_flop_per_s=float("nan"))

batches = st.integers(1, 4096)
contexts = st.floats(0, 2e5)
chip_counts = st.integers(1, 64)
factors = st.floats(1.0, 50.0)
efficiencies = st.sampled_from([IDEAL, named_efficiency("kernels")])


@st.composite
def deployments(draw):
    bf16_flop_per_s = draw(st.floats(1e13, 5e15))
    return Deployment(
        model=transformer(draw(st.sampled_from(MODELS))),
        chip=replace(
            ROOMY,
            bandwidth_bytes_per_s=draw(st.floats(1e11, 2e13)),
            bf16_flop_per_s=bf16_flop_per_s,
            # Narrower is never slower: scores and sums of attention stay in 16 bits.
            fp8_flop_per_s=bf16_flop_per_s * draw(st.floats(1, 4)),
            link_bytes_per_s=draw(st.floats(1e10, 2e12)),
        ),
        chips=draw(chip_counts),
        weight_format=draw(st.sampled_from(["bf16", "fp8", "int4"])),
        kv_format=draw(st.sampled_from(["bf16", "fp8"])),
        efficiency=draw(efficiencies),
    )


@given(deployments(), batches, contexts)
def test_a_step_is_never_faster_than_its_bytes_or_its_flop(deployment, batch, context):
    step = decode_step(deployment, batch, context)
    model, chip, n = deployment.model, deployment.chip, deployment.chips
    read = model.weight_bytes_read(deployment.weight_format, batch)
    caches = batch * model.kv_bytes_read(context, deployment.kv_format)
    peak = chip.peak_flop_per_s(deployment.arithmetic_format)
    slack = 1 - 1e-9
    assert step.total_s >= (read + caches) / (n * chip.bandwidth_bytes_per_s) * slack
    assert step.total_s >= batch * model.decode_flop(context) / (n * peak) * slack


@given(deployments(), batches, contexts)
def test_parts_add_up_and_none_is_negative(deployment, batch, context):
    step = decode_step(deployment, batch, context)
    assert sum(step.parts_s.values()) == pytest.approx(step.total_s, rel=1e-12)
    assert min(step.parts_s.values()) >= 0
    assert step.parts_s[step.longest_part] == max(step.parts_s.values())


@given(deployments(), batches, contexts)
def test_the_ideal_step_is_the_roofline(deployment, batch, context):
    ideal = replace(deployment, efficiency=IDEAL)
    step = decode_step(ideal, batch, context)
    products, all_flop = (batch * ideal.model.decode_flop(c) for c in (0, context))
    arithmetic_s = products / ideal.flop_per_s
    arithmetic_s += (all_flop - products) / ideal.attention_flop_per_s
    network_s = step_module._network_s(ideal, batch)
    assert step.total_s == pytest.approx(max(step.memory_s, arithmetic_s, network_s), rel=1e-9)


@given(deployments(), batches, contexts)
def test_reality_is_never_faster_than_the_bound(deployment, batch, context):
    bound = decode_step(replace(deployment, efficiency=IDEAL), batch, context)
    assert decode_step(deployment, batch, context).total_s >= bound.total_s * (1 - 1e-9)


@given(deployments(), batches, contexts, factors)
def test_more_work_takes_no_less_time(deployment, batch, context, factor):
    least = decode_step(deployment, batch, context).total_s * (1 - 1e-9)
    assert decode_step(deployment, int(batch * factor), context).total_s >= least
    assert decode_step(deployment, batch, context * factor).total_s >= least


@given(deployments(), batches, contexts, factors)
def test_a_better_chip_takes_no_more_time(deployment, batch, context, factor):
    most = decode_step(deployment, batch, context).total_s * (1 + 1e-9)
    for field in ("bandwidth_bytes_per_s", "bf16_flop_per_s", "link_bytes_per_s"):
        chip = replace(deployment.chip, **{field: getattr(deployment.chip, field) * factor})
        assert decode_step(replace(deployment, chip=chip), batch, context).total_s <= most


@given(deployments(), batches, contexts)
def test_batching_never_raises_the_time_per_token(deployment, batch, context):
    one, two = (decode_step(deployment, b, context).total_s / b for b in (batch, 2 * batch))
    assert two <= one * (1 + 1e-9)


@given(deployments(), st.floats(1.01, 100))
def test_prefill_grows_at_least_as_fast_as_the_prompt(deployment, factor):
    # In the arithmetic limit: no weights to wait for, attention on top of the linear part.
    fast = replace(deployment.chip, bandwidth_bytes_per_s=1e30, link_bytes_per_s=1e30)
    ideal = replace(deployment, chip=fast, efficiency=IDEAL)
    short, long = (prefill_step(ideal, 1, tokens).total_s for tokens in (1000, 1000 * factor))
    assert long >= short * factor * (1 - 1e-2)


def test_one_token_of_prefill_is_about_one_decode_step():
    deployment = Deployment(transformer("Llama 3.1 8B"), ROOMY)
    decode = decode_step(deployment, batch=1, context=0).total_s
    assert prefill_step(deployment, batch=1, tokens=1).total_s == pytest.approx(decode, rel=0.01)


def test_cached_tokens_cost_reading_only():
    deployment = Deployment(transformer("Llama 3.1 70B"), ROOMY)
    whole = prefill_step(deployment, 1, tokens=10_000)
    half = prefill_step(deployment, 1, tokens=5_000, cached=5_000)
    assert 0.5 * whole.total_s < half.total_s < 0.55 * whole.total_s


def test_limits():
    model = transformer("Llama 3.1 70B")
    deployment = Deployment(model, ROOMY)
    # Memory limit at batch 1: the weights over the bandwidth. Peak limit at a large batch: 2N.
    step = decode_step(deployment, 1, 0)
    by_hand_s = model.weight_bytes_read("bf16", 1) / ROOMY.bandwidth_bytes_per_s
    assert step.total_s == pytest.approx(by_hand_s, rel=1e-9)
    large = decode_step(deployment, 100_000, 0)
    flop_s = 100_000 * 2 * model.active_parameters / ROOMY.bf16_flop_per_s
    assert large.total_s == pytest.approx(flop_s, rel=1e-3)


def test_a_chip_of_1000_tflop_writes_34_tokens_a_second():
    deployment = Deployment(transformer("Llama 3.1 70B"), ROOMY)
    assert 1 / decode_step(deployment, 1, 0).total_s == pytest.approx(34.5, abs=0.1)


def test_a_latent_cache_is_copied_and_heads_are_dealt_out():
    grouped = Deployment(transformer("Llama 3.1 70B"), ROOMY, 8)
    more = replace(grouped, chips=16)
    assert sequence_bytes(grouped, 1000) == grouped.model.kv_bytes(1000, "bf16") / 8
    assert sequence_bytes(more, 1000) == sequence_bytes(grouped, 1000)  # eight heads, no ninth part
    latent = Deployment(transformer("DeepSeek-V3"), ROOMY, 8)
    assert sequence_bytes(latent, 1000) == latent.model.kv_bytes(1000, "bf16")


def test_arrays_and_labelled_arrays_give_what_scalars_give():
    deployment = Deployment(transformer("gpt-oss-120b"), accelerator("H100 SXM"), 4, "mxfp4")
    batch, context = np.array([1, 16, 256]), np.array([[512.0], [8192.0]])
    grid = decode_step(deployment, batch, context)
    labelled = decode_step(
        deployment,
        xr.DataArray(batch, dims="batch"),
        xr.DataArray(context[:, 0], dims="context"),
    )
    assert labelled.total_s.dims == ("batch", "context")
    for i, c in enumerate(context[:, 0]):
        for j, b in enumerate(batch):
            one = decode_step(deployment, int(b), float(c)).total_s
            assert grid.total_s[i, j] == pytest.approx(one, rel=1e-12)
            assert float(labelled.total_s[j, i]) == pytest.approx(one, rel=1e-12)


def test_chips_may_be_swept():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H100 SXM"))
    sweep = decode_step(replace(deployment, chips=np.array([1, 2, 4, 8])), 1, 1000).total_s
    assert np.isnan(sweep[0])  # 141.1 GB do not fit in 80 GB
    for n, total_s in zip((2, 4, 8), sweep[1:], strict=True):
        assert total_s == pytest.approx(
            decode_step(replace(deployment, chips=n), 1, 1000).total_s, rel=1e-12
        )


def test_monte_carlo_is_a_replace():
    samples = np.random.default_rng(0).uniform(3e12, 4.8e12, 1000)
    chip = replace(ROOMY, bandwidth_bytes_per_s=samples)
    total_s = decode_step(Deployment(transformer("Llama 3.1 8B"), chip), 1, 0).total_s
    assert total_s.shape == (1000,)
    np.testing.assert_allclose(total_s * samples, total_s[0] * samples[0])


@given(deployments(), st.floats(100, 1e5))
def test_the_largest_batch_fits_and_one_more_does_not(deployment, context):
    tight = replace(deployment, chip=replace(deployment.chip, memory_bytes=2e12))
    batch = max_batch(tight, context)
    assert batch == 0 or fits(tight, batch, context)
    assert not fits(tight, batch + 1, context)


def test_too_large_weights_say_how_many_chips_hold_them():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H100 SXM"))
    message = "141.1 GB of weights do not fit in 1 × 80 GB; the fewest chips are 2"
    with pytest.raises(ValueError, match=message):
        decode_step(deployment, 1, 0)
    with pytest.raises(ValueError, match=message):
        decode_step(deployment, np.array([1, 2]), 0)
    assert fewest_chips(deployment) == 2
    assert not fits(deployment, 1, 0)


def test_too_many_sequences_say_how_many_fit():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 1, "fp8", "fp8")
    largest = max_batch(deployment, 4096)
    with pytest.raises(ValueError, match=f"the largest batch is {largest}"):
        decode_step(deployment, 2 * largest, 4096)
    swept = decode_step(deployment, np.array([1, largest, largest + 1]), 4096).total_s
    assert list(np.isnan(swept)) == [False, False, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(batch=0, context=0), "batch=0: allowed are numbers of at least 1"),
        (dict(batch=1, context=-1), "context=-1"),
        (dict(batch=float("nan"), context=0), "batch=nan"),
        (dict(batch=np.array([1, 0]), context=0), "batch=0 in an array"),
        (dict(batch="16", context=0), "batch='16'"),
        (dict(batch=[1, 2], context=0), "alone or in arrays"),
        (dict(batch=1, context=np.float32("nan")), "context="),
    ],
)
def test_bad_arguments_raise(arguments, message):
    deployment = Deployment(transformer("Llama 3.1 8B"), ROOMY)
    with pytest.raises(ValueError, match=message):
        decode_step(deployment, **arguments)


def test_only_a_cache_limits_the_batch():
    deployment = Deployment(transformer("Llama 3.1 8B"), accelerator("H100 SXM"))
    with pytest.raises(ValueError, match="context=0: allowed are numbers of at least 1"):
        max_batch(deployment, 0)


def test_unknown_memory_stays_unknown_in_a_sweep():
    chip = accelerator("H100 SXM")
    swept = replace(chip, memory_bytes=np.array([np.nan, 40e9, 80e9]))
    model = transformer("Llama 3.1 70B")
    fewest = fewest_chips(Deployment(model, swept))
    np.testing.assert_array_equal(fewest, [np.nan, 4, 2])
    with pytest.raises(ValueError, match="do not fit in 1 × 80 GB"):
        decode_step(Deployment(model, swept), 1, 0)
    unknown = replace(chip, memory_bytes=np.array([np.nan]))
    assert np.isnan(decode_step(Deployment(model, unknown), 1, 0).total_s)
    for nothing in (None, np.nan, np.float32("nan")):
        with pytest.raises(ValueError, match="memory_bytes of 'H100 SXM' is unknown"):
            decode_step(Deployment(model, replace(chip, memory_bytes=nothing)), 1, 0)


def test_short_integers_do_not_overflow():
    model = transformer("Llama 3.1 70B")
    short = np.array([1_000_000], dtype="int32")
    assert model.kv_bytes(short) == model.kv_bytes(1_000_000)
    assert model.kv_bytes_read(short) == model.kv_bytes_read(1_000_000)


def test_bad_deployments_raise():
    model, chip = transformer("Llama 3.1 8B"), accelerator("H100 SXM")
    with pytest.raises(ValueError, match="allowed is what transformer"):
        Deployment("Llama 3.1 8B", chip)
    with pytest.raises(ValueError, match="chips=0"):
        Deployment(model, chip, chips=0)
    with pytest.raises(KeyError, match="unknown number format 'bf61'; nearest: 'bf16'"):
        Deployment(model, chip, weight_format="bf61")
    with pytest.raises(ValueError, match="fp4_flop_per_s of 'H100 SXM' is unknown"):
        decode_step(Deployment(model, chip, weight_format="nvfp4"), 1, 0)
    with pytest.raises(ValueError, match="link_bytes_per_s of 'GH200' is unknown"):
        decode_step(
            Deployment(
                model, replace(accelerator("H100 SXM"), link_bytes_per_s=np.nan, name="GH200"), 2
            ),
            1,
            0,
        )


@dataclass(frozen=True)
class DimensionedModel:
    """A model whose answers carry units, so that a wrong formula cannot add up."""

    registry: pint.UnitRegistry
    layer_count: int = 80
    norm_collectives: int = 0
    attention_parameters: float = 12e9
    active_routed_parameters: float = 0.0
    kv_shards: int = 8

    @property
    def hidden_size(self):
        return 8192

    def weight_bytes(self, _format, _dense):
        return 70e9 * self.registry.byte

    def weight_bytes_read(self, _format, _batch, _dense):
        return 70e9 * self.registry.byte

    def routed_bytes_read(self, _format, _batch):
        return 0.0 * self.registry.byte

    def kv_bytes(self, context, _format):
        return context * 160e3 * self.registry.byte

    def kv_bytes_read(self, context, _format):
        return self.kv_bytes(context, _format)

    def kernel_count(self, _dense_rounded, _experts_rounded):
        return 800

    def prefill_linear_flop(self, tokens):
        return tokens * 140e9 * self.registry.flop

    def decode_flop(self, context):
        return (140e9 + 1e6 * context) * self.registry.flop

    def prefill_flop(self, tokens, cached):
        return tokens * (140e9 + 1e6 * cached) * self.registry.flop


@pytest.mark.parametrize("chips", [1, 4])
def test_dimensions(monkeypatch, chips):
    registry = pint.UnitRegistry()
    registry.define("flop = [work_of_arithmetic]")
    second, byte, flop = registry.second, registry.byte, registry.flop
    monkeypatch.setattr(step_module, "bytes_per_value", lambda _name: 2.0 * byte)
    chip = replace(
        ROOMY,
        memory_bytes=1e12 * byte,
        bandwidth_bytes_per_s=4.8e12 * byte / second,
        bf16_flop_per_s=1e15 * flop / second,
        link_bytes_per_s=4.5e11 * byte / second,
    )
    efficiency = replace(IDEAL, overlap=0.5, layer_s=1e-6 * second, collective_s=1e-6 * second)
    efficiency = replace(efficiency, step_s=1e-4 * second)
    efficiency = replace(
        efficiency, kernel_s=1e-6 * second, request_s=1e-3 * second, launch_s=1e-6 * second
    )
    deployment = Deployment(DimensionedModel(registry), chip, chips, efficiency=efficiency)
    for step in (decode_step(deployment, 8, 1000.0), prefill_step(deployment, 2, 1000.0, 10.0)):
        for part in ("weights_s", "kv_s", "arithmetic_s", "overhead_s", "total_s"):
            assert getattr(step, part).check("[time]"), part
        assert chips == 1 or step.network_s.check("[time]")


SERVED = named_efficiency("serving")


def test_a_pipeline_is_tensor_parallel_with_smaller_batches():
    model = transformer("Llama 3.1 70B")
    four = Deployment(model, ROOMY, 4, "fp8", efficiency=SERVED)
    piped = Deployment(model, ROOMY, 16, "fp8", efficiency=SERVED, stages=4)
    small, large = decode_step(four, 8, 2000), decode_step(piped, 32, 2000)
    assert large.total_s == pytest.approx(small.total_s, rel=1e-9)
    assert decode_step(piped, 1, 2000).total_s == decode_step(four, 1, 2000).total_s
    assert sequence_bytes(piped, 1000) == sequence_bytes(four, 1000) / 4


def test_data_parallel_attention_copies_weights_and_deals_out_sequences():
    model = transformer("DeepSeek-V3")
    shared = Deployment(model, ROOMY, 8, "fp8", efficiency=SERVED)
    dealt = replace(shared, attention_groups=8)
    assert dealt.weight_bytes - shared.weight_bytes == 7 * shared.attention_weight_bytes
    assert sequence_bytes(dealt, 1000) == sequence_bytes(shared, 1000) / 8  # a latent, once
    # Few readers pay for the copies, many with long contexts gain from one copy of each cache.
    assert decode_step(dealt, 8, 100).total_s > decode_step(shared, 8, 100).total_s
    assert decode_step(dealt, 512, 20_000).total_s < decode_step(shared, 512, 20_000).total_s


def test_groups_that_outgrow_their_links_cross_the_network():
    model = transformer("Llama 3.1 405B")
    inside = Deployment(model, ROOMY, 8, "fp8", efficiency=SERVED, node_link_bytes_per_s=5e10)
    across = replace(inside, chips=16)
    fast = replace(across, node_link_bytes_per_s=None)
    assert decode_step(inside, 64, 0) == decode_step(
        replace(inside, node_link_bytes_per_s=None), 64, 0
    )
    slow = replace(across, node_link_bytes_per_s=1e9)
    network_s = [decode_step(d, 64, 0).network_s for d in (fast, across, slow)]
    assert network_s[0] < network_s[1] < network_s[2] / 2
    # By hand: half of an eighth of the payload crosses twice, 126 layers, two sums a layer.
    crossed = 2 * 126 * 2 * (1 / 2) * (64 * model.hidden_size * 2) / 8
    by_hand_s = crossed * (1 / 1e9 - 1 / 5e10) / SERVED.node_link_share
    assert network_s[2] - network_s[1] == pytest.approx(by_hand_s)


def test_norms_over_all_heads_add_a_collective():
    minimax = transformer("MiniMax-M2.5")
    assert minimax.norm_collectives == minimax.layer_count
    assert transformer("Qwen3 32B").norm_collectives == 0


@pytest.mark.parametrize(
    ("name", "rounded", "kernels"),
    [
        ("Llama 3.1 8B", (False, False), 32 * 10),
        ("Llama 3.1 8B", (True, True), 32 * 14),
        ("Qwen3 32B", (False, False), 64 * 11),
        ("gpt-oss-120b", (False, False), 36 * 14),
        ("gpt-oss-120b", (False, True), 36 * 16),
        ("MiniMax-M2.5", (True, True), 62 * 19),
        ("Kimi K2.5", (False, False), 1 * 14 + 60 * 22),
    ],
)
def test_kernels_are_counted_by_layer(name, rounded, kernels):
    assert transformer(name).kernel_count(*rounded) == kernels


def test_kernels_follow_the_formats():
    llama = Deployment(transformer("Llama 3.1 8B"), ROOMY)
    assert llama.kernels == 320
    assert replace(llama, weight_format="fp8").kernels == 448
    assert replace(llama, weight_format="int4").kernels == 320  # widened, not rounded
