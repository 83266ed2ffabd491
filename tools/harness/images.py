# SPDX-License-Identifier: ISC
"""The disks of a run: which images a scenario needs, made once and shared, copied where written.

Without run_mode `vm-disk-image` the boot image lies on a SATA disk of its own, which firmware reads
and EriX has no driver for; the medium of `block_storage_image` is the one virtio disk. So all
scenarios of one BootConfig share a boot disk, whatever their medium.
"""
import shutil
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness import artifacts, cas, components, diskcheck, media, paths, tools
from harness.bootplan import BootPlan
from harness.outcome import BuildError, EnvironmentProblem
from harness.qemu import Disk
from harness.scenario import File, Scenario
from harness.template import fill

media.names()  # puts tools/ on the path
from imagemaker import disk, ext, fat, gpt, host, recipe  # noqa: E402
from imagemaker.tree import Entry, Tree  # noqa: E402

JUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class Prepared:
    """What a machine is started with. `data_disk` is the one that is verified afterwards."""
    disks: tuple[Disk, ...]
    data_disk: Path | None = None
    digest_before: str = ""
    flash_variables: Path | None = None
    debug_exit: bool = True
    digests: dict[str, str] = field(default_factory=dict)
    private: tuple[Path, ...] = ()

    def discard(self) -> None:
        """Remove the copies that belong to this run alone; they are kept only for failures."""
        for path in self.private:
            path.unlink(missing_ok=True)


class Provider(Protocol):
    """Who makes the disks of a run; the tests of the engine have one of their own."""

    def prepare(self, scenario: Scenario, folder: Path, nonce: str) -> Prepared: ...


@contextmanager
def _explained():
    """Turns what the makers of images raise into errors of the harness."""
    try:
        yield
    except host.MissingTool as error:
        raise EnvironmentProblem(str(error)) from error
    except (host.MakerError, gpt.GptError) as error:
        raise BuildError(str(error)) from error


def inputs(scenario: Scenario) -> tuple[str, ...]:
    """Digests of all that the disks of a scenario are made from. Makes what is missing in the
    store, where the name of a file is the digest of its inputs."""
    ports = [artifacts.tree_digest({each.path: artifacts.port(each.program)})
             for each in scenario.files if each.program]
    with _explained():
        if scenario.options["run_mode"] == "vm-disk-image":
            return (appliance_of(BootPlan.packaged(scenario)).name, *ports)
        medium = _medium(scenario.options["block_storage_image"])
        on_virtio = medium if medium == "none" else medium_disk(medium).name
        return (esp_disk(BootPlan.of(scenario)).name, on_virtio, *ports)


def _medium(name: str) -> str:
    return "phase4-fs" if name == "auto" else name


