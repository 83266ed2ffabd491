# SPDX-License-Identifier: ISC
"""`./erix erixfs`: look into, change and mount images of volumes."""
import argparse
import os

from harness import build, packages
from harness.outcome import Exit

SUMMARY = "look into, change and mount images of volumes"
HELP = """\
examples:
  ./erix erixfs                          what it can do
  ./erix erixfs put --help               one of its commands
  ./erix erixfs ls disk.img /etc
  ./erix erixfs mount disk.img there     a folder of this computer, through FUSE

Builds build/native/tools/erixfs/erixfs, without sanitizers, if it is not up to date, and runs it
with the words. Status: that of erixfs, 0 well, 1 failed, 2 wrong words.
"""
TARGET = "tools/erixfs/erixfs"


def add_arguments(parser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="WORD",
                        help="the words for erixfs")


def execute(arguments) -> Exit:
    packages.ensure(print)
    program = str(build.build_native((TARGET,)) / TARGET)
    os.execv(program, [program, *(arguments.words or ["--help"])])
