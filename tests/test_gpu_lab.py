"""The GPU laboratory: its arithmetic without PyTorch, and its device code where PyTorch is."""

import math
import subprocess
import sys

import pytest

from inferwall import Transformer, gpu_lab, llama_stack, transformer
from inferwall.data import table
from inferwall.efficiency import IDEAL
from inferwall.gpu_lab import Step

LLAMA = transformer("Llama 3.1 8B")
TINY = Transformer.from_config(
    dict(
        model_type="llama",
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=2,
        head_dim=8,
        vocab_size=50,
        tie_word_embeddings=False,
    ),
    name="Tiny",
)
STEPS = [Step("decode", 1, 1024, 0.005, 32, True), Step("decode", 16, 1024, 0.008, 32, True)]
STEPS += [Step("prefill", 4, 2048, 0.2, 16, False)]


def rows(steps=STEPS, chip="NVIDIA H200"):
    return gpu_lab.serving_rows(steps, LLAMA, chip, "2026-11-21", "PyTorch 2.13.0", "by the driver")


# ----------------------------------------------------------------- arithmetic


@pytest.mark.parametrize("name", ["DeepSeek-V3", "gpt-oss-120b", "Qwen3 8B"])
def test_other_layers_are_refused(name):
    with pytest.raises(ValueError, match="allowed are models whose layers are all alike"):
        llama_stack.llama_layers(transformer(name))


def test_a_shortened_model_keeps_its_tables():
    one, two = (gpu_lab.shortened(LLAMA, n).weight_bytes() for n in (1, 2))
    tables = 2 * 128_256 * 4096 + 4096
    assert gpu_lab.shortened(LLAMA, 0).weight_bytes() == 2 * tables
    assert LLAMA.weight_bytes() == 2 * tables + 32 * (two - one)


@pytest.mark.parametrize("memory_bytes", [6e9, 12e9, 16e9, 24e9, 48e9, 141e9])
@pytest.mark.parametrize("name", ["Llama 3.1 8B", "Llama 3.1 70B"])
def test_what_runs_fits(name, memory_bytes):
    model = transformer(name)
    try:
        layers = gpu_lab.layers_that_fit(model, memory_bytes)
    except ValueError as error:
        assert "two layers" in str(error)
        return
    run = gpu_lab.shortened(model, layers)
    assert 2 <= layers <= model.layer_count
    assert run.weight_bytes() <= 0.8 * gpu_lab.ROOM_SHARE * memory_bytes
    loads = gpu_lab.decode_loads(model, memory_bytes, (1, 16, 256), (512, 8192))
    for batch, context in loads:
        used = run.weight_bytes() + batch * run.kv_bytes(context)
        assert used <= gpu_lab.ROOM_SHARE * memory_bytes


def test_a_larger_memory_never_runs_less():
    counts = [gpu_lab.layers_that_fit(LLAMA, gb * 1e9) for gb in (8, 12, 16, 20, 24, 32, 80)]
    assert counts == sorted(counts)
    assert counts[-1] == 32


def test_prompts_stay_within_a_step():
    for batch, tokens in gpu_lab.prompt_loads((1, 4, 64), (128, 2048, 8192)):
        assert batch * tokens <= gpu_lab.MOST_PROMPT_TOKENS


def test_extrapolation_scales_layers_and_not_the_rest():
    def time_s(layers):
        return 0.002 + 0.0003 * layers

    assert gpu_lab.whole_s({n: time_s(n) for n in (4, 9)}, 80) == pytest.approx(time_s(80))
    assert gpu_lab.whole_s({80: 1.0, 4: 9.0}, 80) == 1.0


def test_noise_larger_than_a_layer_is_no_measurement():
    assert math.isnan(gpu_lab.whole_s({1: 0.02, 2: 0.01}, 32))


def test_rows_are_rows_of_the_table():
    stored = table("measured_serving")
    frame = rows()
    assert list(frame) == list(stored)
    assert set(frame["metric"]) <= set(stored["metric"])
    assert set(frame["confidence"]) <= set(stored["confidence"])
    assert frame["point_id"].is_unique
    assert (frame["sources"] == "own measurement").all()
    assert frame["value"].to_list() == [200.0, 2000.0, 200.0]  # 1 / 5 ms, 16 / 8 ms, 200 ms
    assert frame["unit"].to_list() == ["tok/s", "tok/s", "ms"]
    assert frame["confidence"].to_list() == ["measured", "measured", "medium"]
    assert "extrapolated from 8 and 16 of 32 layers" in frame["note"].iloc[2]
    assert "no graph" in frame["framework"].iloc[2]


def test_rows_are_predicted_as_the_steps_that_they_are():
    from inferwall import Deployment, accelerator, decode_step, prefill_step

    beside = gpu_lab.beside(rows())
    assert (beside["reason"] == "").all()
    assert (beside["low"] < beside["predicted"]).all()
    assert (beside["predicted"] < beside["high"]).all()
    ideal = Deployment(LLAMA, accelerator("H200 SXM"), efficiency=IDEAL)
    decode = [batch / decode_step(ideal, batch, 1024.5).total_s for batch in (1, 16)]
    prefill_ms = prefill_step(ideal, 4, 2048).total_s * 1e3
    assert beside["roofline"].to_list() == pytest.approx([*decode, prefill_ms], rel=1e-6)
    assert beside["error"].iloc[0] == pytest.approx(beside["predicted"].iloc[0] / 200 - 1)


def test_an_unknown_chip_is_a_reason():
    beside = gpu_lab.beside(rows(chip="Abacus"))
    assert beside["reason"].str.contains("unknown accelerator").all()
    assert beside["predicted"].isna().all()


