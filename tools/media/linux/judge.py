#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Asks Linux's own ext4 what it reads from media, and compares that with their recipes.

    tools/media/linux/judge.py [NAME ...]

All that is accepted, unless some are named: mounted in the machine of linux.py (so journals are
replayed, seals are verified, encrypted names are unlocked), every node listed and every file
digested. The digests of media on which Linux agrees go into tests/media/ext/judged.txt: the check
wants those there that no other judge can judge.
"""
import hashlib
import shutil
import stat
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import linux  # noqa: E402 (the path is set above)
from imagemaker import host  # noqa: E402
from media import check, maker, recipe  # noqa: E402
from media.tree import Tree  # noqa: E402

# Linux 6.1 counts one link of a folder that a fast commit makes, where two are right: its own check
# of the volume complains about it. What is here is not compared.
LINUX_IS_WRONG = {("ext-fast-commit-mutating", "/folder")}
DIGESTED_BYTES_MAX = 64 << 20
JOB = """\
cp /host/helper /tmp/helper
mkdir /m
while read -r name options; do
    loop=$(losetup -f)
    losetup "$loop" "/host/$name.img"
    mkdir "/m/$name"
    mount -t ext4 -o "$options" "$loop" "/m/$name" || echo "FAIL $name $(dmesg | tail -n 1)"
    [ -f "/host/$name.key" ] && /tmp/helper key "/m/$name"
    cd "/m/$name"
    find . -exec stat -c '%f|%h|%u|%g|%s|%N' {} + >"/host/$name.nodes"
    find . -type f -size -65536k -exec sha256sum {} + >"/host/$name.sums"
    cd /
    umount "/m/$name"
    losetup -d "$loop"
    echo "judged $name"
done </host/list
echo JOB-DONE
"""


def chosen(names: list[str]) -> list[recipe.Recipe]:
    """The media to be judged, but for those whose journal is on another device."""
    recipes = recipe.load_all()
    return [recipes[name] for name in names or recipes
            if recipes[name].expect in ("accepted", "read-only") and not recipes[name].journal]


def prepare(share: Path, media: list[recipe.Recipe]) -> dict[str, tuple[Tree, str]]:
    """The images and their list; name -> what should be on it, and the digest of the image."""
    models = {}
    lines = []
    for each in media:
        image = share / f"{each.name}.img"
        medium = maker.make(each, image)
        models[each.name] = (medium.tree, check.digest(image))
        lines.append(f"{each.name} {'ro' if each.expect == 'read-only' else 'rw'}")
        if "--key" in each.arguments:
            (share / f"{each.name}.key").touch()
    (share / "list").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (share / "job.sh").write_text(JOB, encoding="utf-8")
    return models


def nodes_of(text: str) -> dict[str, tuple]:
    """Path -> mode, links, user, group, size, target, as the machine listed them."""
    found = {}
    for line in text.splitlines():
        mode, links, user, group, size, name = line.split("|", 5)
        path, _, target = name.partition(" -> ")
        found[path.strip("'").removeprefix(".") or "/"] = (
            int(mode, 16), int(links), int(user), int(group), int(size), target.strip("'"))
    return found


def differences(name: str, tree: Tree, nodes: dict[str, tuple], sums: dict[str, str]) -> list[str]:
    """Where Linux reads something else than the model says."""
    problems = []
    present = set(nodes) - {"/", "/lost+found"}
    problems += [f"{path} is missing" for path in sorted(set(tree.nodes) - present)]
    problems += [f"{path} should not be there" for path in sorted(present - set(tree.nodes))]
    for path in sorted(present & set(tree.nodes)):
        if (name, path) in LINUX_IS_WRONG:
            continue
        node = tree.nodes[path]
        mode, links, user, group, size, target = nodes[path]
        if (mode, links, user, group) != (node.type_mode, tree.links(path), *node.owner):
            problems.append(f"{path}: {stat.filemode(mode)} {links} {user}:{group}")
        if node.kind == "link" and target != node.target:
            problems.append(f"{path} -> {target}")
        if node.kind == "file" and size != node.content.size_bytes:
            problems.append(f"{path}: {size} bytes")
        if node.kind == "file" and size <= DIGESTED_BYTES_MAX:
            wanted = hashlib.sha256(node.content.data()).hexdigest()
            if sums.get(path) != wanted:
                problems.append(f"{path}: other contents")
    return problems


def judge(share: Path, models: dict[str, tuple[Tree, str]]) -> dict[str, str]:
    """Compare what the machine has left; name -> digest of the media that are well."""
    well = {}
    for name, (tree, digest) in models.items():
        nodes = nodes_of((share / f"{name}.nodes").read_text(encoding="utf-8"))
        rows = (line.split("  ", 1) for line in
                (share / f"{name}.sums").read_text(encoding="utf-8").splitlines())
        problems = differences(name, tree, nodes, {path[1:]: value for value, path in rows})
        for problem in problems[:5]:
            print(f"{name}: {problem}")
        if not problems:
            well[name] = digest
    return well


def main(names: list[str]) -> int:
    try:
        media = chosen(names)
    except (recipe.RecipeError, KeyError) as error:
        print(f"judge.py: {error}", file=sys.stderr)
        return 2
    with host.scratch() as scratch:
        root = linux.packages(scratch)
        initrd = scratch / "initrd"
        linux.make_initrd(root, initrd)
        share = scratch / "share"
        share.mkdir()
        models = prepare(share, media)
        linux.make_helper(share)
        said = linux.run_machine(root, initrd, share)
        if "JOB-DONE" not in said or "FAIL" in said:
            print(said)
            return 1
        well = judge(share, models)
    check.write_judged({**check.judged(), **well})
    print(f"Linux agrees on {len(well)} of {len(models)} media")
    return 0 if len(well) == len(models) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
