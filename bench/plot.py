"""Latency against rate, as an SVG that needs nothing to be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

Point = tuple[float, float]

_WIDTH, _HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 130, 20, 45
_ROW, _NAME = 14, 80
"""How high a name beside its line is, and how long at most."""

_COLOURS: Final = ("#0b6e4f", "#c2410c", "#1d4ed8", "#7e22ce", "#525252")
_LABEL: Final = "our share of the time to the first token, p95 in ms"
_RATES: Final = (1, 3, 10, 30, 100, 300, 1000)
_LATENCIES: Final = (1, 10, 100, 1_000, 10_000)


def latency_plot(series: Mapping[str, Sequence[Point]], *, limit: float) -> str:
    """Lines of (questions a second, milliseconds), both axes logarithmic; `limit` is marked."""
    drawn = {
        name: ([(_x(rate), _y(ms)) for rate, ms in points], _COLOURS[n % len(_COLOURS)])
        for n, (name, points) in enumerate(series.items())
        if points
    }
    lines = [_line(at, colour) for at, colour in drawn.values()]
    places = _names({name: at[-1] for name, (at, _) in drawn.items()})
    names = [_name(name, place, drawn[name][1]) for name, place in places.items()]
    body = "\n".join([*_axes(), _limit(limit), *lines, *names])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _x(rate: float) -> float:
    share = math.log(max(rate, _RATES[0])) / math.log(_RATES[-1])
    return _LEFT + min(share, 1.0) * (_WIDTH - _LEFT - _RIGHT)


def _y(latency: float) -> float:
    share = math.log(max(latency, _LATENCIES[0])) / math.log(_LATENCIES[-1])
    return _HEIGHT - _BOTTOM - min(share, 1.0) * (_HEIGHT - _TOP - _BOTTOM)


def _axes() -> list[str]:
    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    grid = [
        f'<path d="M{_x(rate):.1f} {top}V{bottom}" stroke="#e5e5e5"/>'
        f'<text x="{_x(rate):.1f}" y="{bottom + 16}" text-anchor="middle">{rate}</text>'
        for rate in _RATES
    ]
    grid += [
        f'<path d="M{left} {_y(ms):.1f}H{right}" stroke="#e5e5e5"/>'
        f'<text x="{left - 6}" y="{_y(ms) + 4:.1f}" text-anchor="end">{ms:,}</text>'
        for ms in _LATENCIES
    ]
    middle, turned = (left + right) / 2, f"translate(14 {(top + bottom) / 2}) rotate(-90)"
    return [
        *grid,
        f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">questions a second</text>',
        f'<text transform="{turned}" text-anchor="middle">{_LABEL}</text>',
    ]


def _limit(limit: float) -> str:
    y = _y(limit)
    return (
        f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#b91c1c" stroke-dasharray="4 3"/>'
        f'<text x="{_WIDTH - _RIGHT + 6}" y="{y + 4:.1f}" fill="#b91c1c">{limit:.0f} ms</text>'
    )


def _line(at: Sequence[Point], colour: str) -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def _names(ends: Mapping[str, Point]) -> dict[str, Point]:
    """Where each name stands beside the end of its line, from the top; none upon another."""
    places: dict[str, Point] = {}
    for name, (x, y) in sorted(ends.items(), key=lambda end: end[1][1]):
        beside = [there for left, there in places.values() if abs(left - x) < _NAME]
        places[name] = (x, max([y, *(there + _ROW for there in beside)]))
    return places


def _name(name: str, place: Point, colour: str) -> str:
    x, y = place
    return f'<text x="{x + 8:.1f}" y="{y - 6:.1f}" fill="{colour}">{name}</text>'
