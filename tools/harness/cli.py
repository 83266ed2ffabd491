# SPDX-License-Identifier: ISC
"""The command line: which commands exist, their help, and what becomes of their errors."""
import argparse
import importlib
import re
import signal
import sys
from types import ModuleType

from harness.outcome import Exit, HarnessError, UsageError
from harness.suggest import did_you_mean
from harness.terminal import styled

# Each is a module of harness.commands with SUMMARY, HELP, add_arguments(parser) and
# execute(arguments) -> Exit.
COMMANDS = ("setup", "doctor", "build", "run", "test", "rerun", "diff", "merge", "list",
            "scenario", "group", "lint", "image", "debug", "record", "replay", "det", "bench",
            "digests", "tidy", "cover", "fuzz", "media", "erixfs")

USAGE = """\
EriX: a capability microkernel system, and the harness that proves it.

usage: ./erix COMMAND [WORDS]      ./erix COMMAND --help teaches a command

start here:
  ./erix run       boots EriX in a virtual machine and gives you its prompt
  ./erix test      runs every test and scenario; last line: N passed, M failed

{commands}

exit status: 0 passed, 1 failed, 2 bad usage or scenario, 3 environment,
             4 planned but without a result
"""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints name the nearest known word and end with status 2."""

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Options may stand anywhere, unless what follows the first word belongs to another
        program."""
        if any(action.nargs == argparse.REMAINDER for action in self._actions):
            return self.parse_args(words)
        return self.parse_intermixed_args(words)

    def error(self, message: str):
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            known = [word for action in self._actions for word in action.option_strings]
            message = f"unknown word `{unknown[1]}`" + did_you_mean(unknown[1], known)
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if choice:
            known = re.findall(r"'([^']*)'", choice[2])
            message = (f"unknown word `{choice[1]}`" + did_you_mean(choice[1], known)
                       + f" (one of: {', '.join(known)})")
        raise UsageError(f"{message}\n  {self.prog} --help shows how it is used")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"harness.commands.{name}")


def _overview() -> str:
    rows = [f"  {name:<9} {_module(name).SUMMARY}" for name in COMMANDS]
    return USAGE.format(commands="commands:\n" + "\n".join(rows))


def _parse(name: str, words: list[str]) -> tuple[ModuleType, argparse.Namespace]:
    module = _module(name)
    parser = Parser(prog=f"./erix {name}", description=module.SUMMARY, epilog=module.HELP,
                    formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    module.add_arguments(parser)
    return module, parser.parse(words)


def dispatch(words: list[str]) -> Exit:
    """Do what one command line says; raises HarnessError."""
    if not words or words[0] in ("help", "-h", "--help"):
        if len(words) > 1 and words[0] == "help":
            return dispatch([words[1], "--help"])
        print(_overview(), end="")
        return Exit.PASSED if words else Exit.USAGE
    if words[0] not in COMMANDS:
        raise UsageError(f"unknown command `{words[0]}`{did_you_mean(words[0], COMMANDS)}\n"
                         "  ./erix --help lists the commands")
    module, arguments = _parse(words[0], words[1:])
    return module.execute(arguments)


def main(words: list[str]) -> int:
    """Run one command line and return its exit status; errors become messages."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(dispatch(words))
    except HarnessError as error:
        print(styled("error: ", "bad", sys.stderr) + str(error), file=sys.stderr)
        return int(error.status)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return int(Exit.INCOMPLETE)
    except BrokenPipeError:
        sys.stderr.close()
        return int(Exit.FAILED)
