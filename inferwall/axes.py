"""What every axis of a finished chart must have: a title in words, plain numbers, local dates.

Works on Vega-Lite specifications, whatever they are composed of: layers, facets, columns, rows.
"""

import json
import math
import re

BESIDE = ("hconcat", "vconcat", "concat")
TITLED = {"x": "axis", "y": "axis", "row": "header", "column": "header", "facet": "header"}
TITLED |= dict.fromkeys(("color", "size", "shape", "strokeDash"), "legend")


def views(spec: dict) -> list[dict]:
    """Return the parts of a chart that have axes of their own: plain and layered views.

    >>> len(views({"vconcat": [{"layer": [{}, {}]}, {"spec": {"mark": "bar"}}]}))
    2
    """
    children = [child for key in BESIDE for child in spec.get(key, [])]
    if "spec" in spec:  # a faceted chart repeats one view
        children.append(spec["spec"])
    return [view for child in children for view in views(child)] if children else [spec]


def encodings(view: dict, inherited: dict | None = None) -> list[dict]:
    """Return the encodings of each mark of a view, those of the layers around it included.

    Parameters
    ----------
    view : dict
        A view of a Vega-Lite specification.
    inherited : dict, optional
        Encodings of the layers around it.

    Examples
    --------
    >>> encodings({"encoding": {"x": {"field": "a"}}, "layer": [{"encoding": {"y": {}}}]})
    [{'x': {'field': 'a'}, 'y': {}}]
    """
    own = {**(inherited or {}), **view.get("encoding", {})}
    if "layer" in view:
        return [found for layer in view["layer"] for found in encodings(layer, own)]
    return [own]


def check_titles(spec: dict) -> None:
    """Check that each axis, legend and facet has a title of its own.

    Raises
    ------
    ValueError
        A title is missing, empty on a measured axis, or a column name.
    """
    for view in views(spec):
        found = encodings(view)
        for channel, part in TITLED.items():
            _check_title(channel, part, _fields(found, channel))
    for facet in _facets(spec):
        _check_title("facet", "header", [facet])


def number_log_axes(spec: dict) -> None:
    """Number the log axes of a chart in place: powers of ten, or 1-2-5 where they span little."""
    rows = [row for table in spec.get("datasets", {}).values() for row in table]
    for view in views(spec):
        found = encodings(view)
        for channel in ("x", "y"):
            shared = _fields(found, channel)
            if any((d.get("scale") or {}).get("type") == "log" for d in shared):
                shown = [d for d in shared if d.get("axis", {}) is not None]
                chosen = [d["axis"]["values"] for d in shown if "values" in d.get("axis", {})]
                ticks = chosen[0] if chosen else _log_ticks(_positive_numbers(shared, rows))
                for d in shown:  # layers share an axis: each says the same
                    d["axis"] = {"format": ",", **d.get("axis", {}), "values": ticks}


def fix_dates(spec: dict) -> None:
    """Give the dates of a chart a time of day, in place.

    A browser reads "2026-10-01" as midnight in Greenwich, which is September 30 in New York; with
    a time it is local everywhere.
    """
    temporal = {
        d["field"]
        for view in views(spec)
        for encoding in encodings(view)
        for d in encoding.values()
        if isinstance(d, dict) and d.get("type") == "temporal" and "field" in d
    }
    for table in spec.get("datasets", {}).values():
        for row in table:
            for field in temporal & row.keys():
                if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", str(row[field])):
                    row[field] = f"{row[field]}-01"[:10] + "T00:00:00"


def _fields(found: list[dict], channel: str) -> list[dict]:
    definitions = [encoding.get(channel) for encoding in found]
    return [d for d in definitions if isinstance(d, dict) and "field" in d]


def _facets(spec: dict) -> list[dict]:
    facet = spec.get("facet", {})
    found = [f for f in (facet, facet.get("row"), facet.get("column")) if f and "field" in f]
    for child in [c for key in BESIDE for c in spec.get(key, [])]:
        found += _facets(child)
    return found


def _check_title(channel: str, part: str, definitions: list[dict]) -> None:
    """Of the definitions that share an axis one must title it; a category may go without."""
    shown = [d for d in definitions if d.get(part, {}) is not None]
    if not shown:
        return
    fields = ", ".join(sorted({str(d["field"]) for d in definitions}))
    missing = object()
    titles = [d.get(part, {}).get("title", d.get("title", missing)) for d in shown]
    given = [title for title in titles if title is not missing]
    if not given:
        raise ValueError(f"{channel} of {fields!r} has no title: give quantity and unit")
    measured = any(d.get("type") in ("quantitative", "temporal") for d in shown)
    if part == "axis" and measured and not any(given):
        raise ValueError(f"{channel} of {fields!r} measures something: its title is empty")
    for title in given:
        if "_" in json.dumps(title):
            raise ValueError(f"{channel} title is {title!r}: use words, not a column name")


def _positive_numbers(definitions: list[dict], rows: list[dict]) -> list[float]:
    values = [row.get(d["field"]) for d in definitions for row in rows]
    for d in definitions:
        domain = (d.get("scale") or {}).get("domain")
        values += domain if isinstance(domain, list) else []
    return [v for v in values if isinstance(v, (int, float)) and v > 0]


def _log_ticks(values: list[float]) -> list[float]:
    """Return ticks that reach a decade past the values; those outside the axis are not drawn."""
    low, high = (min(values), max(values)) if values else (1e-9, 1e15)
    steps = (1, 2, 5) if high / low < 160 else (1,)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    return [float(f"{step}e{power}") for power in powers for step in steps]
