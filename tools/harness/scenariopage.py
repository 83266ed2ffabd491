# SPDX-License-Identifier: ISC
"""One page about one run of a scenario: why it failed, when each marker came, what was said, what
may call what, and what to type next. It needs no network and no other file but those beside it."""
import html
import json
from pathlib import Path

from harness import judge, markers, timeline
from harness.report import typed
from harness.scenario import Scenario

LOG_LINES_MAX = 5000
AUTHORITY = "authority.svg"
STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --page: #fff; --box: #f4f5f7;
  --edge: #d4d9df; --good: #176f2c; --bad: #b3261e; --bar: #4a7fc1; --wanted: #e2f3e6;
  --forbidden: #fbe3e1 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --soft: #9aa4af; --page: #15181c;
  --box: #1f242a; --edge: #39424c; --good: #5cc778; --bad: #ff8a80; --bar: #6ea3e6;
  --wanted: #193a23; --forbidden: #4b1f1c } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 72rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: .4rem 0 } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem }
a { color: inherit } .good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
.soft { color: var(--soft) } summary { cursor: pointer }
pre { background: var(--box); border: 1px solid var(--edge); border-radius: 6px; padding: .6rem;
  overflow: auto; font-size: 13px; line-height: 1.45; margin: .3rem 0; overflow-wrap: normal }
table { border-collapse: collapse; width: 100% } th { text-align: left; color: var(--soft) }
td, th { padding: .2rem .6rem .2rem 0; vertical-align: top; border-bottom: 1px solid var(--edge) }
td.number, th.number { text-align: right }
td.number, th, td:first-child { white-space: nowrap; overflow-wrap: normal }
pre.wrapped { white-space: pre-wrap; overflow-wrap: anywhere }
.log span { display: block; min-height: 1.2em } .log span:target { outline: 2px solid var(--bar) }
.log .marker { font-weight: 600 } .log .wanted { background: var(--wanted) }
.log .forbidden { background: var(--forbidden) } .log i { color: var(--soft); font-style: normal }
svg.timeline { width: 100%; max-width: 46rem; height: auto }
svg.timeline text { font: 12px monospace; fill: var(--ink) }
svg.timeline rect { fill: var(--bar) } svg.timeline .late { fill: var(--bad) }
img { max-width: 100%; background: #fff; border-radius: 6px }
"""


def head(title: str) -> str:
    return ("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
            f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style>")


def escape(text: str) -> str:
    return html.escape(text.replace("\x00", ""))


def _patterns(scenario: Scenario | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if scenario is None:
        return (), ()
    expect = scenario.expect
    return ((*expect.ordered, *expect.required, *expect.count),
            judge.forbidden_patterns(scenario))


def _kinds(text: str, wanted: tuple[str, ...], forbidden: tuple[str, ...]) -> str:
    found = [each.text for each in markers.in_line(text, 0, 0.0)]
    kinds = ["marker"] if found else []
    if any(markers.matches(pattern, each) for each in found for pattern in wanted):
        kinds.append("wanted")
    if any(markers.matches(pattern, each) for each in found for pattern in forbidden):
        kinds.append("forbidden")
    return " ".join(kinds)


def _log(folder: Path, scenario: Scenario | None) -> str:
    try:
        lines = (folder / "serial.tsv").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "<p class=soft>there is no serial log</p>"
    wanted, forbidden = _patterns(scenario)
    first = max(0, len(lines) - LOG_LINES_MAX)
    parts = [f"<span>... {first} lines before</span>"] if first else []
    for number, row in enumerate(lines[first:], first + 1):
        time_s, _, text = (row.split("\t", 2) + ["", ""])[:3]
        parts.append(f'<span id=L{number} class="{_kinds(text, wanted, forbidden)}">'
                     f"<i>{number:>4} {time_s:>8}</i> {escape(text)}</span>")
    return f'<pre class=log>{"".join(parts)}</pre>'


def _reasons(verdict: dict) -> str:
    if verdict.get("passed"):
        return "<p class=good>All that was wanted came, and nothing that was forbidden.</p>"
    parts = []
    for reason in verdict.get("reasons", []):
        details = escape("\n".join(reason["details"]))
        parts.append(f'<p class=bad>{escape(reason["text"])}</p>'
                     + (f"<pre class=wrapped>{details}</pre>" if details else ""))
    return "".join(parts)


def _facts(verdict: dict) -> str:
    rows = {"ended with": verdict.get("end"), "wanted": verdict.get("wanted"),
            "CPU seconds": verdict.get("cpu_s"), "seconds": verdict.get("wall_s"),
            "guest seconds to the last marker": verdict.get("guest_s"), "seed": verdict.get("seed"),
            "nonce": verdict.get("nonce")}
    return "<table>" + "".join(f"<tr><th>{name}<td>{escape(str(value))}"
                               for name, value in rows.items() if value is not None) + "</table>"


def _next(name: str, verdict: dict) -> str:
    word = typed(name)
    seed = f" --seed {verdict['seed']}" if verdict.get("seed") else ""
    return escape(f"./erix test {word}{seed}\n./erix debug {word}{seed}\n"
                  f"./erix record {word}{seed} && ./erix replay {word} --gdb")


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>"


def write(name: str, folder: Path, scenario: Scenario | None) -> None:
    """Write index.html into the folder of a run, from what the run has left there."""
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        verdict = {}
    good = bool(verdict.get("passed"))
    summary = f"<p>{escape(scenario.summary)}</p>" if scenario else ""
    parts = [head(f"EriX: {name}"), '<p><a href="../index.html">all results</a></p>',
             f"<h1>{escape(name)} <span class={'good' if good else 'bad'}>"
             f"{'passed' if good else 'FAILED'}</span></h1>", summary, _reasons(verdict),
             f"<h2>Next</h2><pre class=wrapped>{_next(name, verdict)}</pre>",
             f'<h2>Timeline</h2>{timeline.draw(verdict.get("markers", []))}',
             f"<h2>Serial log</h2>{_log(folder, scenario)}"]
    if (folder / "screen.png").exists():
        parts.append('<h2>Screen</h2><img src="screen.png" alt="screen when the run was ended">')
    parts.append("<h2>Machine</h2>" + _facts(verdict))
    if (folder / "qemu.cmd").exists():
        command = (folder / "qemu.cmd").read_text(encoding="utf-8", errors="replace")
        parts.append(_folded("command line of QEMU", f"<pre class=wrapped>{escape(command)}</pre>"))
    parts.append(_folded("who may call whom", f'<a href="../{AUTHORITY}"><img src="../{AUTHORITY}" '
                         'alt="graph of calls between programs"></a>'))
    (folder / "index.html").write_text("\n".join(parts) + "\n", encoding="utf-8")
