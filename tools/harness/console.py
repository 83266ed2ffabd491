# SPDX-License-Identifier: ISC
"""EriX on this terminal: QEMU with its serial line on our terminal in raw mode, until it powers
off.

Every key reaches the guest, also ^C and ^A. Only Ctrl-] is QEMU's own: Ctrl-] x ends the machine,
Ctrl-] c changes to QEMU's monitor and back, Ctrl-] h lists the rest.
"""
import subprocess
import sys
import termios
from contextlib import contextmanager

ESCAPE_CHARACTER = 0x1D
ESCAPE_HELP = "Ctrl-] x ends the machine at once, Ctrl-] h shows more"


@contextmanager
def terminal_restored():
    """Whatever happens to QEMU, the terminal is afterwards as it was."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        # Firmware may have left colours, a hidden cursor or a scrolling region behind. Ending the
        # region moves the cursor to the top, so its place is kept (ESC 7, ESC 8).
        sys.stdout.write("\x1b7\x1b[r\x1b8\x1b[0m\x1b[?25h\r\n" if sys.stdout.isatty() else "\n")
        sys.stdout.flush()


def words_for_terminal(words: list[str]) -> list[str]:
    """The command line of a machine, with the serial line shared with QEMU's monitor."""
    changed = [word.replace("stdio,id=serial0,signal=off", "stdio,id=serial0,mux=on,signal=off")
               for word in words]
    return [*changed, "-mon", "chardev=serial0", "-echr", hex(ESCAPE_CHARACTER)]


def run(words: list[str]) -> int:
    """Run the machine in the foreground; the exit status of QEMU."""
    with terminal_restored():
        try:
            return subprocess.run(words_for_terminal(words), check=False).returncode
        except KeyboardInterrupt:
            return 130
