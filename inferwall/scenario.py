"""What an analyst says about a product: the fields of a scenario, checked one by one."""

from __future__ import annotations

import datetime
import difflib
import re
import reprlib
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from inferwall.data import resolve, table
from inferwall.formats import number_format
from inferwall.units import DAY, MTOK

DAYS_PER_MONTH = 365 / 12
LARGEST_FILE_BYTES = 100_000


class ScenarioError(ValueError):
    """A scenario that cannot be used: one line for each thing that is wrong with it."""


def _whole(value: Any) -> Any:
    """Read 1.0e6 as the whole number that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _date_text(value: Any) -> Any:
    """Read the date, or the year, that YAML made of an unquoted `2026-11-21` or `2026`."""
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    return str(value) if type(value) is int else value


def _field(what: str, allowed: str, default: Any = ..., **bounds: Any) -> Any:
    return Field(default, description=what, json_schema_extra={"allowed": allowed}, **bounds)


def _count(what: str, least: int, most: int, default: Any = ...) -> Any:
    allowed = f"whole numbers from {least:,} to {most:,}"
    return _field(what, allowed, default, strict=True, ge=least, le=most)


def _amount(what: str, most: float, default: Any = ..., least: float | None = None) -> Any:
    """Describe a number over 0, or of at least `least`."""
    bounds: dict[str, Any] = {"gt": 0} if least is None else {"ge": least}
    allowed = f"numbers {'over 0, up' if least is None else f'from {least:,}'} to {most:,}"
    return _field(what, allowed, default, strict=True, allow_inf_nan=False, le=most, **bounds)


Whole = Annotated[int, BeforeValidator(_whole)]
A_TITLE = "texts of one line, 1 to 120 characters"


class Scenario(BaseModel):
    """A product and how it is served. Prices are what users pay; costs are computed, not given.

    >>> chat = Scenario(
    ...     title="A chat", model="Llama 3.1 8B", chip="H100 SXM", users=1000,
    ...     requests_per_user_day=10, input_tokens=1000, output_tokens=300,
    ...     speed_target_tokens_per_s=20, price_usd_per_user_month=10,
    ... )
    >>> chat.requests_per_day, round(chat.revenue_usd_per_request, 4)  # 10 × 12 / 365 / 10
    (10000.0, 0.0329)
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, validate_default=True
    )

    title: str = _field("what the report is about", A_TITLE, min_length=1, max_length=120)
    model: str = _field("the language model", "names of data/transformers.csv")
    chip: str = _field("the accelerator", "names of data/accelerators.csv")
    chips: Whole | None = _count(
        "chips that hold one copy of the model; left out: the number that needs fewest in all",
        1, 1024, None,
    )  # fmt: skip
    weight_format: str = _field("format of the weights", "names of data/formats.csv", "bf16")
    kv_format: str = _field("format of the KV cache", "names of data/formats.csv", "bf16")
    users: Whole = _count("people who use the product", 1, 10_000_000_000)
    requests_per_user_day: float = _amount("requests of a user on a mean day", 1_000_000)
    input_tokens: Whole = _count("tokens of a prompt, with all that is read again", 1, 10_000_000)
    output_tokens: Whole = _count("tokens of an answer", 1, 1_000_000)
    cached_tokens: Whole = _count("input tokens whose cache is kept", 0, 10_000_000, 0)
    peak_to_mean: float = _amount("load of the peak over that of the mean day", 1000, 3.0, 1)
    speed_target_tokens_per_s: float = _amount("answer tokens a second that a user gets", 100_000)
    price_usd_per_user_month: float = _amount("what a user pays a month", 1_000_000, 0.0, 0)
    price_usd_per_mtok_input: float = _amount("what fresh input sells for", 100_000, 0.0, 0)
    price_usd_per_mtok_cached: float = _amount("what cached input sells for", 100_000, 0.0, 0)
    price_usd_per_mtok_output: float = _amount("what output sells for", 100_000, 0.0, 0)
    contract: str = _field("kind of rent", "contracts of data/rental_prices.csv", "on_demand")
    as_of: str | None = _field(
        "rents as they were known then; left out: now", "YYYY, YYYY-MM and YYYY-MM-DD", None
    )
    rent_usd_per_hour: float | None = _amount("rent of a chip, in place of list prices", 1000, None)

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str) -> str:
        if not title.isprintable():
            raise ValueError(f"title={reprlib.repr(title)}: allowed are {A_TITLE}")
        return title

    @field_validator("model", "chip")
    @classmethod
    def _known_thing(cls, name: str, info: ValidationInfo) -> str:
        kind = "transformer" if info.field_name == "model" else "accelerator"
        return _known(info, name, lambda: resolve(kind, name))

    @field_validator("weight_format", "kv_format")
    @classmethod
    def _known_format(cls, name: str, info: ValidationInfo) -> str:
        return _known(info, name, lambda: number_format(name).name)

    @field_validator("contract")
    @classmethod
    def _known_contract(cls, contract: str) -> str:
        known = sorted(table("rental_prices")["contract"].unique())
        if contract not in known:
            raise ValueError(f"contract={contract!r}: allowed are {', '.join(known)}")
        return contract

    @field_validator("as_of", mode="before")
    @classmethod
    def _a_date(cls, value: Any) -> Any:
        text = _date_text(value)
        if text is not None:
            try:
                if not isinstance(text, str) or len(text) not in (4, 7, 10):
                    raise ValueError
                datetime.date.fromisoformat(text + "-01-01"[len(text) - 4 :])
            except ValueError:
                given = f"as_of={reprlib.repr(value)}"
                raise ValueError(f"{given}: allowed are YYYY, YYYY-MM and YYYY-MM-DD") from None
        return text

    @field_validator("cached_tokens")
    @classmethod
    def _within_input(cls, cached: int, info: ValidationInfo) -> int:
        tokens = info.data.get("input_tokens")
        if tokens is not None and cached >= tokens:
            raise ValueError(
                f"cached_tokens={cached}: allowed are whole numbers from 0 to {tokens - 1:,}, "
                "one less than input_tokens"
            )
        return cached

    @field_validator("price_usd_per_mtok_output")
    @classmethod
    def _some_price(cls, price: float, info: ValidationInfo) -> float:
        prices = [value for name, value in info.data.items() if name.startswith("price_")]
        if len(prices) == 3 and not price and not any(prices):
            raise ValueError(
                f"price_usd_per_mtok_output={price:g}: at least one of price_usd_per_user_month, "
                "price_usd_per_mtok_input, price_usd_per_mtok_cached and "
                "price_usd_per_mtok_output must be over 0"
            )
        return price

    @property
    def heading(self) -> str:
        """Return the title as Markdown that shows it as it is."""
        return re.sub(r"([\\`*_{}\[\]<>$#|~&!])", r"\\\1", self.title)

    @property
    def requests_per_day(self) -> float:
        """Return the requests of all users on a mean day."""
        return self.users * self.requests_per_user_day

    @property
    def peak_requests_per_s(self) -> float:
        """Return the requests that arrive each second at the peak."""
        return self.requests_per_day / DAY * self.peak_to_mean

    @property
    def revenue_usd_per_request(self) -> float:
        """Return what one request brings: its share of the subscription, and its tokens' price."""
        subscription = self.price_usd_per_user_month / DAYS_PER_MONTH / self.requests_per_user_day
        tokens = (
            (self.input_tokens - self.cached_tokens) * self.price_usd_per_mtok_input
            + self.cached_tokens * self.price_usd_per_mtok_cached
            + self.output_tokens * self.price_usd_per_mtok_output
        )
        return subscription + tokens / MTOK


