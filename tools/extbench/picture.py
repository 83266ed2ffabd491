# SPDX-License-Identifier: ISC
"""Pictures of growing costs, drawn by gnuplot."""
import subprocess
from pathlib import Path

from extbench.exact import Growth
from harness.outcome import HarnessError

TIMEOUT_S = 60
SIZE = "760,420"


def _script(grown: Growth, picture: Path) -> str:
    lines = [f"set terminal svg size {SIZE} font 'sans,13' background 'white'",
             f"set output '{picture}'", f"set title '{grown.title}'",
             f"set xlabel '{grown.size}'", f"set ylabel '{grown.cost}, for each'",
             "set key outside", "set grid", "set yrange [0:*]"]
    if grown.rows[-1][0] > 100 * grown.rows[0][0]:
        lines += ["set logscale xy", "set yrange [1:*]"]
    for at, row in enumerate(zip(*(grown.rows), strict=True)):
        if at > 0:
            points = "\n".join(f"{size} {cost}" for size, cost
                               in zip((each[0] for each in grown.rows), row, strict=True))
            lines.append(f"$data{at} << END\n{points}\nEND")
    curves = ", ".join(f"$data{at} with linespoints linewidth 2 title '{name}'"
                       for at, name in enumerate(grown.names, 1))
    return "\n".join([*lines, f"plot {curves}", ""])


def draw(grown: Growth, picture: Path) -> None:
    """One SVG file; HarnessError if gnuplot cannot."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    answer = subprocess.run(["gnuplot"], input=_script(grown, picture), capture_output=True,
                            text=True, timeout=TIMEOUT_S, check=False)
    if answer.returncode != 0 or not picture.is_file():
        raise HarnessError(f"gnuplot: {answer.stderr.strip()}")
