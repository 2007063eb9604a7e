"""The video case: its assumptions give what they are said to give, and its report does not."""

import pytest

from inferwall.data import source, table


@pytest.fixture(scope="module")
def case():
    return table("video_case").set_index("quantity")


@pytest.fixture(scope="module")
def dollars():
    spend = table("spend")
    return spend[spend["organisation"] == "OpenAI Sora"].set_index("item")["value_usd"]


def test_the_assumptions_multiply_to_the_clips_and_the_bill(case, dollars):
    value = case["value"]
    users, share = value["downloads"], value["share of users who post"]
    clips = users * share * value["clips per posting user and day"]
    assert clips == pytest.approx(value["clips per day"], rel=0.01)
    bill = clips * dollars["generation cost per 10 s clip"]
    assert bill == pytest.approx(dollars["implied cost"], rel=0.03)


def test_shares_are_shares_and_clips_stay_under_the_free_limit(case):
    value = case["value"]
    assert 0 < value["share of users who post"] < 1
    assert value["clips per posting user and day"] <= value["free clips per user and day"]
    assert value["users at the end"] < value["users at the peak"] < value["downloads"]


def test_accelerator_time_at_two_dollars_is_the_cost_of_a_clip(case, dollars):
    hours = case.loc["accelerator time of a clip", "value"] / 3600
    assert hours * 2.0 == pytest.approx(dollars["generation cost per 10 s clip"], rel=0.05)


def test_the_extra_clip_was_sold_below_its_estimated_cost(dollars):
    assert dollars["price of an extra clip"] < dollars["generation cost per 10 s clip"]


def test_the_days_are_those_between_its_dates(case):
    import datetime

    span = datetime.date(2026, 3, 24) - datetime.date(2025, 9, 30)
    assert case.loc["days from launch to announced end", "value"] == span.days


def test_dates_and_sources(case):
    assert case["as_of"].between("2025-09-30", "2026-11-21").all()
    for keys in case["sources"]:
        assert all(source(key).key for key in keys.split(";"))
    assert (case.loc[case["role"] == "assumed", "confidence"] != "press").all()
