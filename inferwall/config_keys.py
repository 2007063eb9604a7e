"""One Hugging Face config under one spelling, with the defaults of its family.

Nothing is guessed: a key that looks like a size and is not known raises, and so does a family that
data/families.csv does not hold.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Integral
from typing import Any

from inferwall.data import table

_LOOKS_LIKE_A_SIZE = re.compile(
    r"(^|_)(n|num|dims?|sizes?|ranks?|heads?|layers?|blocks?|bias|norms?|gate|sinks?|shared|experts?"
    r"|lora|latent|inner|ssm|mamba|conv|linear|recurrent|rwkv|hybrid|pattern|windows?|chunk|interval"
    r"|freq|mult|index|compress|state|laurel|altup|adapter|types?|zero|ratios?|counts?|cross|encoder)"
    r"(_|$)"
)
_NOT_A_SIZE = re.compile(
    r"rope|rotary|mtp|nextn|dropout|pdrop|token|dtype|quantiz|loss|init|eps(ilon)?$|version"
    r"|temperature|softcap|scal(e|ing)|act(ivation)?(_|$)|vision|image|audio|video|ngram|task|summary|logits"
    r"|prob|pad_|_id$|ids$|label|architectures|max_(length|model_len)|min_length"
)
_NEUTRAL = (None, False, 0, "", [], {}, "none")


def records(name: str) -> list[dict[str, Any]]:
    """Return the rows of a table with None for what is missing."""
    frame = table(name).astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


@cache
def families() -> dict[str, dict[str, Any]]:
    """Return the rows of data/families.csv by model_type."""
    return {row["model_type"]: row for row in records("families")}


@cache
def _known_keys() -> dict[str, tuple[str, str]]:
    """Return spelling and role of every key of data/config_keys.csv."""
    return {row["key"]: (row["means"], row["role"]) for row in records("config_keys")}


def counted_keys() -> frozenset[str]:
    """Return the keys that a parameter count reads."""
    return frozenset(key for key, (_, role) in _known_keys().items() if role != "uncounted")


def _has_aspect(family: dict[str, Any], role: str) -> bool:
    """Return whether a family has what keys of this role describe."""
    if role == "experts":
        return family["experts"] != "none"
    if role == "latent":
        return family["attention"] in ("mla", "sparse_mla")
    if role == "falcon":
        return family["model_type"] == "falcon"
    return role != "indexer" or family["attention"] == "sparse_mla"


def _looks_like_a_size(key: str) -> bool:
    return bool(_LOOKS_LIKE_A_SIZE.search(key)) and not _NOT_A_SIZE.search(key)


def wrong(key: str, value: Any, allowed: str) -> ValueError:
    """Return the error for a config field that cannot be counted, in one line.

    Parameters
    ----------
    key : str
        The field, as the config spells it.
    value : object
        What it holds; shortened where long.
    allowed : str
        What would do.
    """
    return ValueError(f"config field {key}={reprlib.repr(value)}: {allowed}")


def text_part(config: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a config that describes the language model: `text_config`, or all of it.

    Raises
    ------
    ValueError
        One is no mapping, or the two disagree on tied embeddings.
    """
    if not isinstance(config, Mapping):
        raise wrong("config", config, "allowed is a dict, as config.json holds it")
    inner = config.get("text_config")
    if inner is None:
        return dict(config)
    if not isinstance(inner, Mapping):
        raise wrong("text_config", inner, "allowed is a dict")
    inner = dict(inner)
    if inner.get("model_type") is None:
        nested = f"{config.get('model_type')}_text"
        inner["model_type"] = nested if nested in families() else config.get("model_type")
    outer_tied, tied = config.get("tie_word_embeddings"), inner.get("tie_word_embeddings")
    if None not in (outer_tied, tied) and outer_tied != tied:
        raise wrong("tie_word_embeddings", outer_tied, f"text_config says {tied!r}")
    if tied is None:
        inner["tie_word_embeddings"] = outer_tied
    return inner


