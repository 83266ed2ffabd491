# SPDX-License-Identifier: ISC
"""Recipes of media: tests/media/ext/*.toml, read and checked. A word that means nothing is
refused, with the place and the nearest known one, before anything is made."""
import tomllib
from dataclasses import dataclass
from pathlib import Path

from harness.suggest import did_you_mean
from media import damage, tree

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "tests" / "media" / "ext"
DATA = FOLDER / "data"

FAMILIES = ("ext2", "ext3", "ext4")
EXPECTATIONS = ("accepted", "read-only", "refused", "journal")
TEXTS = ("summary", "row", "family", "expect", "reason", "operation", "twin", "data", "like",
         "checksums", "tree", "awaits", "unchanged", "journal", "differs", "judged", "third",
         "identifier")
LISTS = ("steps", "damage", "mutations", "arguments", "also")
KEYS = {*TEXTS, *LISTS, "volume", "recovers"}
VOLUME_KEYS = {"features", "size_mib", "block_bytes", "inode_bytes", "inodes", "options",
               "extended", "journal_mib", "label"}
STEPS = {"tree": str, "debugfs": list, "index": bool, "check": bool, "remove": list, "patch": list,
         "journal": dict, "tune": list, "verity": list, "directory": dict}
STANDARD = (
    "folder /mutated", "put /mutated/new.bin stamp:new:50000", "put /mutated/small line:small",
    "write /mutated/new.bin 4000 text:written-over", "cut /mutated/new.bin 20001",
    "cut /mutated/new.bin 60000", "put /mutated/gone stamp:gone:9000", "remove /mutated/gone",
    "folder /mutated/inner", "move /mutated/small /mutated/inner/moved",
    "put /mutated/other line:other", "move /mutated/other /mutated/inner/moved",
    "link /mutated/link inner/moved", "hard /mutated/again /mutated/inner/moved",
    "attr /mutated/new.bin user.note text:noted", "attr /mutated/new.bin user.gone text:gone",
    "unattr /mutated/new.bin user.gone")
# Mutation -> how many words it takes at least.
MUTATIONS = {
    "standard": 0, "put": 2, "remove": 1, "folder": 1, "move": 2, "link": 2, "hard": 2, "cut": 2,
    "mode": 2, "owner": 2, "time": 2, "write": 3, "attr": 3, "unattr": 2}


class RecipeError(Exception):
    """A recipe that breaks the rules; the text names file and place."""


@dataclass(frozen=True)
class Recipe:
    """One medium. What is not given is empty."""
    name: str
    summary: str
    family: str
    expect: str
    row: str = ""
    reason: str = ""
    operation: str = ""
    twin: str = ""
    data: str = ""
    like: str = ""
    checksums: str = "repaired"
    tree: str = ""
    awaits: str = ""
    unchanged: str = ""
    journal: str = ""
    differs: str = ""
    judged: str = ""
    third: str = ""
    identifier: str = ""
    recovers: bool = False
    volume: dict | None = None
    steps: tuple[dict, ...] = ()
    damage: tuple[dict, ...] = ()
    mutations: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.toml"


def _fail(name: str, text: str):
    raise RecipeError(f"tests/media/ext/{name}.toml: {text}")


