#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes tables.h: for each polynomial the register's change by one byte and n zero bytes after it.

    ./make_tables.py | clang-format-19 --assume-filename=tables.h > tables.h
"""

POLYNOMIALS = [  # name, reflected polynomial, tables, bits
    ("crc32_tables", 0xEDB88320, 8, 32),
    ("crc32c_tables", 0x82F63B78, 8, 32),
    ("crc16_tables", 0xA001, 1, 16),
]


def byte_step(register, polynomial):
    for _ in range(8):
        register = register >> 1 ^ (polynomial if register & 1 else 0)
    return register


def tables_of(polynomial, count):
    first = [byte_step(byte, polynomial) for byte in range(256)]
    tables = [first]
    while len(tables) < count:
        tables.append([first[entry & 0xFF] ^ entry >> 8 for entry in tables[-1]])
    return tables


def main():
    print("/* SPDX-License-Identifier: ISC */")
    print("/* Written by make_tables.py; crc_test.c checks every entry against the definition. */")
    print("#pragma once\n\n#include <stdint.h>")
    for name, polynomial, count, bits in POLYNOMIALS:
        print(f"\nstatic const uint{bits}_t {name}[{count}][256] = {{")
        for table in tables_of(polynomial, count):
            print("{" + ", ".join(f"0x{entry:0{bits // 4}x}" for entry in table) + "},")
        print("};")


main()
