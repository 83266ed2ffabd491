# SPDX-License-Identifier: ISC
"""What the harness prints: one live line of progress on a terminal, plain lines otherwise."""
import os
import shutil
import sys
import threading
import time

LIVE_PERIOD_S = 0.1
PLAIN_PERIOD_S = 60.0
STYLES = {"good": "32", "bad": "31;1", "dim": "2", "warn": "33"}


def styled(text: str, style: str, stream=None) -> str:
    """The text in a colour, if the stream is a terminal that wants colours."""
    stream = stream or sys.stdout
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


class Progress:
    """A line that is rewritten while work goes on; lines printed through `say` stay above it.

    Without a terminal the line is printed only every PLAIN_PERIOD_S seconds, so that the log of
    a build server shows life. Safe to be used from several threads.
    """

    def __init__(self, stream=None):
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.RLock()
        self._shown = False
        self._last_s = time.monotonic()

    @property
    def live(self) -> bool:
        """Whether a person looks on."""
        return self._live

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clear()

    def clear(self) -> None:
        with self._lock:
            if self._shown:
                self._stream.write("\r\x1b[K")
                self._stream.flush()
                self._shown = False

    def say(self, line: str = "") -> None:
        """Print a line that stays."""
        with self._lock:
            self.clear()
            self._stream.write(line + "\n")
            self._stream.flush()

    def status(self, line: str, force: bool = False) -> None:
        """Replace the live line."""
        now = time.monotonic()
        with self._lock:
            period = LIVE_PERIOD_S if self._live else PLAIN_PERIOD_S
            if now - self._last_s < period and not force:
                return
            self._last_s = now
            if self._live:
                width = shutil.get_terminal_size().columns - 1
                self._stream.write("\r\x1b[K" + line[:width])
                self._shown = True
            else:
                self._stream.write(line + "\n")
            self._stream.flush()


def duration(seconds: float) -> str:
    """Seconds for people: 4.2s, 1m05s."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    return f"{int(seconds) // 60}m{int(seconds) % 60:02d}s"
