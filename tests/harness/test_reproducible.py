# SPDX-License-Identifier: ISC
"""Two makings of the tree give the same bytes: the one in build/ and out/, and another in a
folder of another name, by another user, at another date, in another locale, with one process."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import ROOT  # noqa: E402  (puts tools/ on the path)
from harness import products, tools  # noqa: E402

OTHER_USER = 65534
OTHER_MTIME = 981173106  # February 2001
NOT_SOURCES = shutil.ignore_patterns("build", "out", ".git", "__pycache__")
SHARED_MEMORY = "/dev/shm"
PLACE_BYTES_MIN = 1 << 30
# What a build must not look at: user, date, locale, mode mask, folder, file.
PROBE = """
import locale, os, time
locale.setlocale(locale.LC_ALL, "")
mask = os.umask(0)
print(os.getuid(), time.strftime("%Y-%m-%d %Z"), locale.getlocale(), mask, os.getcwd(),
      os.environ["HOME"], len(os.sched_getaffinity(0)), sep="\\n")
"""
TELLTALE = "const char what[] = __DATE__ __FILE__;\n"


def _place() -> str | None:
    """Memory if there is enough, where folders also list their files in another order."""
    try:
        return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free >= PLACE_BYTES_MIN else None
    except OSError:
        return None


def _python() -> str:
    """A Python that any user may start; the one of these tests may lie in somebody's home."""
    everybodys = Path("/usr/bin/python3")
    return str(everybodys) if everybodys.exists() else sys.executable


@dataclass(frozen=True)
class Elsewhere:
    """Another computer, as far as one computer can play it. `home` is the only folder it has."""
    home: Path

    @classmethod
    def furnish(cls, home: Path) -> "Elsewhere":
        tools.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", str(home / "tr_TR.UTF-8")])
        return cls(home)

    def own(self) -> None:
        """Give everything below `home` to the other user, with other dates and narrow modes."""
        for base, folders, files in os.walk(self.home):
            for path in (Path(base), *(Path(base) / name for name in (*folders, *files))):
                path.chmod(path.stat().st_mode & 0o700)
                os.utime(path, (OTHER_MTIME, OTHER_MTIME))
                if os.getuid() == 0:
                    os.chown(path, OTHER_USER, OTHER_USER)

    def run(self, words: list[str], folder: Path) -> str:
        """Run a program there; what it printed. Its failure is a failure of the test."""
        # Root becomes nobody; anybody else becomes the root of a user namespace.
        user = ["setpriv", f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups"] \
            if os.getuid() == 0 else ["unshare", "--user", "--map-root-user"]
        one = min(os.sched_getaffinity(0))
        clock = ["faketime", "-f", "+400d"]
        environment = {
            "PATH": tools.SEARCH_PATH, "HOME": str(self.home), "USER": "nobody",
            "LOCPATH": str(self.home), "LC_ALL": "tr_TR.UTF-8", "TZ": "ELSEWHERE-13:45",
            "TMPDIR": str(self.home), "PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1",
            "NO_FAKE_STAT": "1"}
        # The mode mask is set by a shell: subprocess has it only for a new session of its own.
        command = ["sh", "-c", 'umask 0077; exec "$@"', "sh", *user, "taskset", "-c", str(one),
                   *clock, *words]
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: status {done.returncode}\n{text}")
        return text


class Reproducible(unittest.TestCase):
    def setUp(self):
        for program in ("faketime", "localedef"):
            tools.find(program)
        folder = tempfile.TemporaryDirectory(dir=_place(), prefix="erix-elsewhere-")
        self.addCleanup(folder.cleanup)
        Path(folder.name).chmod(0o755)
        self.elsewhere = Elsewhere.furnish(Path(folder.name))

    def test_elsewhere_really_is_another_place(self):
        (self.elsewhere.home / "what.c").write_text(TELLTALE, encoding="utf-8")
        self.elsewhere.own()
        here = subprocess.run([sys.executable, "-c", PROBE], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split("\n")[:-1]
        there = self.elsewhere.run([_python(), "-c", PROBE],
                                   self.elsewhere.home).split("\n")[:-1]
        self.assertEqual(len(here), len(there))
        same = [fact for fact, other in zip(here, there) if fact == other]
        self.assertEqual([fact for fact in same if fact != "1"], [])  # this one may have one CPU

    def test_a_date_and_a_path_in_an_object_would_show(self):
        here = self.elsewhere.home / "here"
        here.mkdir()
        for folder in (here, self.elsewhere.home):
            (folder / "what.c").write_text(TELLTALE, encoding="utf-8")
        compile_it = [tools.find("clang-19"), "-c", "-o", "what.o"]
        subprocess.run([*compile_it, str(here / "what.c")], cwd=here, check=True)
        self.elsewhere.own()
        self.elsewhere.run([*compile_it, "what.c"], self.elsewhere.home)
        both = [{"what.o": folder / "what.o"} for folder in (here, self.elsewhere.home)]
        self.assertRegex("".join(products.differences(*both)), r"what\.o: differs from offset \d+")

    def test_a_byte_and_a_missing_file_are_named_with_their_place(self):
        names = {"one": b"same" * 999, "two": b"a" * 5000, "gone": b""}
        left, right = ({name: self.elsewhere.home / f"{side}-{name}" for name in names}
                       for side in "lr")
        for name, data in names.items():
            left[name].write_bytes(data)
            right[name].write_bytes(data if name == "one" else data[:4711] + b"b" + data[4712:])
        del right["gone"]
        right["more"] = right["one"]
        self.assertEqual(products.differences(left, right), [
            "gone: only the first has it", "more: only the second has it",
            "two: differs from offset 4711 (0x1267) on; 5000 and 5000 bytes"])

    def test_elsewhere_makes_the_same_bytes(self):
        copy = self.elsewhere.home / "a tree in another folder"
        shutil.copytree(ROOT, copy, ignore=NOT_SOURCES, copy_function=shutil.copy)
        self.elsewhere.own()
        self.elsewhere.run(["sh", "./erix", "digests", "--into", "products"], copy)
        here, there = products.make(), products.linked(copy / "products")
        self.assertGreater(len(here), 50)
        self.assertEqual(products.differences(here, there), [])
