# SPDX-License-Identifier: ISC
"""All manifests together: who calls whom, in which order programs start, what contradicts that."""
import os
from dataclasses import dataclass

import grants as grants_module
import manifest as manifest_module
from grants import Grant
from manifest import Manifest, PlanError, did_you_mean, protogen

HERE = os.path.dirname(os.path.abspath(__file__))
# Who starts rows: rootd's own rows come first, drivers when deviced and all services run.
LAUNCHER_RANK = {"kernel": 0, "rootd": 1, "procd": 2, "deviced": 3, "loaderd": 4}


@dataclass(frozen=True)
class Edge:
    """`source` may call or message `target`. One-way edges never wait for an answer."""
    source: str
    target: str
    protocol: str
    rights: tuple[str, ...]
    oneway: bool


@dataclass
class Plan:
    root: str
    roles: dict[str, int]
    protocols: dict
    manifests: dict[str, Manifest]  # by name, in the order of roles; the default one last
    grants: dict[str, list[Grant]]
    edges: list[Edge]

    def launches(self) -> list[Manifest]:
        """Programs of the boot image in the order of their start, rootd left out."""
        rows = [manifest for manifest in self.manifests.values()
                if manifest.launcher in ("rootd", "procd", "deviced")]
        return order(self, rows)

    def programs(self) -> list[Manifest]:
        """Programs of the disk; the default is the last."""
        return [manifest for manifest in self.manifests.values() if manifest.launcher == "loaderd"]


def load_protocols(root: str) -> dict:
    folder = os.path.join(root, "protocol")
    return {name.removesuffix(".proto"): protogen.load(os.path.join(folder, name))
            for name in sorted(os.listdir(folder)) if name.endswith(".proto")}


def _served(manifest: Manifest) -> list[str]:
    return ([manifest.serves] if manifest.serves else []) + manifest.also_serves


def _check_names(plan: Plan):
    for manifest in plan.manifests.values():
        if manifest.is_default:
            continue
        if manifest.name not in plan.roles:
            raise PlanError(f"{manifest.path}: '{manifest.name}' has no number in "
                            f"tools/planogen/roles.toml"
                            f"{did_you_mean(manifest.name, plan.roles)}")
        for protocol in _served(manifest):
            if protocol not in plan.protocols:
                raise PlanError(f"{manifest.path}: serves: there is no protocol/{protocol}.proto")
        for name in manifest.after:
            _known(plan, manifest, "after", name)
        rights: dict[int, str] = {}
        for protocol in _served(manifest):
            for right, bit in plan.protocols[protocol].rights.items():
                if bit in rights:
                    raise PlanError(f"{manifest.path}: right '{right}' of protocol {protocol} has "
                                    f"the bit of "
                                    f"'{rights[bit]}': both are in one badge")
                rights[bit] = right


def _known(plan: Plan, manifest: Manifest, place: str, name: str) -> Manifest:
    if name not in plan.manifests:
        raise PlanError(f"{manifest.path}: {place}: there is no program '{name}'"
                        f"{did_you_mean(name, plan.manifests)}")
    return plan.manifests[name]


def _check_peers(plan: Plan):
    for manifest in plan.manifests.values():
        for peer in manifest.peers:
            target = _known(plan, manifest, "peers", peer.program)
            if peer.protocol not in _served(target):
                raise PlanError(f"{manifest.path}: peers.{peer.name}: serves "
                                f"{', '.join(_served(target)) or 'nothing'}, not {peer.protocol}")
            if target.test and not manifest.test:
                raise PlanError(f"{manifest.path}: peers.{peer.name}: is in test images only")
        for name, _ in manifest.signals.items():
            _known(plan, manifest, "signals", name)


def _is_oneway(protocol, rights) -> bool:
    """Whether no operation that these rights allow waits for an answer."""
    return all(operation.oneway for operation in protocol.operations
               if set(operation.rights) <= set(rights))


def _edges(plan: Plan) -> list[Edge]:
    return [Edge(manifest.name, peer.program, peer.protocol, tuple(peer.rights),
                 _is_oneway(plan.protocols[peer.protocol], peer.rights))
            for manifest in plan.manifests.values() for peer in manifest.peers]


def find_cycle(edges: list[Edge]) -> list[str]:
    """Names along a cycle of calls, the first one again at the end; empty if there is none."""
    targets: dict[str, list[str]] = {}
    for edge in edges:
        if not edge.oneway:
            targets.setdefault(edge.source, []).append(edge.target)
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return []
        for target in targets.get(name, []):
            found = visit(target, path + [name])
            if found:
                return found
        done.add(name)
        return []

    for name in targets:
        found = visit(name, [])
        if found:
            return found
    return []


def order(plan: Plan, rows: list[Manifest]) -> list[Manifest]:
    """The rows so that each comes behind its launcher's turn, those it calls and its `after`."""
    names = {row.name for row in rows}
    waits = {row.name: set(row.after) & names for row in rows}
    for edge in plan.edges:
        if edge.source in names and edge.target in names and not edge.oneway:
            waits[edge.source].add(edge.target)
    for row in rows:
        if row.launcher in names:
            waits[row.name].add(row.launcher)
    left = sorted(rows, key=lambda row: (LAUNCHER_RANK[row.launcher], plan.roles[row.name]))
    ordered: list[Manifest] = []
    while left:
        started = {row.name for row in ordered}
        ready = [row for row in left if waits[row.name] <= started]
        if not ready:
            stuck = ", ".join(f"{row.name} waits for {', '.join(sorted(waits[row.name] - started))}"
                              for row in left)
            raise PlanError(f"launch order: {stuck}")
        # Early rootd rows cannot wait for procd rows: those are started through one of them.
        ordered.append(ready[0])
        left.remove(ready[0])
    return ordered


def load(root: str) -> Plan:
    """Read everything below `root` and check it; raises PlanError or ProtocolError."""
    roles = manifest_module.load_roles(os.path.join(root, "tools", "planogen", "roles.toml"))
    found = [manifest_module.load(path, root, kind) for path, kind in manifest_module.find(root)]
    found.sort(key=lambda entry: roles.get(entry.name, 1000))
    plan = Plan(root, roles, load_protocols(root), {entry.name: entry for entry in found}, {}, [])
    _check_names(plan)
    _check_peers(plan)
    plan.grants = {name: grants_module.make(entry, plan.protocols)
                   for name, entry in plan.manifests.items()}
    plan.edges = _edges(plan)
    cycle = find_cycle(plan.edges)
    if cycle:
        raise PlanError("programs would wait for each other: " + " calls ".join(cycle))
    plan.launches()
    return plan
