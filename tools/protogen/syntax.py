# SPDX-License-Identifier: ISC
"""Read protocol/NAME.proto: lines in, checked protocol with laid-out messages out.

A message is one flat structure and up to four capabilities. The layout is natural C layout; gaps
become reserved bytes that must be zero, and so must the last byte of each char[N].
"""
import re
from dataclasses import dataclass, field

MESSAGE_BYTES_MAX = 1024
CAPS_MAX = 4
WIDE = ("u32", "u64", "i32", "i64")  # numbers that have a range unless the file says "any"
SCALARS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i32": 4, "i64": 8}
CAP_KINDS = ("endpoint", "frame", "notification", "untyped", "cspace", "vspace", "thread", "any")
NAME = r"[a-z][a-z0-9_]*"
FIELD = r"(\S+)\s+(\S+)(?:\s+(any)|(?:\s+to\s+(\w+))?(?:\s+else\s+([A-Z_]+)(?:/([A-Z_]+))?)?)"
# Words that the generated C needs for itself, or that C keeps.
TAKEN = set("""self caller request reply status alignas alignof bool break case char const constexpr
continue default do double else enum extern false float for goto if inline int long nullptr register
restrict return short signed sizeof static static_assert struct switch thread_local true typedef
typeof union unsigned void volatile while""".split())


class ProtocolError(Exception):
    """A protocol file breaks a rule; the text says file, line and how."""


@dataclass(frozen=True)
class Range:
    """What a number of a request may be. Statuses: of the value with all bits set, of the one with
    the highest bit alone (and of the first behind `last`, where that is known)."""
    last: int | None
    statuses: tuple[str, str]


@dataclass
class Field:
    """One member: `count` is None for a scalar, else the length of an array."""
    name: str
    type: str
    count: int | None
    offset: int = 0
    size: int = 0
    doc: list[str] = field(default_factory=list)
    range: Range | None = None  # None: every value has a meaning
    stated: bool = False  # the file says so itself


@dataclass
class Layout:
    """Members in order with their offsets; `size` is what a fixed message sends."""
    fields: list[Field] = field(default_factory=list)
    size: int = 0
    alignment: int = 1
    reserved: list[tuple[int, int]] = field(default_factory=list)  # offset, bytes
    variable: tuple[str, int, bool] | None = None  # name, bytes at most, is text
    length_offset: int = 0
    doc: list[str] = field(default_factory=list)


@dataclass
class Cap:
    name: str
    kind: str
    move: bool


@dataclass
class Message:
    layout: Layout
    caps: list[Cap]


@dataclass
class Operation:
    name: str
    number: int
    request: Message
    reply: Message
    rights: list[str]
    oneway: bool
    doc: list[str]


@dataclass
class Protocol:
    name: str
    id: int
    doc: list[str]
    rights: dict[str, int] = field(default_factory=dict)
    constants: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    records: dict[str, Layout] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)


