# SPDX-License-Identifier: ISC
"""`./erix setup`: install the Debian packages that are missing."""
from harness import packages
from harness.outcome import Exit

SUMMARY = "install what is missing (Debian packages, by name, each with its reason)"
HELP = """\
examples:
  ./erix setup           install what is missing, as root or through sudo
  ./erix setup --list    show every package and why it is needed; installs nothing

`run`, `test`, `build` and `image` call this by themselves. On another system than Debian it names
what is missing and ends with status 3.
"""


def add_arguments(parser) -> None:
    parser.add_argument("--list", action="store_true", help="only show packages and reasons")


def execute(arguments) -> Exit:
    if arguments.list:
        absent = {package.name for package in packages.missing()}
        for package in packages.PACKAGES:
            state = "missing" if package.name in absent else "ok"
            print(f"{state:<8} {package.name:<20} {package.reason}")
        return Exit.ENVIRONMENT if absent else Exit.PASSED
    packages.ensure(print)
    print(f"all {len(packages.PACKAGES)} packages are installed")
    return Exit.PASSED
