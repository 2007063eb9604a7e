"""The look of every chart, and the one way out of a notebook: `finish`.

A finished chart leaves as three representations of the same picture: Vega-Lite 5 for
JupyterLab and the built book (live), a PNG for GitHub and print, and its alt text.
"""

import hashlib
import json
import struct
import textwrap
import zlib
from dataclasses import dataclass

from inferwall.axes import check_titles, fix_dates, number_log_axes

BLUE, ORANGE, GREEN, PINK = "#0173B2", "#D55E00", "#029E73", "#CC78BC"
GREY, LIGHT_GREY = "#6B6B6B", "#C4C4C4"
AMBER, SKY = "#DE8F05", "#56B4E9"  # fills only: too light for lines and text
INK = "#262626"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # same widths wherever one is found
WIDTH, HEIGHT = 640, 360
VEGALITE_MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
PNG_HEADER_BYTES = 33  # signature and first chunk; a text may follow
VL_VERSION = "5.8"  # the oldest that vl-convert carries; JupyterLab draws with 5.6
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


@dataclass(frozen=True)
class Figure:
    """A finished chart that displays itself.

    Attributes
    ----------
    spec : dict
        Vega-Lite 5 specification, its texts under ``usermeta``.
    """

    spec: dict

    @property
    def alt(self) -> str:
        """The words that stand for the picture."""
        return self.spec["usermeta"]["alt"]

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self.spec)


def theme() -> dict:
    """Return the Vega-Lite configuration that all charts share."""
    axis = {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#E6E6E6",
        "domainColor": GREY,
        "tickColor": GREY,
        "titlePadding": 8,
        "labelLimit": 260,
        "labelOverlap": "greedy",
    }
    text = {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
    }
    palette = [BLUE, ORANGE, GREEN, PINK, GREY]
    return {
        "config": {
            "background": "white",
            "font": FONT,
            "padding": 12,
            "view": {"continuousWidth": WIDTH, "continuousHeight": HEIGHT, "stroke": None},
            "title": {
                "anchor": "start",
                "frame": "bounds",
                "fontSize": 16,
                "fontWeight": "bold",
                "color": INK,
                "lineHeight": 20,
                "subtitleFontSize": 12,
                "subtitleColor": "#555555",
                "subtitleLineHeight": 16,
                "subtitlePadding": 6,
                "offset": 12,
            },
            "axis": axis,
            "legend": {**text, "symbolStrokeWidth": 2},
            "header": text,
            "line": {"strokeWidth": 2.5, "color": BLUE},
            "point": {"filled": True, "size": 60, "color": BLUE, "opacity": 0.9},
            "mark": {"color": BLUE},
            "axisQuantitative": {"tickCount": 6},
            "rule": {"color": GREY},
            "bar": {"color": BLUE},
            "area": {"color": BLUE},
            "text": {"fontSize": 12, "color": INK},
            "range": {"category": palette},
        }
    }


def enable() -> None:
    """Make the book's theme and renderer the ones that Altair uses in this process."""
    import altair as alt

    alt.theme.register("inferwall", enable=True)(theme)
    alt.renderers.register("inferwall", lambda spec, **options: bundle(spec))
    alt.renderers.enable("inferwall")


