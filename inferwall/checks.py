"""What keeps the prose true: checks on the numbers it repeats, and the list of its sources."""

import math

LOW_CONFIDENCE_KINDS = ("press", "estimate")


def guard(defaults: dict, **current):
    """Return a `check` that binds at the chapter's default parameters and only reports elsewhere.

    Parameters
    ----------
    defaults : dict
        The chapter's DEFAULTS, by parameter name.
    **current
        The value each of them has now.

    Returns
    -------
    function
        ``check(label, value, expected=True, rel=0.005, abs=None)`` prints the number and raises
        AssertionError when it is off and nothing was changed. `abs`, where given, is the largest
        difference allowed and replaces `rel`.

    Raises
    ------
    ValueError
        The current parameters have other names than the defaults.

    Examples
    --------
    >>> check = guard(dict(BATCH=16), BATCH=16)
    >>> check("cost of a million tokens", 0.92, 0.919)
    ✓ cost of a million tokens: 0.92
    """
    if set(defaults) != set(current):
        odd = ", ".join(sorted(set(defaults) ^ set(current)))
        raise ValueError(f"current has other names than defaults: {odd}")
    changed = {name: value for name, value in current.items() if value != defaults[name]}
    if changed:
        print(
            "This run uses other parameters than the book: "
            + "; ".join(
                f"{name} = {value!r} (book: {defaults[name]!r})" for name, value in changed.items()
            )
            + ".\nTitles and charts are recomputed; sentences keep the book's numbers, "
            "and checks report without stopping."
        )

    def check(label, value, expected=True, rel=0.005, abs=None):
        value = value.item() if hasattr(value, "item") else value
        expected = expected.item() if hasattr(expected, "item") else expected
        holds = _agree(label, value, expected, rel, abs)
        if holds:
            print(f"✓ {label}: {_text(value)}")
        elif changed:
            print(f"· {label}: {_text(value)} (book: {_text(expected)})")
        else:
            allowed = f"± {abs:g}" if abs is not None else f"within {rel:.1%}"
            raise AssertionError(
                f"{label}: {_text(value)}, expected {_text(expected)} {allowed}"
                if _is_number(expected)
                else f"{label}: {_text(value)}, expected {_text(expected)}"
            )

    return check


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _agree(label, value, expected, rel, abs_) -> bool:
    if _is_number(expected):
        if not _is_number(value):
            raise ValueError(f"value of {label!r} is {value!r}: allowed is a number")
        tolerance = abs_ if abs_ is not None else rel * math.fabs(expected)
        return math.isclose(value, expected, rel_tol=1e-12, abs_tol=tolerance)
    if isinstance(expected, bool) and not isinstance(value, bool):
        raise ValueError(f"value of {label!r} is {value!r}: give the expected number as well")
    return value == expected


def _text(value) -> str:
    if isinstance(value, bool):
        return "holds" if value else "does not hold"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if not math.isfinite(value) or value == 0:
            return f"{value:g}"
        if 1e-4 <= math.fabs(value) < 1e15:
            return (
                f"{value:,.{max(0, 3 - math.floor(math.log10(math.fabs(value))))}f}".rstrip(
                    "0"
                ).rstrip(".")
                if math.fabs(value) < 1000
                else f"{value:,.0f}"
            )
        return f"{value:.4g}"
    return str(value)


def source_list(*things):
    """Return a Markdown table of the sources behind tables, chips, models or keys.

    Parameters
    ----------
    *things
        Tables or rows with a `sources` column, objects with `.sources`, source keys (one, or
        several joined by ";"), or lists of these.

    Returns
    -------
    IPython.display.Markdown

    Raises
    ------
    KeyError
        A key is not in data/sources.csv.
    ValueError
        A thing names no source.
    """
    from IPython.display import Markdown

    from inferwall.data import source

    found = sorted(
        (source(key) for key in source_keys(*things)),
        key=lambda s: (_cell(s.publisher).casefold(), _cell(s.title).casefold(), s.key),
    )
    lines = ["| source | publisher | published | retrieved | kind |", "|---|---|---|---|---|"]
    low = False
    for s in found:
        # A table of this book is its own source: chapters reach it at ../data/.
        url = _cell(s.url) if "://" in _cell(s.url) else _cell(s.url) and f"../data/{s.url}"
        link = f"[{_cell(s.title)}]({url})" if url else _cell(s.title)
        weak = s.kind in LOW_CONFIDENCE_KINDS
        low = low or weak
        lines.append(
            f"| {link} | {_cell(s.publisher)} | {_cell(s.published)} "
            f"| {_cell(s.retrieved)} | {_cell(s.kind)}{' †' if weak else ''} |"
        )
    if low:
        lines += [
            "",
            "† Reported or estimated, not stated by the maker: no conclusion rests on it alone.",
        ]
    return Markdown("\n".join(lines))


def source_keys(*things) -> list[str]:
    """Return the source keys that the things name, each once, sorted.

    Parameters
    ----------
    *things
        As `source_list`.

    Raises
    ------
    ValueError
        A thing names no source.

    Examples
    --------
    >>> source_keys("b-paper;a-datasheet", ["a-datasheet"])
    ['a-datasheet', 'b-paper']
    """
    keys = set()
    for thing in things:
        if isinstance(thing, str):
            keys.update(key.strip() for key in thing.split(";") if key.strip())
        elif hasattr(thing, "columns") or (hasattr(thing, "index") and hasattr(thing, "iloc")):
            if "sources" not in thing:
                raise ValueError("a table without a 'sources' column names no source")
            column = thing["sources"]
            values = [column] if isinstance(column, str) else column.dropna()
            keys.update(source_keys(*values))
        elif hasattr(thing, "sources"):
            keys.update(source_keys(thing.sources or ""))
        elif hasattr(thing, "key"):
            keys.add(thing.key)
        elif isinstance(thing, (list, tuple, set, frozenset)):
            keys.update(source_keys(*thing))
        else:
            raise ValueError(f"thing is {thing!r}: allowed are tables, objects with sources, keys")
    return sorted(keys)


def _cell(value) -> str:
    if value is None or value != value:
        return ""
    return str(value).replace("|", "\\|").replace("$", "\\$").replace("\n", " ")
