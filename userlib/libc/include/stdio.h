/* SPDX-License-Identifier: ISC */
/*
 * Buffered streams and formatted text.
 *
 * Output to a terminal leaves at each newline, other output when its buffer is full, stderr at the
 * end of each call. Reading from a terminal sends pending output of stdout first.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 4096
#define FILENAME_MAX 1024
#define FOPEN_MAX 64

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

typedef struct stream FILE;

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;

FILE *fopen(const char *restrict path, const char *restrict mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *stream);
int fflush(FILE *stream);
int fileno(FILE *stream);
int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t bytes);
void setbuf(FILE *restrict stream, char *restrict buffer);

size_t fread(void *restrict buffer, size_t size, size_t count, FILE *restrict stream);
size_t fwrite(const void *restrict buffer, size_t size, size_t count, FILE *restrict stream);
int fgetc(FILE *stream);
int getc(FILE *stream);
int getchar(void);
int ungetc(int character, FILE *stream);
char *fgets(char *restrict buffer, int bytes, FILE *restrict stream);
ssize_t getline(char **restrict line, size_t *restrict bytes, FILE *restrict stream);
ssize_t getdelim(
    char **restrict line, size_t *restrict bytes, int delimiter, FILE *restrict stream);
int fputc(int character, FILE *stream);
int putc(int character, FILE *stream);
int putchar(int character);
int fputs(const char *restrict text, FILE *restrict stream);
int puts(const char *text);

int fseek(FILE *stream, long offset, int whence);
int fseeko(FILE *stream, off_t offset, int whence);
long ftell(FILE *stream);
off_t ftello(FILE *stream);
void rewind(FILE *stream);
int feof(FILE *stream);
int ferror(FILE *stream);
void clearerr(FILE *stream);

/*
 * Conversions d i u o x X b B c s p % f F e E g G, flags - + space # 0, width and precision as
 * numbers or *, lengths hh h l ll j z t. There are no wide characters and no %n.
 */
#define ERIX_FORMAT(text, first) __attribute__((__format__(__printf__, text, first)))

int printf(const char *restrict format, ...) ERIX_FORMAT(1, 2);
int fprintf(FILE *restrict stream, const char *restrict format, ...) ERIX_FORMAT(2, 3);
int dprintf(int fd, const char *restrict format, ...) ERIX_FORMAT(2, 3);
int sprintf(char *restrict buffer, const char *restrict format, ...) ERIX_FORMAT(2, 3);
int snprintf(char *restrict buffer, size_t bytes, const char *restrict format, ...)
    ERIX_FORMAT(3, 4);
int asprintf(char **restrict text_out, const char *restrict format, ...) ERIX_FORMAT(2, 3);
int vprintf(const char *restrict format, va_list arguments) ERIX_FORMAT(1, 0);
int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments)
    ERIX_FORMAT(2, 0);
int vdprintf(int fd, const char *restrict format, va_list arguments) ERIX_FORMAT(2, 0);
int vsprintf(char *restrict buffer, const char *restrict format, va_list arguments)
    ERIX_FORMAT(2, 0);
int vsnprintf(char *restrict buffer, size_t bytes, const char *restrict format, va_list arguments)
    ERIX_FORMAT(3, 0);
int vasprintf(char **restrict text_out, const char *restrict format, va_list arguments)
    ERIX_FORMAT(2, 0);

/* Write "TEXT: reason" or "reason" to stderr, for the present errno. */
void perror(const char *text);

int remove(const char *path);
int rename(const char *from, const char *to);
