# SPDX-License-Identifier: ISC
"""What a recipe says is to be changed on a medium: done by erixfs on the image and by hand on the
model."""
from pathlib import Path

from media.reader import Answer, Reader
from media.recipe import STANDARD, Recipe
from media.tree import Node, Tree, parse_content


def lines(recipe: Recipe) -> list[str]:
    """The mutations of a recipe, `standard` spelt out."""
    return [line for each in recipe.mutations for line in (
        STANDARD if each == "standard" else (each,))]


def run(reader: Reader, image: Path, recipe: Recipe, tree: Tree, scratch: Path) -> None:
    """Do all of them; problems are noted by the reader."""
    for line in lines(recipe):
        answer = attempt(reader, image, line, tree, scratch)
        if answer.status != 0:
            reader.note(f"{line}: {answer.error}")


def attempt(reader: Reader, image: Path, line: str, tree: Tree, scratch: Path) -> Answer:
    """Do one of them, on the image and on the model; what erixfs answered."""
    word, path, *words = line.split()
    command, change = _CHANGES[word]
    path = tree.actual(path)
    return reader.run(command, image, *change(tree, path, words, scratch))


# What changes the model, and gives the words of erixfs for the same.

def _node(tree: Tree, path: str, *stamps: str) -> Node:
    """The node that is changed; what the recipe gave as its times is no longer true."""
    node = tree.nodes[path]
    for stamp in ("ctime", *stamps):
        node.given.pop(stamp, None)
    return node


def _source(scratch: Path, data: bytes) -> str:
    source = scratch / "source"
    source.write_bytes(data)
    source.chmod(0o644)
    return str(source)


def _put(tree: Tree, path: str, words: list[str], scratch: Path) -> list[str]:
    content = parse_content(words)
    tree.nodes[path] = Node("file", 0o644, content)
    return [_source(scratch, content.data()), path]


def _folder(tree: Tree, path: str, _words: list[str], _scratch: Path) -> list[str]:
    tree.nodes[path] = Node("dir", 0o755)
    return [path]


def _link(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    tree.nodes[path] = Node("link", 0o777, target=words[0])
    return [words[0], path]


def _hard(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    tree.nodes[path] = _node(tree, words[0])
    return [words[0], path]


def _remove(tree: Tree, path: str, _words: list[str], _scratch: Path) -> list[str]:
    _node(tree, path)
    tree.remove(path)
    return [path]


def _move(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    _node(tree, path)
    tree.move(path, words[0])
    return [path, words[0]]


def _write(tree: Tree, path: str, words: list[str], scratch: Path) -> list[str]:
    data = parse_content(words[1:]).data()
    _node(tree, path, "mtime").content.put(int(words[0]), data)
    return [_source(scratch, data), path, words[0]]


def _cut(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    _node(tree, path, "mtime").content.cut(int(words[0]))
    return [path, words[0]]


def _mode(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    _node(tree, path).mode = int(words[0], 8)
    return [words[0], path]


def _owner(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    user, group = words[0].split(":")
    _node(tree, path).owner = (int(user), int(group))
    return [words[0], path]


def _time(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    _node(tree, path).given["mtime"] = int(words[0])
    return [words[0], path]


def _attr(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    value = parse_content(words[1:]).data()
    _node(tree, path).attributes[words[0]] = value
    return [path, words[0], value.decode()]


def _unattr(tree: Tree, path: str, words: list[str], _scratch: Path) -> list[str]:
    del _node(tree, path).attributes[words[0]]
    return [path, words[0]]


# Mutation -> command of erixfs with its options, and what it does to the model.
_CHANGES = {
    "put": ("put", _put), "remove": ("rm", _remove), "folder": ("mkdir", _folder),
    "move": ("mv -T", _move), "link": ("ln -s", _link), "hard": ("ln", _hard),
    "write": ("write", _write), "cut": ("truncate", _cut), "mode": ("chmod", _mode),
    "owner": ("chown", _owner), "time": ("touch", _time), "attr": ("xattr set", _attr),
    "unattr": ("xattr remove", _unattr)}
