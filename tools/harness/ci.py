# SPDX-License-Identifier: ISC
"""Whether this is a run of continuous integration: nothing is taken from a cache, and searches are
as long as is promised, where a person would rather not wait."""
import os


def active() -> bool:
    """CI is set in the environment, and says no such thing as 0 or false."""
    return os.environ.get("CI", "false").lower() not in ("", "0", "false")
