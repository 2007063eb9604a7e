"""What the catalogue of accelerators returns, and how it fails."""

from dataclasses import replace

import numpy as np
import pytest

from inferwall import Accelerator, Deployment, named_efficiency, transformer
from inferwall.data import table
from inferwall.hardware import ARITHMETIC_FORMATS, accelerator, accelerators
from inferwall.serving import Workload, serve
from inferwall.validation import unlike


def test_the_catalogue_is_the_table():
    frame = table("accelerators").set_index("name")
    assert [chip.name for chip in accelerators()] == list(frame.index)
    for chip in accelerators():
        np.testing.assert_equal(chip.memory_bytes, frame.loc[chip.name, "memory_bytes"])
        assert chip.sources


def test_an_unknown_number_raises_where_it_is_used():
    with pytest.raises(ValueError, match="bandwidth_bytes_per_s of 'AI200' is unknown"):
        accelerator("AI200").known("bandwidth_bytes_per_s")


def test_an_unknown_peak_raises_and_names_the_format():
    with pytest.raises(ValueError, match="fp4_flop_per_s of 'H100 SXM' is unknown"):
        accelerator("H100 SXM").peak_flop_per_s("fp4")


def test_a_format_without_arithmetic_raises():
    with pytest.raises(ValueError, match="number_format='q4_0': allowed are fp32"):
        accelerator("H100 SXM").peak_flop_per_s("q4_0")


def test_fp16_runs_at_the_rate_of_bf16():
    chip = accelerator("H100 SXM")
    assert chip.peak_flop_per_s("fp16") == chip.peak_flop_per_s("bf16")


def test_fields_may_be_arrays():
    samples = np.array([3e12, np.nan, 4e12])
    ridge = replace(accelerator("H100 SXM"), bandwidth_bytes_per_s=samples).ridge_point()
    np.testing.assert_allclose(ridge, accelerator("H100 SXM").bf16_flop_per_s / samples)


def test_every_known_peak_is_positive():
    for chip in accelerators():
        for name in ARITHMETIC_FORMATS:
            peak = getattr(chip, f"{name}_flop_per_s")
            assert np.isnan(peak) or peak > 0


def test_a_chip_of_one_s_own_needs_its_datasheet_alone():
    known = accelerator("H100 SXM")
    stated = ("memory_bytes", "bandwidth_bytes_per_s", "bf16_flop_per_s", "fp8_flop_per_s")
    mine = Accelerator("Mine", **{name: getattr(known, name) for name in stated})
    served = named_efficiency("serving")
    ours, theirs = (
        serve(Deployment(transformer("Llama 3.1 8B"), chip, 1, "fp8", efficiency=served),
              Workload(1000, 500), 32)
        for chip in (mine, known)
    )  # fmt: skip
    assert ours.tpot_s == theirs.tpot_s
    assert unlike(ours.deployment, 32) == ["vendor"]  # nobody knows its software: a wider interval
    with pytest.raises(ValueError, match="link_bytes_per_s of 'Mine' is unknown"):
        serve(replace(ours.deployment, chips=2), Workload(1000, 500), 32)
