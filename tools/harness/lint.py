# SPDX-License-Identifier: ISC
"""Rules between the keys of a scenario, and between scenarios, groups and markers. No machine
runs."""
import re
from collections.abc import Callable
from pathlib import Path

from harness import authorityfaults, bootplan, canary, groups, markers, paths, twins, values
from harness.schema import Checker, Problem
from harness.scenario import Scenario, read_all
from harness.suggest import nearest

FUNCTION = re.compile(r"\{(\w+):")


def _markers_exist(scenario: Scenario, checker: Checker) -> None:
    known = markers.known()
    for key in ("ordered", "required", "forbidden"):
        for text in getattr(scenario.expect, key):
            _marker_exists(text, key, known, checker)
    for text in scenario.expect.count:
        _marker_exists(text, "count", known, checker)
    for text, details in scenario.expect.details.items():
        _marker_exists(text, "details", known, checker)
        _pattern_compiles(details, ("expect.details",), text, checker)


def _pattern_compiles(pattern: str, table: tuple, key: str, checker: Checker) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        checker.complain(f"not a regular expression: {error}", table, key)


def _marker_exists(text: str, key: str, known: dict, checker: Checker) -> None:
    if any(markers.matches(text, each) for each in known):
        return
    meant = nearest(text, known)
    hint = f"did you mean `{meant}`?" if meant else "abi/markers.toml lists the markers"
    checker.complain(f"no marker `{text}`", ("expect",), key, hint, within=text)


def _no_conflict(scenario: Scenario, checker: Checker) -> None:
    wanted = (*scenario.expect.ordered, *scenario.expect.required)
    for text in wanted:
        for pattern in scenario.expect.forbidden:
            if text == pattern or (not markers.is_pattern(text) and markers.matches(pattern, text)):
                checker.complain(f"`{text}` is both wanted and forbidden (`{pattern}`)",
                                 ("expect",), "forbidden", within=pattern)


def _reason_stated(scenario: Scenario, checker: Checker) -> None:
    """A refusal must be for the right reason, and an engine that ends a run needs its last word."""
    if scenario.wants_failure and not (scenario.expect.ordered or scenario.expect.required):
        checker.complain("a failure must name the marker of its reason", ("expect",), "exit")
    if scenario.expect.exit == values.EXIT_VERDICT and not (
            scenario.expect.ordered or scenario.steps):
        checker.complain("exit `verdict` needs `ordered` markers or [[steps]]", ("expect",), "exit")


def _modes_agree(scenario: Scenario, checker: Checker) -> None:
    options = scenario.options
    if (options["disk_image_case"] != "none") != (options["run_mode"] == "vm-disk-image"):
        checker.complain("`disk_image_case` and run_mode `vm-disk-image` go together", (),
                         "disk_image_case")
    if options["kernel_rootd_test"] == "runtime" and options["rootd_test_mode"] != "none":
        checker.complain("a runtime image has rootd_test_mode `none`", (), "rootd_test_mode")
    fault = options["service_startup_peer_fault"]
    mode = authorityfaults.mode(fault)
    if fault in authorityfaults.NAMED and options["rootd_test_mode"] != mode:
        checker.complain(f"`{fault}` needs rootd_test_mode `{mode}`", (),
                         "service_startup_peer_fault")
    if options["run_mode"] == "vm-disk-image" and scenario.expect.exit in values.EXIT_CODES:
        checker.complain("a packaged image has no debug exit: use `poweroff` or `verdict`",
                         ("expect",), "exit")


def _stand_ins_agree(scenario: Scenario, checker: Checker) -> None:
    modes = {key: scenario.options[key] for key in values.SERVICE_TEST_FIELDS}
    for key, mode in modes.items():
        if mode == "serial-probe" and key != "drv_serial_test_mode":
            checker.complain("`serial-probe` is a mode of drv_serial_test_mode alone", (), key)
        if mode == "force-fail" and not scenario.wants_failure:
            checker.complain(f"`{key}` is force-fail: `exit` must be a failure", (), key)
    if scenario.options["run_mode"] == "vm-disk-image" and (
            scenario.boot.stand_in or set(modes.values()) - {"none", "runtime"}):
        checker.complain("a packaged image has no stand-ins and no verifiers", (), "run_mode")


def _runtime_file_exists(scenario: Scenario, checker: Checker) -> None:
    name = scenario.options["runtime_config_path"]
    if name and not (paths.ROOT / name).is_file():
        checker.complain(f"there is no file {name}", (), "runtime_config_path", within=name)


