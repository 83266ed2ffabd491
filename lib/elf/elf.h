/* SPDX-License-Identifier: ISC */
/*
 * ELF64 for x86-64: which bytes of a static executable go where, and with which rights.
 *
 * What is accepted: little-endian ET_EXEC files whose loadable segments are page-granular, sorted,
 * disjoint, within the caller's address window and never both writable and executable. Everything
 * else is refused with the header and field at fault. The library reads the file only; loading it
 * is the caller's work. It serves the boot loader (kernel), rootd and loaderd (programs).
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t elf_segments_max = 16;        /* loadable segments of a file */
constexpr uint32_t elf_program_headers_max = 32; /* program headers of a file, of any type */
constexpr uint64_t elf_page_bytes = 4096;

/* The caller's address window. Pages of segments lie in [first_address, end_address). */
struct elf_limits {
    uint64_t first_address;    /* page-aligned */
    uint64_t end_address;      /* page-aligned */
    uint64_t memory_bytes_max; /* of all segments together, in whole pages */
};

/*
 * One loadable segment: file_bytes bytes of the file from file_offset on go to `address`, zeros
 * follow up to memory_bytes. file_bytes <= memory_bytes, memory_bytes > 0, and file_offset and
 * address agree modulo elf_page_bytes, so that whole pages of the file can be mapped.
 */
struct elf_segment {
    uint64_t file_offset;
    uint64_t file_bytes;
    uint64_t address;
    uint64_t memory_bytes;
    bool readable; /* always */
    bool writable;
    bool executable; /* never together with writable */
};

/* Segments ascend by address; no two share a page. `entry` lies in an executable segment. */
struct elf_plan {
    uint64_t entry;
    uint32_t segment_count; /* at least one */
    struct elf_segment segments[elf_segments_max];
};

/* name, status that elf_plan_parse returns with it, field at fault and why, for people */
#define ELF_REASON_LIST(X)                                                                         \
    X(NONE, OK, "accepted")                                                                        \
    X(TRUNCATED, CORRUPT, "the file is shorter than an ELF header")                                \
    X(MAGIC, CORRUPT, "e_ident: no ELF magic")                                                     \
    X(CLASS, UNSUPPORTED, "e_ident: not 64-bit")                                                   \
    X(BYTE_ORDER, UNSUPPORTED, "e_ident: not little-endian")                                       \
    X(VERSION, UNSUPPORTED, "e_ident or e_version: not version 1")                                 \
    X(SYSTEM, UNSUPPORTED, "e_ident: the OS ABI is neither System V nor GNU")                      \
    X(PADDING, CORRUPT, "e_ident: the padding is not zero")                                        \
    X(TYPE, UNSUPPORTED, "e_type: not a static executable (ET_EXEC)")                              \
    X(MACHINE, UNSUPPORTED, "e_machine: not x86-64")                                               \
    X(FLAGS, UNSUPPORTED, "e_flags: not zero")                                                     \
    X(HEADER_SIZE, CORRUPT, "e_ehsize: not 64")                                                    \
    X(TABLE_ENTRY_SIZE, CORRUPT, "e_phentsize: not 56")                                            \
    X(TABLE_COUNT, UNSUPPORTED, "e_phnum: none or too many program headers")                       \
    X(TABLE_BOUNDS, CORRUPT, "e_phoff: the program headers are not inside the file")               \
    X(INTERPRETER, UNSUPPORTED, "p_type: wants an interpreter (PT_INTERP)")                        \
    X(DYNAMIC, UNSUPPORTED, "p_type: dynamically linked (PT_DYNAMIC)")                             \
    X(THREAD_LOCAL, UNSUPPORTED, "p_type: thread-local storage (PT_TLS)")                          \
    X(STACK_EXECUTABLE, UNSUPPORTED, "p_flags: asks for an executable stack (PT_GNU_STACK)")       \
    X(HEADER_TYPE, UNSUPPORTED, "p_type: unknown")                                                 \
    X(SEGMENT_COUNT, UNSUPPORTED, "p_type: too many loadable segments")                            \
    X(SEGMENT_NONE, CORRUPT, "p_type: no loadable segment")                                        \
    X(SEGMENT_FLAGS, UNSUPPORTED, "p_flags: unknown bits or not readable")                         \
    X(SEGMENT_WRITABLE_CODE, UNSUPPORTED, "p_flags: writable and executable")                      \
    X(SEGMENT_EMPTY, CORRUPT, "p_memsz: zero")                                                     \
    X(SEGMENT_FILE_SIZE, CORRUPT, "p_filesz: greater than p_memsz")                                \
    X(SEGMENT_FILE_BOUNDS, CORRUPT, "p_offset: the segment's bytes are not inside the file")       \
    X(SEGMENT_ALIGNMENT, CORRUPT, "p_align: not a power of two of at least a page")                \
    X(SEGMENT_CONGRUENCE, CORRUPT, "p_vaddr and p_offset differ modulo p_align")                   \
    X(SEGMENT_ORDER, CORRUPT, "p_vaddr: segments do not ascend, or share a page")                  \
    X(SEGMENT_WINDOW, UNSUPPORTED, "p_vaddr: outside the address window")                          \
    X(SEGMENT_MEMORY, UNSUPPORTED, "p_memsz: more memory in all than the limit")                   \
    X(ENTRY, CORRUPT, "e_entry: not inside an executable segment")

#define ELF_REASON_ENUMERATOR(name, status, text) ELF_##name,

enum elf_reason : uint32_t {
    ELF_REASON_LIST(ELF_REASON_ENUMERATOR) ELF_REASON_COUNT
};

#undef ELF_REASON_ENUMERATOR

constexpr uint32_t elf_no_program_header = UINT32_MAX;

/* Why a file was refused. */
struct elf_refusal {
    enum elf_reason reason;
    uint32_t header_index; /* of the program header at fault, or elf_no_program_header */
};

/*
 * Reads and checks the headers of `file` (borrowed for the call).
 * OK: *plan_out is the whole load plan.
 * CORRUPT, UNSUPPORTED: *plan_out is untouched; *refusal_out, unless nullptr, says why.
 */
enum status elf_plan_parse(const void *file, uint64_t size_bytes, struct elf_limits limits,
    struct elf_plan *plan_out, struct elf_refusal *refusal_out);

/* Name of a reason for machines, such as "SEGMENT_ORDER"; never nullptr. */
const char *elf_reason_name(enum elf_reason reason);

/* Field and fault for people, such as "e_machine: not x86-64"; never nullptr. */
const char *elf_reason_text(enum elf_reason reason);
