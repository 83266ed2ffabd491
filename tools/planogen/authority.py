# SPDX-License-Identifier: ISC
"""Draw docs/authority.md and docs/authority.svg: who may call whom, and with which rights."""
import json

import faults
from plan import Plan

BOX_WIDTH, BOX_HEIGHT = 132, 34
COLUMN_GAP, ROW_GAP = 24, 66
MARGIN = 28
STYLE = """<style>
text { font: 13px sans-serif; fill: #1b1f24; text-anchor: middle; dominant-baseline: central }
rect { fill: #f6f8fa; stroke: #57606a; rx: 6px }
rect.driver { fill: #fff8e6 } rect.program { fill: #eaf5ea }
path { fill: none; stroke: #57606a; stroke-width: 1.2; opacity: 0.75 }
path.oneway { stroke-dasharray: 5 4; opacity: 0.35 }
marker path { fill: #57606a; stroke: none; opacity: 1 }
</style>"""


def layers(plan: Plan) -> list[list[str]]:
    """Names by depth: a program stands above all that it calls. The deepest layer comes last."""
    depth: dict[str, int] = {}
    calls: dict[str, list[str]] = {name: [] for name in plan.manifests}
    for edge in plan.edges:
        if not edge.oneway:
            calls[edge.source].append(edge.target)

    def measure(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((measure(target) for target in calls[name]), default=-1)
        return depth[name]

    for name in plan.manifests:
        measure(name)
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for name, value in depth.items():
        rows[len(rows) - 1 - value].append(name)
    return _untangle(plan, rows)


def _untangle(plan: Plan, rows: list[list[str]]) -> list[list[str]]:
    """Order each layer by the mean place of its neighbours, a few times in both directions."""
    near: dict[str, list[str]] = {name: [] for name in plan.manifests}
    for edge in plan.edges:
        if not edge.oneway:
            near[edge.source].append(edge.target)
            near[edge.target].append(edge.source)
    place = {name: index - len(row) / 2 for row in rows for index, name in enumerate(row)}
    for turn in range(8):
        for row in (rows if turn % 2 else rows[::-1]):
            row.sort(key=lambda name: (sum(place[other] for other in near[name]) / len(near[name])
                                       if near[name] else place[name], name))
            place.update({name: index - len(row) / 2 for index, name in enumerate(row)})
    return rows


def svg(plan: Plan) -> str:
    """The picture. One-way edges to logd are left out: nearly everybody has one."""
    rows = layers(plan)
    widest = max(len(row) for row in rows)
    width = 2 * MARGIN + widest * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP
    height = 2 * MARGIN + len(rows) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP
    at = {}
    for level, row in enumerate(rows):
        used = len(row) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP
        for index, name in enumerate(row):
            at[name] = ((width - used) / 2 + index * (BOX_WIDTH + COLUMN_GAP),
                        MARGIN + level * (BOX_HEIGHT + ROW_GAP))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}">', "<title>Who may call whom</title>", STYLE,
             '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
             'markerHeight="7" '
             'orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>']
    for edge in plan.edges:
        if edge.oneway and edge.target == "logd":
            continue
        parts.append(_curve(at[edge.source], at[edge.target], edge))
    for name, (left, top) in at.items():
        parts.append(f'<rect class="{plan.manifests[name].kind}" x="{left:g}" y="{top:g}" '
                     f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}"/>'
                     f'<text x="{left + BOX_WIDTH / 2:g}" '
                     f'y="{top + BOX_HEIGHT / 2:g}">{name}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def _curve(source, target, edge) -> str:
    from_x, from_y = source[0] + BOX_WIDTH / 2, source[1] + BOX_HEIGHT
    to_x, to_y = target[0] + BOX_WIDTH / 2, target[1]
    if edge.oneway and to_y <= from_y:
        from_y, to_y = source[1], target[1] + BOX_HEIGHT
    bend = (to_y - from_y) / 2
    kind = ' class="oneway"' if edge.oneway else ""
    return (f'<path{kind} marker-end="url(#tip)" d="M{from_x:g} {from_y:g} '
            f'C{from_x:g} {from_y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}">'
            f'<title>{edge.source} calls {edge.target}: '
            f'{edge.protocol} {", ".join(edge.rights)}</title></path>')


def _kernel_text(table: dict) -> str:
    words = []
    for key, value in table.items():
        if key == "ports":
            words += [f"ports {entry['first']:#x}-{entry['last']:#x}" for entry in value]
        elif isinstance(value, list):
            words.append(f"{key} ({', '.join(value)})")
        elif value:
            words.append(key.replace("_", " "))
    return ", ".join(words)


def markdown(plan: Plan) -> str:
    lines = ["# Who may do what", "",
             "Generated by `tools/planogen` from all manifests; do not edit. An arrow goes from a "
             "caller to the",
             "program that answers; callers stand above those they call, so nobody can wait for "
             "himself. Dashed",
             "arrows are one-way messages; those to logd are left out of the picture.", "",
             "![Who may call whom](authority.svg)", "", "## Messages", "",
             "| from | to | protocol | rights | waits |", "|---|---|---|---|---|"]
    lines += [f"| {edge.source} | {edge.target} | {edge.protocol} | {', '.join(edge.rights)} | "
              f"{'no' if edge.oneway else 'yes'} |" for edge in plan.edges]
    lines += ["", "## Programs", "",
              "| program | started by | serves | kernel objects | signals | heap KiB | priority |",
              "|---|---|---|---|---|---|---|"]
    for manifest in plan.manifests.values():
        lines.append(f"| {manifest.name} | {manifest.launcher} | "
                     f"{', '.join(filter(None, [manifest.serves] + manifest.also_serves))} | "
                     f"{_kernel_text(manifest.kernel)} | {', '.join(manifest.signals)} | "
                     f"{manifest.heap_kib} | "
                     f"{manifest.priority} |")
    lines += ["", "Order of start: " + ", ".join(manifest.name
                                                 for manifest in plan.launches()) + ".", ""]
    return "\n".join(lines)


def files(plan: Plan) -> dict[str, str]:
    """File names to contents, for the folder docs/."""
    return {"authority.md": markdown(plan), "authority.svg": svg(plan),
            "authority-scenarios.json": json.dumps(faults.required_scenarios(plan),
                                                   indent=1) + "\n"}