def _budgets_agree(scenario: Scenario, checker: Checker) -> None:
    if scenario.budget.guest_s and scenario.boot.icount < 0:
        checker.complain("`guest_s` needs boot.icount: without it guest time is host time",
                         ("budget",), "guest_s")
    if scenario.boot.icount > 10:
        checker.complain("`icount` is at most 10", ("boot",), "icount")


def _steps_prove(scenario: Scenario, checker: Checker) -> None:
    for index, step in enumerate(scenario.steps):
        if bool(step.expect) and bool(step.match):
            checker.complain("a step has `expect` or `match`, not both", ("steps", index), "match")
        if not (step.expect or step.match or step.send):
            checker.complain("a step without `expect`, `match` and `send`", ("steps", index))
        _pattern_compiles(re.sub(r"\{[^{}]*\}", "x", step.match), ("steps", index), "match",
                          checker)
    answers = " ".join(step.expect + step.match for step in scenario.steps)
    contents = " ".join(each.content for each in (*scenario.verify, *scenario.files))
    if scenario.steps and not (FUNCTION.search(answers) or "{nonce" in contents):
        checker.complain("the steps prove nothing: no answer depends on a function of {nonce}",
                         ("steps", 0), None, "for example {sha256:{nonce}}")


def _success_proves(scenario: Scenario, checker: Checker) -> None:
    """Markers can be printed by anybody: a success must depend on a nonce or on kernel objects."""
    named = scenario.expect.proofs
    run = (*bootplan.mode_verifiers(scenario.options["rootd_test_mode"]),
           *bootplan.service_verifiers(scenario))
    for name in named:
        if name not in run:
            checker.complain(f"no verifier `{name}` runs in these test modes", ("expect",),
                             "proofs", f"it has {', '.join(run) or 'none'}", within=name)
    if named and scenario.expect.exit != "success":
        checker.complain("`proofs` go with exit `success`", ("expect",), "proofs")
    if twins.is_negative(scenario):
        return
    if scenario.expect.exit == "success":
        for name in run:
            if name not in named:
                checker.complain(f"`proofs` lacks the verifier `{name}` of these test modes",
                                 ("expect",), "proofs")
    if not (named or scenario.steps or scenario.inject
            or any(check.check == "graph" for check in scenario.verify)):
        checker.complain("nothing is proved: wants `proofs` of verifiers, [[steps]] with a "
                         "function of {nonce}, or the check `graph`", ("expect",), "exit")


def _files_have_a_place(scenario: Scenario, checker: Checker) -> None:
    for index, file in enumerate(scenario.files):
        if bool(file.path) == bool(file.partition):
            checker.complain("a file has `path` or `partition`", ("files", index))


def _attacks_agree(scenario: Scenario, checker: Checker) -> None:
    for index, attack in enumerate(scenario.inject):
        if attack.line and not any(
                markers.matches(f"ERIX_KERNEL:{attack.line.split(' ')[0]}", each)
                for each in markers.known()):
            checker.complain(f"no marker `ERIX_KERNEL:{attack.line}`", ("inject", index), "line")


def _verify_complete(scenario: Scenario, checker: Checker) -> None:
    for index, check in enumerate(scenario.verify):
        if check.check in ("file", "absent") and not check.path.startswith("/"):
            checker.complain(f"check `{check.check}` needs an absolute `path`",
                             ("verify", index), "check")
    on_disk = any(check.check != "graph" for check in scenario.verify)
    if on_disk and scenario.options["block_storage_image"] == "none" \
            and scenario.options["run_mode"] == "vm":
        checker.complain("[[verify]] without a disk", ("verify", 0))


RULES: tuple[Callable[[Scenario, Checker], None], ...] = (
    _markers_exist, _no_conflict, _reason_stated, _modes_agree, _stand_ins_agree,
    _runtime_file_exists, _budgets_agree, _steps_prove, _success_proves, _files_have_a_place,
    _attacks_agree, _verify_complete)


def scenario_problems(scenario: Scenario) -> list[Problem]:
    """What the rules say against one scenario."""
    checker = Checker(scenario.file, scenario.source)
    for rule in RULES:
        rule(scenario, checker)
    return checker.problems


def problems(folder: Path = paths.SCENARIOS, group_folder: Path = paths.GROUPS) -> list[Problem]:
    """Everything that is wrong with scenarios, groups and canaries."""
    scenarios, found = read_all(folder)
    for scenario in scenarios:
        found += [each for each in scenario_problems(scenario) if each not in found]
    # Groups and twins are judged only when every scenario could be read, or good lines would be
    # blamed.
    if not found:
        found += twins.problems(scenarios)
        found += groups.problems([scenario.name for scenario in scenarios], group_folder)
        found += canary.read_all()[1]
    return found
