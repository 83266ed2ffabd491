# SPDX-License-Identifier: ISC
"""Make slot constants, contracts, BootConfig and docs/authority.md out of all manifests.

    planogen.py roles OUT.h                   <slots/roles.h>
    planogen.py slots MANIFEST OUT.h OUT.c    slot constants and contract of one program
    planogen.py check                         check all manifests together
    planogen.py authority FOLDER              authority.md, authority.svg, authority-scenarios.json
    planogen.py bootconfig PROFILE TOML OUT   the BootConfig of a runtime file, without disk programs

Everything is relative to the repository root, which is found from this file.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import grants as grants_module  # noqa: E402
import manifest as manifest_module  # noqa: E402
import slots  # noqa: E402
from manifest import PlanError  # noqa: E402
from manifest import protogen  # noqa: E402


def load_protocols(root: str = ROOT) -> dict:
    """All protocols of the tree by name."""
    folder = os.path.join(root, "protocol")
    return {name.removesuffix(".proto"): protogen.load(os.path.join(folder, name))
            for name in sorted(os.listdir(folder)) if name.endswith(".proto")}


def write(path: str, text: str):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def command_roles(out: str):
    write(out, slots.roles_text(manifest_module.load_roles(os.path.join(HERE, "roles.toml"))))


def command_slots(path: str, out_header: str, out_source: str):
    roles = manifest_module.load_roles(os.path.join(HERE, "roles.toml"))
    folders = {file_name: kind for file_name, kind in manifest_module.FOLDERS.values()}
    manifest = manifest_module.load(path, ROOT, folders[os.path.basename(path)])
    for name in [manifest.name] * (not manifest.is_default) + [peer.name for peer in manifest.peers]:
        if name not in roles:
            raise PlanError(f"{manifest.path}: '{name}' has no number in tools/planogen/roles.toml"
                            f"{manifest_module.did_you_mean(name, roles)}")
    grants = grants_module.make(manifest, load_protocols())
    write(out_header, slots.header_text(manifest, grants))
    write(out_source, slots.source_text(manifest, grants, roles))


COMMANDS = {"roles": (command_roles, 1), "slots": (command_slots, 3)}


def main(arguments: list[str]) -> int:
    command, count = COMMANDS.get(arguments[0] if arguments else "", (None, 0))
    if command is None or len(arguments) != count + 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        command(*arguments[1:])
    except (PlanError, protogen.ProtocolError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
