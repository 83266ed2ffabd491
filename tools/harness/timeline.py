# SPDX-License-Identifier: ISC
"""The markers of a run over the guest's own time, as a drawing. Host time would say more about what
else the host did; CPU time and host time of a marker are in its tooltip."""
import html

ROWS_MAX = 150
ROW_HEIGHT, LABEL_WIDTH, BAR_WIDTH, TIME_WIDTH = 18, 320, 130, 70
WIDTH = LABEL_WIDTH + BAR_WIDTH + TIME_WIDTH
LABEL_MAX = 44
BAR_MIN = 1.5
NOT_TOLD = "not told"


def draw(seen: list[dict]) -> str:
    """A row for each marker of verdict.json: its name, a bar from the marker before it to its own
    guest time, and that time. A marker whose time is not told has no bar."""
    rows = seen[:ROWS_MAX]
    if not rows:
        return "<p class=soft>no marker came</p>"
    bars = _bars(rows)
    told = [bar for bar in bars if bar]
    # Firmware takes so long that nothing else would be seen: the first marker is at the left edge.
    first_s, last_s = (told[0][0], told[-1][1]) if told else (0.0, 0.0)
    longest_s = max((end_s - start_s for start_s, end_s in told), default=0.0)
    parts = []
    for number, (row, bar) in enumerate(zip(rows, bars)):
        top = number * ROW_HEIGHT
        late = bool(bar) and 0.0 < bar[1] - bar[0] == longest_s
        label = html.escape(row["text"].removeprefix("ERIX_")[:LABEL_MAX])
        parts.append(f'<a href="#L{row["line"]}"><title>{_tooltip(row)}</title>'
                     f"<text x=0 y={top + 13}>{label}</text>"
                     f"{_rectangle(bar, top, first_s, last_s, late)}"
                     f"<text x={WIDTH} y={top + 13} text-anchor=end>"
                     f"{f'{bar[1]:.3f} s' if bar else NOT_TOLD}</text></a>")
    more = f"<p class=soft>and {len(seen) - ROWS_MAX} more</p>" if len(seen) > ROWS_MAX else ""
    return (f'<svg class=timeline viewBox="0 0 {WIDTH} {len(rows) * ROW_HEIGHT}" role=img '
            f'aria-label="markers over time">{"".join(parts)}</svg>{more}'
            "<p class=soft>Seconds of the guest since power-on; the longest step is marked.")


def _bars(rows: list[dict]) -> list[tuple[float, float] | None]:
    """For each marker the guest times of the one before it and of itself; None: not told."""
    bars: list[tuple[float, float] | None] = []
    before_s = None
    for row in rows:
        at_s = row.get("guest_s")
        if at_s is None:
            bars.append(None)
            continue
        bars.append((at_s if before_s is None else before_s, at_s))
        before_s = at_s
    return bars


def _rectangle(bar: tuple[float, float] | None, top: int, first_s: float, last_s: float,
               late: bool) -> str:
    if bar is None:
        return ""
    scale = BAR_WIDTH / (last_s - first_s or 1.0)
    left = LABEL_WIDTH + scale * (bar[0] - first_s)
    length = max(BAR_MIN, scale * (bar[1] - bar[0]))
    return (f"<rect{' class=late' if late else ''} x={left:.1f} y={top + 4} width={length:.1f} "
            "height=10 rx=2></rect>")


def _tooltip(row: dict) -> str:
    return (f"line {row['line']}; {row.get('cpu_s', 0.0):.2f} CPU-s, "
            f"{row.get('time_s', 0.0):.3f} s of this computer")
