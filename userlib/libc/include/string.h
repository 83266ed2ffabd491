/* SPDX-License-Identifier: ISC */
/* Bytes in memory and strings that end with NUL. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memmove(void *target, const void *source, size_t bytes);
void *memset(void *target, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);
void *memchr(const void *memory, int value, size_t bytes);
void *memrchr(const void *memory, int value, size_t bytes);
void *memmem(const void *memory, size_t bytes, const void *part, size_t part_bytes);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t bytes);
char *strcpy(char *restrict target, const char *restrict source);
char *strncpy(char *restrict target, const char *restrict source, size_t bytes);
char *stpcpy(char *restrict target, const char *restrict source);
char *strcat(char *restrict target, const char *restrict source);
char *strncat(char *restrict target, const char *restrict source, size_t bytes);

/* Copy or append what fits into `bytes`, always with NUL; the length that was wanted comes back. */
size_t strlcpy(char *restrict target, const char *restrict source, size_t bytes);
size_t strlcat(char *restrict target, const char *restrict source, size_t bytes);

int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t bytes);
int strcoll(const char *left, const char *right);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strchrnul(const char *text, int character);
char *strstr(const char *text, const char *part);
size_t strspn(const char *text, const char *accepted);
size_t strcspn(const char *text, const char *rejected);
char *strpbrk(const char *text, const char *wanted);
char *strtok(char *restrict text, const char *restrict separators);
char *strtok_r(char *restrict text, const char *restrict separators, char **restrict state);
char *strsep(char **text, const char *separators);

char *strdup(const char *text);
char *strndup(const char *text, size_t bytes);

/* Text of an error number for people; never a null pointer. */
char *strerror(int number);
