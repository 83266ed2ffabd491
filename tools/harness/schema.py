# SPDX-License-Identifier: ISC
"""A checked schema for TOML files: which keys a table may have, of which type, with which values.

Every complaint names file, line and column, shows the line, and says what was probably meant.
"""
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness import paths, tomlplace
from harness.suggest import nearest

REQUIRED = object()
CHOICES_SHOWN_MAX = 12


@dataclass(frozen=True)
class Field:
    """One key of a table. `choices` may be a function, for values found by listing a folder."""
    kind: type
    default: object = REQUIRED
    choices: Iterable[str] | Callable[[], Iterable[str]] | None = None
    item: type | None = None
    least: float | None = None

    def allowed(self) -> list[str] | None:
        if self.choices is None:
            return None
        return list(self.choices() if callable(self.choices) else self.choices)


@dataclass(frozen=True)
class Problem:
    """A complaint about a file, with its place."""
    file: Path
    line: int
    column: int
    text: str
    source_line: str = ""
    hint: str = ""
    width: int = 1

    def __str__(self) -> str:
        lines = [f"{paths.shown(self.file)}:{self.line}: {self.text}"]
        if self.source_line:
            lines.append(f"{self.line:>6} | {self.source_line}")
            if self.column:
                mark = " " * (self.column - 1) + "^" * self.width
                lines.append(f"       | {mark} {self.hint}".rstrip())
        if self.hint and not (self.source_line and self.column):
            lines.append(f"       {self.hint}")
        return "\n".join(lines)


class Checker:
    """Checks the tables of one file; collects problems instead of stopping at the first."""

    def __init__(self, file: Path, source: str):
        self.file = file
        self.source = source
        self.problems: list[Problem] = []

    def complain(self, text: str, table: tuple = (), key: str | None = None, hint: str = "",
                 within: str | None = None) -> None:
        """Add a problem at a key, or at the text `within` its value."""
        if within is not None and key is not None:
            place = tomlplace.find_text(self.source, table, key, within)
        else:
            place = tomlplace.find(self.source, table, key)
        lines = self.source.splitlines()
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        self.problems.append(Problem(self.file, place.line, place.column, text, line, hint,
                                     len(within or key or "x")))

    def table(self, values: object, fields: dict[str, Field], table: tuple = ()) -> dict:
        """The values of a table with defaults filled in; what is wrong becomes problems."""
        where = f" in [{table[0]}]" if table else ""
        if not isinstance(values, dict):
            self.complain(f"`{table[0]}` must be a table", (), str(table[0]))
            values = {}
        for key in values:
            if key not in fields:
                meant = nearest(key, fields)
                hint = f"did you mean `{meant}`?" if meant else "known: " + ", ".join(fields)
                self.complain(f"unknown key `{key}`{where}", table, key, hint)
        result = {}
        for key, field in fields.items():
            if key in values:
                result[key] = values[key]
                self._value(values[key], field, table, key)
            elif field.default is REQUIRED:
                self.complain(f"key `{key}` is missing{where}", table)
            else:
                result[key] = field.default
        return result

    def _value(self, value: object, field: Field, table: tuple, key: str) -> None:
        kinds = (int, float) if field.kind is float else (field.kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and field.kind is not bool):
            self.complain(f"`{key}` must be of type {field.kind.__name__}", table, key)
            return
        if field.item and not all(isinstance(each, field.item) for each in value):
            self.complain(f"`{key}` must be a list of {field.item.__name__}", table, key)
            return
        if field.least is not None and value < field.least:
            self.complain(f"`{key}` must be at least {field.least}", table, key)
        allowed = field.allowed()
        if allowed is not None:
            for each in value if isinstance(value, list) else [value]:
                if each not in allowed:
                    self._bad_choice(each, allowed, table, key)

    def _bad_choice(self, value: str, allowed: list[str], table: tuple, key: str) -> None:
        meant = nearest(value, allowed)
        shown = ", ".join(allowed[:CHOICES_SHOWN_MAX])
        more = ", ..." if len(allowed) > CHOICES_SHOWN_MAX else ""
        hint = f"did you mean `{meant}`?" if meant else f"one of: {shown}{more}"
        self.complain(f"`{value}` is no value of `{key}`", table, key, hint, within=value)
