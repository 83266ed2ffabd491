# SPDX-License-Identifier: ISC
"""A running virtual machine: its serial line, its CPU time, its control socket.

The owner calls `poll` again and again; nothing here waits longer than it is told to. Ends of the
machine: it exits by itself, or `stop` kills it. Use as a context manager: nothing survives the
block.
"""
import atexit
import os
import re
import select
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness import markers, qemu
from harness.qmp import Monitor, MonitorError

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SERIAL_BYTES_MAX = 64 << 20
EXIT_WAIT_S = 20.0
POLL_QUIT_S = 5.0
KEY_PERIOD_S = 0.03
# The ACPI timer of the q35 machine where OVMF puts it; it counts guest time (ACPI 4.8.3.3).
PM_TIMER_PORT = 0x608
PM_TIMER_HZ = 3579545
PM_TIMER_TICKS = 1 << 24  # then it begins again
BROKEN_SEQUENCE = re.compile(r"\x1b(\[[0-9;?=]*)?\Z")


# Machines that run now. Whatever ends this program, none of them may outlive it.
_live: set[subprocess.Popen] = set()


@atexit.register
def _kill_all() -> None:
    for process in list(_live):
        process.kill()


@dataclass(frozen=True)
class Line:
    """A line of the serial log: text without its end, and when its first byte came."""
    text: str
    time_s: float
    cpu_s: float


