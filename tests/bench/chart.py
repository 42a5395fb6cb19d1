"""Draws the figures as horizontal bars, in an SVG that follows the reader's light or dark colour scheme."""

import math
from xml.sax.saxutils import escape

from contestants import Contestant
from goals import format_ratio
from results import Results

WIDTH, LABELS, RIGHT, BAR, STEP, TOP = 900, 270, 140, 18, 28, 64
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.quiet { fill: #59636e; font-size: 12px }
.ours { fill: #0969da } .other { fill: #afb8c1 }
.line { stroke: #d1d9e0; stroke-width: 1 }
.goal { stroke: #bc4c00; stroke-width: 2 }
.value { font-variant-numeric: tabular-nums; stroke: #ffffff; stroke-width: 5; paint-order: stroke }
.page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .quiet { fill: #9198a1 }
  .ours { fill: #4493f8 } .other { fill: #656c76 }
  .line { stroke: #3d444d } .goal { stroke: #f0883e } .page { fill: #0d1117 } .value { stroke: #0d1117 }
}
"""
# The goals for the worker's CPU, as multiples of the floor's.
GOALS = {"worker": 1.5, "worker-done": 1.0}
GROUPS = [(False, "every item is changed"), (True, "nothing is left to change")]


def render(results: Results) -> str:
    """Returns the SVG file."""
    groups = [(title, members(results, done)) for done, title in GROUPS]
    groups = [(title, found) for title, found in groups if found]
    scale = Scale([results.figures[contestant].cpu_micros for _, found in groups for contestant in found])
    parts, y = [], TOP
    for title, found in groups:
        parts.append(text(LABELS, y + 13, title, "quiet"))
        y += STEP
        for contestant in found:
            parts += bar(results, contestant, scale, y)
            y += STEP
        y += STEP // 2
    setting = results.setting
    subtitle = f"{setting.items:,} items of {setting.item_bytes} bytes; less is better; the orange lines are the goals"
    head = [text(16, 26, "CPU microseconds per item, logarithmic", "title"), text(16, 46, subtitle, "quiet")]
    return page(y + 40, [*head, *scale.lines(TOP + STEP // 2, y), *parts])


def members(results: Results, done: bool) -> list[Contestant]:
    """Returns the contestants of a group, without the one with 400 KB items, which compares with no other."""
    return [contestant for contestant in results.figures if contestant.done == done and contestant.setting is None]


class Scale:
    """The logarithmic axis, from a whole decade to the largest figure."""

    def __init__(self, numbers: list[float]) -> None:
        self.first = math.floor(math.log10(min(numbers, default=1)))
        self.last = max(math.log10(max(numbers, default=10)), self.first + 1)

    def x(self, number: float) -> float:
        """Returns the position of a figure."""
        share = (math.log10(number) - self.first) / (self.last - self.first)
        return LABELS + share * (WIDTH - LABELS - RIGHT)

    def lines(self, top: float, bottom: float) -> list[str]:
        """Draws a line for each decade, with its figure below."""
        parts = []
        for power in range(self.first, math.floor(self.last) + 1):
            x = self.x(10**power)
            parts.append(f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>')
            parts.append(text(x, bottom + 16, f"{10**power:,g}", "quiet", "middle"))
        return parts


def bar(results: Results, contestant: Contestant, scale: Scale, y: float) -> list[str]:
    """Draws a contestant's name, bar and figure, and a line at its goal."""
    micros, goal = results.figures[contestant].cpu_micros, goal_of(results, contestant)
    end = scale.x(micros)
    parts = [
        text(LABELS - 10, y + 13, contestant.label, "", "end"),
        f'<rect class="{"ours" if contestant.is_worker else "other"}" x="{LABELS}" y="{y}" '
        f'width="{max(end - LABELS, 1):.1f}" height="{BAR}" rx="2"/>',
    ]
    if goal is not None:
        x = scale.x(goal)
        parts.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 4}" y2="{y + BAR + 4}"/>')
        end = max(end, x)
    return [*parts, text(end + 8, y + 13, format_figure(micros, results.to_floor(contestant)), "value")]


def format_figure(micros: float, ratio: float | None) -> str:
    """Formats the figure beside a bar, with its ratio to the floor if there is one."""
    figure = f"{micros:,.1f}" if micros < 100 else f"{micros:,.0f}"
    return figure if ratio is None else f"{figure}   {format_ratio(ratio)} floor"


def goal_of(results: Results, contestant: Contestant) -> float | None:
    """Returns the most CPU microseconds per item that a contestant may take, if there is a goal for it."""
    floor, allowed = results.floor(contestant.done), GOALS.get(contestant.name)
    return None if floor is None or allowed is None else floor * allowed


def text(x: float, y: float, words: str, style: str, anchor: str = "start") -> str:
    """Draws a string."""
    position = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{style}" {position} xml:space="preserve">{escape(words)}</text>'


def page(height: float, parts: list[str]) -> str:
    """Puts the parts into an SVG file."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    title = "<title>CPU microseconds per item</title>"
    background = f'<rect class="page" width="{WIDTH}" height="{height:.0f}"/>'
    return "\n".join([head, title, f"<style>{STYLE}</style>", background, *parts, "</svg>"]) + "\n"
