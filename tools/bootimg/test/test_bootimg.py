# SPDX-License-Identifier: ISC
"""Tests of the boot image tool, and of the loader's C code against it on the same images."""
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
KEYS = HERE.parent / "keys"
sys.path.insert(0, str(HERE.parent))

import bootimg  # noqa: E402  (found through the path above)
from bootimg import InputError, Refused, Section  # noqa: E402

SECTIONS = [
    Section("kernel", "kernel", bytes(range(256)) * 20),
    Section("boot-config", "boot-config", b"configuration"),
    Section("service", "rootd", b"r" * 4096),
    Section("blob", "console-font", b"f"),
]

# Judges each image named on its command line by the loader's code and prints one reason a line.
JUDGE = """
#include <stdio.h>
#include "policy.h"
static unsigned char bytes[1 << 20];
int main(int count, char **paths)
{
    for (int index = 1; index < count; index++) {
        FILE *file = fopen(paths[index], "rb");
        size_t size = file == nullptr ? 0 : fread(bytes, 1, sizeof(bytes), file);
        struct bootimg image = {};
        struct bootimg_refusal refusal = {};
        enum status status = bootimg_parse(bytes, size, &image, &refusal);
        if (status == STATUS_OK) {
            status = bootimg_verify(&image, boot_policy, &refusal);
        }
        printf("%s%s%s\\n", bootimg_reason_name(refusal.reason),
            refusal.section[0] == 0 ? "" : ":", refusal.section);
        (void)fclose(file);
    }
}
"""


def development_key() -> bootimg.Key:
    return bootimg.read_key(f"{KEYS / 'dev.pub.pem'}:dev,test")


def development_image(**options) -> bytes:
    return bootimg.build(SECTIONS, KEYS / "dev.pem", **{"profile": "dev", **options})


def judged(data: bytes, keys=None, image_version_min=0) -> str:
    """The reason of the refusal as the loader prints it, or NONE."""
    try:
        bootimg.verify(bootimg.parse(data), keys or [development_key()], image_version_min)
    except Refused as refusal:
        return str(refusal)
    return "NONE"


class Images(unittest.TestCase):
    def test_what_goes_in_comes_out(self):
        image = bootimg.parse(development_image(profile="test", image_version=9))
        self.assertEqual((image.profile, image.image_version), ("test", 9))
        for section in SECTIONS:
            self.assertEqual(image.find(section.name).data, section.data)
            self.assertEqual(image.find(section.name).kind, section.kind)
        self.assertIn("rootd", bootimg.describe(image))
        self.assertRaises(InputError, image.find, "memd")

    def test_the_same_input_gives_the_same_bytes(self):
        self.assertEqual(development_image(), development_image())
        self.assertNotEqual(development_image(), development_image(image_version=2))

    def test_the_policy_decides(self):
        self.assertEqual(judged(development_image()), "NONE")
        self.assertEqual(judged(development_image(profile="release")), "KEY_PROFILE")
        self.assertEqual(judged(development_image(), image_version_min=2), "ROLLBACK")
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder, "other.pem")
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(other)],
                           check=True, capture_output=True)
            image = bootimg.build(SECTIONS, other, "dev")
        self.assertEqual(judged(image), "KEY_UNKNOWN")

    def test_bad_input_is_named(self):
        wrong = {
            "exactly one kernel": SECTIONS[1:],
            "exactly one boot-config": SECTIONS[:1],
            "two sections": SECTIONS + [Section("blob", "rootd", b"x")],
            "empty": SECTIONS + [Section("blob", "nothing", b"")],
            "a name is": SECTIONS + [Section("blob", "Großes", b"x")],
            "sections; an image has": SECTIONS + [Section("blob", f"b{number}", b"x")
                                                  for number in range(61)],
        }
        for text, sections in wrong.items():
            with self.assertRaisesRegex(InputError, text):
                bootimg.build(sections, KEYS / "dev.pem", "dev")
        for text in ("nothing.pem:dev", f"{KEYS / 'dev.pem'}:dev", f"{KEYS / 'dev.pub.pem'}:all",
                     "dev"):
            with self.assertRaises(InputError):
                bootimg.read_key(text)
        with self.assertRaises(InputError):
            development_image(image_version=-1)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_tool(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, str(HERE.parent / "bootimg.py"),
                               *map(str, arguments)], capture_output=True, text=True, check=False)

    def test_build_inspect_verify_extract(self):
        for section in SECTIONS:
            (self.folder / section.name).write_bytes(section.data)
        image = self.folder / "boot.img"
        result = self.run_tool(
            "build", "--out", image, "--key", KEYS / "dev.pem", "--profile", "dev",
            "--kernel", self.folder / "kernel", "--boot-config", self.folder / "boot-config",
            "--service", f"rootd={self.folder / 'rootd'}",
            "--blob", f"console-font={self.folder / 'console-font'}")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(image.read_bytes(), development_image())
        self.assertIn("console-font", self.run_tool("inspect", image).stdout)
        key = f"{KEYS / 'dev.pub.pem'}:dev"
        self.assertEqual(self.run_tool("verify", image, "--key", key).returncode, 0)
        out = self.folder / "out"
        self.assertEqual(self.run_tool("extract", image, "rootd", "--out", out).returncode, 0)
        self.assertEqual(out.read_bytes(), SECTIONS[2].data)
        damaged = bytearray(image.read_bytes())
        damaged[4096] ^= 1
        image.write_bytes(damaged)
        result = self.run_tool("verify", image, "--key", key)
        self.assertEqual((result.returncode, result.stderr), (1, "refused: SECTION_HASH:kernel\n"))

    def test_usage_errors(self):
        self.assertEqual(self.run_tool("build").returncode, 2)
        self.assertEqual(self.run_tool("inspect", self.folder / "nothing").returncode, 2)
        self.assertEqual(self.run_tool("--help").returncode, 0)