class Machine:
    """One QEMU process and what it has said."""

    def __init__(self, words: list[str], log: Path):
        self._log = open(log, "wb")
        ours, theirs = socket.socketpair()
        with theirs:
            command = [*words, *qemu.control_words(theirs.fileno())]
            with open(log.with_name("qemu.log"), "wb") as complaints:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
                    pass_fds=[theirs.fileno()], start_new_session=True)
        _live.add(self._process)
        os.set_blocking(self._process.stdin.fileno(), False)
        self._control = ours
        self.monitor = Monitor(ours)
        self._start_s = time.monotonic()
        self._pending = b""
        self._pending_s = 0.0
        self._uncleaned = ""
        self._unsent = b""
        self._typed_s = 0.0
        self.types_slowly = False  # a recording has no flow control towards the guest
        self._open = True
        self._cpu_s = 0.0
        self.bytes_seen = 0
        self.lines: list[Line] = []
        self.transcript = ""

    def __enter__(self) -> "Machine":
        try:
            self.monitor.open()  # only then it tells how the machine ends
        except MonitorError:
            pass  # it has ended already; its exit status says more
        return self

    def __exit__(self, *_) -> None:
        self.stop()
        self._control.close()
        self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._start_s

    @property
    def exit_status(self) -> int | None:
        """The status of QEMU once it has ended, negative for a signal."""
        return self._process.poll()

    @property
    def partial_line(self) -> str:
        """What stands behind the last line end: a prompt, for instance."""
        return self._pending.decode("utf-8", "replace")

    def send(self, text: str) -> None:
        """Type a text. The Enter key sends a carriage return."""
        self._unsent += text.replace("\n", "\r").encode()
        self._flush()

    def _flush(self) -> None:
        if not self._unsent:
            return
        piece = self._unsent
        if self.types_slowly:
            if self.elapsed_s - self._typed_s < KEY_PERIOD_S:
                return
            self._typed_s = self.elapsed_s
            piece = piece[:1]
        try:
            written = os.write(self._process.stdin.fileno(), piece)
            self._unsent = self._unsent[written:]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._unsent = b""

    def poll(self, timeout_s: float) -> bool:
        """Take in what the serial line says within the time; False once it is closed."""
        self._flush()
        self._receive(timeout_s)
        return self._open

    def _receive(self, timeout_s: float) -> bool:
        """Take in one piece; False if none came within the time or none can come."""
        if not self._open:
            return False
        ready, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        if ready:
            piece = os.read(self._process.stdout.fileno(), 65536)
            if piece:
                self._take(piece)
            else:
                self._open = False
                self._end_line()
        return bool(ready)

    def _take(self, piece: bytes) -> None:
        self.bytes_seen += len(piece)
        if self.bytes_seen <= SERIAL_BYTES_MAX:
            self._log.write(piece)
            self._log.flush()
        if not self._pending:
            self._pending_s = self.elapsed_s
        self._transcribe(piece.decode("utf-8", "replace"))
        *whole, self._pending = (self._pending + piece).split(b"\n")
        cpu_s = self.cpu_s()
        for line in whole:
            self.lines.append(Line(line.decode("utf-8", "replace"), self._pending_s, cpu_s))
            self._pending_s = self.elapsed_s

    def _transcribe(self, text: str) -> None:
        """Add to the transcript; an escape sequence that is not complete yet waits for its rest."""
        text = self._uncleaned + text
        cut = BROKEN_SEQUENCE.search(text)
        whole = text[:cut.start()] if cut else text
        self._uncleaned = text[len(whole):]
        self.transcript += markers.clean(whole)

    def _end_line(self) -> None:
        if self._pending:
            self.lines.append(Line(self.partial_line, self._pending_s, self.cpu_s()))
            self._pending = b""

    def cpu_s(self) -> float:
        """CPU seconds that QEMU has used so far; the last value once it has ended."""
        try:
            with open(f"/proc/{self._process.pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            self._cpu_s = max(self._cpu_s, (int(fields[11]) + int(fields[12])) / TICKS_PER_S)
        except (OSError, IndexError):
            pass
        return self._cpu_s

    def asleep(self) -> bool:
        """Whether no thread of QEMU runs, wants to run or waits for a disk: the guest is halted."""
        try:
            for task in os.listdir(f"/proc/{self._process.pid}/task"):
                path = f"/proc/{self._process.pid}/task/{task}/stat"
                with open(path, encoding="utf-8") as file:
                    if file.read().rsplit(")", 1)[1].split()[0] in "RD":
                        return False
        except (OSError, IndexError):
            return False
        return True

    def guest_s(self) -> float | None:
        """Guest time since power-on in whole seconds, or None if the machine does not tell."""
        try:
            clock = self.monitor.call("qom-get", path="/machine", property="rtc-time")
        except MonitorError:
            return None
        return (clock["tm_mday"] - 1) * 86400.0 + clock["tm_hour"] * 3600 \
            + clock["tm_min"] * 60 + clock["tm_sec"]

    def guest_ticks(self) -> int | None:
        """Guest time since power-on in ticks of PM_TIMER_HZ, read from outside: the ACPI timer, and
        the clock of the board for how often it has begun again. None if the machine does not tell:
        it has no ACPI, firmware has not come to it, or the machine is gone."""
        count = self._pm_timer()
        whole_s = None if count is None else self.guest_s()
        if whole_s is None:
            return None
        rounds = round(((whole_s + 0.5) * PM_TIMER_HZ - count) / PM_TIMER_TICKS)
        return max(rounds, 0) * PM_TIMER_TICKS + count

    def _pm_timer(self) -> int | None:
        try:
            answer = self.monitor.call("human-monitor-command",
                                       **{"command-line": f"i/w {PM_TIMER_PORT:#x}"})
        except MonitorError:
            return None
        found = re.search(r"= 0x([0-9a-fA-F]+)", str(answer))
        count = int(found[1], 16) if found else PM_TIMER_TICKS
        return count if count < PM_TIMER_TICKS else None  # a port without a device is all ones

    def instructions(self) -> int:
        """How many instructions a recorded or replayed machine has done; 0 if it does not tell."""
        try:
            answer = self.monitor.call("human-monitor-command", **{"command-line": "info replay"})
        except MonitorError:
            return 0
        found = re.search(r"instruction count = (\d+)", str(answer))
        return int(found[1]) if found else 0

    def screenshot(self, file: Path) -> bool:
        """Save the framebuffer as a picture; False if there is none."""
        try:
            self.monitor.call("screendump", filename=str(file), format="png")
        except MonitorError:
            return False
        return file.exists()

    def wait_exit(self) -> int | None:
        """Wait for the end of a machine whose serial line is closed."""
        try:
            return self._process.wait(EXIT_WAIT_S)
        except subprocess.TimeoutExpired:
            return None

    def quit(self) -> None:
        """Ask QEMU to end, so that it leaves its files whole."""
        try:
            self.monitor.call("quit")
        except MonitorError:
            pass  # it may be gone before it has answered
        while self._receive(POLL_QUIT_S):
            pass
        self.wait_exit()

    def stop(self) -> None:
        """End the machine if it still runs. What it has said so far stays."""
        self.cpu_s()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        _live.discard(self._process)
        while self._receive(0.0):
            pass
        self._end_line()
