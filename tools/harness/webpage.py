# SPDX-License-Identifier: ISC
"""The results as one page, index.html beside results.json: failures first, then times, with the
serial log and the marker timeline of each scenario folded away below its name."""
import html
import json
from pathlib import Path

from harness.check import Check

LOG_LINES_MAX = 2000
STYLE = """
body { font: 15px/1.4 sans-serif; max-width: 75em; margin: 2em auto; color: #222 }
table { border-collapse: collapse } td, th { padding: .15em .8em; text-align: left }
pre { background: #f6f6f4; padding: .6em; overflow: auto; max-height: 40em; font-size: 13px }
.good { color: #176f2c } .bad { color: #b3261e; font-weight: bold } td.number { text-align: right }
"""


def _escape(text: str) -> str:
    return html.escape(text.replace("\x00", ""))


def _timeline(folder: Path) -> str:
    """The markers of a run, and when each came."""
    try:
        seen = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))["markers"]
    except (OSError, ValueError, KeyError):
        return ""
    rows = "".join(f"<tr><td class=number>{each['time_s']:.3f} s<td>{_escape(each['text'])}"
                   for each in seen)
    return f"<table>{rows}</table>" if rows else ""


def _evidence(folder: Path) -> str:
    """What a scenario's folder has to show."""
    parts = [_timeline(folder)]
    table = folder / "serial.tsv"
    if table.exists():
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
        text = "\n".join(lines[-LOG_LINES_MAX:])
        parts.append(f"<details><summary>serial log</summary><pre>{_escape(text)}</pre></details>")
    if (folder / "screen.png").exists():
        parts.append(f'<img src="{folder.name}/screen.png" width=640 alt="screen">')
    if (folder / "qemu.cmd").exists():
        parts.append(f'<p><a href="{folder.name}/qemu.cmd">command line of QEMU</a>')
    return "".join(parts)


def _row(check: Check, folder: Path | None) -> str:
    mark = "<span class=good>ok</span>" if check.passed else "<span class=bad>FAIL</span>"
    name = _escape(check.name)
    details = f"<pre>{_escape(chr(10).join(check.details))}</pre>" if check.details else ""
    evidence = _evidence(folder) if folder else ""
    if details or evidence:
        opened = "" if check.passed else " open"
        name = f"<details{opened}><summary>{name}</summary>{details}{evidence}</details>"
    return (f"<tr><td>{mark}<td>{name}<td class=number>{check.cpu_s:.1f}"
            f"<td class=number>{check.wall_s:.1f}")


def write(checks: list[Check], lost: list[str], target: Path) -> None:
    """Write the page. Folders of scenarios lie beside it."""
    failed = sum(not check.passed for check in checks)
    parts = ["<!doctype html><meta charset=utf-8><title>EriX: test results</title>",
             f"<style>{STYLE}</style><h1>{len(checks) - failed} passed, {failed} failed</h1>"]
    if lost:
        names = ", ".join(map(_escape, lost))
        parts.append(f"<p class=bad>planned, but without a result: {names}")
    for suite in sorted({check.suite for check in checks}):
        rows = sorted((check for check in checks if check.suite == suite),
                      key=lambda check: (check.passed, -check.cpu_s))
        parts.append(f"<h2>{_escape(suite)}: {len(rows)}</h2><table>"
                     "<tr><th><th>name<th>CPU s<th>wall s")
        for check in rows:
            folder = target.parent / check.folder if check.folder else None
            parts.append(_row(check, folder))
        parts.append("</table>")
    target.write_text("\n".join(parts) + "\n", encoding="utf-8")
