# SPDX-License-Identifier: ISC
"""Draw docs/authority.md and docs/authority.svg: who may call whom, and with which rights."""
import json
from dataclasses import dataclass, field

import faults
from plan import Plan

BOX_WIDTH, BOX_HEIGHT = 124, 44
LANE_WIDTH = 10  # of an edge that passes a layer between boxes
GAP = 18
LAYER_HEIGHT = 108
MARGIN = 28
TURNS = 24  # of the search for a good order
# Peers that nearly everybody has are words in the boxes, not arrows.
COMMON = {("logd", "append"): "log", ("vspaced", "map"): "memory", ("timed", "read"): "time"}
STYLE = """<style>
text { font: 13px sans-serif; fill: #1b1f24; text-anchor: middle }
text.common { font-size: 10px; fill: #57606a }
rect { fill: #f6f8fa; stroke: #57606a; rx: 6px }
rect.driver { fill: #fff8e6 } rect.program { fill: #eaf5ea }
path { fill: none; stroke: #57606a; stroke-width: 1.2 }
path.oneway { stroke-dasharray: 5 4; opacity: 0.5 }
marker path { fill: #57606a; stroke: none }
</style>"""


@dataclass
class Spot:
    """A box, or the place where a long edge passes a layer (`name` is empty)."""
    name: str
    layer: int
    x: float = 0.0
    near: list["Spot"] = field(default_factory=list)

    @property
    def width(self) -> int:
        return BOX_WIDTH if self.name else LANE_WIDTH


def _is_common(edge) -> bool:
    return all((edge.target, right) in COMMON for right in edge.rights) and bool(edge.rights)


def shown(plan: Plan) -> tuple[list[str], list]:
    """Programs and edges of the picture: without those of test images."""
    names = [name for name, manifest in plan.manifests.items() if not manifest.test]
    edges = [edge for edge in plan.edges
             if edge.source in names and edge.target in names and not _is_common(edge)]
    return names, edges


def depths(names: list[str], edges: list) -> dict[str, int]:
    """How far each program stands above the lowest that it calls."""
    calls = {name: [edge.target for edge in edges if edge.source == name and not edge.oneway]
             for name in names}
    depth: dict[str, int] = {}

    def measure(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((measure(target) for target in calls[name]), default=-1)
        return depth[name]

    for name in names:
        measure(name)
    return depth


def _routes(spots: dict[str, Spot], layers: list[list[Spot]], edges: list) -> list:
    """Each edge with the spots that it goes through; new lanes are added to `layers`."""
    routes = []
    for edge in edges:
        source, target = spots[edge.source], spots[edge.target]
        step = 1 if target.layer > source.layer else -1
        lanes = [Spot("", layer) for layer in range(source.layer + step, target.layer, step)]
        for lane in lanes:
            layers[lane.layer].append(lane)
        path = [source, *lanes, target]
        for one, other in zip(path, path[1:]):
            one.near.append(other)
            other.near.append(one)
        routes.append((edge, path))
    return routes


def _pack(layer: list[Spot], wanted: list[float]):
    """Give the spots of a layer places, in their order, as near to `wanted` as room allows."""
    right = None
    for spot, place in zip(layer, wanted):
        left_most = place if right is None else right + GAP + spot.width / 2
        spot.x = max(place, left_most)
        right = spot.x + spot.width / 2
    shift = sum(place - spot.x for spot, place in zip(layer, wanted)) / len(layer)
    for spot in layer:
        spot.x += shift


def _arrange(layers: list[list[Spot]]):
    """Sort every layer by the mean place of its neighbours, a few times in both directions."""
    for layer in layers:
        _pack(layer, [index * (BOX_WIDTH + GAP) for index in range(len(layer))])
    for turn in range(TURNS):
        for layer in (layers if turn % 2 else layers[::-1]):
            wanted = {id(spot): sum(other.x for other in spot.near) / len(spot.near)
                      if spot.near else spot.x for spot in layer}
            layer.sort(key=lambda spot: wanted[id(spot)])
            _pack(layer, [wanted[id(spot)] for spot in layer])
    left = min(spot.x - spot.width / 2 for layer in layers for spot in layer)
    for layer in layers:
        for spot in layer:
            spot.x += MARGIN - left


def svg(plan: Plan) -> str:
    """The picture: layers of boxes, each above those that it calls."""
    names, edges = shown(plan)
    depth = depths(names, edges)
    highest = max(depth.values())
    spots = {name: Spot(name, highest - depth[name]) for name in names}
    layers = [[spot for spot in spots.values() if spot.layer == level]
              for level in range(highest + 1)]
    routes = _routes(spots, layers, edges)
    _arrange(layers)
    width = round(max(spot.x + spot.width / 2 for layer in layers for spot in layer) + MARGIN)
    height = 2 * MARGIN + highest * LAYER_HEIGHT + BOX_HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}">', "<title>Who may call whom</title>", STYLE,
             '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
             'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>']
    parts += [_curve(edge, path) for edge, path in routes]
    parts += [_box(plan, spot) for spot in spots.values()]
    return "\n".join(parts + ["</svg>"]) + "\n"


