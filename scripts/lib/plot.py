"""A line plot as hand-written SVG: no library, readable in light and dark, small enough to be committed."""

import math
from html import escape

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 84, 56
TICKS_ABOUT = 6
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #59636e; }
  .title { font-size: 17px; font-weight: 600; fill: #1f2328; }
  .paper { fill: #ffffff; }
  .grid { stroke: #d1d9e0; }
  .phase { stroke: #59636e; stroke-dasharray: 2 4; }
  .resident { fill: none; stroke: #0969da; stroke-width: 1.5; }
  .peak { fill: none; stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 6 4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title { fill: #f0f6fc; }
    .paper { fill: #0d1117; }
    .grid { stroke: #3d444d; }
    .phase { stroke: #9198a1; }
    .resident { stroke: #4493f8; }
    .peak { stroke: #f0883e; }
  }
"""


def tick_step(span):
    """A step of 1, 2 or 5 times a power of ten that divides `span` into about TICKS_ABOUT parts."""
    raw = span / TICKS_ABOUT
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(step * magnitude for step in (1, 2, 5, 10) if step * magnitude >= raw)


def ticks(span):
    """From 0 up to the first tick that reaches `span`."""
    step = tick_step(span)
    return [index * step for index in range(math.ceil(span / step - 1e-9) + 1)]


class Axes:
    """Maps seconds and megabytes to the picture. The y axis begins at 0: flat has to look as flat as it is."""

    def __init__(self, x_max, y_max):
        self.x_max = x_max
        self.x_ticks = [tick for tick in ticks(x_max) if tick <= x_max]
        self.y_ticks = ticks(y_max * 1.1)
        self.y_max = self.y_ticks[-1]

    def x(self, seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / self.x_max

    def y(self, megabytes):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * megabytes / self.y_max


def text(x, y, content, anchor="start", css=""):
    css = f' class="{css}"' if css else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{css}>{escape(content)}</text>'


def polyline(axes, points, css):
    path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
    return f'<polyline class="{css}" points="{path}"/>'


def axes_elements(axes):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for tick in axes.y_ticks:
        y = axes.y(tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield text(LEFT - 8, y + 4, f"{tick:g}", "end")
    for tick in axes.x_ticks:
        x = axes.x(tick)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield text(x, bottom + 20, f"{tick:g}", "middle")
    yield text((LEFT + right) / 2, HEIGHT - 12, "seconds since the first upload began", "middle")
    yield f'<g transform="rotate(-90)">{text(-(TOP + bottom) / 2, 20, "resident memory, MB", "middle")}</g>'


def phase_elements(axes, phases):
    for start, label in phases:
        x = axes.x(start)
        yield f'<line class="phase" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 14}" y2="{HEIGHT - BOTTOM}"/>'
        yield text(x + 5, TOP - 6, label)


def legend_elements():
    x = WIDTH - RIGHT - 250
    for offset, css, label in ((0, "resident", "resident"), (120, "peak", "peak so far")):
        yield f'<line class="{css}" x1="{x + offset}" x2="{x + offset + 26}" y1="22" y2="22"/>'
        yield text(x + offset + 32, 26, label)


def memory_plot(title, subtitle, resident, peak, phases):
    """The SVG. `resident` and `peak` are lists of (seconds, MB); `phases` of (start in seconds, label)."""
    axes = Axes(max(x for x, _ in resident), max(y for _, y in peak))
    elements = [
        text(LEFT, 28, title, css="title"),
        text(LEFT, 50, subtitle),
        *legend_elements(),
        *axes_elements(axes),
        *phase_elements(axes, phases),
        polyline(axes, peak, "peak"),
        polyline(axes, resident, "resident"),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" class="paper"/>',
            *elements,
            "</svg>",
            "",
        ]
    )
