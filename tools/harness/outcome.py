# SPDX-License-Identifier: ISC
"""How a command may end: the exit statuses of `./erix` and the exceptions that lead to them."""
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses; every command uses these and no other."""
    PASSED = 0
    FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3
    INCOMPLETE = 4


class HarnessError(Exception):
    """Something that ends the command with a message instead of a trace."""
    status = Exit.FAILED


class BuildError(HarnessError):
    """The tree does not build, or an image cannot be made from it."""


class UsageError(HarnessError):
    """Bad words on the command line, or a scenario that breaks the schema."""
    status = Exit.USAGE


class EnvironmentProblem(HarnessError):
    """A tool is missing or too old, or the machine cannot do what is needed."""
    status = Exit.ENVIRONMENT


class Incomplete(HarnessError):
    """Something was planned and has no result."""
    status = Exit.INCOMPLETE
