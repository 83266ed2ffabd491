/* SPDX-License-Identifier: ISC */
/* errno: the variable, its texts, and the one place where statuses of the system become errors. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "library.h"

int errno;

static const char *const texts[] = {
    [0] = "No error",
    [EPERM] = "Operation not permitted",
    [ENOENT] = "No such file or directory",
    [ESRCH] = "No such process",
    [EINTR] = "Interrupted",
    [EIO] = "Input/output error",
    [ENXIO] = "No such device or address",
    [E2BIG] = "Argument list too long",
    [ENOEXEC] = "Not an executable of this system",
    [EBADF] = "Bad file descriptor",
    [ECHILD] = "No such child process",
    [EAGAIN] = "Temporarily unavailable",
    [ENOMEM] = "Out of memory",
    [EACCES] = "Permission denied",
    [EFAULT] = "Bad address",
    [EBUSY] = "Busy",
    [EEXIST] = "File exists",
    [EXDEV] = "On another file system",
    [ENODEV] = "No such device",
    [ENOTDIR] = "Not a directory",
    [EISDIR] = "Is a directory",
    [EINVAL] = "Invalid argument",
    [ENFILE] = "Too many open files in the system",
    [EMFILE] = "Too many open files",
    [ENOTTY] = "Not a terminal",
    [EFBIG] = "File too large",
    [ENOSPC] = "No space left on device",
    [ESPIPE] = "Cannot seek",
    [EROFS] = "Read-only file system",
    [EMLINK] = "Too many links",
    [EPIPE] = "The other side is gone",
    [EDOM] = "Argument out of domain",
    [ERANGE] = "Result out of range",
    [ENAMETOOLONG] = "Name too long",
    [ENOSYS] = "Function not implemented",
    [ENOTEMPTY] = "Directory not empty",
    [ELOOP] = "Too many symbolic links",
    [EPROTO] = "Protocol error",
    [EOVERFLOW] = "Value too large",
    [EILSEQ] = "Illegal byte sequence",
    [ENOTSUP] = "Not supported",
    [ETIMEDOUT] = "Timed out",
    [EUCLEAN] = "Corrupt data",
    [ECANCELED] = "Cancelled",
    [ENOKEY] = "Key is not available",
    [EKEYREJECTED] = "Signature or digest does not match",
};

static const int errors[STATUS_COUNT] = {
    [STATUS_INVALID_ARGUMENT] = EINVAL,
    [STATUS_INVALID_CAPABILITY] = EBADF,
    [STATUS_DENIED] = EACCES,
    [STATUS_NOT_FOUND] = ENOENT,
    [STATUS_EXISTS] = EEXIST,
    [STATUS_NO_MEMORY] = ENOMEM,
    [STATUS_NO_SLOT] = EMFILE,
    [STATUS_BUSY] = EBUSY,
    [STATUS_WOULD_BLOCK] = EAGAIN,
    [STATUS_CANCELLED] = ECANCELED,
    [STATUS_TIMED_OUT] = ETIMEDOUT,
    [STATUS_PEER_LOST] = EPIPE,
    [STATUS_UNKNOWN_OPERATION] = ENOSYS,
    [STATUS_CONTRACT_INVALID] = EPROTO,
    [STATUS_UNSUPPORTED] = ENOTSUP,
    [STATUS_CORRUPT] = EUCLEAN,
    [STATUS_UNTRUSTED] = EKEYREJECTED,
    [STATUS_NO_KEY] = ENOKEY,
    [STATUS_IO] = EIO,
    [STATUS_NO_SPACE] = ENOSPC,
    [STATUS_READ_ONLY] = EROFS,
    [STATUS_NOT_DIRECTORY] = ENOTDIR,
    [STATUS_IS_DIRECTORY] = EISDIR,
    [STATUS_NOT_EMPTY] = ENOTEMPTY,
    [STATUS_NAME_TOO_LONG] = ENAMETOOLONG,
    [STATUS_TOO_LARGE] = EFBIG,
    [STATUS_LOOP] = ELOOP,
    [STATUS_CROSS_DEVICE] = EXDEV,
    [STATUS_MISSING_TABLE] = EFAULT,
    [STATUS_END] = ENXIO,
    [STATUS_INTERNAL] = EIO,
};

int error_of_status(enum status status)
{
    if (status <= STATUS_OK || status >= STATUS_COUNT || errors[status] == 0) {
        return EIO;
    }
    return errors[status];
}

long library_result(long result)
{
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

char *strerror(int number)
{
    static char unknown[32];
    constexpr int count = sizeof(texts) / sizeof(texts[0]);
    if (number >= 0 && number < count && texts[number] != nullptr) {
        return (char *)texts[number];
    }
    (void)snprintf(unknown, sizeof(unknown), "Unknown error %d", number);
    return unknown;
}
