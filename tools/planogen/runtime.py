# SPDX-License-Identifier: ISC
"""Read runtime.*.toml: what an image contains and mounts."""
import tomllib
from dataclasses import dataclass, field

from manifest import PlanError, did_you_mean

# Feature to the programs that are in the image only with it.
FEATURES = {
    "user_storage": ("blockd",),
    "storage_virtio": ("drv-virtio-block",),
    "user_vfs": ("vfsd",),
    "fs_ramfs": ("ramfsd",),
    "fs_e2fs": ("e2fsd",),
    "program_loader": ("loaderd",),
}
# Feature to those without which it is of no use.
NEEDS = {
    "fs_e2fs": ("user_storage", "user_vfs"),
    "fs_ramfs": ("user_vfs",),
    "storage_virtio": ("user_storage",),
    "program_loader": ("user_vfs",),
}
# Name of a file system in a mount to the program that provides it and the feature.
PROVIDERS = {"ext4": ("e2fsd", "fs_e2fs"), "ramfs": ("ramfsd", "fs_ramfs")}
MOUNT_KEYS = {"path": str, "filesystem": str, "partition": str, "read_only": bool}
PATH_BYTES_MAX = 63
PARTITION_BYTES_MAX = 36


@dataclass(frozen=True)
class Mount:
    path: str
    provider: str
    partition: str
    read_only: bool


@dataclass
class Runtime:
    features: dict[str, bool]
    mounts: list[Mount] = field(default_factory=list)
    init: str = ""

    def contains(self, program: str) -> bool:
        """Whether a program of the boot image is chosen; those without a feature always are."""
        return all(self.features[feature] for feature, names in FEATURES.items()
                   if program in names)


def _keys(where: str, table: dict, known):
    for key in table:
        if key not in known:
            raise PlanError(f"{where}: unknown key '{key}'{did_you_mean(key, known)}")


def _mount(path: str, row: dict, features: dict[str, bool]) -> Mount:
    _keys(f"{path}: [[mounts]]", row, MOUNT_KEYS)
    for key, kind in MOUNT_KEYS.items():
        if key in row and not isinstance(row[key], kind):
            raise PlanError(f"{path}: [[mounts]]: {key} must be of type {kind.__name__}")
    place, filesystem = row.get("path", ""), row.get("filesystem", "")
    if not place.startswith("/") or len(place.encode()) > PATH_BYTES_MAX or \
            (place != "/" and any(part in ("", ".", "..") for part in place[1:].split("/"))):
        raise PlanError(f"{path}: [[mounts]]: '{place}' is no absolute path")
    if filesystem not in PROVIDERS:
        raise PlanError(f"{path}: [[mounts]] {place}: '{filesystem}' is none of "
                        f"{', '.join(PROVIDERS)}"
                        f"{did_you_mean(filesystem, PROVIDERS)}")
    provider, feature = PROVIDERS[filesystem]
    if not features[feature]:
        raise PlanError(f"{path}: [[mounts]] {place}: {filesystem} needs features.{feature} = true")
    partition = row.get("partition", "")
    if len(partition.encode()) > PARTITION_BYTES_MAX or \
            (filesystem == "ramfs") != (partition == ""):
        raise PlanError(f"{path}: [[mounts]] {place}: ext4 wants a partition, ramfs has none")
    return Mount(place, provider, partition, row.get("read_only", False))


def parse(path: str, source: str) -> Runtime:
    """The runtime in `source`; every feature is stated, nothing is on by itself."""
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path}: {error}") from error
    _keys(path, table, ("features", "mounts", "init"))
    features = table.get("features", {})
    _keys(f"{path}: [features]", features, FEATURES)
    for name in FEATURES:
        if not isinstance(features.get(name), bool):
            raise PlanError(f"{path}: features.{name} must be true or false")
    for name, needed in NEEDS.items():
        for other in needed if features[name] else ():
            if not features[other]:
                raise PlanError(f"{path}: features.{name} needs features.{other} = true")
    runtime = Runtime(features)
    runtime.mounts = [_mount(path, row, features) for row in table.get("mounts", [])]
    if len({mount.path for mount in runtime.mounts}) != len(runtime.mounts):
        raise PlanError(f"{path}: two mounts have the same path")
    if features["user_vfs"] and "/" not in [mount.path for mount in runtime.mounts]:
        raise PlanError(f"{path}: features.user_vfs needs a mount of '/'")
    init = table.get("init", {})
    _keys(f"{path}: [init]", init, ("path",))
    runtime.init = init.get("path", "") if features["program_loader"] else ""
    if len(runtime.init.encode()) > PATH_BYTES_MAX or (runtime.init
                                                       and not runtime.init.startswith("/")):
        raise PlanError(f"{path}: init.path: '{runtime.init}' is no absolute path")
    return runtime
