/* SPDX-License-Identifier: ISC */
/*
 * Whether two folders of the host look alike. Says where they do not.
 */
#pragma once

/* Below two open folders, all that does not depend on where they are: see random_trees.c. */
bool compare_trees(int model, int subject);

/* Size, permissions, links and contents of two open files. */
bool compare_files(int model, int subject, const char *name);
