# SPDX-License-Identifier: ISC
"""Commands for gdb on a stopped EriX; gdb itself loads this file, with `-x`.

    erix-where              who runs, and where the kernel and its process stand
    erix-threads            every thread: its process, state, what it waits for, and where it is
    erix-process NAME|PID   look at the world as that process does: symbols, registers, memory
    erix-back               as the processor does again (done by itself before anything runs)
    erix-caps NAME|PID      the capabilities of a process, from the kernel's objects

All of it is read from the memory of the kernel; nothing is asked of the running system. Layouts
come from the kernel's debug information. ERIX_GDB_FACTS names a file with the programs and roles.
"""
import bisect
import json
import os
import struct
import subprocess
from dataclasses import dataclass, field

import gdb  # pylint: disable=import-error

DIRECT_MAP_BASE = 0xffff800000000000  # abi/boot_handoff.h
STARTUP_ADDRESS = 0x10000000          # abi/startup.h
STARTUP_MAGIC = 0x5045545358495245
STARTUP_PROCESS_ID_AT, STARTUP_NAME_AT, STARTUP_NAME_BYTES = 24, 80, 32
ENTRY_PRESENT, ENTRY_LARGE, ENTRY_ADDRESS = 1, 1 << 7, 0x000ffffffffff000
PAGE_BYTES = 4096
LEVEL_BITS = (39, 30, 21, 12)
RIGHTS = "read write execute send receive grant control dma".split()
KIND = "OBJECT_"
GENERAL = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
ROOT_ROLES = (0, 1)
RUN_COMMANDS = ("continue", "step", "stepi", "next", "nexti", "finish", "until", "advance", "jump",
                "reverse-continue", "reverse-step", "reverse-stepi", "reverse-next",
                "reverse-nexti", "reverse-finish", "detach", "disconnect")


