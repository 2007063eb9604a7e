"""The speeds of hosts and the MLPerf results are possible and name their sources."""

import pytest

from inferwall.data import source, table


@pytest.mark.parametrize("name", ["host_speeds", "mlperf_offline"])
def test_sources_exist(name):
    for cell in table(name)["sources"].unique():
        for key in cell.split(";"):
            assert source(key).key == key


def test_models_and_chips_are_known():
    models = set(table("transformers")["name"]) | {"Llama 3.3 70B"}
    assert set(table("host_speeds")["model"]) <= models
    results = table("mlperf_offline")
    assert set(results["model"]) <= models
    assert set(results["chip"]) <= set(table("accelerators")["name"])


def test_one_reader_is_served_at_a_possible_speed():
    speeds = table("host_speeds")
    assert speeds["output_tokens_per_s"].between(100, 5_000).all()
    # No vendor measures itself slower than outsiders do.
    own = speeds[speeds["confidence"] == "vendor statement"]
    seen = speeds[speeds["confidence"] == "press"]
    for host in own["host"].unique():
        outside = seen[(seen["host"] == host) & (seen["model"] == "gpt-oss-120b")]
        claim = own[(own["host"] == host) & (own["model"] == "gpt-oss-120b")]
        assert claim["output_tokens_per_s"].max() >= outside["output_tokens_per_s"].max()


def test_no_system_exceeds_its_arithmetic():
    # An output token of a dense model takes two FLOP a parameter, its prompt not counted.
    from inferwall import transformer

    rows = table("mlperf_offline").merge(
        table("accelerators"), left_on="chip", right_on="name", suffixes=("", "_chip")
    )
    for row in rows.to_dict("records"):
        flop_per_s = 2 * transformer(row["model"]).parameters * row["output_tokens_per_s"]
        peaks = [row["fp8_flop_per_s"], row["fp4_flop_per_s"], row["bf16_flop_per_s"]]
        peak = max(value for value in peaks if value == value)
        assert 0.005 < flop_per_s / row["chips"] / peak < 0.6, row["chip"]
