# SPDX-License-Identifier: ISC
"""A plain GPT disk: two partitions without file systems."""
from imagemaker import disk, gpt, host

SUMMARY = "plain GPT disk with partitions erix-esp and erix-data, no file systems"
VOLUME_BYTES = 8 << 20


def make(target, tree) -> None:
    del tree  # there is no file system that could hold it
    with host.scratch() as scratch:
        for name in (disk.ESP_NAME, disk.DATA_NAME):
            (scratch / name).write_bytes(name.encode().ljust(VOLUME_BYTES, b"\0"))
        disk.assemble(target, [
            disk.Volume(disk.ESP_NAME, gpt.TYPE_ESP, scratch / disk.ESP_NAME),
            disk.Volume(disk.DATA_NAME, gpt.TYPE_DATA, scratch / disk.DATA_NAME)])
