"""Indices, elasticities and swings against models whose answers are known in closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferwall.distributions import Observed, Percentiles, Uniform, draw
from inferwall.sensitivity import (
    elasticity,
    flip_probability,
    interval,
    relax,
    sobol_indices,
    tornado,
)

CIRCLE = Uniform(-np.pi, np.pi)


def ishigami(x, y, z, a=7.0, b=0.1):
    return np.sin(x) + a * np.sin(y) ** 2 + b * z**4 * np.sin(x)


def ishigami_indices(a=7.0, b=0.1):
    """First-order and total indices in closed form (Ishigami and Homma 1990)."""
    of_x = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    of_y = a**2 / 8
    of_xz = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    total = of_x + of_y + of_xz
    first = {"x": of_x / total, "y": of_y / total, "z": 0.0}
    return first, {"x": first["x"] + of_xz / total, "y": first["y"], "z": of_xz / total}


def test_the_ishigami_function_has_its_known_indices():
    found = sobol_indices(ishigami, dict(x=CIRCLE, y=CIRCLE, z=CIRCLE), 4096, seed=1)
    found = found.set_index("input")
    first, total = ishigami_indices()
    assert first["x"] == pytest.approx(0.3139, abs=1e-4)
    for name in "xyz":
        assert found.loc[name, "first"] == pytest.approx(first[name], abs=0.015)
        assert found.loc[name, "total"] == pytest.approx(total[name], abs=0.015)


def test_the_intervals_cover_the_known_indices():
    first, total = ishigami_indices()
    inside = []
    for seed in range(6):
        found = sobol_indices(ishigami, dict(x=CIRCLE, y=CIRCLE, z=CIRCLE), 512, seed)
        for row in found.itertuples():
            inside.append(abs(row.first - first[row.input]) <= row.first_error)
            inside.append(abs(row.total - total[row.input]) <= row.total_error)
    assert np.mean(inside) > 0.9


@given(weights=st.lists(st.floats(0.3, 5), min_size=2, max_size=4))
@settings(max_examples=10, deadline=None)
def test_an_additive_model_has_the_shares_of_its_variances(weights):
    names = [f"x{i}" for i in range(len(weights))]

    def function(**inputs):
        return sum(w * inputs[name] for w, name in zip(weights, names, strict=True))

    found = sobol_indices(function, {name: Uniform(0, 1) for name in names}, 512, seed=2)
    found = found.set_index("input")
    shares = np.square(weights) / np.sum(np.square(weights))
    for name, share in zip(names, shares, strict=True):
        assert found.loc[name, "first"] == pytest.approx(share, abs=0.03)
        assert found.loc[name, "total"] == pytest.approx(share, abs=0.03)
    assert found["first"].sum() == pytest.approx(1, abs=0.03)


def test_totals_are_never_under_first_orders_and_sums_straddle_one():
    found = sobol_indices(lambda x, y, z: x * y * z, dict.fromkeys("xyz", Uniform(0, 1)), 2048)
    assert (found["total"] >= found["first"] - 0.01).all()
    assert found["first"].sum() < 1 < found["total"].sum()
    # Var(E[xyz | x]) = 1/16 × 1/12, Var(xyz) = 1/27 − 1/64
    assert found["first"].mean() == pytest.approx(1 / 192 / (1 / 27 - 1 / 64), abs=0.01)


def test_indices_are_sorted_and_reproducible():
    inputs = dict(x=Uniform(0, 1), y=Uniform(0, 3))
    once, again = (sobol_indices(lambda x, y: x + y, inputs, 256, seed=5) for _ in range(2))
    assert once.equals(again)
    assert once["input"].tolist() == ["y", "x"]


def test_an_input_that_does_nothing_has_no_share():
    found = sobol_indices(lambda x, y: x + 0 * y, dict(x=Uniform(0, 1), y=Uniform(0, 1)), 256)
    assert found.set_index("input").loc["y", ["first", "total"]].abs().max() < 1e-9


def test_a_draw_without_result_raises():
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="no finite result"):
        sobol_indices(lambda x, y: np.log(x - 0.5) + y, dict(x=Uniform(0, 1), y=Uniform(0, 1)), 64)


@given(
    powers=st.tuples(*[st.floats(-3, 3)] * 3),
    at=st.tuples(*[st.floats(0.1, 100)] * 3),
)
@settings(max_examples=50, deadline=None)
def test_a_power_law_has_its_exponents_everywhere(powers, at):
    a, b, c = powers
    found = elasticity(lambda x, y, z: 2 * x**a * y**b * z**c, dict(zip("xyz", at, strict=True)))
    assert list(found.values()) == pytest.approx(powers, abs=1e-8)


def test_elasticities_of_a_sum_are_the_shares_of_its_parts():
    found = elasticity(lambda x, y: x + y, {"x": 1.0, "y": 3.0}, step=1e-3)
    assert found["x"] == pytest.approx(0.25, rel=1e-5)
    assert sum(found.values()) == pytest.approx(1)  # homogeneous of degree 1: Euler


def test_elasticities_take_draws_and_a_choice_of_inputs():
    draws = draw(dict(x=Uniform(1, 2), y=Uniform(1, 2)), 64, seed=1)
    found = elasticity(lambda x, y: x**2 * y, draws, names=["x"])
    assert list(found) == ["x"]
    assert found["x"] == pytest.approx(np.full(64, 2.0))


def test_elasticities_refuse_what_they_cannot_do():
    with pytest.raises(ValueError, match="step=0"):
        elasticity(lambda x: x, {"x": 1.0}, step=0)
    with pytest.raises(KeyError):
        elasticity(lambda x: x, {"x": 1.0}, names=["z"])


@given(weights=st.tuples(st.floats(0.1, 5), st.floats(0.1, 5)))
@settings(max_examples=25, deadline=None)
def test_a_linear_model_has_symmetric_swings(weights):
    a, b = weights
    rows = tornado(lambda x, y: a * x - b * y + 9, dict(x=Uniform(0, 1), y=Uniform(0, 2)))
    centre = 0.5 * a - b + 9
    assert (rows["low"] + rows["high"]).to_numpy() == pytest.approx(2 * centre)
    swings = (rows.set_index("input")["high"] - rows.set_index("input")["low"]).to_dict()
    assert swings == pytest.approx({"x": 0.8 * a, "y": -1.6 * b})
    assert rows["input"].iloc[0] == ("x" if 0.8 * a > 1.6 * b else "y")


def test_a_tornado_goes_to_the_percentiles():
    rows = tornado(lambda x, y: x * y, dict(x=Percentiles(1, 2, 5), y=Observed((3.0, 4.0, 5.0))))
    first = rows.iloc[0]
    assert first["input"] == "x"
    assert first[["at_low", "at_high", "low", "high"]].tolist() == [1, 5, 4, 20]


def test_a_conclusion_that_hangs_on_one_input_flips_with_its_share():
    draws = draw(dict(x=Uniform(0, 1)), 1024, seed=4)["x"]
    flip = flip_probability(True, draws < 0.8)
    assert flip.probability == pytest.approx(0.2, abs=0.005)
    assert flip.standard_error == pytest.approx(np.sqrt(0.16 / 1024), rel=0.01)
    assert flip_probability(False, draws < 0.8).probability == pytest.approx(0.8, abs=0.005)


def test_no_flip_in_n_draws_is_no_proof():
    sure = flip_probability(True, np.ones(100, dtype=bool))
    assert sure.probability == 0
    assert 0 < sure.standard_error < 0.02


@pytest.mark.parametrize("wrong", [np.array([], dtype=bool), np.array([0.0, 1.0])])
def test_a_flip_wants_truth_values(wrong):
    with pytest.raises(ValueError, match="truth values"):
        flip_probability(True, wrong)


def test_an_interval_leaves_out_what_says_nothing():
    found = interval(1.0, [np.nan, *np.arange(11.0)])
    assert (found.low, found.high) == (1.0, 9.0)


def test_a_ladder_never_climbs_and_takes_the_best_rung():
    moves = {name: {name: 0.5} for name in "xyz"}
    start = dict(x=8.0, y=5.0, z=1.0)
    rungs = relax(lambda x, y, z: x + y + z, start, moves, 6)
    assert rungs["result"].tolist() == [14, 10, 7.5, 5.5, 4.25, 3.25, 2.625]
    assert rungs["move"].tolist() == ["start", "x", "y", "x", "y", "x", "y"]
    assert start == dict(x=8.0, y=5.0, z=1.0)


def test_a_move_may_change_several_inputs():
    rungs = relax(lambda x, y: x / y, dict(x=4.0, y=1.0), {"both": dict(x=0.5, y=2.0)}, 2)
    assert rungs["result"].tolist() == [4, 1, 0.25]


def test_a_ladder_ends_where_no_move_lowers_the_result():
    moves = {"halve": {"x": 0.5}, "double": {"y": 2.0}, "unknown": {"x": np.nan}}
    rungs = relax(lambda x, y: max(x, 1.0) + y, dict(x=4.0, y=1.0), moves, 9)
    assert rungs["result"].tolist() == [5, 3, 2]
    assert rungs["move"].tolist() == ["start", "halve", "halve"]


X = {"x": Uniform(0, 1)}


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: interval(1.0, []), "draws="),
        (lambda: elasticity(lambda x: x + 1, {"x": 0.0}), "x=0.0"),
        (lambda: elasticity(lambda x: -x, {"x": 1.0}), "numbers over 0"),
        (lambda: elasticity(lambda x: x, {"x": 1.0}, step=0.0), "step=0.0"),
        (lambda: tornado(lambda: 1.0, {}), "one or more distributions"),
        (lambda: relax(lambda x: x, {"x": 1.0}, {}, 1), "moves={}"),
        (lambda: relax(lambda x: np.nan, {"x": 1.0}, {"a": {"x": 0.5}}, 1), "start=nan"),
        (lambda: sobol_indices(lambda: 1.0, {}), "one or more distributions"),
        (lambda: sobol_indices(lambda x: 1.0, X, 64), "every result is 1"),
        (lambda: sobol_indices(lambda x: x, X, 100), "count=100"),
    ],
)
def test_a_question_without_an_answer_raises(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_unknown_inputs_are_met_with_the_nearest():
    with pytest.raises(KeyError, match="chips"):
        elasticity(lambda chips: chips, {"chips": 1.0}, ["chip"])
    with pytest.raises(KeyError, match="chips"):
        relax(lambda chips: chips, {"chips": 1.0}, {"more": {"chip": 2.0}}, 1)


def test_one_input_alone_has_all_the_variance():
    alone = sobol_indices(lambda x: x**2, X, 256)
    assert alone.loc[0, "first"] == pytest.approx(1, abs=0.05)
