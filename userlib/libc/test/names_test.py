# SPDX-License-Identifier: ISC
"""Every function and variable of the C library is renamed in its host build, so that a test never
compares the host's library with itself. usage: names_test.py NM LIBRARY"""
import subprocess
import sys

# What no other library defines, and therefore keeps its name.
INTERNAL = ('library_', 'path_', 'stream_', 'format_text', 'decimal_', 'erix_', 'process_',
            'terminal_', 'system_', 'program_', 'error_of_status', 'assert_failed')


def main():
    nm, library = sys.argv[1:]
    listing = subprocess.run([nm, '--extern-only', '--defined-only', library], check=True,
                             capture_output=True, text=True).stdout
    symbols = {line.split()[2] for line in listing.splitlines() if len(line.split()) == 3}
    wrong = sorted(symbol for symbol in symbols
                   if not symbol.startswith(INTERNAL) and not symbol.startswith('_'))
    if wrong or len(symbols) < 200:
        print(f'FAIL names: {len(symbols)} symbols, not renamed: {" ".join(wrong)}')
        return 1
    print('ok names')
    return 0


sys.exit(main())
