"""Places, round trips, limits of perception and power obey geography and physics."""

import numpy as np
import pytest

from inferwall.data import source, table
from inferwall.places import great_circle_m, light_round_trip_s

TABLES = ["regions", "round_trips", "latency_limits", "power_draw"]


def between_regions():
    rows = table("round_trips")
    return rows[rows["path"] == "between regions"]


def matrix_s():
    """Round trips, origins by destinations, as a frame."""
    rows = between_regions()
    return rows.pivot_table(index="origin", columns="destination", values="round_trip_s")


def distances_m(rows):
    """Great-circle distances of the rows of round_trips."""
    places = table("regions").set_index("region")[["latitude_deg", "longitude_deg"]]
    start, end = (places.loc[rows[side]].to_numpy().T for side in ("origin", "destination"))
    return great_circle_m(*start, *end)


@pytest.mark.parametrize("name", TABLES)
def test_sources_exist(name):
    for cell in table(name)["sources"].unique():
        for key in cell.split(";"):
            assert source(key).key == key


def test_every_pair_of_regions_is_there_once_each_way():
    rows = between_regions()
    names = set(table("regions")["region"])
    assert set(rows["origin"]) == set(rows["destination"]) == names
    assert len(rows) == len(names) * (len(names) - 1)


def test_no_packet_beats_light_in_fibre():
    rows = between_regions()
    floor = light_round_trip_s(distances_m(rows))
    stretch = rows["round_trip_s"].to_numpy() / floor
    assert (stretch > 1).all()
    assert stretch.max() < 4  # cables make detours, but none around the globe
    assert 1.3 < np.median(stretch) < 1.9


def test_there_and_back_again_takes_the_same_time():
    times = matrix_s()
    gap = (times - times.T).abs()
    assert (gap.fillna(0) <= 0.005).all().all()  # the worst pair differs by 4 ms


def test_a_detour_through_a_third_region_saves_little():
    """Routes are not the shortest paths, but a round trip by way of another is seldom shorter."""
    times = matrix_s()
    times = times.fillna(0.0).to_numpy()
    via = (times[:, :, None] + times[None, :, :]).min(axis=1)
    assert (times <= via * 1.25).all()
    assert (times <= via + 1e-9).mean() > 0.7


def test_inside_a_region_is_nearer_than_any_other_region():
    rows = table("round_trips").set_index("path")["round_trip_s"]
    assert rows["within a zone"] < rows["between zones"] < rows["between regions"].min()


def test_prices_in_dollars_are_the_published_ones():
    rows = table("regions")
    expected = rows["published_per_kwh"] * rows["usd_per_currency"]
    assert np.allclose(rows["tariff_usd_per_kwh"], expected, rtol=1e-3)
    assert (rows.loc[rows["currency"] == "USD", "usd_per_currency"] == 1).all()
    assert rows["tariff_usd_per_kwh"].between(0.03, 0.4).all()
    wide = rows[rows["tariff_scope"] == "continent"]
    assert (wide["confidence"] == "estimate").all()


def test_one_country_has_one_grid():
    assert (table("regions").groupby("country")["grid_g_per_kwh"].nunique() == 1).all()


def test_limits_of_perception_are_in_order():
    limits = table("latency_limits").set_index("limit")["value"]
    assert (
        limits["feels instantaneous"]
        < limits["gap between turns of a conversation"]
        < limits["planning of a spoken word"]
        < limits["keeps the flow of thought"]
        < limits["keeps the attention"]
    )
    assert limits["reading aloud, English"] < limits["silent reading, English non-fiction"]


def test_machines_draw_more_at_work_than_idle():
    rows = table("power_draw").query("unit == 'W' and boundary == 'wall'")
    wide = rows.pivot_table(index="device", columns="load", values="value")
    assert (wide["idle"] * 5 < wide["at most"]).all()


def test_a_chip_draws_no_more_than_its_rating():
    rows = table("power_draw").query("boundary == 'chip'")
    rated = table("accelerators").set_index("name")["tdp_w"]
    assert (rows["value"].to_numpy() < rated[rows["chip"]].to_numpy()).all()
    known = table("power_draw")["chip"].dropna()
    assert set(known) <= set(rated.index)
