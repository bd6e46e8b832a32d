"""Charts as inline SVG and as bars in table cells, in the colours of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from pipeline.report.markup import Html, element, join, number
from pipeline.report.tally import Bins

_WIDTH, _HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 6, 10, 24
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_MOST_TICKS = 7


def share_bar(kept: int, lost: int, largest: int) -> Html:
    """A bar as long as its share of `largest`: what was kept, then what was turned away.

    It is drawn without text: the numbers stand beside it in the table.
    """
    whole = max(largest, 1)
    ends = kept * 100 / whole, lost * 100 / whole
    # A loss of a few in millions is still drawn, a hair wide.
    lost_width = max(ends[1], 0.4) if lost else 0.0
    return element(
        "svg",
        element("rect", width=round(ends[0], 2), height=10, class_="kept"),
        element("rect", x=round(ends[0], 2), width=round(lost_width, 2), height=10, class_="lost") if lost else None,
        viewBox="0 0 100.5 10",
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
    )


def histogram(title: str, unit: str, bins: Bins, series: Mapping[str, Sequence[int]], note: str) -> Html:
    """A histogram with a bar per bin, its series stacked.

    Args:
        title: what is counted.
        unit: of the horizontal axis.
        bins: what each bar holds.
        series: counts by bin, for each series, first at the bottom.
        note: a sentence under it, such as the median; read out with the picture.
    """
    totals = [sum(counts) for counts in zip(*series.values(), strict=True)]
    top = nice_ceiling(max(totals, default=0))
    drawing = element(
        "svg",
        join(_grid(top)),
        join(_bars(bins, series, top)),
        join(_ticks(bins)),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"Histogram of {title}. {note}",
    )
    legend = join(_legend(list(series))) if len(series) > 1 else None
    heading = element("figcaption", element("b", title), f", {unit}. {note}", legend)
    return element("figure", heading, drawing, class_="chart")


def nice_ceiling(value: int) -> int:
    """The smallest of 2, 4, 6, 8, 10, 20, 40, ... that is no less than a count."""
    step = 1
    while True:
        for factor in (2, 4, 6, 8, 10):
            if factor * step >= value:
                return factor * step
        step *= 10


def _grid(top: int) -> Iterator[Html]:
    for value in (0, top // 2, top):
        y = round(_TOP + _PLOT_HEIGHT * (1 - value / top), 1)
        yield element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="axis" if value == 0 else "grid")
        yield element("text", _short(value), x=_LEFT - 5, y=y + 3.5, text_anchor="end")


def _short(value: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size * 10 or (value >= size and value % (size // 10) == 0):
            return f"{value / size:g} {letter}"
    return str(value)


def _bars(bins: Bins, series: Mapping[str, Sequence[int]], top: int) -> Iterator[Html]:
    pitch = _PLOT_WIDTH / len(bins.edges)
    stacks = zip(*series.values(), strict=True)
    for place, (label, counts) in enumerate(zip(bins.labels, stacks, strict=True)):
        words = "; ".join(f"{name} {number(n)}" for name, n in zip(series, counts, strict=True) if name or n)
        rects = (
            _bar(_LEFT + place * pitch, pitch, (end - n) / top, n / top, f"s{which}")
            for which, (n, end) in enumerate(zip(counts, accumulate(counts), strict=True))
            if n
        )
        yield element("g", element("title", f"{label}: {words}"), *rects)


def _bar(x: float, pitch: float, begin: float, height: float, class_: str) -> Html:
    gap = min(1.0, pitch / 8)
    tall = max(height * _PLOT_HEIGHT, 0.6)  # one figure among millions can still be seen
    y = _TOP + _PLOT_HEIGHT * (1 - begin) - tall
    return element(
        "rect",
        x=round(x + gap / 2, 2),
        y=round(y, 2),
        width=round(pitch - gap, 2),
        height=round(tall, 2),
        class_=class_,
    )


def _ticks(bins: Bins) -> Iterator[Html]:
    """Numbers under the bars: in the middle of a bar of one value, else where the bar begins."""
    n = len(bins.edges)
    pitch = _PLOT_WIDTH / n
    stride = -(-n // _MOST_TICKS)
    for place in [place for place in range(0, n - 1, stride) if n - 1 - place > 0.6 * stride]:
        is_single = bins.edges[place + 1] == bins.edges[place] + 1
        x = _LEFT + pitch * (place + is_single / 2)
        yield _tick(x, number(bins.edges[place]), "middle")
    yield _tick(_WIDTH - _RIGHT, f"{bins.edges[-1]:,}+", "end")


def _tick(x: float, text: str, anchor: str) -> Html:
    return element("text", text, x=round(x, 1), y=_HEIGHT - 8, text_anchor=anchor)


def _legend(names: Sequence[str]) -> Iterator[Html]:
    for which, name in enumerate(names):
        yield element("span", element("i", class_=f"key k{which}"), name, class_="legend")
