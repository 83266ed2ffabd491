#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Stands in for QEMU in the tests of the engine: plays a script instead of running a guest.

ERIX_FAKE_SCRIPT names a JSON file: a list of [action, argument].

    print TEXT      say TEXT on the serial line          exit STATUS     end with this status
    read TEXT       wait until TEXT was typed            shutdown WHY    tell the reason of an end
    answer TEXT     say TEXT with {line} filled in       spin -          use CPU time for ever
    sleep SECONDS   do nothing, like a halted guest      write PATH      append a byte to a file
    reply -         say the SHA-256 of the word behind `hash` in the line typed last
    clock SECONDS   from now on tell this as the guest's time; before, the timer tells nothing
    asked -         wait until the guest's time was asked for once more

With -kernel and without -incoming it is a machine that stops after firmware and can be saved: the
state is ERIX_FAKE_STATE, and without one saving fails.
"""
import hashlib
import json
import os
import re
import socket
import sys
import threading
import time


class Fake:
    def __init__(self):
        words = " ".join(sys.argv)
        found = re.search(r"socket,id=control,fd=(\d+)", words)
        self.control = socket.socket(fileno=int(found[1]))
        self.control.sendall(b'{"QMP": {"version": {}}}\n')
        self.typed = ""
        self.clock_s = None
        self.was_asked = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        for line in self.control.makefile("r"):
            request = json.loads(line)
            answer = {"return": {}}
            if request["execute"] == "screendump":
                with open(request["arguments"]["filename"], "wb") as file:
                    file.write(b"\x89PNG")
            if request["execute"] == "migrate":
                self.save(request["arguments"]["uri"])
            if request["execute"] == "query-migrate":
                saved = os.environ.get("ERIX_FAKE_STATE")
                answer = {"return": {"status": "completed" if saved else "failed"}}
            if request["execute"] == "qom-get":
                answer = {"return": self.time_of_day()}
            if request["execute"] == "human-monitor-command":
                answer = {"return": self.port()}
            self.control.sendall(json.dumps(answer).encode() + b"\n")
            if request["execute"] == "qom-get":
                self.was_asked.set()

    def time_of_day(self):
        """The clock of the board."""
        minutes, seconds = divmod(int(90 if self.clock_s is None else self.clock_s), 60)
        return {"tm_mday": 1, "tm_hour": 0, "tm_min": minutes, "tm_sec": seconds}

    def port(self):
        """The ACPI timer of 24 bits; all ones while nothing is there."""
        count = 0xFFFFFFFF if self.clock_s is None else int(self.clock_s * 3579545) & 0xFFFFFF
        return f"portl[0x0608] = 0x{count:08x}\r\n"

    def do_clock(self, seconds):
        self.clock_s = seconds

    def do_asked(self, _):
        self.was_asked.wait()
        self.was_asked.clear()

    def save(self, uri):
        with open(re.search(r"'(.*)'", uri)[1], "w", encoding="utf-8") as file:
            file.write(os.environ.get("ERIX_FAKE_STATE", ""))

    def do_print(self, text):
        os.write(1, text.encode())

    def do_read(self, text):
        while text not in self.typed:
            piece = os.read(0, 4096)
            if not piece:
                sys.exit(0)
            self.typed += piece.decode()

    def do_reply(self, _):
        word = re.findall(r"hash (\w+)\r", self.typed)[-1]
        self.do_print(hashlib.sha256(word.encode()).hexdigest() + "\r\n")

    def do_sleep(self, seconds):
        time.sleep(seconds)

    def do_spin(self, _):
        while True:
            pass

    def do_exit(self, status):
        os._exit(status)

    def do_shutdown(self, why):
        event = {"event": "SHUTDOWN", "data": {"guest": True, "reason": why}}
        self.control.sendall(json.dumps(event).encode() + b"\n")

    def do_write(self, path):
        with open(path, "ab") as file:
            file.write(b"x")


def main():
    if "--version" in sys.argv:
        print("fake 99.0")
        return
    fake = Fake()
    if "-kernel" in sys.argv and "-incoming" not in sys.argv:
        fake.do_print("ERIX_PARK:READY\r\n")
        fake.do_sleep(60)
    with open(os.environ["ERIX_FAKE_SCRIPT"], encoding="utf-8") as file:
        for action, argument in json.load(file):
            getattr(fake, "do_" + action)(argument)


main()
