# SPDX-License-Identifier: ISC
"""Does each success depend on work? Scenarios that should succeed are run on systems that lie.

    root      in rootd's place a program prints the very markers that the scenario wants, in order,
              and false proofs, and ends with success
    all       each service reports that it is ready, prints every good marker, and answers every
              message with OK and zeros
    SERVICE   this one service does

Under `root` and `all` every success must become a failure; under each SERVICE the scenario of its
test mode `smoke` and another one, which uses it. A few are played in each whole run, all with
`./erix test --liar`.
"""
from dataclasses import dataclass, replace

from harness import bootplan, runner, twins, values
from harness.bootplan import BootPlan
from harness.check import Check
from harness.scenario import Scenario

ROOT, ALL = "root", "all"
ROOT_PROGRAM, SERVICE_PROGRAM = "root-liar", "stand-in-liar"
# Which scenario cannot do without a service: the first that has it, but nobody uses loaderd there.
WITNESSES = ("core-normal", "phase4-e2fs-fat", "prompt")
UNUSED = {("phase4-e2fs-fat", "loaderd")}
FALSE_PROOF = "0" * 64
# A lie that nobody believes often ends in silence; there is no use in waiting for long.
QUIET_CPU_S_MAX = 3.0
IDLE_S_MAX = 3.0


@dataclass(frozen=True)
class Lie:
    """A scenario that should succeed, and who lies in it."""
    scenario: Scenario
    liar: str

    @property
    def name(self) -> str:
        return f"{self.scenario.name} when {self.liar} lies"


def script(scenario: Scenario) -> str:
    """What a root program must say to look like the success that a scenario wants."""
    expect = scenario.expect
    lines = [*expect.required, *expect.ordered,
             *(text for text, count in expect.count.items() for _ in range(count)
               if text not in expect.ordered),
             *(f"{marker} {details}" for marker, details in expect.details.items()),
             *(f"ERIX_ROOTD:PROOF {name} {FALSE_PROOF}" for name in expect.proofs)]
    return "".join(f"{line.replace('*', 'X')}\n" for line in lines)


def _services(scenario: Scenario) -> list[str]:
    rows = bootplan.launch_rows(BootPlan.of(scenario))
    return [row.manifest.name for row in rows if row.manifest.kind != "program"]


def deceived(lie: Lie) -> Scenario:
    """The scenario with the liar in it."""
    scenario, boot = lie.scenario, lie.scenario.boot
    if lie.liar == ROOT:
        boot = replace(boot, root_program=ROOT_PROGRAM, root_script=script(scenario))
    else:
        liars = _services(scenario) if lie.liar == ALL else [lie.liar]
        boot = replace(boot, stand_in=tuple((name, SERVICE_PROGRAM) for name in sorted(liars)))
    budget = replace(scenario.budget,
                     quiet_cpu_s=min(scenario.budget.quiet_cpu_s, QUIET_CPU_S_MAX),
                     idle_s=min(scenario.budget.idle_s, IDLE_S_MAX))
    return replace(scenario, name=lie.name, boot=boot, budget=budget)


def positives(scenarios: list[Scenario]) -> list[Scenario]:
    """All that should succeed and whose first program is rootd."""
    return [each for each in scenarios if not twins.is_negative(each)
            and each.boot.root_program == bootplan.ROOT_PROGRAM]


def lies(scenarios: list[Scenario]) -> list[Lie]:
    """Every lie that must be found out."""
    good = positives(scenarios)
    by_name = {each.name: each for each in good}
    smokes = {service: each for each in good
              for field, service in values.SERVICE_TEST_FIELDS.items()
              if each.options[field] == "smoke"}
    found = [Lie(each, liar) for each in good for liar in (ROOT, ALL)]
    lied = set()
    for witness in WITNESSES:
        for name in _services(by_name[witness]) if witness in by_name else ():
            if name not in lied and (witness, name) not in UNUSED:
                found += [Lie(each, name) for each in (by_name[witness], smokes.get(name)) if each]
                lied.add(name)
    return found


def run(lie: Lie, context: runner.Context) -> Check:
    """Run a scenario with a liar in it; passed if the scenario failed."""
    scenario = deceived(lie)
    result = runner.run(scenario, context)
    started = result.end != "not started"
    found_out = started and not result.passed
    reasons = tuple(reason.text for reason in result.reasons)
    details = () if found_out else reasons or (
        "the scenario passed although " + ("every service lies" if lie.liar == ALL else
                                           f"{lie.liar} lies") + ": it proves nothing",)
    return Check("liars", lie.name, found_out, details, result.cpu_s, result.wall_s,
                 f"{result.cpu_s:5.1f} cpu, {reasons[0] if reasons else 'passed'}",
                 result.folder.name)
