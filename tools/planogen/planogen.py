# SPDX-License-Identifier: ISC
"""Make slot constants, contracts, BootConfig and docs/authority.md out of all manifests.

    planogen.py roles OUT.h                   <slots/roles.h>
    planogen.py slots FOLDER NAME MANIFEST... NAME.h and NAME.c: slot constants and contract of each
                                              program; what would stay alike is not written
    planogen.py check                         check all manifests together
    planogen.py authority FOLDER              authority.md, authority.svg, authority-scenarios.json
    planogen.py bootconfig PROFILE TOML OUT   BootConfig of a runtime file, without disk programs

Everything is relative to the repository root, which is found from this file.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import authority  # noqa: E402  (found through the path above)
import bootconfig  # noqa: E402
import faults as faults_module  # noqa: E402
import grants as grants_module  # noqa: E402
import manifest as manifest_module  # noqa: E402
import plan as plan_module  # noqa: E402
import runtime as runtime_module  # noqa: E402
import slots  # noqa: E402
from manifest import PlanError, protogen  # noqa: E402

ROLES = os.path.join(HERE, "roles.toml")


def load_runtime(path: str) -> runtime_module.Runtime:
    with open(path, encoding="utf-8") as file:
        return runtime_module.parse(os.path.relpath(path, ROOT), file.read())


def make_boot_config(profile: str, runtime_toml: str, faults: dict,
                     program_digests: dict[str, bytes]) -> bytes:
    """BootConfig for an image. `profile`: dev, release or test. `runtime_toml`: path of the runtime
    file. `faults`: scenario fields of faults.py with their values. `program_digests`: SHA-256 of
    the ELF file of each program of the disk, by name; only programs with a manifest need one.
    Raises PlanError."""
    return bootconfig.write(plan_module.load(ROOT), profile, load_runtime(runtime_toml), faults,
                            program_digests)


def modules(runtime_toml: str, faults: dict) -> list[str]:
    """Names of the programs that the boot image contains, in the order of launch, rootd first. A
    fault phase0_missing_service leaves one out, while BootConfig still asks for it."""
    plan = plan_module.load(ROOT)
    rows = bootconfig.launch_rows(plan, load_runtime(runtime_toml),
                                  faults_module.verifiers(plan, faults))
    names = ["rootd"] + [row.manifest.name for row in rows]
    missing = faults_module.missing_module(faults)
    if missing and missing not in names:
        raise PlanError(f"phase0_missing_service: '{missing}' is not in this image"
                        f"{manifest_module.did_you_mean(missing, names)}")
    return [name for name in names if name != missing]


def write(path: str, text: str):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def renew(path: str, text: str):
    """Write what changed only, so that nothing else is compiled again."""
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    write(path, text)


def command_roles(out: str):
    write(out, slots.roles_text(manifest_module.load_roles(ROLES)))


def command_slots(folder: str, *programs: str):
    roles = manifest_module.load_roles(ROLES)
    protocols = plan_module.load_protocols(ROOT)
    kinds = dict(manifest_module.FOLDERS.values())
    for program, path in zip(programs[::2], programs[1::2], strict=True):
        manifest = manifest_module.load(path, ROOT, kinds.get(os.path.basename(path), "program"))
        named = [peer.program for peer in manifest.peers]
        for name in named if manifest.is_default else [manifest.name, *named]:
            if name not in roles:
                raise PlanError(f"{manifest.path}: '{name}' has no number in "
                                f"tools/planogen/roles.toml"
                                f"{manifest_module.did_you_mean(name, roles)}")
        grants = grants_module.make(manifest, protocols)
        base = os.path.join(folder, program)
        renew(base + ".h", slots.header_text(manifest, grants))
        renew(base + ".c", slots.source_text(manifest, grants, roles))


def command_check():
    plan = plan_module.load(ROOT)
    print(f"{len(plan.manifests)} manifests, {len(plan.edges)} edges; order: "
          + " ".join(manifest.name for manifest in plan.launches()))


def command_authority(folder: str):
    for name, text in authority.files(plan_module.load(ROOT)).items():
        write(os.path.join(folder, name), text)


def command_bootconfig(profile: str, runtime_toml: str, out: str):
    with open(out, "wb") as file:
        file.write(make_boot_config(profile, runtime_toml, {}, {}))


# Each with the numbers of words that it takes.
COMMANDS = {"roles": (command_roles, (1,)), "slots": (command_slots, range(1, 1000, 2)),
            "check": (command_check, (0,)), "authority": (command_authority, (1,)),
            "bootconfig": (command_bootconfig, (3,))}


def main(arguments: list[str]) -> int:
    command, counts = COMMANDS.get(arguments[0] if arguments else "", (None, ()))
    if command is None or len(arguments) - 1 not in counts:
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
