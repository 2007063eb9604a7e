"""Laws of a server in steady state."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferwall.architecture import transformer
from inferwall.efficiency import IDEAL, named_efficiency
from inferwall.hardware import accelerator
from inferwall.serving import Workload, disaggregation, frontier, serve
from inferwall.step import Deployment, decode_step, max_batch, prefill_step

MODELS = ["Llama 3.1 8B", "Llama 3.1 70B", "gpt-oss-120b", "DeepSeek-V3"]
ROOMY = replace(accelerator("H200 SXM"), memory_bytes=1e14)
tokens = st.floats(1, 1e5)
loads = st.integers(1, 1024)


@st.composite
def deployments(draw):
    chips = draw(st.sampled_from([1, 2, 4, 8]))
    return Deployment(
        model=transformer(draw(st.sampled_from(MODELS))),
        chip=ROOMY,
        chips=chips,
        weight_format=draw(st.sampled_from(["bf16", "fp8", "int4"])),
        stages=draw(st.sampled_from([n for n in (1, 2) if n <= chips])),
        efficiency=draw(st.sampled_from([IDEAL, named_efficiency("serving")])),
    )


@given(deployments(), tokens, tokens, loads)
def test_a_server_is_never_faster_than_the_bound(deployment, read, written, load):
    service = serve(deployment, Workload(read, written), load)
    bound = serve(replace(deployment, efficiency=IDEAL), Workload(read, written), load)
    assert service.tpot_s >= bound.step.total_s * (1 - 1e-9)
    assert service.tpot_s >= service.step.total_s
    assert service.ttft_s > 0


@given(deployments(), tokens, tokens, loads, st.floats(1, 20))
def test_more_work_takes_no_less_time(deployment, read, written, load, factor):
    least = serve(deployment, Workload(read, written), load)
    more = serve(deployment, Workload(read, written), int(load * factor))
    longer = serve(deployment, Workload(read * factor, written), load)
    slack = 1 - 1e-6
    assert more.tpot_s >= least.tpot_s * slack
    assert longer.tpot_s >= least.tpot_s * slack
    assert longer.ttft_s >= least.ttft_s * slack


@given(deployments(), tokens, tokens, loads)
def test_parts_add_up_to_the_time_per_token(deployment, read, written, load):
    service = serve(deployment, Workload(read, written), load)
    assert sum(service.parts_s.values()) == pytest.approx(service.tpot_s, rel=1e-9)
    stay_s = written * service.tpot_s + service.prefill_s  # a request reads, then writes
    assert service.tokens_per_s == pytest.approx(load * written / stay_s, rel=1e-9)


@given(deployments(), tokens, tokens, loads)
def test_no_server_beats_its_peak_or_its_bandwidth(deployment, read, written, load):
    model, service = deployment.model, serve(deployment, Workload(read, written), load)
    requests_per_s, context = service.tokens_per_s / written, service.workload.mean_context
    products = model.prefill_linear_flop(read) + written * model.decode_flop(0)
    scores = model.prefill_flop(read) - model.prefill_linear_flop(read)
    scores += written * (model.decode_flop(context) - model.decode_flop(0))
    ideal = replace(deployment, efficiency=IDEAL)
    busy = products / ideal.flop_per_s + scores / ideal.attention_flop_per_s
    assert requests_per_s * busy / deployment.stages <= 1 + 1e-9
    # Every step reads at least the weights of one token, and writes at most one for each.
    least = model.weight_bytes_read(deployment.weight_format, 1) / deployment.chips
    steps_per_s = service.tokens_per_s / load
    assert steps_per_s * least / deployment.chip.bandwidth_bytes_per_s <= 1 + 1e-9


@given(deployments(), tokens, tokens, loads, st.floats(1, 10))
def test_a_better_chip_serves_no_slower(deployment, read, written, load, factor):
    before = serve(deployment, Workload(read, written), load)
    for field in ("bandwidth_bytes_per_s", "bf16_flop_per_s", "fp8_flop_per_s"):
        chip = replace(deployment.chip, **{field: getattr(deployment.chip, field) * factor})
        after = serve(replace(deployment, chip=chip), Workload(read, written), load)
        assert after.tpot_s <= before.tpot_s * (1 + 1e-6)


def test_a_crowd_of_short_requests_just_reaches_the_peak():
    # By hand: 2N × (300 + 300) FLOP a request, the head but once for a prompt, and some attention
    # fill two chips at their peak.
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 2, "fp8", "fp8")
    service = serve(deployment, Workload(300, 300), 1024)
    model = deployment.model
    flop = 2 * model.active_parameters * (300 + 300) - 2 * model.head_parameters * 299
    share = service.tokens_per_s / 300 * flop / (2 * deployment.chip.fp8_flop_per_s)
    assert 0.97 < share < 1.0


def test_many_chunks_of_a_prompt_hide_behind_as_many_steps():
    ideal = Deployment(transformer("Llama 3.1 8B"), ROOMY)
    one, four = (serve(ideal, Workload(n, 1000), 2).prefill_s for n in (8192, 4 * 8192))
    weights_s = serve(ideal, Workload(1000, 1000), 2).step.weights_s
    alone = [prefill_step(ideal, 1, n).total_s for n in (8192, 4 * 8192)]
    assert one == pytest.approx(alone[0] - weights_s, rel=0.02)
    assert four == pytest.approx(alone[1] - 4 * weights_s, rel=0.02)


def test_a_pipeline_reads_a_prompt_in_every_stage_at_once():
    model, served = transformer("Llama 3.1 70B"), replace(IDEAL, overlap=0.0)
    whole = Deployment(model, ROOMY, 4, "fp8", efficiency=served)
    piped = replace(whole, stages=4)
    delays = [serve(d, Workload(4000, 1000), 64).prefill_s for d in (whole, piped)]
    whole_network_s = prefill_step(whole, 1, 4000).network_s
    assert delays[1] == pytest.approx(delays[0] - whole_network_s, rel=0.01)


def test_alone_a_request_is_a_decode_step():
    deployment = Deployment(transformer("Llama 3.1 8B"), ROOMY)
    service = serve(deployment, Workload(1000, 500), 1)
    assert service.tpot_s == decode_step(deployment, 1, 1250.0).total_s


def test_requests_wait_when_memory_is_full():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H100 SXM"), 2, "fp8")
    workload = Workload(8000, 1000)
    largest = max_batch(deployment, workload.mean_context)
    full, over = (serve(deployment, workload, n) for n in (largest, 4 * largest))
    assert over.running == largest
    assert over.limit == "memory capacity"
    assert over.tpot_s == full.tpot_s
    assert over.ttft_s > 10 * full.ttft_s


def test_littles_law():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 2, "fp8")
    service = serve(deployment, Workload(1000, 500), requests_per_s=2.0)
    assert service.tokens_per_s == pytest.approx(2.0 * 500, rel=1e-3)


def test_cached_tokens_shorten_the_first():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 2, "fp8")
    cold, warm = (serve(deployment, Workload(8000, 500, c), 8) for c in (0, 7000))
    assert warm.ttft_s < 0.3 * cold.ttft_s
    assert warm.tpot_s < cold.tpot_s


def test_arrays_give_what_scalars_give():
    deployment = Deployment(transformer("gpt-oss-120b"), accelerator("H100 SXM"), 4, "mxfp4")
    load, read = np.array([1.0, 16.0, 256.0]), np.array([[512.0], [8192.0]])
    grid = serve(deployment, Workload(read, 1000.0), load)
    for i in range(2):
        for j in range(3):
            one = serve(deployment, Workload(float(read[i, 0]), 1000.0), float(load[j]))
            assert grid.tpot_s[i, j] == pytest.approx(one.tpot_s, rel=1e-12)
            assert grid.ttft_s[i, j] == pytest.approx(one.ttft_s, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(), "one of concurrency and requests_per_s"),
        (dict(concurrency=1, requests_per_s=1), "one of concurrency and requests_per_s"),
        (dict(concurrency=0), "concurrency=0"),
        (dict(requests_per_s=1e6), "requests_per_s=1000000.0: the deployment serves at most"),
    ],
)
def test_bad_loads_raise(arguments, message):
    deployment = Deployment(transformer("Llama 3.1 8B"), accelerator("H100 SXM"))
    with pytest.raises(ValueError, match=message):
        serve(deployment, Workload(1000, 100), **arguments)


def test_bad_workloads_raise():
    with pytest.raises(ValueError, match="output_tokens=0"):
        Workload(10, 0)
    with pytest.raises(ValueError, match="input_tokens - cached_tokens=0"):
        Workload(10, 1, 10)


def test_what_fits_nowhere_raises():
    deployment = Deployment(transformer("Llama 3.1 70B"), accelerator("H100 SXM"))
    with pytest.raises(ValueError, match="the fewest chips are 2"):
        serve(deployment, Workload(1000, 100), 1)


def test_a_frontier_holds_what_nothing_beats():
    model, chip = transformer("Llama 3.1 70B"), accelerator("H100 SXM")
    served = named_efficiency("serving")
    ways = [Deployment(model, chip, n, "fp8", efficiency=served) for n in (1, 2, 4, 8)]
    best = frontier(ways, Workload(1000, 500), 2.0)
    assert (np.diff(best.tokens_per_s_per_user) < 0).all()
    assert (np.diff(best.cost_usd_per_mtok) < 0).all()
    for i, load, speed, cost in zip(*vars(best).values(), strict=True):
        service = serve(ways[i], Workload(1000, 500), load)
        assert speed == pytest.approx(service.tokens_per_s_per_user)
        assert cost == pytest.approx(2.0 * ways[i].chips / 3600 / service.tokens_per_s * 1e6)
    assert best.deployment[0] == 3  # eight chips are fastest


def test_targets_cut_a_frontier():
    way = [Deployment(transformer("Llama 3.1 70B"), accelerator("H200 SXM"), 2, "fp8")]
    free, bound = (frontier(way, Workload(1000, 500, 0.0, None, t), 2.0) for t in (None, 0.015))
    assert len(bound.concurrency) < len(free.concurrency)
    assert (1 / bound.tokens_per_s_per_user <= 0.015).all()
    with pytest.raises(ValueError, match="keeps to its targets"):
        frontier(way, Workload(1000, 500, 0.0, 1e-6), 2.0)


@given(deployments(), st.integers(8, 4000), st.integers(8, 4000), loads, st.floats(1.1, 8))
def test_longer_answers_want_more_writers_and_cached_prompts_fewer_readers(
    deployment, read, written, load, factor
):
    def ratio(read, written, cached=0):
        return disaggregation(deployment, deployment, Workload(read, written, cached), load)

    once = ratio(read, written)
    assert once > 0
    assert ratio(read, factor * written) < once
    assert ratio(read, written, cached=read // 2) <= once * (1 + 1e-9)