class Images:
    """The provider for real runs: boot images, disks and media out of what was built."""

    def prepare(self, scenario: Scenario, folder: Path, nonce: str) -> Prepared:
        """Make or find the disks of a scenario. Raises HarnessError if one cannot be made."""
        with _explained():
            if scenario.options["run_mode"] == "vm-disk-image":
                return self._disk_image(scenario, folder, nonce)
            return self._fixture(scenario, folder, nonce)

    def _flash(self, scenario: Scenario, folder: Path) -> Path | None:
        if scenario.boot.start != "stock":
            return None
        variables = folder / "flash-variables.fd"
        shutil.copyfile(tools.firmware_flash()[1], variables)
        return variables

    def _fixture(self, scenario: Scenario, folder: Path, nonce: str) -> Prepared:
        boot_disk = esp_disk(BootPlan.of(scenario))
        disks = [Disk(boot_disk, "sata", readonly=True, boot=True)]
        digests = {"boot": cas.digest_file(boot_disk)}
        medium = _medium(scenario.options["block_storage_image"])
        if medium == "none":
            return Prepared(tuple(disks), flash_variables=self._flash(scenario, folder),
                            digests=digests)
        readonly = scenario.options["qemu_block_readonly"]
        shared = medium_disk(medium)
        private: tuple[Path, ...] = ()
        data_disk = shared
        if not readonly or scenario.files:
            data_disk = folder / "disk.img"
            disk.copy(shared, data_disk)
            put_files(data_disk, scenario, nonce)
            private = (data_disk,)
        disks.append(Disk(data_disk, "virtio", readonly))
        digests["disk"] = diskcheck.digest(data_disk) if private else cas.digest_file(shared)
        return Prepared(tuple(disks), data_disk, digests["disk"], self._flash(scenario, folder),
                        digests=digests, private=private)

    def _disk_image(self, scenario: Scenario, folder: Path, nonce: str) -> Prepared:
        """The packaged appliance image in one of its topologies, without debug exit."""
        image = appliance_of(BootPlan.packaged(scenario))
        own = folder / "disk.img"
        disk.copy(image, own)
        put_files(own, scenario, nonce)
        disks = tuple(self._topology(scenario.options["disk_image_case"], own, folder))
        extra = tuple(each.image for each in disks if each.image.parent == folder)
        return Prepared(disks, own, diskcheck.digest(own), self._flash(scenario, folder),
                        debug_exit=False, digests={"disk": cas.digest_file(image)},
                        private=tuple({own, *extra}))

    def _topology(self, case: str, own: Path, folder: Path) -> list[Disk]:
        if case == "single-virtio-gpt":
            return [Disk(own, "virtio", boot=True)]
        if case == "two-virtio-disks":
            return [Disk(own, "virtio", boot=True), Disk(self._junk(folder), "virtio")]
        boot = Disk(own, "sata", boot=True)
        if case == "no-virtio-sata":
            return [boot]
        if case == "single-virtio-junk-sata":
            return [boot, Disk(self._junk(folder), "virtio")]
        bare = folder / "esp.img"
        with open(own, "rb") as source, open(bare, "wb") as target:
            partition = gpt.find(own, disk.ESP_NAME)
            source.seek(partition.first_byte)
            target.write(source.read(partition.size_bytes))
        return [boot, Disk(bare, "virtio")]

    def _junk(self, folder: Path) -> Path:
        junk = folder / "junk.img"
        junk.write_bytes(b"EriX junk disk. " * (JUNK_BYTES // 16))
        return junk


def _pages(mib: int) -> bytes:
    """What tests/ports/fsbench.c expects: each page of 4 KiB begins with its own number."""
    stamp = 0x4553425346585245
    return b"".join(struct.pack("<QQ", number ^ stamp, 0) + bytes(4080)
                    for number in range(mib * 256))


def _contents(file: File, nonce: str) -> Entry:
    if file.program:
        return artifacts.port(file.program)
    return Entry(_pages(file.pages_mib) if file.pages_mib else fill(file.content, nonce).encode())


def _put_bytes(image: Path, name: str, data: bytes) -> None:
    partition = gpt.find(image, name)
    if partition is None or len(data) > partition.size_bytes:
        raise BuildError(f"[[files]]: the medium has no partition {name} of that size")
    with open(image, "r+b") as file:
        file.seek(partition.first_byte)
        file.write(data)


def put_files(image: Path, scenario: Scenario, nonce: str) -> None:
    """Write the [[files]] of a scenario onto the data volume of its own copy of the medium."""
    for each in scenario.files:
        if each.partition:
            _put_bytes(image, each.partition, _contents(each, nonce).data)
    tree: Tree = {fill(each.path, nonce): _contents(each, nonce) for each in scenario.files
                  if each.path}
    if not tree:
        return
    partition = gpt.find(image, disk.DATA_NAME)
    if partition is None:
        raise BuildError(f"[[files]]: the medium has no partition {disk.DATA_NAME}")
    ext.put(f"{image}?offset={partition.first_byte}", tree)


def _maker_digest() -> str:
    return components.digest(paths.ROOT / "tools" / "imagemaker")


def esp_disk(plan: BootPlan) -> Path:
    """The boot disk for a plan, from the store or made now."""
    loader = artifacts.loader(plan)
    boot_image = artifacts.boot_image(plan)
    image_bytes = boot_image.read_bytes() if boot_image else None
    key = ("esp disk", _maker_digest(), cas.digest_file(loader),
           cas.digest_file(boot_image) if boot_image else "none")
    return cas.get(key, lambda target: disk.make_esp_disk(target, loader.read_bytes(), image_bytes))


def medium_disk(name: str) -> Path:
    """A medium by its name, from the store or made now."""
    tree = artifacts.data_tree()
    key = ("medium", name, _maker_digest(), artifacts.tree_digest(tree))
    return cas.get(key, lambda target: recipe.make(name, target, tree))


def appliance(profile: str, key_file: Path | None = None) -> Path:
    """The disk image of a runtime profile, from the store or made now."""
    return appliance_of(BootPlan.runtime(profile, key_file))


def appliance_of(plan: BootPlan) -> Path:
    """The disk image with the boot image of a plan, from the store or made now."""
    loader = artifacts.loader(plan)
    boot_image = artifacts.boot_image(plan)
    if boot_image is None:
        raise BuildError("a packaged image without a boot image is none")
    tree = artifacts.data_tree()
    key = ("appliance", _maker_digest(), cas.digest_file(loader), cas.digest_file(boot_image),
           artifacts.tree_digest(tree))
    return cas.get(key, lambda target: disk.make_appliance(
        target, loader.read_bytes(), boot_image.read_bytes(), tree))


def copy_disk(source: Path, target: Path) -> None:
    """Copy a disk with its holes to a file that may be written."""
    target.unlink(missing_ok=True)
    disk.copy(source, target)


def appliance_digest_again(profile: str, key_file: Path | None) -> str:
    """The digest of an appliance image that is made afresh, past the store."""
    plan = BootPlan.runtime(profile, key_file)
    boot_image = artifacts.make_boot_image(plan)
    with host.scratch() as scratch:
        disk.make_appliance(scratch / "disk", artifacts.loader(plan).read_bytes(),
                            boot_image, artifacts.data_tree())
        return diskcheck.digest(scratch / "disk")