@dataclass(frozen=True)
class ConfigKeys:
    """What one config states, and its family's row for what it leaves out.

    Attributes
    ----------
    model_type : str
    family : dict
        The row of data/families.csv.
    stated : dict
        The keys that the config holds, under the spelling of data/config_keys.csv.
    spelling : dict
        For each of them, how the config itself spells it.
    """

    model_type: str
    family: dict[str, Any]
    stated: dict[str, Any]
    spelling: dict[str, str]

    @classmethod
    def read(cls, config: dict[str, Any]) -> ConfigKeys:
        """Return the keys of the language model in a config.

        Raises
        ------
        ValueError
            The family or a key that looks like a size is unknown, or two spellings disagree.
        """
        text = text_part(config)
        model_type = text.get("model_type")
        if not isinstance(model_type, str) or model_type not in families():
            raise wrong("model_type", model_type, f"allowed are {', '.join(sorted(families()))}")
        family = families()[model_type]
        stated: dict[str, Any] = {}
        spelling: dict[str, str] = {}
        for key, value in text.items():
            means, role = _known_keys().get(key, (key, ""))
            if stated.get(means) is not None and value not in (None, stated[means]):
                raise wrong(key, value, f"another spelling of it says {stated[means]!r}")
            if stated.get(means) is None:
                stated[means], spelling[means] = value, key
            known = _has_aspect(family, role) if role else not _looks_like_a_size(key)
            if not known and value not in _NEUTRAL:
                reason = f"its part in a {model_type} model is unknown; allowed is null"
                raise wrong(key, value, reason)
        return cls(model_type, family, stated, spelling)

    def wrong(self, key: str, value: Any, allowed: str) -> ValueError:
        """Return the error for a key, as the config spells it."""
        return wrong(self.spelling.get(key, key), value, allowed)

    def get(self, key: str) -> Any:
        """Return what the config states (null included), else the family's default."""
        return self.stated[key] if key in self.stated else self.family.get(key)

    def integer(self, key: str, default: int | None = None, least: int = 1) -> int:
        """Return a count; `default` stands for null, and for a key that nobody states.

        Raises
        ------
        ValueError
            It is missing without a default, or no whole number from `least` up.
        """
        value = self.get(key)
        value = default if value is None else value
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise self.wrong(
                key, value, f"a {self.model_type} config needs a whole number ≥ {least}"
            )
        return int(value)

    def flag(self, key: str) -> bool:
        """Return a switch; null and left out mean the family's default.

        Raises
        ------
        ValueError
            It is neither true nor false.
        """
        value = self.stated.get(key)
        value = bool(self.family.get(key)) if value is None else value
        if not isinstance(value, bool):
            raise self.wrong(key, value, "allowed are true and false")
        return value

    def switch(self, part: str, key: str) -> bool:
        """Return whether the family has a part: always, never, or as the config's `key` says.

        Raises
        ------
        ValueError
            The config states the opposite of what its family always has.
        """
        rule = self.family[part]
        if rule == key:
            return self.flag(key)
        always = rule == "yes"
        if self.stated.get(key) not in (None, always):
            raise self.wrong(
                key, self.stated[key], f"allowed in a {self.model_type} model is {always}"
            )
        return always

    def numbers(self, key: str) -> list[int] | None:
        """Return a list of whole numbers, or None where the config has none.

        Raises
        ------
        ValueError
            It is no list, or holds something else.
        """
        values = self.stated.get(key)
        if values is None:
            return None
        if not isinstance(values, list | tuple) or not all(isinstance(v, int) for v in values):
            raise self.wrong(key, values, "allowed is a list of whole numbers")
        return list(values)

    def per_layer(self, key: str, *allowed: Any) -> list[Any] | None:
        """Return a list of one entry a layer, or None where the config has none.

        Raises
        ------
        ValueError
            It is no list, is too long or too short, or holds another entry.
        """
        entries = self.stated.get(key)
        if entries is None:
            return None
        layers = self.integer("num_hidden_layers")
        if not isinstance(entries, list | tuple | str) or len(entries) != layers:
            raise self.wrong(key, entries, f"needs one entry for each of {layers} layers")
        for entry in entries:
            if entry not in allowed:
                raise self.wrong(key, entry, f"allowed are {', '.join(map(str, allowed))}")
        return list(entries)