@pytest.mark.parametrize("driver", ["NVIDIA H100 80GB HBM3", "NVIDIA A100 80GB PCIe"])
def test_driver_names_lead_to_the_catalogue(driver):
    assert (gpu_lab.beside(rows(chip=driver))["reason"] == "").all()


def test_without_pytorch_one_line_says_so():
    code = "import sys; sys.modules['torch'] = None; from inferwall import gpu_lab as g; "
    code += "sys.exit(g.main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "PyTorch is not installed" in done.stderr


def test_a_number_below_one_is_refused(capsys):
    assert gpu_lab.main(["--batches", "4", "0"]) == 2
    assert capsys.readouterr().err.startswith("gpu_lab: 0: allowed are")


# -------------------------------------------------------------------- PyTorch


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="the optional extra gpu is not installed")


def test_without_cuda_one_line_says_so(torch, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_lab.main([]) == 2
    assert "sees no CUDA device" in capsys.readouterr().err


def test_a_token_alone_continues_as_the_whole_prompt_does(torch):
    """Prefill of n tokens, and prefill of n − 1 with one decode step, give the same logits."""
    torch.manual_seed(1)
    with torch.no_grad():
        stack = llama_stack.Stack(TINY, 4, 12, "cpu", "float32")
        ids = torch.randint(50, (3, 12))
        whole = stack.cache(4, 3, 12)
        logits = stack.step(ids, whole)
        first, grown = stack.cache(4, 3, 11), stack.cache(4, 3, 12)
        stack.step(ids[:, :11], first)
        grown[..., :11, :] = first
        again = stack.step(ids[:, 11:], grown)
    assert logits.shape == (3, 50)
    torch.testing.assert_close(again, logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(grown, whole, rtol=1e-4, atol=1e-5)


def test_attention_shares_keys_as_repeated_heads_would(torch):
    torch.manual_seed(2)
    stack = llama_stack.Stack(TINY, 1, 6, "cpu", "float32")
    q, k, v = torch.randn(2, 8, 1, 8), torch.randn(2, 2, 6, 8), torch.randn(2, 2, 6, 8)
    k_all, v_all = (t.repeat_interleave(4, dim=1) for t in (k, v))
    weights = (q @ k_all.transpose(-1, -2) / math.sqrt(8)).softmax(-1)
    by_hand = (weights @ v_all).transpose(1, 2).reshape(2, 1, 64)
    torch.testing.assert_close(stack._attention(q, k, v), by_hand, rtol=1e-4, atol=1e-5)


def test_the_stack_holds_the_weights_that_are_counted(torch):
    stack = llama_stack.Stack(TINY, 4, 8, "cpu")
    held = [stack.embedding, stack.head, *(m for layer in stack.layers for m in layer)]
    vectors = 4 * 2 * 64 + 64  # two norms a layer and the last; the stack shares one
    assert sum(m.numel() for m in held) == TINY.parameters - vectors
    assert stack.cache(4, 1, 8).numel() == 8 * TINY.kv_values_per_token


def test_steps_run_whole_and_extrapolated(torch, capsys, monkeypatch):
    loads = dict(decode=[(1, 16), (2, 16)], prompts=[(1, 8)], repetitions=2)
    whole = gpu_lab.steps(TINY, "cpu", 1e9, **loads)
    assert [(s.kind, s.batch, s.tokens, s.layers) for s in whole] == [
        ("decode", 1, 16, 4),
        ("decode", 2, 16, 4),
        ("prefill", 1, 8, 4),
    ]
    assert all(0 < s.seconds < 5 and not s.replayed for s in whole)
    deep = gpu_lab.shortened(TINY, 16)
    tables = gpu_lab.shortened(TINY, 0).weight_bytes()
    layer_bytes = (deep.weight_bytes() - tables) / 16
    memory_bytes = (tables + 2.5 * layer_bytes) / 0.5 / gpu_lab.ROOM_SHARE
    assert gpu_lab.layers_that_fit(deep, memory_bytes) == 2
    monkeypatch.setattr(gpu_lab, "median_s", lambda *_: next(clock))
    clock = iter([0.1, 0.2, 0.1, 0.3, 0.2, 0.1])
    part = gpu_lab.steps(deep, "cpu", memory_bytes, **loads)
    assert [step.seconds for step in part] == pytest.approx([1.6, 3.1])  # 14 more layers
    assert {step.layers for step in part} == {2}
    assert "too noisy: prefill" in capsys.readouterr().err


def test_kernels_have_rates(torch):
    frame = llama_stack.kernels("cpu", [64], 1_000_000, 2)
    assert set(frame["kernel"]) == {"copy", "matrix product"}
    assert "bf16" in set(frame["format"])
    assert (frame["value"] > 0).all()


def test_the_command_writes_and_prints(torch, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gpu_lab, "transformer", lambda name: TINY)
    out = tmp_path / "new" / "lab.csv"
    asked = ["--device", "cpu", "--out", str(out), "--batches", "1", "2", "--contexts", "16"]
    asked += ["--prompts", "8", "--sizes", "64", "--repetitions", "2"]
    assert gpu_lab.main(asked) == 0
    import pandas as pd

    written = pd.read_csv(out)
    assert list(written) == gpu_lab.COLUMNS
    assert len(written) == 4
    assert set(written["chip"]) == {"CPU"}
    assert len(pd.read_csv(out.with_name("lab_kernels.csv"))) >= 2
    assert "roofline" in capsys.readouterr().out
