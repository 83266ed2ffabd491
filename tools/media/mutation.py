# SPDX-License-Identifier: ISC
"""What a recipe says is to be changed on a medium: done by erixfs on the image and by hand on the
model."""
from pathlib import Path

from media.reader import Answer, Reader
from media.recipe import STANDARD, Recipe
from media.tree import Node, Tree, parse_content

# Mutation -> command of erixfs with its options.
COMMANDS = {
    "put": ("put",), "remove": ("rm",), "folder": ("mkdir",), "move": ("mv", "-T"),
    "link": ("ln", "-s"), "cut": ("truncate",), "mode": ("chmod",), "owner": ("chown",),
    "time": ("touch",), "write": ("write",)}


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
    word, *words = line.split()
    arguments = _apply(word, words, tree, scratch)
    return reader.run(" ".join(COMMANDS[word]), image, *arguments)


def _apply(word: str, words: list[str], tree: Tree, scratch: Path) -> list[str]:
    """Change the model; the arguments of erixfs for the same."""
    path = tree.actual(words[0])
    words = [path, *words[1:]]
    node = tree.nodes.get(path)
    if node is not None:
        for stamp in ("ctime", *(("mtime",) if word in ("write", "cut") else ())):
            node.given.pop(stamp, None)
    if word == "put":
        content = parse_content(words[1:])
        source = scratch / "source"
        source.write_bytes(content.data())
        source.chmod(0o644)
        tree.nodes[path] = Node("file", 0o644, content)
        return [str(source), path]
    if word == "folder":
        tree.nodes[path] = Node("dir", 0o755)
        return [path]
    if word == "link":
        tree.nodes[path] = Node("link", 0o777, target=words[1])
        return [words[1], path]
    if word == "remove":
        tree.remove(path)
        return [path]
    if word == "move":
        tree.move(path, words[1])
        return words
    if word == "write":
        data = parse_content(words[2:]).data()
        source = scratch / "source"
        source.write_bytes(data)
        node.content.put(int(words[1]), data)
        return [str(source), path, words[1]]
    if word == "cut":
        node.content.cut(int(words[1]))
        return [path, words[1]]
    if word == "mode":
        node.mode = int(words[1], 8)
        return [words[1], path]
    if word == "owner":
        user, group = words[1].split(":")
        node.owner = (int(user), int(group))
        return [words[1], path]
    node.given["mtime"] = int(words[1])
    return [words[1], path]