def bundle(spec: dict) -> tuple[dict, dict]:
    """Return every representation of a chart, by media type, and the size of its picture.

    An unfinished chart (a reader's own) passes too: it is drawn in the book's theme.

    Parameters
    ----------
    spec : dict
        Vega-Lite specification.

    Returns
    -------
    tuple of dict
        Data by media type; metadata by media type: width and height in CSS pixels.
    """
    spec = _settled({**spec, "$schema": SCHEMA})
    picture = png(spec)
    width, height = (int.from_bytes(picture[i : i + 4], "big") // 2 for i in (16, 20))
    words = spec.get("usermeta", {}).get("alt", "An unfinished chart without alt text")
    return (
        {VEGALITE_MIME: spec, "image/png": picture, "text/plain": f"Chart: {words}"},
        {"image/png": {"width": width, "height": height}},
    )


def fingerprint(spec: dict) -> str:
    """Return what tells two charts apart, on any machine: a picture's bytes depend on its fonts.

    >>> fingerprint({"mark": "bar", "width": 1}) == fingerprint({"width": 1, "mark": "bar"})
    True
    """
    text = json.dumps(spec, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def png(spec: dict) -> bytes:
    """Return the chart as a PNG at twice its size, without loss; same input, same bytes.

    A text chunk of it, after the header, holds the fingerprint of what it was drawn from.
    """
    import oxipng
    import vl_convert

    raw = vl_convert.vegalite_to_png(spec, vl_version=VL_VERSION, scale=2, allowed_base_urls=[])
    small = oxipng.optimize_from_memory(raw, level=2)
    named = b"tEXtfingerprint\0" + fingerprint(spec).encode()
    chunk = struct.pack(">I", len(named) - 4) + named + struct.pack(">I", zlib.crc32(named))
    return small[:PNG_HEADER_BYTES] + chunk + small[PNG_HEADER_BYTES:]


def finish(chart, title: str, subtitle: str, source: str, alt: str) -> Figure:
    """Return the chart with its finding, what is plotted, its source and its alt text.

    Parameters
    ----------
    chart : altair.TopLevelMixin
        A chart of any kind: plain, layered, faceted, concatenated.
    title : str
        The finding as a sentence, with its number.
    subtitle : str
        What is plotted, for which chip, model and date.
    source : str
        Where the numbers come from; drawn under the chart.
    alt : str
        Chart type, axes, shape and the two numbers that matter.

    Returns
    -------
    Figure
        Its numbers have six significant digits.

    Raises
    ------
    ValueError
        A text is missing, or an axis or legend has no title of its own.
    """
    for name, text in {"title": title, "subtitle": subtitle, "source": source, "alt": alt}.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} is {text!r}: every chart needs a non-empty {name}")
    enable()
    inner = chart.to_dict()
    check_titles(inner)
    number_log_axes(inner)
    fix_dates(inner)
    top = {key: inner.pop(key) for key in ("config", "datasets") if key in inner}
    params = inner.pop("params", [])
    own = [p for p in params if "select" in p and "views" not in p]  # belong to this one view
    if own:
        inner["params"] = own
    if len(own) < len(params):
        top["params"] = [p for p in params if p not in own]
    for key in ("$schema", "title", "description", "usermeta", "background", "padding", "autosize"):
        inner.pop(key, None)
    # A chart within a column of one: the column's title goes above, the chart's own below.
    inner["title"] = {
        "text": _wrap(f"Source: {source.removeprefix('Source:')}", 116),
        "orient": "bottom",
        "fontSize": 11,
        "fontWeight": "normal",
        "color": "#555555",
        "lineHeight": 14,
        "offset": 10,
    }
    spec = {
        "$schema": SCHEMA,
        "description": alt,
        "background": "white",
        "title": {"text": _wrap(title, 76), "subtitle": _wrap(subtitle, 108)},
        "usermeta": {
            "title": title,
            "subtitle": subtitle,
            "source": source,
            "alt": alt,
            "embedOptions": {"renderer": "svg"},
        },
        "vconcat": [inner],
        **top,
    }
    return Figure(_settled(spec))


def series(field: str, colours: dict[str, str], mark: str = "line") -> dict:
    """Return encodings that tell series apart twice: by colour and by dash (or shape).

    Use as `.encode(x=…, y=…, **series("model", {"Llama 3.1 70B": ORANGE, "others": GREY}))`.
    No legend is drawn: label the series with `label_ends` or a text layer.

    Parameters
    ----------
    field : str
        Column that names the series.
    colours : dict of str
        Colour of each series, at most five.
    mark : {"line", "point", "bar"}
        What doubles the colour: dash, shape, or the labelled axis beside a bar.

    Raises
    ------
    ValueError
        There are more series than can be told apart, or the mark is none of the three.

    Examples
    --------
    >>> sorted(series("model", {"A": BLUE, "B": GREY}))
    ['color', 'strokeDash']
    """
    import altair as alt

    if mark not in ("line", "point", "bar"):
        raise ValueError(f"mark is {mark!r}: allowed are 'line', 'point' and 'bar'")
    if len(colours) > 5:
        raise ValueError(f"colours has {len(colours)} series: at most 5 can be told apart")
    names = list(colours)

    def scale(values):
        return alt.Scale(domain=names, range=list(values))

    field = f"{field}:N"
    encodings = {"color": alt.Color(field, scale=scale(colours.values()), legend=None)}
    if mark == "line":
        encodings["strokeDash"] = alt.StrokeDash(
            field, scale=scale(DASHES[: len(names)]), legend=None
        )
    elif mark == "point":
        encodings["shape"] = alt.Shape(field, scale=scale(SHAPES[: len(names)]), legend=None)
    return encodings


def label_ends(
    frame,
    x: str,
    y: str,
    label: str,
    colours: dict[str, str] | None = None,
    dy: dict[str, float] | None = None,
    align: str = "left",
):
    """Return a text layer that names each line of `frame` at its last x.

    Parameters
    ----------
    frame : pandas.DataFrame
        Long form, one row a point.
    x, y, label : str
        Its columns; `label` holds the text drawn and tells the lines apart.
    colours : dict of str, optional
        Colour of each label; ink where absent.
    dy : dict of float, optional
        Pixels by which to move a label down (negative: up), where labels collide.
    align : {"left", "right"}
        Write to the right of the end, or to the left of it.
    """
    import altair as alt

    ends = frame.dropna(subset=[y]).sort_values(x).groupby(label, sort=True).tail(1)
    kind = "T" if ends[x].dtype.kind == "M" else "Q"
    layers = []
    for _, row in ends.sort_values(label).iterrows():
        mark = {
            "align": align,
            "dx": 6 if align == "left" else -6,
            "fontWeight": "bold",
            "dy": (dy or {}).get(row[label], 0),
            "color": (colours or {}).get(row[label], INK),
        }
        layers.append(
            alt.Chart(row.to_frame().T.infer_objects()[[x, y, label]])
            .mark_text(**mark)
            .encode(x=f"{x}:{kind}", y=f"{y}:Q", text=f"{label}:N")
        )
    return alt.layer(*layers)


def band(frame, x: str, low: str, high: str, colour: str = BLUE):
    """Return a pale area between two columns: the range that the inputs leave.

    Parameters
    ----------
    frame : pandas.DataFrame
        Long form, one row a point.
    x, low, high : str
        Its columns.
    colour : str
        Colour of the area, drawn at 18 % opacity.
    """
    import altair as alt

    kind = "T" if frame[x].dtype.kind == "M" else "Q"
    return (
        alt.Chart(frame)
        .mark_area(color=colour, opacity=0.18)
        .encode(x=f"{x}:{kind}", y=f"{low}:Q", y2=f"{high}:Q")
    )


def _wrap(text: str, characters: int) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), characters, break_long_words=False)


def _settled(spec: dict) -> dict:
    """The specification as it is stored: numbers rounded, tables named after what is left.

    Altair names a table by a digest of all its digits, and the last ones differ between machines.
    """
    spec = _rounded(spec)
    names = {}
    for old, rows in spec.get("datasets", {}).items():
        text = json.dumps(rows, sort_keys=True).encode()
        names[old] = f"data-{hashlib.md5(text, usedforsecurity=False).hexdigest()}"
    return _renamed(spec, names)


def _renamed(value, names: dict[str, str]):
    """The specification with every table under its new name."""
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _rounded(value):
    """The specification with every float at six significant digits, and no zero below zero."""
    if isinstance(value, float):
        return float(f"{value:.6g}") + 0.0
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