def _top(spot: Spot) -> float:
    return MARGIN + spot.layer * LAYER_HEIGHT


def _port(spot: Spot, other: Spot) -> float:
    """Where on its edge a box is left or entered: towards the other end."""
    reach = spot.width / 2 - 12 if spot.name else 0
    return spot.x + max(-reach, min(reach, (other.x - spot.x) / 4))


def _curve(edge, path: list[Spot]) -> str:
    down = path[-1].layer > path[0].layer
    at_x, at_y = _port(path[0], path[1]), _top(path[0]) + (BOX_HEIGHT if down else 0)
    line = f"M{at_x:.0f} {at_y:.0f}"
    for before, spot in zip(path, path[1:]):
        to_x, to_y = _port(spot, before), _top(spot) + (0 if down else BOX_HEIGHT)
        middle = (at_y + to_y) / 2
        line += f" C{at_x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"
        at_x, at_y = to_x, to_y
        if not spot.name:  # straight on between the boxes
            at_y = to_y + (BOX_HEIGHT if down else -BOX_HEIGHT)
            line += f" L{at_x:.0f} {at_y:.0f}"
    kind = ' class="oneway"' if edge.oneway else ""
    return (f'<path{kind} marker-end="url(#tip)" d="{line}"><title>{edge.source} calls '
            f'{edge.target}: {edge.protocol} {", ".join(edge.rights)}</title></path>')


def _box(plan: Plan, spot: Spot) -> str:
    words = sorted({COMMON[edge.target, right] for edge in plan.edges if edge.source == spot.name
                    for right in edge.rights if (edge.target, right) in COMMON})
    return (f'<rect class="{plan.manifests[spot.name].kind}" x="{spot.x - BOX_WIDTH / 2:.0f}" '
            f'y="{_top(spot):.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}"/>'
            f'<text x="{spot.x:.0f}" y="{_top(spot) + 20:.0f}">{spot.name}</text>'
            f'<text class="common" x="{spot.x:.0f}" y="{_top(spot) + 36:.0f}">'
            f'{" · ".join(words)}</text>')


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
             "caller to the", "program that answers; callers stand above those they call, so "
                              "nobody "
             "can wait for himself. Dashed", "arrows are one-way messages. Three peers that nearly "
             "everybody has are words in the boxes: `log` may", "append to the log, `memory` may "
                                                                "ask "
             "vspaced for memory and mappings, `time` may read the time.", "Programs of test "
                                                                           "images are in "
             "the tables only.", "",
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


def scenarios_text(plan: Plan) -> str:
    """One line for each scenario, so that a difference of two versions can be read."""
    rows = ",\n".join(json.dumps(entry) for entry in faults.required_scenarios(plan))
    return f"[\n{rows}\n]\n"


def files(plan: Plan) -> dict[str, str]:
    """File names to contents, for the folder docs/."""
    return {"authority.md": markdown(plan), "authority.svg": svg(plan),
            "authority-scenarios.json": scenarios_text(plan)}
