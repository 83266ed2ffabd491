# SPDX-License-Identifier: ISC
"""Words of the command line that several commands take."""
import argparse


def whole_number(word: str) -> int:
    """A count: 1 or more."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"`{word}` is no number from 1 on")
    return int(word)
