# SPDX-License-Identifier: ISC
"""`./erix digests`: make everything and print its digests, to compare with another computer's."""
from pathlib import Path

from harness import cas, packages, products
from harness.outcome import Exit, UsageError

SUMMARY = "make everything and print the SHA-256 of each file"
HELP = """\
examples:
  ./erix digests                  loaders, kernels, programs, boot images, disks, media
  ./erix digests --into FOLDER    and lay them out in a new folder, as links

The same tree gives the same lines in every folder, for every user, at every date.
"""


def add_arguments(parser) -> None:
    parser.add_argument("--into", metavar="FOLDER", help="a new folder for links to the files")


def execute(arguments) -> Exit:
    packages.ensure(print)
    folder = Path(arguments.into) if arguments.into else None
    if folder and folder.exists():
        raise UsageError(f"--into: {folder} is there already")
    made = products.make()
    if folder:
        products.link(made, folder)
    for name, file in made.items():
        print(f"{cas.digest_file(file)}  {name}")
    return Exit.PASSED
