# SPDX-License-Identifier: ISC
"""The nearest known word to an unknown one."""
import difflib
from collections.abc import Iterable

LIKENESS_MIN = 0.6


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, or None if nothing is like it."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=LIKENESS_MIN)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """", did you mean `x`?" or nothing: to be put behind a message."""
    found = nearest(word, known)
    return f", did you mean `{found}`?" if found else ""
