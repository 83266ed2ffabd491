# SPDX-License-Identifier: ISC
"""`./erix tidy`: check the style of the tree."""
import subprocess

from harness import components, packages, sources, tidy, tools
from harness.outcome import Exit, UsageError
from harness.suggest import did_you_mean
from harness.terminal import styled

SUMMARY = "check style: lengths, layers, layout, licence lines, the component catalogue"
HELP = """\
examples:
  ./erix tidy                        every rule
  ./erix tidy "include layers"       one rule
  ./erix tidy --fix                  lay out C files and list components anew, then check

`./erix test` includes every rule as one check.
"""


def add_arguments(parser) -> None:
    parser.add_argument("rule", nargs="*", help="only these rules")
    parser.add_argument("--fix", action="store_true", help="repair what can be repaired by itself")


def _fix() -> None:
    names = [str(source.path) for source in sources.find(tidy.C_FILES)]
    if names:
        subprocess.run([tools.find("clang-format-19"), "-i", *names], check=True)
    components.write_catalogue()
    sources.find.cache_clear()


def execute(arguments) -> Exit:
    packages.ensure(print)
    for rule in arguments.rule:
        if rule not in tidy.RULES:
            raise UsageError(f"no rule `{rule}`" + did_you_mean(rule, tidy.RULES)
                             + "\n  rules: " + ", ".join(tidy.RULES))
    if arguments.fix:
        _fix()
    failed = 0
    for name, rule in tidy.RULES.items():
        if arguments.rule and name not in arguments.rule:
            continue
        problems = list(rule())
        failed += bool(problems)
        print(f"{styled('FAIL', 'bad') if problems else styled('ok  ', 'good')} {name}")
        for problem in problems:
            print(f"     {problem}")
    return Exit.FAILED if failed else Exit.PASSED