class _Parser:
    """State of one file: the line that is being read and the protocol so far."""

    def __init__(self, path: str, source: str):
        self.path, self.source = path, source
        self.line = 0
        self.doc: list[str] = []
        self.protocol: Protocol | None = None
        self.record: Layout | None = None
        self.record_name = ""

    def refuse(self, text: str):
        raise ProtocolError(f"{self.path}:{self.line}: error: {text}")

    def name(self, text: str, taken, what: str) -> str:
        if not re.fullmatch(NAME, text):
            self.refuse(f"'{text}' is no name for {what}: small letters, digits and _")
        if text in TAKEN:
            self.refuse(f"'{text}' cannot name {what}: the generated code needs the word")
        if text in taken:
            self.refuse(f"{what} '{text}' exists already")
        return text

    def number(self, text: str) -> int:
        if text in self.protocol.constants:
            return self.protocol.constants[text][0]
        try:
            return int(text, 0)
        except ValueError:
            self.refuse(f"'{text}' is neither a number nor a constant of this protocol")

    def parse(self) -> Protocol:
        statement, opened_at = "", 0
        for number, raw in enumerate(self.source.splitlines(), 1):
            self.line = number
            text = raw.strip()
            if text.startswith("##") and not statement:
                self.doc.append(text[2:].strip())
                continue
            text = text.split("#", 1)[0].strip()
            if not text:
                continue
            opened_at = opened_at or number
            indented = raw[0].isspace() and not statement
            statement = f"{statement} {text}".strip()
            if statement.count("(") > statement.count(")"):
                continue
            self.line = opened_at
            self.statement(statement, indented)
            statement, opened_at = "", 0
        if statement:
            self.refuse("a parenthesis stays open")
        self.end_record()
        if self.protocol is None or not self.protocol.operations:
            self.refuse("the file defines no operation")
        return self.protocol

    def statement(self, text: str, indented: bool):
        word = text.split()[0]
        if self.protocol is None and word != "protocol":
            self.refuse("the first line must be: protocol NAME id NUMBER")
        if indented and self.record is not None:
            self.record_field(text)
        else:
            self.end_record()
            if "oneway" == word:
                word = "op"
            handler = {"protocol": self.parse_protocol, "rights": self.parse_rights,
                       "const": self.parse_constant, "struct": self.parse_record,
                       "op": self.parse_operation}.get(word)
            if handler is None:
                self.refuse(f"'{word}' begins no line: protocol, rights, const, struct, op, oneway")
            handler(text)
        self.doc = []

    def match(self, pattern: str, text: str, wanted: str) -> re.Match:
        found = re.fullmatch(pattern, text)
        if not found:
            self.refuse(f"wanted: {wanted}")
        return found

    def parse_protocol(self, text: str):
        if self.protocol is not None:
            self.refuse("a file holds one protocol")
        found = self.match(r"protocol\s+(\S+)\s+id\s+(\S+)", text, "protocol NAME id NUMBER")
        self.protocol = Protocol(found[1], 0, self.doc)
        self.name(found[1], (), "a protocol")
        self.protocol.id = self.number(found[2])
        if not 1 <= self.protocol.id <= 255:
            self.refuse("a protocol's id is 1 to 255")

    def parse_rights(self, text: str):
        for word in text.split()[1:]:
            found = self.match(r"([^=]+)=(\S+)", word, "rights NAME=BIT ...")
            value = self.number(found[2])
            if value <= 0 or value >= 1 << 32 or value & (value - 1):
                self.refuse(f"right '{found[1]}' must be one bit of 32")
            if value in self.protocol.rights.values():
                self.refuse(f"right '{found[1]}' has the bit of another")
            self.protocol.rights[self.name(found[1], self.protocol.rights, "right")] = value

    def parse_constant(self, text: str):
        found = self.match(r"const\s+(\S+)\s*=\s*(\S+)", text, "const NAME = NUMBER")
        name = self.name(found[1], self.protocol.constants, "constant")
        self.protocol.constants[name] = (self.number(found[2]), self.doc)

    def parse_record(self, text: str):
        found = self.match(r"struct\s+(\S+)", text, "struct NAME, then one indented line a field")
        self.record_name = self.name(found[1], self.protocol.records, "struct")
        self.record = Layout(doc=self.doc)

    def record_field(self, text: str):
        found = self.match(FIELD, text, "NAME TYPE [any | [to NUMBER] [else STATUS[/STATUS]]]")
        before = self.record.size
        self.append(self.record, found[1], found[2])
        self.limit(self.record.fields[-1], found)
        if "<=" in found[2]:
            self.refuse("only an operation may end with a field of variable length")
        gap = self.record.fields[-1].offset - before
        if gap:
            self.refuse(f"{gap} bytes of padding before '{found[1]}': write a field "
                        f"'reserved bytes[{gap}]' or sort the fields")
        self.record.fields[-1].doc = self.doc
        if found[1].startswith("reserved"):
            self.record.reserved.append((self.record.fields[-1].offset,
                                         self.record.fields[-1].size))

    def end_record(self):
        if self.record is None:
            return
        gap = -self.record.size % self.record.alignment
        if not self.record.fields or gap:
            self.refuse(f"struct '{self.record_name}' is empty" if not self.record.fields else
                        f"struct '{self.record_name}' ends with {gap} bytes of padding: "
                        f"write a field 'reserved bytes[{gap}]'")
        self.protocol.records[self.record_name] = self.record
        self.record = None

    def parse_operation(self, text: str):
        found = self.match(
            r"(oneway\s+)?op\s+(\w+)\s*\(([^()]*)\)(?:\s*->\s*\(([^()]*)\))?(?:\s*needs\s+(.+))?",
            text, "[oneway] op NAME(FIELDS) [-> (FIELDS)] [needs RIGHT, ...]")
        operations = self.protocol.operations
        name = self.name(found[2], [operation.name for operation in operations], "operation")
        if found[1] and found[4] is not None:
            self.refuse("a one-way operation has no reply")
        rights = [right.strip() for right in (found[5] or "").split(",") if right.strip()]
        for right in rights:
            if right not in self.protocol.rights:
                known = ", ".join(self.protocol.rights) or "none"
                self.refuse(f"unknown right '{right}'; rights of this protocol: {known}")
        if len(operations) >= 255:
            self.refuse("a protocol has 255 operations at most")
        operations.append(Operation(
            name, self.protocol.id << 8 | (len(operations) + 1), self.message(found[3]),
            self.message(found[4] or ""), rights, bool(found[1]), self.doc))

    def message(self, text: str) -> Message:
        layout, caps = Layout(), []
        for part in [part.strip() for part in text.split(",") if part.strip()]:
            found = re.fullmatch(r"(\S+)\s+(move\s+)?cap\s+(\S+)", part)
            if found:
                names = [cap.name for cap in caps] + [entry.name for entry in layout.fields]
                if found[3] not in CAP_KINDS:
                    self.refuse(f"unknown kind of capability '{found[3]}': " + ", ".join(CAP_KINDS))
                caps.append(Cap(self.name(found[1], names, "parameter"), found[3], bool(found[2])))
                continue
            found = self.match(FIELD, part, "NAME TYPE [any | [to NUMBER] [else STATUS[/STATUS]]], "
                               "NAME cap KIND or NAME move cap KIND")
            if found[1] in [cap.name for cap in caps]:
                self.refuse(f"parameter '{found[1]}' exists already")
            self.append(layout, found[1], found[2])
            self.limit(layout.fields[-1], found)
        if len(caps) > CAPS_MAX:
            self.refuse(f"{len(caps)} capabilities: a message carries {CAPS_MAX} at most")
        if len({cap.move for cap in caps}) > 1:
            self.refuse("a message moves all of its capabilities or none")
        self.finish(layout)
        return Message(layout, caps)

    def limit(self, entry: Field, found: re.Match):
        """Note the range that the words behind the type give; without any, that of its type."""
        entry.stated = any(found.group(3, 4, 5))
        if entry.stated and (entry.type not in SCALARS or entry.count is not None):
            self.refuse(f"'{entry.name}' is no single number: it has no range")
        if found[3] or (not entry.stated and (entry.type not in WIDE or entry.count is not None)):
            return
        status = found[5] or "INVALID_ARGUMENT"
        last = None if found[4] is None else self.number(found[4])
        if last is not None and not 0 <= last < (1 << 8 * entry.size) - 1:
            self.refuse(f"'{entry.name}': no value lies behind {last}")
        entry.range = Range(last, (status, found[6] or status))

    def append(self, layout: Layout, name: str, type_text: str):
        if layout.variable:
            self.refuse(f"'{layout.variable[0]}' has a variable length and must be the last field")
        self.name(name, [entry.name for entry in layout.fields], "field")
        found = re.fullmatch(r"(text|bytes)<=(\w+)", type_text)
        if found:
            self.place(layout, f"{name}_bytes", "u32", None)
            layout.length_offset = layout.fields[-1].offset
            limit = self.number(found[2])
            layout.variable = (name, limit, found[1] == "text")
            # One more for the zero that ends a text on arrival; it is never sent.
            self.place(layout, name, "char" if found[1] == "text" else "bytes",
                       limit + (found[1] == "text"))
            return
        found = re.fullmatch(r"(\w+)(?:\[(\w+)\])?", type_text)
        if not found:
            self.refuse(f"'{type_text}' is no type")
        count = None if found[2] is None else self.number(found[2])
        if count is not None and not 1 <= count <= MESSAGE_BYTES_MAX:
            self.refuse(f"an array has 1 to {MESSAGE_BYTES_MAX} elements")
        if found[1] in ("char", "bytes") and count is None:
            self.refuse(f"'{found[1]}' wants a length: {found[1]}[N]")
        self.place(layout, name, found[1], count)
        if found[1] == "char":  # a reader must find an end
            layout.reserved.append((layout.size - 1, 1))

    def place(self, layout: Layout, name: str, type_name: str, count: int | None):
        record = self.protocol.records.get(type_name)
        if type_name in ("char", "bytes"):
            size = alignment = 1
        elif type_name in SCALARS:
            size = alignment = SCALARS[type_name]
        elif record is not None:
            size, alignment = record.size, record.alignment
        else:
            self.refuse(f"unknown type '{type_name}': {', '.join(SCALARS)}, char[N], bytes[N], "
                        "a struct defined above, or text<=N, bytes<=N at the end")
        offset = -(-layout.size // alignment) * alignment
        if offset != layout.size and layout is not self.record:
            self.reserve(layout, offset)
        for index in range(count or 1):
            layout.reserved += [(offset + index * size + start, length)
                                for start, length in (record.reserved if record else [])]
        layout.fields.append(Field(name, type_name, count, offset, size * (count or 1)))
        layout.size = offset + size * (count or 1)
        layout.alignment = max(layout.alignment, alignment)

    def reserve(self, layout: Layout, end: int):
        start = layout.size
        layout.fields.append(Field(f"reserved{start}", "bytes", end - start, start, end - start))
        layout.reserved.append((start, end - start))
        layout.size = end

    def finish(self, layout: Layout):
        end = -(-layout.size // layout.alignment) * layout.alignment
        if layout.variable:
            if layout.size > MESSAGE_BYTES_MAX:
                self.refuse(f"{layout.size} bytes: a message has {MESSAGE_BYTES_MAX} at most")
            if end != layout.size:  # grows the array, whose end is only sent when it is used
                layout.fields[-1].count += end - layout.size
                layout.size = end
        elif end != layout.size:
            self.reserve(layout, end)
        if layout.size > MESSAGE_BYTES_MAX:
            self.refuse(f"{layout.size} bytes: a message has {MESSAGE_BYTES_MAX} at most")
        for entry in layout.fields:
            if entry.name.startswith("reserved") and (entry.offset,
                                                      entry.size) not in layout.reserved:
                layout.reserved.append((entry.offset, entry.size))


def parse(path: str, source: str) -> Protocol:
    """The protocol of a file's text; raises ProtocolError."""
    return _Parser(path, source).parse()


def load(path: str) -> Protocol:
    """The protocol in the file `path`, which must be named after it."""
    with open(path, encoding="utf-8") as file:
        protocol = parse(path, file.read())
    if re.sub(r".*/", "", path) != f"{protocol.name}.proto":
        raise ProtocolError(f"{path}:1: error: protocol '{protocol.name}' belongs into "
                            f"{protocol.name}.proto")
    return protocol
