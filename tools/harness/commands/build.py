# SPDX-License-Identifier: ISC
"""`./erix build`: compile everything."""
from harness import build, components, packages, paths
from harness.outcome import Exit

SUMMARY = "compile loader, kernel, programs and host tests"
HELP = """\
examples:
  ./erix build                  everything
  ./erix build target           only kernel and programs (others: uefi, host)
  ./erix build host elf_test    only one target of Ninja in build/host

Warnings are errors. The results lie in build/{host,target,uefi}; the digest of each component's
files is written to out/resolved-revisions.json.
"""


def add_arguments(parser) -> None:
    parser.add_argument("machine", nargs="?", choices=[each.name for each in build.MACHINES],
                        help="build only for this machine")
    parser.add_argument("target", nargs="*", help="build only these targets of Ninja")


def execute(arguments) -> Exit:
    packages.ensure(print)
    names = (arguments.machine,) if arguments.machine else tuple(
        each.name for each in build.MACHINES)
    build.build(names, tuple(arguments.target))
    revisions = components.write_revisions()
    print(f"{len(revisions)} components, see {paths.shown(paths.OUT / 'resolved-revisions.json')}")
    return Exit.PASSED