def _known(info: ValidationInfo, name: str, look_up: Any) -> str:
    """Return what `look_up` finds, or say under the field's name which names are near."""
    try:
        return look_up()
    except KeyError as error:
        raise ValueError(f"{info.field_name}={reprlib.repr(name)}: {error.args[0]}") from None


def problems(error: ValidationError) -> list[str]:
    """Return one line for each bad field: its name, its value, what is allowed."""
    lines = []
    for item in error.errors():
        name = str(item["loc"][0])
        given = f"{name}={reprlib.repr(item['input'])}"
        field = Scenario.model_fields.get(name)
        allowed = dict(field.json_schema_extra or {}).get("allowed") if field else None
        if item["type"] == "value_error":
            line = str(item["ctx"]["error"])
        elif item["type"] == "missing":
            line = f"{name}: missing; allowed are {allowed}"
        elif field is None:
            near = difflib.get_close_matches(name, Scenario.model_fields, n=1)
            hint = f"nearest: {near[0]}" if near else f"allowed: {', '.join(Scenario.model_fields)}"
            line = f"{given}: no such field; {hint}"
        else:
            line = f"{given}: allowed are {allowed}"
        lines.append(" ".join(line.split()))
    return lines


def load(path: str | Path) -> Scenario:
    """Read a scenario from a YAML file.

    Raises
    ------
    ScenarioError
        The file cannot be read, is no YAML mapping, or has bad fields: one line for each.
    """
    path = Path(path)
    try:
        return Scenario(**_mapping(path))
    except ValidationError as error:
        lines = problems(error)
    except (OSError, UnicodeDecodeError) as error:
        lines = [f"cannot be read: {getattr(error, 'strerror', None) or error}"]
    except ScenarioError as error:
        lines = [str(error)]
    raise ScenarioError("\n".join(f"{path}: {line}" for line in lines))


def _mapping(path: Path) -> dict[str, Any]:
    """Return the mapping of a YAML file; a key that stands twice raises."""
    import yaml

    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ScenarioError(f"is larger than {LARGEST_FILE_BYTES:,} bytes: is it a scenario?")
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise ScenarioError("holds no scenario: expected lines such as `users: 1000`")
        keys = [str(key.value) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise ScenarioError(f"{key}: stands {keys.count(key)} times; allowed is once")
        loaded = yaml.SafeLoader("").construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, (ScenarioError, UnicodeDecodeError)):
            raise
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        text = getattr(error, "problem", None) or str(error)
        raise ScenarioError(f"{where}not YAML: {' '.join(text.split())}") from None
    return {str(key): value for key, value in loaded.items()}
