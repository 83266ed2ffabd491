# SPDX-License-Identifier: ISC
"""A small client of QEMU's gdb stub (GDB remote serial protocol): stops the processor, reads and
writes registers and memory, sets breakpoints. For tests that do something to an unmodified guest
from outside. Nothing here waits for the guest: `stopped` only looks.
"""
import select
import socket
import time
from pathlib import Path

ANSWER_TIMEOUT_S = 30.0
CONNECT_WAIT_S = 20.0
BREAK = b"\x03"
# The order of the stub for x86-64; all are 8 bytes but eflags.
REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11",
             "r12", "r13", "r14", "r15", "rip", "eflags")
REGISTER_BYTES = {name: 4 if name == "eflags" else 8 for name in REGISTERS}


class StubError(Exception):
    """The stub is gone or refuses."""


def checksum(body: bytes) -> bytes:
    return b"%02x" % (sum(body) & 0xFF)


class Stub:
    """One connection. Use as a context manager."""

    def __init__(self, path: Path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._buffer = b""
        self._connect(path)
        # Only a client that has asked for the description may write single registers.
        self._ask(b"qXfer:features:read:target.xml:0,ffb")

    def _connect(self, path: Path) -> None:
        deadline = time.monotonic() + CONNECT_WAIT_S
        while True:
            try:
                self._socket.connect(str(path))
                return
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if time.monotonic() > deadline:
                    raise StubError(f"{path}: {error}") from error
                time.sleep(0.01)

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _send(self, body: bytes) -> None:
        try:
            self._socket.sendall(b"$" + body + b"#" + checksum(body))
        except OSError as error:
            raise StubError(f"gdb stub: {error}") from error

    def _packet(self, timeout_s: float) -> bytes | None:
        """The next packet, or None if none comes within the time."""
        deadline = time.monotonic() + timeout_s
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self._buffer) - 3:
                body = self._buffer[start + 1:end]
                self._buffer = self._buffer[end + 3:]
                self._socket.sendall(b"+")
                return body
            left_s = max(0.0, deadline - time.monotonic())
            if not select.select([self._socket], [], [], left_s)[0]:
                return None
            try:
                piece = self._socket.recv(65536)
            except OSError as error:
                raise StubError(f"gdb stub: {error}") from error
            if not piece:
                raise StubError("gdb stub: the machine is gone")
            self._buffer += piece

    def _ask(self, body: bytes) -> bytes:
        self._send(body)
        answer = self._packet(ANSWER_TIMEOUT_S)
        if answer is None or answer == b"" or answer.startswith(b"E"):
            raise StubError(f"gdb stub: {body.decode()} was answered with {answer!r}")
        return answer

    def go_on(self) -> None:
        """Let the guest run; `stopped` tells when it stands again."""
        self._send(b"c")

    def stop(self) -> None:
        """Stop the running guest where it is."""
        self._socket.sendall(BREAK)
        if self._packet(ANSWER_TIMEOUT_S) is None:
            raise StubError("gdb stub: the guest does not stop")

    def stopped(self) -> bool:
        """Whether the running guest has come to a breakpoint."""
        packet = self._packet(0.0)
        return packet is not None and packet[:1] in (b"T", b"S")

    def set_breakpoint(self, address: int) -> None:
        self._ask(b"Z1,%x,1" % address)

    def clear_breakpoint(self, address: int) -> None:
        self._ask(b"z1,%x,1" % address)

    def read_register(self, name: str) -> int:
        return int.from_bytes(bytes.fromhex(
            self._ask(b"p%x" % REGISTERS.index(name)).decode()), "little")

    def write_register(self, name: str, value: int) -> None:
        data = value.to_bytes(REGISTER_BYTES[name], "little").hex().encode()
        self._ask(b"P%x=%b" % (REGISTERS.index(name), data))

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        return bytes.fromhex(self._ask(b"m%x,%x" % (address, size_bytes)).decode())

    def write_memory(self, address: int, data: bytes) -> None:
        self._ask(b"M%x,%x:%b" % (address, len(data), data.hex().encode()))