class AgainstTheLoader(unittest.TestCase):
    """The loader's own code is compiled with the policy that this tool writes."""

    def setUp(self):
        compiler = shutil.which("clang-19")
        self.assertIsNotNone(compiler, "clang-19 is not installed")
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        keys = [development_key()]
        (self.folder / "policy.h").write_text(bootimg.policy_header(keys), encoding="utf-8")
        (self.folder / "judge.c").write_text(JUDGE, encoding="utf-8")
        sources = [str(path) for name in ("bootimg", "crypto")
                   for path in sorted((ROOT / "lib" / name).glob("*.c"))]
        subprocess.run([compiler, "-std=c2x", "-O1", f"-I{ROOT}", str(self.folder / "judge.c"),
                        *sources, "-o", str(self.folder / "judge")], check=True)

    def loader_reasons(self, images: list[bytes]) -> list[str]:
        paths = []
        for index, image in enumerate(images):
            paths.append(self.folder / f"{index}.img")
            paths[-1].write_bytes(image)
        result = subprocess.run([str(self.folder / "judge"), *map(str, paths)], check=True,
                                capture_output=True, text=True)
        return result.stdout.splitlines()

    def test_both_accept_the_same_image(self):
        self.assertEqual(self.loader_reasons([development_image()]), ["NONE"])

    def test_both_refuse_damaged_images_for_the_same_reason(self):
        """Random bytes of header, table, manifest, padding, payload, signature; and new sizes."""
        source = random.Random(20260101)
        sound = development_image()
        signed_bytes = bootimg.parse(sound).signed_bytes
        images = []
        for index in range(600):
            image = bytearray(sound)
            limit = signed_bytes if index % 3 else len(image)
            at = source.randrange(limit)
            image[at] = source.choice([0, 1, 5, 0xFF, image[at] ^ 1 << source.randrange(8)])
            if index % 50 == 0:
                image = image[:source.randrange(len(image))]
            images.append(bytes(image))
        images += [sound[:-64] + bytes(64), sound + b"\0", b""]
        ours = [judged(image) for image in images]
        self.assertEqual(ours, self.loader_reasons(images))
        self.assertGreaterEqual(len(set(reason.split(":")[0] for reason in ours)), 12)


if __name__ == "__main__":
    unittest.main()
