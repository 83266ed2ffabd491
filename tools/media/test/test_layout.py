# SPDX-License-Identifier: ISC
"""Places on a volume, in all shapes, against what dumpe2fs and debugfs say of them."""
import re
import subprocess
import unittest
from pathlib import Path

from imagemaker import host
from media import layout, maker, recipe

VOLUME = """\
summary = "s"
family = "FAMILY"
expect = "accepted"
tree = '''
dir /docs
file /docs/one stamp:a:9000 @400000:stamp:b:9000
file /docs/two text:two
'''
[volume]
features = "FEATURES"
block_bytes = BLOCK
options = [OPTIONS]
size_mib = 32
"""
GROUP = re.compile(r"Group (\d+): \(.*?(?=^Group |\Z)", re.S | re.M)
PLACES = {"block_bitmap": r"Block bitmap at (\d+)", "inode_bitmap": r"Inode bitmap at (\d+)",
          "inode_table": r"Inode table at (\d+)-",
          "free_blocks": r"(\d+) free (?:blocks|clusters),"}


def said(*words: str) -> str:
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=host.environment(), check=True).stdout


class Places(unittest.TestCase):
    def agrees(self, features: str, block_bytes: int, options: str = "") -> None:
        """All groups, and all blocks of two files."""
        text = VOLUME.replace("FEATURES", features).replace("BLOCK", str(block_bytes))
        text = text.replace("OPTIONS", options).replace("FAMILY", features.split(",")[0])
        with host.scratch() as scratch:
            image = maker.make(recipe.parse("layout", text), scratch / "image").image
            volume = layout.Volume(bytearray(image.read_bytes()))
            self.groups_agree(volume, said("dumpe2fs", str(image)))
            for path in ("/docs/one", "/docs/two"):
                self.blocks_agree(volume, path, image)

    def groups_agree(self, volume: layout.Volume, text: str) -> None:
        groups = {int(each[1]): each[0] for each in GROUP.finditer(text)}
        self.assertEqual(list(groups), list(range(volume.group_count)))
        for number, about in groups.items():
            for field, pattern in PLACES.items():
                self.assertEqual(volume.descriptor(number, field),
                                 int(re.search(pattern, about)[1]), (number, field))

    def blocks_agree(self, volume: layout.Volume, path: str, image: Path) -> None:
        number = volume.find(path)
        for logical in (0, 400000 // volume.block_bytes) if path.endswith("one") else (0,):
            answer = said("debugfs", "-R", f"bmap {path} {logical}", str(image))
            self.assertEqual(volume.file_block(number, logical), int(answer))

    def test_plain(self):
        for block_bytes in (1024, 2048, 4096):
            self.agrees("ext2", block_bytes)
            self.agrees("ext4", block_bytes)

    def test_long_descriptors(self):
        self.agrees("ext4,64bit", 1024)

    def test_meta_groups(self):
        self.agrees("ext4,meta_bg,^resize_inode", 1024, '"-g", "512"')
        self.agrees("ext4,meta_bg,^resize_inode", 4096, '"-g", "512"')

    def test_clusters(self):
        self.agrees("ext4,bigalloc", 4096, '"-C", "16384"')
        self.agrees("ext4,bigalloc", 1024, '"-C", "8192"')
        self.agrees("ext4,bigalloc,meta_bg,^resize_inode", 1024, '"-C", "4096", "-g", "1024"')


if __name__ == "__main__":
    unittest.main()
