# SPDX-License-Identifier: ISC
"""What the objects of the C library define and need, in its host build.

Every function and variable has another name there, so that a test never compares the host's library
with itself. And the part for programs without the system layer does not reach it. usage:
names_test.py NM LIBRARY"""
import os
import subprocess
import sys

# What no other library defines, and therefore keeps its name.
INTERNAL = (
    'library_',
    'path_',
    'stream_',
    'format_text',
    'decimal_',
    'erix_',
    'process_',
    'terminal_',
    'system_',
    'program_',
    'error_of_status',
    'assert_failed',
)
# What services use, which have no heap and no descriptors.
PURE = (
    'calendar',
    'character',
    'error',
    'format',
    'memory',
    'number',
    'print_text',
    'sort',
    'string',
)


def members(nm, library):
    """Symbols of each object: (defined, needed) by the name of its source."""
    listing = subprocess.run(
        [nm, '--extern-only', '--format=posix', library], check=True, capture_output=True, text=True
    ).stdout
    found = {}
    for line in listing.splitlines():
        words = line.split()
        if line.endswith(':'):
            source = os.path.basename(line.rstrip(':]')).removesuffix('.c.o').removeprefix('src_')
            current = found.setdefault(source, (set(), set()))
        elif len(words) >= 2:
            current[words[1] in 'UwV'].add(words[0])
    return found


def reached(found, names):
    """All objects that the linker takes along with the named ones."""
    owner = {symbol: name for name, (defined, _) in found.items() for symbol in defined}
    taken = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in taken:
            taken.add(name)
            left += [owner[symbol] for symbol in found[name][1] if symbol in owner]
    return taken


def main():
    found = members(*sys.argv[1:])
    symbols = {symbol for defined, _ in found.values() for symbol in defined}
    wrong = sorted(
        symbol
        for symbol in symbols
        if not symbol.startswith(INTERNAL) and not symbol.startswith('_')
    )
    renamed = not wrong and len(symbols) >= 200
    print(
        'ok names'
        if renamed
        else f'FAIL names: {len(symbols)} symbols, not renamed: {" ".join(wrong)}'
    )
    beyond = sorted(reached(found, PURE) - set(PURE) - {'decimal'})
    print('ok pure part' if not beyond else f'FAIL pure part: it reaches {" ".join(beyond)}')
    return 0 if renamed and not beyond else 1


sys.exit(main())
