# SPDX-License-Identifier: ISC
"""What decides a boot image: kind, profile, faults; and the BootConfig that tools/planogen makes of
it.

This is the one place that knows planogen. BootConfig needs the digests of the programs on the disk,
since the authority of a program is found by its bytes.
"""
import hashlib
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from harness import authorityfaults, paths, values
from harness.outcome import BuildError, UsageError
from harness.scenario import Scenario

sys.path.append(str(paths.ROOT / "tools" / "planogen"))
import bootconfig  # noqa: E402  (a sibling tool, found through the path above)
import faults  # noqa: E402
import plan as authority  # noqa: E402
import runtime  # noqa: E402
import verifiers  # noqa: E402

ROOT_PROGRAM = "rootd"
LOCAL_RUNTIME = "runtime.local.toml"
# Keys of a scenario that change the BootConfig. Media and budgets are not among them, so that
# scenarios which differ only in those share one boot image.
FAULT_KEYS = ("rootd_test_mode", "phase0_missing_service", "service_primary_control_fault",
              "service_explicit_endpoint_fault", "service_startup_peer_fault", "verifier_fault")


@dataclass(frozen=True)
class BootPlan:
    """All that decides the bytes of a boot image, besides what was built.

    image_kind   "test" has the debug exit and verifier programs, "runtime" has not
    profile      "dev" or "release": which runtime file, and what a packaged image says
    runtime_path a runtime file of its own instead of the profile's, relative to the root
    options      the keys of FAULT_KEYS that are not "none", as pairs
    image_fault  what is done to the finished image
    root_script  what a root program that lies is told to print
    stand_ins    pairs of a service and the test program that is in the image instead of it
    key_file     the private key of a release, or the development key of the tree
    root_program what the kernel starts first; another one than rootd is alone in the machine
    """
    image_kind: str
    profile: str
    runtime_path: str = ""
    options: tuple[tuple[str, object], ...] = ()
    image_fault: str = "none"
    key_file: Path | None = None
    root_program: str = ROOT_PROGRAM
    stand_ins: tuple[tuple[str, str], ...] = ()
    root_script: str = ""

    @classmethod
    def of(cls, scenario: Scenario) -> "BootPlan":
        """The plan of a scenario that boots a test image."""
        options = tuple((key, scenario.options[key]) for key in FAULT_KEYS
                        if scenario.options[key] != "none")
        verifiers_too = service_verifiers(scenario)
        if verifiers_too:
            options += (("verifiers", verifiers_too),)
        return cls("test", scenario.options["runtime_config_profile"],
                   scenario.options["runtime_config_path"], options, scenario.boot.image_fault,
                   root_program=scenario.boot.root_program, stand_ins=_stand_ins(scenario),
                   root_script=scenario.boot.root_script)

    @classmethod
    def packaged(cls, scenario: Scenario) -> "BootPlan":
        """The plan of a scenario that boots a packaged image."""
        return cls("runtime", scenario.options["runtime_config_profile"],
                   image_fault=scenario.boot.image_fault,
                   root_program=scenario.boot.root_program, stand_ins=_stand_ins(scenario),
                   root_script=scenario.boot.root_script)

    @classmethod
    def runtime(cls, profile: str, key_file: Path | None = None) -> "BootPlan":
        """The plan of a packaged image."""
        return cls("runtime", profile, key_file=key_file)

    def without_authority_faults(self) -> "BootPlan":
        """The same image, in which every program has what its manifest says."""
        kept = tuple(pair for pair in self.options if pair[0] not in authorityfaults.FIELDS)
        return replace(self, options=kept)

    @property
    def is_release(self) -> bool:
        return self.profile == "release" and self.image_kind == "runtime"

    @property
    def signed_profile(self) -> str:
        """The profile that the image itself states."""
        return "test" if self.image_kind == "test" else self.profile


SERIAL_PROBE = "verify-serial-probe"


def service_verifiers(scenario: Scenario) -> tuple[str, ...]:
    """The verifier programs that the test modes of services ask for."""
    found: tuple[str, ...] = ()
    for key, service in values.SERVICE_TEST_FIELDS.items():
        if scenario.options[key] == "smoke":
            found += (f"verify-{service}",)
        if scenario.options[key] == "serial-probe":
            found += (SERIAL_PROBE,)
    return found