def parse(name: str, text: str) -> Recipe:
    """A recipe from its text; raises RecipeError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _fail(name, str(error))
    for key, value in values.items():
        if key not in KEYS:
            _fail(name, f"unknown key `{key}`{did_you_mean(key, KEYS)}")
        wanted = (str if key in TEXTS else list if key in LISTS
                  else bool if key == "recovers" else dict)
        if not isinstance(value, wanted):
            _fail(name, f"`{key}` is a {wanted.__name__}")
    for key in ("summary", "family", "expect"):
        if key not in values:
            _fail(name, f"`{key}` is missing")
    recipe = Recipe(name, **{key: tuple(value) if key in LISTS else value
                             for key, value in values.items()})
    _check(recipe)
    return recipe


def _one_of(name: str, key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        _fail(name, f"`{key} = \"{value}\"`{did_you_mean(value, known)} "
                    f"(one of: {', '.join(known)})")


def _check(recipe: Recipe) -> None:
    name = recipe.name
    _one_of(name, "family", recipe.family, FAMILIES)
    _one_of(name, "expect", recipe.expect, EXPECTATIONS)
    _one_of(name, "checksums", recipe.checksums, ("repaired", "left"))
    refused = recipe.expect == "refused"
    if refused and not (recipe.reason and recipe.twin):
        _fail(name, "what is refused needs `reason`, and `twin`: a medium that is accepted")
    if not refused and (recipe.reason or recipe.twin or recipe.damage):
        _fail(name, "`reason`, `twin` and `damage` are for what is refused")
    sources = [key for key in ("volume", "data") if getattr(recipe, key)]
    if len(sources) > 1:
        _fail(name, "`volume` and `data`: a medium is made from one of them")
    if not sources and not recipe.twin:
        _fail(name, "nothing says what it is made from: `volume`, `data` or `twin`")
    if sources and recipe.twin and not recipe.differs:
        _fail(name, "not made from its twin: `differs` must say why, and in what they differ")
    if recipe.twin and not sources and not recipe.differs and not recipe.damage:
        _fail(name, "the same as its twin: `damage` says what is changed")
    for key in set(recipe.volume or {}) - VOLUME_KEYS:
        _fail(name, f"[volume] has no key `{key}`{did_you_mean(key, VOLUME_KEYS)}")
    _check_parts(recipe)


def _check_parts(recipe: Recipe) -> None:
    name = recipe.name
    for number, step in enumerate(recipe.steps, 1):
        if not isinstance(step, dict) or len(step) != 1:
            _fail(name, f"step {number}: a step is one word and what it is given")
        word, given = next(iter(step.items()))
        if word not in STEPS:
            _fail(name, f"step {number}: unknown step `{word}`{did_you_mean(word, STEPS)}")
        if not isinstance(given, STEPS[word]):
            _fail(name, f"step {number}: `{word}` is given a {STEPS[word].__name__}")
    changes = [*recipe.damage,
               *(change for step in recipe.steps for change in step.get("patch", ()))]
    for change in changes:
        try:
            damage.check(change)
        except damage.DamageError as error:
            _fail(name, str(error))
    _check_mutations(recipe)
    model = tree.Tree()
    for line in recipe.tree.splitlines():
        try:
            model.add(line)
        except tree.TreeError as error:
            _fail(name, f"tree: {error}")


def _check_mutations(recipe: Recipe) -> None:
    name = recipe.name
    if recipe.expect == "read-only" and (recipe.mutations or not recipe.unchanged):
        _fail(name, "what is read-only has no mutations; "
                    "`unchanged` is what a change is refused with")
    if recipe.unchanged and not recipe.mutations and recipe.expect != "read-only":
        _fail(name, "`unchanged` is what its mutations are refused with for now; it has none")
    for line in recipe.mutations:
        words = line.split()
        if not words or words[0] not in MUTATIONS:
            _fail(name, f"mutation `{line}`: begins with one of {', '.join(MUTATIONS)}")
        if len(words) < 1 + MUTATIONS[words[0]]:
            _fail(name, f"mutation `{line}`: {words[0]} takes {MUTATIONS[words[0]]} words")


def names() -> list[str]:
    """The names of all media."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name: str) -> Recipe:
    """The recipe of that name, with what it takes from another (`like`)."""
    known = names()
    if name not in known:
        raise RecipeError(f"there is no medium `{name}`{did_you_mean(name, known)}\n"
                          "  ./erix media list shows them")
    recipe = parse(name, (FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    if not recipe.like:
        return recipe
    other = load(recipe.like)
    values = dict(recipe.__dict__)
    for key in ("tree", "steps", "mutations"):
        values[key] = values[key] or getattr(other, key)
    return Recipe(**values)


def load_all() -> dict[str, Recipe]:
    """All recipes by name; the links between them hold."""
    recipes = {name: load(name) for name in names()}
    for recipe in recipes.values():
        for key in ("twin", "journal"):
            other = getattr(recipe, key)
            if other and other not in recipes:
                _fail(
    recipe.name,
     f"`{key} = \"{other}\"`: no such medium{did_you_mean(other, recipes)}")
        if recipe.twin and recipes[recipe.twin].expect == "refused":
            _fail(recipe.name, f"`twin = \"{recipe.twin}\"`: that one is refused, too")
        if recipe.data and not (DATA / f"{recipe.data}.xz").is_file():
            _fail(recipe.name, f"`data = \"{recipe.data}\"`: there is no data/{recipe.data}.xz")
    return recipes
