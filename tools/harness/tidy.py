# SPDX-License-Identifier: ISC
"""Style as a test: rules over the source files, each a function that lists what breaks it."""
import re
import subprocess
from collections.abc import Callable, Iterator

from harness import components, lint, paths, sources, tools
from harness.sources import Source

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 1000
LINE_CHARACTERS_MAX = 100
DISPATCH_SHARE = 4
SPDX = "SPDX-License-Identifier: ISC"
# Written in two parts, so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "X" + "XX")) + r")\b")
INCLUDE = re.compile(r'\s*#\s*include\s+[<"]([^>"]+)[>"]')

C_FILES = (".c", ".h")
ALL_FILES = (".c", ".h", ".py", ".S", ".ld", ".proto")

# Top folder -> what its files may include of the tree; a path names one header alone.
LAYERS = {
    "abi": ("abi",),
    "lib": ("lib", "abi/status.h"),
    "kernel": ("kernel", "abi", "lib", "markers"),
    "boot": ("boot", "abi", "lib", "markers"),
    "protocol": ("protocol", "abi"),
    "userlib": ("userlib", "protocol", "abi", "lib", "markers"),
    "services": ("userlib", "protocol", "abi", "lib", "markers"),
    "drivers": ("userlib", "protocol", "abi", "lib", "markers"),
    "programs": ("userlib", "protocol", "abi", "lib", "markers"),
}


def _spdx() -> Iterator[str]:
    for source in sources.find(ALL_FILES):
        top = source.lines[:2] if source.lines and source.lines[0].startswith("#!") \
            else source.lines[:1]
        if not any(SPDX in line for line in top):
            yield f"{source.name}:1: the first line must be the SPDX line of the ISC licence"


def _purpose() -> Iterator[str]:
    for source in sources.find(C_FILES):
        if len(source.lines) < 2 or not source.lines[1].startswith("/*"):
            yield f"{source.name}:2: a comment must follow that says what the file owns"


def _file_length() -> Iterator[str]:
    for source in sources.find(ALL_FILES):
        if len(source.lines) >= FILE_LINES_MAX:
            yield f"{source.name}: {len(source.lines)} lines, the limit is {FILE_LINES_MAX - 1}"


def _is_dispatch(source: Source, function: sources.Function) -> bool:
    """A flat switch is as long as its operations are many; that is no fault."""
    body = source.lines[function.first - 1:function.last]
    return sum(line.lstrip().startswith("case ") for line in body) * DISPATCH_SHARE >= len(body)


def _function_length() -> Iterator[str]:
    for source in sources.find(C_FILES):
        for function in sources.functions(source):
            if function.length >= FUNCTION_LINES_MAX and not _is_dispatch(source, function):
                yield (f"{source.name}:{function.first}: {function.name} has {function.length} "
                       f"lines, the limit is {FUNCTION_LINES_MAX - 1}")


def _conditionals() -> Iterator[str]:
    for source in sources.find(C_FILES):
        for function in sources.functions(source):
            for number in range(function.first, function.last + 1):
                if sources.DIRECTIVE.match(source.lines[number - 1]):
                    yield f"{source.name}:{number}: no #if inside a function: choose files instead"


def _unfinished() -> Iterator[str]:
    for source in sources.find(ALL_FILES):
        for number, line in enumerate(source.lines, 1):
            found = UNFINISHED.search(line)
            if found:
                yield f"{source.name}:{number}: {found[0]}: do it or file an issue"


def _once() -> Iterator[str]:
    for source in sources.find((".h",)):
        # C wants <assert.h> to be read anew each time (C23 7.2).
        if "#pragma once" not in source.lines and source.path.name != "assert.h":
            yield f"{source.name}: a header needs #pragma once"


def _own_folder(source: Source) -> str:
    return "/".join(source.name.split("/")[:2])


def _may_include(source: Source, header: str) -> bool:
    allowed = LAYERS.get(source.folder)
    top = header.split("/")[0]
    if allowed is None or "/" not in header or top not in (*LAYERS, "markers"):
        return True
    return top in allowed or header in allowed or header.startswith(_own_folder(source) + "/")


def _layers() -> Iterator[str]:
    for source in sources.find(C_FILES):
        # Host tests may look at what they test from anywhere, as programs of the host.
        if "/test/" in source.name or "/fuzz/" in source.name or "/host/" in source.name:
            continue
        for number, line in enumerate(source.lines, 1):
            found = INCLUDE.match(line)
            if found and not _may_include(source, found[1]):
                yield f"{source.name}:{number}: {source.folder} must not include <{found[1]}>"


def _layout() -> Iterator[str]:
    names = [source.name for source in sources.find(C_FILES)]
    if not names:
        return
    done = subprocess.run([tools.find("clang-format-19"), "--dry-run", "-Werror",
                           "--ferror-limit=1", *names], cwd=paths.ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in done.stdout.splitlines():
        found = re.match(r"(\S+?):(\d+):\d+: error: code should be clang-formatted", line)
        if found:
            yield f"{found[1]}:{found[2]}: layout; run clang-format-19 -i {found[1]}"


def _white_space() -> Iterator[str]:
    for source in sources.find((*ALL_FILES, ".toml", ".txt", ".md", ".build", ".ini")):
        for number, line in enumerate(source.lines, 1):
            if line != line.rstrip() or ("\t" in line and source.path.suffix != ".txt"):
                yield f"{source.name}:{number}: white space at the end of the line, or a tab"


def _line_length() -> Iterator[str]:
    for source in sources.find((".c", ".h", ".py")):
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_CHARACTERS_MAX:
                yield f"{source.name}:{number}: {len(line)} characters, the limit is 100"


def _catalogue() -> Iterator[str]:
    yield from components.differences()


def _scenarios() -> Iterator[str]:
    yield from (str(problem) for problem in lint.problems())


RULES: dict[str, Callable[[], Iterator[str]]] = {
    "licence line": _spdx,
    "purpose comment": _purpose,
    "file length": _file_length,
    "function length": _function_length,
    "no conditionals in functions": _conditionals,
    "nothing unfinished": _unfinished,
    "headers once": _once,
    "include layers": _layers,
    "layout of C": _layout,
    "white space": _white_space,
    "line length": _line_length,
    "component catalogue": _catalogue,
    "scenarios and groups": _scenarios,
}
