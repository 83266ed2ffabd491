/* SPDX-License-Identifier: ISC */
/* Declarations of the C library under its names for tests, for programs of the host's own library.
 */
#pragma once

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

extern int erix_errno;
extern char **erix_environ;

void *erix_memcpy(void *target, const void *source, size_t bytes);
void *erix_memmove(void *target, const void *source, size_t bytes);
void *erix_memset(void *target, int value, size_t bytes);
int erix_memcmp(const void *left, const void *right, size_t bytes);
void *erix_memchr(const void *memory, int value, size_t bytes);
void *erix_memrchr(const void *memory, int value, size_t bytes);
void *erix_memmem(const void *memory, size_t bytes, const void *part, size_t part_bytes);

size_t erix_strlen(const char *text);
size_t erix_strnlen(const char *text, size_t bytes);
char *erix_strcpy(char *target, const char *source);
char *erix_strncpy(char *target, const char *source, size_t bytes);
char *erix_strcat(char *target, const char *source);
char *erix_strncat(char *target, const char *source, size_t bytes);
size_t erix_strlcpy(char *target, const char *source, size_t bytes);
size_t erix_strlcat(char *target, const char *source, size_t bytes);
int erix_strcmp(const char *left, const char *right);
int erix_strncmp(const char *left, const char *right, size_t bytes);
int erix_strcasecmp(const char *left, const char *right);
int erix_strncasecmp(const char *left, const char *right, size_t bytes);
char *erix_strchr(const char *text, int character);
char *erix_strrchr(const char *text, int character);
char *erix_strstr(const char *text, const char *part);
size_t erix_strspn(const char *text, const char *accepted);
size_t erix_strcspn(const char *text, const char *rejected);
char *erix_strpbrk(const char *text, const char *wanted);
char *erix_strtok_r(char *text, const char *separators, char **state);
char *erix_strsep(char **text, const char *separators);
char *erix_strerror(int number);

int erix_isalnum(int character);
int erix_isalpha(int character);
int erix_isblank(int character);
int erix_iscntrl(int character);
int erix_isdigit(int character);
int erix_isgraph(int character);
int erix_islower(int character);
int erix_isprint(int character);
int erix_ispunct(int character);
int erix_isspace(int character);
int erix_isupper(int character);
int erix_isxdigit(int character);
int erix_tolower(int character);
int erix_toupper(int character);

long erix_strtol(const char *text, char **end_out, int base);
unsigned long erix_strtoul(const char *text, char **end_out, int base);
int erix_atoi(const char *text);
int erix_rand(void);
void erix_srand(unsigned seed);
void erix_qsort(void *base, size_t count, size_t bytes, int (*compare)(const void *, const void *));
void *erix_bsearch(const void *key, const void *base, size_t count, size_t bytes,
    int (*compare)(const void *, const void *));

void *erix_malloc(size_t bytes);
void *erix_calloc(size_t count, size_t bytes);
void *erix_realloc(void *memory, size_t bytes);
void *erix_aligned_alloc(size_t alignment, size_t bytes);
void erix_free(void *memory);

char *erix_getenv(const char *name);
int erix_setenv(const char *name, const char *value, int overwrite);
int erix_unsetenv(const char *name);

int erix_vsnprintf(char *buffer, size_t bytes, const char *format, va_list arguments);
int erix_asprintf(char **text_out, const char *format, ...);

struct tm *erix_gmtime_r(const time_t *time, struct tm *calendar_out);
time_t erix_timegm(struct tm *calendar);
size_t erix_strftime(char *buffer, size_t bytes, const char *format, const struct tm *calendar);

int erix_getopt(int argc, char *const argv[], const char *options);
extern char *erix_optarg;
extern int erix_optind;
extern int erix_opterr;
extern int erix_optopt;

struct stream;
extern struct stream *const erix_stdout;
struct stream *erix_fopen(const char *path, const char *mode);
int erix_fclose(struct stream *stream);
int erix_fflush(struct stream *stream);
size_t erix_fread(void *buffer, size_t size, size_t count, struct stream *stream);
size_t erix_fwrite(const void *buffer, size_t size, size_t count, struct stream *stream);
int erix_fgetc(struct stream *stream);
int erix_ungetc(int character, struct stream *stream);
int erix_fputc(int character, struct stream *stream);
int erix_fputs(const char *text, struct stream *stream);
char *erix_fgets(char *buffer, int bytes, struct stream *stream);
ssize_t erix_getline(char **line, size_t *bytes, struct stream *stream);
int erix_fprintf(struct stream *stream, const char *format, ...);
int erix_fseek(struct stream *stream, long offset, int whence);
long erix_ftell(struct stream *stream);
int erix_feof(struct stream *stream);
int erix_ferror(struct stream *stream);

int erix_chdir(const char *path);
char *erix_getcwd(char *buffer, size_t bytes);
ssize_t erix_readlink(const char *path, char *buffer, size_t bytes);

/* Internal, under its own name. */
enum path_place {
    PATH_FIRST,
    PATH_SECOND
};
const char *path_resolve(const char *path, enum path_place place);
void path_start(void);