def _stand_ins(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Those of [boot], and one for each service whose test mode is force-fail."""
    forced = {service: values.FORCE_FAIL_STAND_IN
              for key, service in values.SERVICE_TEST_FIELDS.items()
              if scenario.options[key] == "force-fail"}
    return tuple(sorted((forced | dict(scenario.boot.stand_in)).items()))


def runtime_file(plan: BootPlan) -> Path:
    """An explicit file, else runtime.local.toml for a person's own images, else the profile's."""
    if plan.runtime_path:
        return paths.ROOT / plan.runtime_path
    local = paths.ROOT / LOCAL_RUNTIME
    if plan.image_kind == "runtime" and plan.profile == "dev" and local.exists():
        return local
    return paths.ROOT / f"runtime.{plan.profile}.toml"


@cache
def _authority() -> authority.Plan:
    """All manifests of the tree; they do not change while a command runs."""
    try:
        return authority.load(str(paths.ROOT))
    except (authority.PlanError, authority.protogen.ProtocolError) as error:
        raise BuildError(f"planogen: {error}") from error


@dataclass(frozen=True)
class Planned:
    """The BootConfig of a plan, and the programs that its image must contain, in a fixed order."""
    boot_config: bytes
    modules: tuple[str, ...]


def _planned(plan: BootPlan, programs: dict[str, bytes]) -> Planned:
    everything = _authority()
    file = runtime_file(plan)
    composition = runtime.parse(paths.shown(file), file.read_text(encoding="utf-8"))
    edits = dict(plan.options)
    digests = {name: hashlib.sha256(data).digest() for name, data in programs.items()}
    config = bootconfig.write(everything, plan.signed_profile, composition, edits, digests)
    rows = bootconfig.launch_rows(everything, composition, faults.verifiers(everything, edits))
    missing = faults.missing_module(edits)
    for service, program in plan.stand_ins:
        if service not in {row.manifest.name for row in rows}:
            raise UsageError(f"stand_in: {program} for {service}, which is not in this image")
    names = (ROOT_PROGRAM, *(row.manifest.name for row in rows))
    return Planned(config, tuple(name for name in names if name != missing))


def roles() -> dict[str, int]:
    """The number of every program that has one."""
    return _authority().roles


def launch_rows(plan: BootPlan) -> list:
    """The rows of BootConfig for programs of the image, before any fault is put into them."""
    everything = _authority()
    file = runtime_file(plan)
    composition = runtime.parse(paths.shown(file), file.read_text(encoding="utf-8"))
    return bootconfig.launch_rows(everything, composition,
                                  faults.verifiers(everything, dict(plan.options)))


def init_row(plan: BootPlan):
    """The row of BootConfig for the program on the terminal; None if there is no such program."""
    everything = _authority()
    file = runtime_file(plan)
    composition = runtime.parse(paths.shown(file), file.read_text(encoding="utf-8"))
    found = [manifest for manifest in everything.programs() if composition.init
             and composition.init == bootconfig.PROGRAM_FOLDER + manifest.name]
    present = {row.manifest.name for row in launch_rows(plan)} | {ROOT_PROGRAM}
    without = set(everything.manifests) - present
    return bootconfig.make_row(everything, found[0], without) if found else None


def mode_verifiers(mode: str) -> tuple[str, ...]:
    """The verifiers that run in a rootd_test_mode; none in one that planogen does not know."""
    return tuple(each.name for each in verifiers.modes().get(mode, ()))


def planned(plan: BootPlan, programs: dict[str, bytes]) -> Planned:
    """Ask planogen. `programs`: the files of the disk by the name of the program."""
    try:
        return _planned(plan, programs)
    except authority.PlanError as error:
        raise UsageError(f"planogen: {error}") from error
    except FileNotFoundError as error:
        raise BuildError(f"planogen: {error}") from error


def disk_programs(built: dict[str, Path]) -> dict[str, Path]:
    """Of all programs that were built, those that lie on the disk: neither services and drivers nor
    verifiers, which are in the boot image."""
    everything = _authority()
    in_image = {ROOT_PROGRAM, *(manifest.name for manifest in everything.launches())}
    return {name: path for name, path in sorted(built.items()) if name not in in_image}
