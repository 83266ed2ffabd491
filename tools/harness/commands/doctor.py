# SPDX-License-Identifier: ISC
"""`./erix doctor`: is this machine able to build, run and test EriX, and how fast is it?"""
import os
import shutil

from harness import accelerator, hostunit, packages, paths, tools
from harness.outcome import EnvironmentProblem, Exit
from harness.terminal import styled

SUMMARY = "check tools, versions, accelerator, speed and space of this machine"
HELP = """\
examples:
  ./erix doctor          one line for each thing that matters, with what to do about it

KVM counts only after a real guest has run under it, because /dev/kvm may open and still not work.
The host unit scales the budgets of scenarios, so that a slow machine is not taken for a hang.
Status 3 if something is missing.
"""
FREE_BYTES_MIN = 2 << 30


def add_arguments(parser) -> None:
    parser.add_argument("--fresh", action="store_true", help="measure again what is remembered")


class Examination:
    """Collects the lines of the report and whether anything is wrong."""

    def __init__(self):
        self.healthy = True

    def line(self, good: bool, what: str, text: str) -> None:
        mark = styled("ok     ", "good") if good else styled("MISSING", "bad")
        print(f"{mark} {what:<20} {text}")
        self.healthy = self.healthy and good

    def note(self, what: str, text: str) -> None:
        print(f"{styled('note   ', 'dim')} {what:<20} {text}")


def _tools(report: Examination) -> None:
    for tool in tools.TOOLS:
        version = tools.version(tool)
        if version is None:
            report.line(False, tool.program, "not found; `./erix setup` installs it")
        elif tool.least and not tools.new_enough(version, tool.least):
            least = ".".join(map(str, tool.least))
            report.line(False, tool.program, f"{version} is too old, at least {least} is needed")
        else:
            report.line(True, tool.program, version)
    for package in packages.missing():
        report.line(False, package.name, f"package is missing: {package.reason}")


def _machine(report: Examination) -> None:
    try:
        report.line(True, "firmware", str(tools.firmware()))
        unit = hostunit.measure()
        report.line(True, "host unit", f"{unit.cpu_s:.2f} CPU-s, budgets x {unit.factor:.2f}")
        chosen = accelerator.choose()
        report.line(True, "accelerator", f"{chosen.name} ({chosen.reason})")
    except EnvironmentProblem as problem:
        report.line(False, "virtual machine", str(problem))
    report.note("processors", f"{os.cpu_count()}, load {os.getloadavg()[0]:.1f}")


def _space(report: Examination) -> None:
    free = shutil.disk_usage(paths.ROOT).free
    report.line(free >= FREE_BYTES_MIN, "disk", f"{free >> 20} MiB free at {paths.ROOT}")
    shared = "/dev/shm"
    if os.path.isdir(shared) and os.access(shared, os.W_OK):
        report.note("tmpfs", f"{shutil.disk_usage(shared).free >> 20} MiB free at {shared}")
    else:
        report.note("tmpfs", "none: disks of virtual machines are kept under out/")


def execute(arguments) -> Exit:
    if arguments.fresh:
        shutil.rmtree(paths.STATE, ignore_errors=True)
    report = Examination()
    _tools(report)
    _machine(report)
    _space(report)
    return Exit.PASSED if report.healthy else Exit.ENVIRONMENT
