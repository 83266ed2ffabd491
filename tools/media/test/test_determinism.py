# SPDX-License-Identifier: ISC
"""The same bytes on a day of another year, for another user's mask and another time zone: media
that together use every step, kind of volume and option that recipes know."""
import os
import subprocess
import time
import unittest
from unittest import mock

from imagemaker import host
from media import check, recipe

LATER = "+400d"


def traits(own: recipe.Recipe) -> set[str]:
    """What in a recipe may bring a clock, a user or chance into the bytes."""
    found = {f"step {word}" for step in own.steps for word in step}
    if own.volume:
        found |= {f"key {key}" for key in own.volume} | {own.family}
        found |= {f"feature {each}" for each in own.volume.get("features", "").split(",")}
    found |= {f"line {line.split()[0]}" for line in own.tree.splitlines() if line.strip()}
    return found | ({"damage"} if own.damage else set()) | ({"data"} if own.data else set())


def sample() -> list[str]:
    """As few media as have all traits of all."""
    recipes = {name: traits(recipe.load(name)) for name in recipe.names()}
    lacking = set().union(*recipes.values())
    chosen = []
    while lacking:
        best = max(recipes, key=lambda name: (len(recipes[name] & lacking), name))
        lacking -= recipes[best]
        chosen.append(best)
    return chosen


def preload() -> dict[str, str]:
    """What the command faketime gives to a program."""
    said = subprocess.run(["faketime", "-f", LATER, "env"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    rows = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return {"LD_PRELOAD": rows["LD_PRELOAD"], "FAKETIME": rows["FAKETIME"]}


class Elsewhere(unittest.TestCase):
    def setUp(self):
        self.expected = check.expected_digests()
        mask = os.umask(0o077)
        self.addCleanup(os.umask, mask)

    def surroundings(self, **others: str):
        """The makers' environment with another clock, and other things besides."""
        new = host.environment() | preload() | others
        return mock.patch.object(host, "environment", lambda: new)

    def test_the_clock_is_another(self):
        with self.surroundings():
            year = host.run(["date", "+%Y"]).decode().strip()
        self.assertEqual(int(year), time.gmtime(time.time() + 400 * 86400).tm_year)

    def test_the_same_bytes(self):
        chosen = sample()
        self.assertGreater(len(chosen), 5)
        with self.surroundings(TZ="Pacific/Apia"):
            for name in chosen:
                self.assertEqual(check.make_digest(name), self.expected[name], name)

    def test_a_clock_that_is_asked_is_noticed(self):
        with self.surroundings():
            changed = {key: value for key, value in host.environment().items()
                       if key not in ("E2FSPROGS_FAKE_TIME", "SOURCE_DATE_EPOCH")}
            with mock.patch.object(host, "environment", lambda: changed):
                self.assertNotEqual(check.make_digest("phase4-fs-ext2"),
                                    self.expected["phase4-fs-ext2"])


if __name__ == "__main__":
    unittest.main()
