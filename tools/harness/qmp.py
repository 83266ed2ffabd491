# SPDX-License-Identifier: ISC
"""QEMU's control protocol over a socket: commands with answers, and the events in between."""
import json
import socket

ANSWER_TIMEOUT_S = 30.0


class MonitorError(Exception):
    """The machine refused a command or is gone."""


class Monitor:
    """One side of the control socket. Not for use from several threads."""

    def __init__(self, control: socket.socket):
        self._socket = control
        self._buffer = b""
        self._ready = False
        self.events: list[dict] = []

    def _read_line(self, timeout_s: float) -> dict | None:
        self._socket.settimeout(timeout_s)
        while b"\n" not in self._buffer:
            try:
                piece = self._socket.recv(65536)
            except (BlockingIOError, TimeoutError):
                return None
            except OSError as error:
                raise MonitorError(f"control socket: {error}") from error
            if not piece:
                raise MonitorError("the machine is gone")
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def _send(self, command: str, arguments: dict) -> object:
        message = json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n"
        try:
            self._socket.sendall(message)
        except OSError as error:
            raise MonitorError(f"control socket: {error}") from error
        while True:
            answer = self._read_line(ANSWER_TIMEOUT_S)
            if answer is None:
                raise MonitorError(f"no answer to {command}")
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise MonitorError(f"{command}: {answer['error'].get('desc')}")
            self._note(answer)

    def _note(self, message: dict) -> None:
        if "event" in message:
            self.events.append(message)

    def open(self) -> None:
        """Shake hands; before that QEMU tells no events. Raises MonitorError."""
        if not self._ready:
            self._send("qmp_capabilities", {})
            self._ready = True

    def call(self, command: str, **arguments) -> object:
        """Run a command and return its answer; raises MonitorError."""
        self.open()
        return self._send(command, arguments)

    def drain(self) -> None:
        """Collect the events that have arrived, also those that the machine left when it ended."""
        try:
            while (message := self._read_line(0.0)) is not None:
                self._note(message)
        except (MonitorError, ValueError):
            pass

    def shutdown_reason(self) -> str | None:
        """Why the guest stopped ("guest-shutdown", "guest-reset"...), as far as QEMU told."""
        self.drain()
        reasons = [event["data"].get("reason") for event in self.events
                   if event["event"] in ("SHUTDOWN", "RESET")]
        return reasons[-1] if reasons else None
