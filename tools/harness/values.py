# SPDX-License-Identifier: ISC
"""The values of the enumerated fields of a scenario.

The names are those of the system's own description. A field is here once; media are found by
listing the folder of recipes.
"""
import sys

from harness import authorityfaults, bootfault, paths, signedfault

sys.path.append(str(paths.ROOT / "tools" / "planogen"))
import verifiers  # noqa: E402  (of a sibling tool, found through the path above)

SERVICES = ("memd", "vspaced", "pagerd", "procd", "named", "timed", "logd", "crashd", "irqd",
            "deviced", "probed", "hotplugd", "drv-acpi", "drv-serial", "drv-virtio-block",
            "seriald", "blockd", "fbcond", "console-font", "drv-i8042", "drv-ps2-keyboard",
            "drv-ps2-mouse", "inputd", "ramfsd", "keyd", "e2fsd", "fatd", "vfsd", "loaderd")

# What a scenario may leave out of the image: services and the verifier programs of the phases.
MISSING_SERVICES = ("none", *SERVICES, "phase0-probe", "phase0-exit", "phase0-isolation",
                    "phase0-fault-kill", "phase0-stress", "phase0-fail", "phase1-lookup",
                    "phase1-time", "phase1-log", "verify-core", "verify-files", "verify-block",
                    "phase2-irq", "phase2-driver-hold", "phase2-driver-capcheck")

RUN_MODES = ("vm", "vm-disk-image")
KERNEL_ROOTD_TESTS = ("none", "smoke", "runtime")
PROFILES = ("dev", "release")
DISK_IMAGE_CASES = ("none", "no-virtio-sata", "single-virtio-junk-sata",
                    "single-virtio-esp-raw-sata", "single-virtio-gpt", "two-virtio-disks")

ROOTD_TEST_MODES = (
    "none", "smoke", "force-fail", "full-system", "authority-graph",
    "authority-graph-deaths", "kernel-exception",
    "messages-core", "messages-device", "messages-file", "deaths", "protection",
    "phase0", "phase0-exit", "phase0-isolation", "phase0-fault-kill", "phase0-stress-1k",
    "phase0-force-service-fail", "phase1-lookup", "phase1-time", "phase1-log",
    "phase2-irq", "phase2-driver-hold", "phase2-driver-capcheck", "phase2-probe",
    "phase2-hotplug", "deaths-service", "ends-unheard",
    "phase3-framebuffer", "phase3-input", "phase3-serial",
    "phase4-block", "phase4-vfs-memory", "phase4-e2fs-fat", "phase4-e2fs-fat-readonly",
    "phase4-e2fs-fat-short-name", "phase4-e2fs-fat-rename", "phase4-e2fs-fat-metadata",
    "phase4-e2fs-fat-exfat-metadata", "phase4-e2fs-fat-ext-truncate",
    "phase4-e2fs-fat-ext-sparse", "phase4-e2fs-fat-ext-metadata", "phase4-e2fs-fat-truncate",
    "phase4-loader-contract", "phase4-loader-fs-discovery",
)

# Those that the description names, and those of the list that is made from the manifests.
PRIMARY_CONTROL_FAULTS = ("none", *dict.fromkeys((
    *authorityfaults.PRIMARY_CONTROL, *authorityfaults.values("service_primary_control_fault"))))
EXPLICIT_ENDPOINT_FAULTS = ("none", *authorityfaults.EXPLICIT_ENDPOINT)
STARTUP_PEER_FAULTS = ("none", *dict.fromkeys((
    *authorityfaults.STARTUP_PEER, *authorityfaults.values("service_startup_peer_fault"))))

# A verifier is asked to do what must go wrong.
VERIFIER_FAULTS = ("none", *verifiers.FAULTS)

SERVICE_TEST_MODES = ("none", "runtime", "smoke", "force-fail", "serial-probe")
# NAME_test_mode, and the service that it is about.
SERVICE_TEST_FIELDS = {service.replace("-", "_") + "_test_mode": service for service in SERVICES
                       if service != "console-font"}
STAND_INS = ("stand-in-failing", "stand-in-silent", "stand-in-dying", "stand-in-deaf",
             "stand-in-fading", "stand-in-liar")
FORCE_FAIL_STAND_IN = "stand-in-failing"

# Exit classes that a test image writes to the debug-exit port, and two ends without one.
EXIT_CODES = {"success": 0x10, "bootloader-failure": 0x11, "kernel-failure": 0x12,
              "rootd-failure": 0x13, "service-failure": 0x14}
EXIT_POWEROFF = "poweroff"
EXIT_VERDICT = "verdict"
EXITS = (*EXIT_CODES, EXIT_POWEROFF, EXIT_VERDICT)

# What becomes of boot.img before it is put on the ESP.
BOOT_IMAGE_FAULTS = ("none", "missing", *signedfault.NAMES, *bootfault.FAULTS)

# From a saved machine that has its firmware behind it, through firmware without the wait for a TPM,
# or as flash that is delivered by the distribution.
START_SNAPSHOT = "snapshot"
START_COLD = "cold"
START_STOCK = "stock"
BOOT_STARTS = (START_SNAPSHOT, START_COLD, START_STOCK)
# Processor features that a machine may lack.
LACKS = ("none", "nx", "smep", "smap", "umip", "pge", "pat")
MEDIA_SELECTORS = ("auto", "none")


def exit_status(name: str) -> int:
    """The exit status of QEMU for an exit class: its debug-exit device makes code * 2 + 1."""
    return EXIT_CODES[name] << 1 | 1


def exit_name(status: int) -> str | None:
    """The exit class for a status of QEMU, or None if no guest wrote such a code."""
    for name, code in EXIT_CODES.items():
        if status == code << 1 | 1:
            return name
    return None