def read(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


def read_word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def _members(kind, base=0):
    """The members of a structure by name, those of nameless unions too: offset and size."""
    for each in kind.strip_typedefs().fields():
        offset = base + each.bitpos // 8
        if each.name:
            yield each.name, (offset, each.type.sizeof)
        else:
            yield from _members(each.type, offset)


class Layout:
    """A structure of the kernel, and the values of its members in bytes that were read."""
    def __init__(self, name):
        self.type = gdb.lookup_type(f"struct {name}")
        self.bytes = self.type.sizeof
        self.members = dict(_members(self.type))

    def get(self, data, name, base=0):
        offset, size = self.members[name]
        return int.from_bytes(data[base + offset:base + offset + size], "little")


def names_of(enumeration, prefix):
    return {each.enumval: each.name.removeprefix(prefix).lower()
            for each in gdb.lookup_type(f"enum {enumeration}").fields()}


@dataclass
class Process:
    """A capability space and the threads that run on it."""
    space: int
    role: int
    slots: bytes
    name: str = ""
    number: int = 0
    threads: list = field(default_factory=list)

    def __str__(self):
        return f"{self.name}({self.number})"


def walk(top_table, address):
    """Where a virtual address of an address space lies in the kernel's map of all memory."""
    table = top_table
    for bits in LEVEL_BITS:
        entry = read_word(table + ((address >> bits) & 511) * 8)
        if not entry & ENTRY_PRESENT:
            return None
        table = DIRECT_MAP_BASE + (entry & ENTRY_ADDRESS)
        if bits == LEVEL_BITS[-1] or (entry & ENTRY_LARGE and bits != LEVEL_BITS[0]):
            inside = address & ((1 << bits) - 1)
            return (table & ~((1 << bits) - 1)) + inside
    return None


class Kernel:
    """The objects of the kernel as they are now."""
    def __init__(self):
        self.cap, self.cspace = Layout("capability"), Layout("cspace")
        self.thread, self.registers = Layout("thread"), Layout("registers")
        self.endpoint = Layout("endpoint")
        self.kinds = names_of("object_kind", KIND)
        self.states = names_of("thread_state", "THREAD_")
        self.kind_numbers = {name: number for number, name in self.kinds.items()}
        self.processes = self._read_processes()
        self._read_threads()

    def _read_processes(self):
        found = {}
        address = int(gdb.parse_and_eval("(unsigned long)kernel_state.cspaces"))
        while address:
            head = read(address, self.cspace.bytes)
            slots_at, _ = self.cspace.members["slots"]
            count = 1 << self.cspace.get(head, "bits")
            found[address] = Process(address, self.cspace.get(head, "label"),
                                     read(address + slots_at, count * self.cap.bytes))
            address = self.cspace.get(head, "next")
        return found

    def caps(self, process):
        """Slot number and offset of each slot that is in use."""
        kind_at, _ = self.cap.members["kind"]
        return [(slot, slot * self.cap.bytes)
                for slot in range(len(process.slots) // self.cap.bytes)
                if process.slots[slot * self.cap.bytes + kind_at]]

    def _read_threads(self):
        wanted = self.kind_numbers["thread"]
        found = {int(gdb.parse_and_eval("(unsigned long)kernel_state.root_thread"))}
        for process in self.processes.values():
            found |= {self.cap.get(process.slots, "object", at) for _, at in self.caps(process)
                      if self.cap.get(process.slots, "kind", at) == wanted}
        for address in sorted(found - {0}):
            data = read(address, self.thread.bytes)
            owner = self.processes.get(self._cap_object(data, 0))
            if owner:
                owner.threads.append((address, data))
                self._name(owner, data)

    def _cap_object(self, thread, index):
        base = self.thread.members["caps"][0] + index * self.cap.bytes
        return self.cap.get(thread, "object", base) if self.cap.get(thread, "kind", base) else 0

    def top_table(self, thread):
        """The top page table of a thread, in the kernel's map; 0 if its address space is gone."""
        vspace = self._cap_object(thread, 1)
        return vspace - PAGE_BYTES if vspace else 0

    def _name(self, process, thread):
        top = self.top_table(thread)
        place = walk(top, STARTUP_ADDRESS) if top else None
        unknown = "rootd" if process.role in ROOT_ROLES else f"role-{process.role}"
        process.name = FACTS["roles"].get(str(process.role), unknown)
        process.number = process.role
        if place and read_word(place) == STARTUP_MAGIC:
            text = read(place + STARTUP_NAME_AT, STARTUP_NAME_BYTES)
            process.name = text.split(b"\0")[0].decode(errors="replace") or process.name
            number = read(place + STARTUP_PROCESS_ID_AT, 4)
            process.number = int.from_bytes(number, "little")

    def find(self, word):
        for process in self.processes.values():
            if process.name and word in (process.name, str(process.number), str(process)):
                return process
        known = ", ".join(sorted(str(each) for each in self.processes.values() if each.name))
        raise gdb.GdbError(f"no process `{word}`; there are {known}")

    def saved(self, thread):
        """The registers with which a thread will go on."""
        base, _ = self.thread.members["registers"]
        return {name: self.registers.get(thread, name, base) for name in GENERAL}

    def waits_for(self, thread):
        state = self.states.get(self.thread.get(thread, "state"), "?")
        blocked = self.thread.get(thread, "blocked_on")
        if state in ("sending", "receiving") and blocked:
            label = self.endpoint.get(read(blocked, self.endpoint.bytes), "label")
            return f"{state} at {FACTS['roles'].get(str(label), label)}"
        fault = self.thread.get(thread, "fault_operation")
        return f"{state}, fault {fault:#x}" if fault else state


class Symbols:
    """The functions of a program by address, without loading it into gdb."""
    def __init__(self, file):
        listed = subprocess.run(["nm", "-n", "--defined-only", file], stdout=subprocess.PIPE,
                                text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()]
        functions = [(int(row[0], 16), row[2]) for row in rows if row[1] in "tTwW"]
        self.addresses = [address for address, _ in functions]
        self.names = [name for _, name in functions]

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        return f"{self.names[at]}+{address - self.addresses[at]}" if at >= 0 else hex(address)


_symbols = {}


def place(process, address):
    file = FACTS["programs"].get(process.name)
    if not file:
        return hex(address)
    if file not in _symbols:
        _symbols[file] = Symbols(file)
    return _symbols[file].name(address)


class View:
    """What the debugger looks at: the processor, or a process that does not run."""
    registers = {}
    loaded_at = 0  # where the symbols of a program were put; 0: none

    @classmethod
    def back(cls):
        set_registers(cls.registers)
        cls.registers = {}

    @classmethod
    def load(cls, process):
        if cls.loaded_at:
            gdb.execute(f"remove-symbol-file -a {cls.loaded_at:#x}", to_string=True)
            cls.loaded_at = 0
        file = FACTS["programs"].get(process.name)
        if file:
            cls.loaded_at = text_address(file)
            gdb.execute(f"add-symbol-file {file} {cls.loaded_at:#x}", to_string=True)

    @classmethod
    def enter(cls, kernel, process):
        cls.back()
        cls.load(process)
        if not process.threads:
            raise gdb.GdbError(f"{process} has no thread")
        address, thread = process.threads[0]
        if address == current_thread() and not register("rip") >> 47:
            return  # it runs right now: the processor has its registers
        wanted = kernel.saved(thread)
        wanted["cr3"] = kernel.top_table(thread) - DIRECT_MAP_BASE
        cls.registers = {name: register(name) for name in wanted}
        set_registers(wanted)


def text_address(file):
    """Where .text is linked (ELF-64 specification, section headers)."""
    with open(file, "rb") as opened:
        data = opened.read()
    table, = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    strings, = struct.unpack_from("<Q", data, table + names * size + 24)
    for index in range(count):
        head = table + index * size
        name, = struct.unpack_from("<I", data, head)
        if data[strings + name:].startswith(b".text\0"):
            return struct.unpack_from("<Q", data, head + 16)[0]
    raise gdb.GdbError(f"{file} has no .text")


def register(name):
    # The text, since cr3 has a type of its own that cannot be cast.
    return int(gdb.execute(f"output/x ${name}", to_string=True), 16)


def set_registers(values):
    for name, value in values.items():
        kind = gdb.parse_and_eval(f"${name}").type
        gdb.set_convenience_variable("erix_value", gdb.Value(struct.pack("<Q", value), kind))
        gdb.execute(f"set ${name} = $erix_value", to_string=True)


def current_thread():
    return int(gdb.parse_and_eval("(unsigned long)cpu_boot.current"))


def running(kernel):
    """The process whose thread the processor runs or has run last."""
    address = current_thread()
    for process in kernel.processes.values():
        if any(address == each for each, _ in process.threads):
            return process
    return None


class Command(gdb.Command):
    """A command of gdb whose name is that of the class: Erix... in small letters."""
    def __init__(self, name, act):
        super().__init__(name, gdb.COMMAND_USER)
        self._act = act

    def invoke(self, argument, from_tty):
        del from_tty
        self.dont_repeat()
        try:
            self._act(argument.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError("the kernel's memory cannot be read: it does not run yet, or "
                               f"what points there is wrong ({error})") from None


def show_where(_):
    kernel = Kernel()
    process = running(kernel)
    address = register("rip")
    mode = "in the kernel" if address >> 47 else "in user mode"
    print(f"stopped {mode} at {address:#x}; the running process is {process or 'none'}")
    if address >> 47:
        gdb.execute("backtrace")
    if process:
        for _, thread in process.threads:
            rip = kernel.saved(thread)["rip"] if address >> 47 else address
            print(f"{process} stands at {place(process, rip)}")


def show_threads(_):
    kernel = Kernel()
    now = current_thread()
    print(f"  {'process':<24} {'priority':>8}  {'state':<28} at")
    for process in sorted(kernel.processes.values(), key=lambda each: each.number):
        for address, thread in process.threads:
            mark = "*" if address == now else " "
            rip = kernel.saved(thread)["rip"]
            print(f"{mark} {str(process):<24} {kernel.thread.get(thread, 'priority'):>8}  "
                  f"{kernel.waits_for(thread):<28} {place(process, rip)}")


def switch_process(word):
    kernel = Kernel()
    process = kernel.find(word)
    View.enter(kernel, process)
    gdb.execute("maintenance flush register-cache", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    print(f"{process}: backtrace, registers and memory are its own until something runs")
    gdb.execute("frame")


def switch_back(_):
    View.back()


def before_reverse(_):
    View.back()
    if FACTS["forwards_only"]:
        raise gdb.GdbError("cannot run backwards: " + FACTS["forwards_only"])


def _rights(value):
    return " ".join(name for bit, name in enumerate(RIGHTS) if value >> bit & 1)


def show_caps(word):
    kernel = Kernel()
    process = kernel.find(word) if word else running(kernel)
    layout, slots = kernel.cap, process.slots
    print(f"{process}\n  slot  {'kind':<13} {'of':<18} {'badge or size':<18} rights")
    for slot, at in kernel.caps(process):
        kind = kernel.kinds.get(layout.get(slots, "kind", at), "?")
        owner, value = "", ""
        if kind == "endpoint":
            data = read(layout.get(slots, "object", at), kernel.endpoint.bytes)
            label = kernel.endpoint.get(data, "label")
            owner = FACTS["roles"].get(str(label), str(label))
        elif kind in ("cspace", "thread"):
            target = kernel.processes.get(layout.get(slots, "object", at))
            owner = str(target) if target else ""
        if kind in ("endpoint", "notification"):
            value = hex(layout.get(slots, "badge", at))
        elif kind in ("untyped", "frame"):
            value = f"2^{layout.get(slots, 'bits', at)} {layout.get(slots, 'address', at):#x}"
        print(f"  {slot:>4}  {kind:<13} {owner:<18} {value:<18} "
              f"{_rights(layout.get(slots, 'rights', at))}")


def _load_facts():
    try:
        with open(os.environ["ERIX_GDB_FACTS"], encoding="utf-8") as file:
            return json.load(file)
    except KeyError:
        return {"programs": {}, "roles": {}, "forwards_only": ""}


FACTS = _load_facts()
for _name, _act in (("erix-where", show_where), ("erix-threads", show_threads),
                    ("erix-process", switch_process), ("erix-back", switch_back),
                    ("erix-caps", show_caps), ("erix-before-reverse", before_reverse)):
    Command(_name, _act)
for _name in RUN_COMMANDS:
    _first = "erix-before-reverse" if _name.startswith("reverse-") else "erix-back"
    gdb.execute(f"define hook-{_name}\n{_first}\nend", to_string=True)
