/* SPDX-License-Identifier: ISC */
/* The tables of all protocols: NAME.cases.c of tools/protogen. */
#pragma once

#include <userlib/attack/table.h>

extern const struct table report_table;
extern const struct table root_table;
extern const struct table memory_table;
extern const struct table vspace_table;
extern const struct table pager_table;
extern const struct table process_table;
extern const struct table name_table;
extern const struct table time_table;
extern const struct table log_table;
extern const struct table crash_table;
extern const struct table interrupt_table;
extern const struct table device_table;
extern const struct table probe_table;
extern const struct table acpi_table;
extern const struct table serial_table;
extern const struct table terminal_table;
extern const struct table disk_table;
extern const struct table block_table;
extern const struct table filesystem_table;
extern const struct table vfs_table;
extern const struct table loader_table;
extern const struct table event_table;
extern const struct table trap_table;
