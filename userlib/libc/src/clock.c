/* SPDX-License-Identifier: ISC */
/* Reading clocks and sleeping. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "library.h"

constexpr uint64_t ns_per_second = 1'000'000'000;
constexpr uint64_t seconds_max = UINT64_MAX / ns_per_second - 1;

int clock_gettime(clockid_t clock, struct timespec *time_out)
{
    return (int)library_result(system_clock(clock, time_out));
}

time_t time(time_t *time_out)
{
    struct timespec now = {};
    if (clock_gettime(CLOCK_REALTIME, &now) < 0) {
        return -1;
    }
    if (time_out != nullptr) {
        *time_out = now.tv_sec;
    }
    return now.tv_sec;
}

int nanosleep(const struct timespec *duration, struct timespec *remaining_out)
{
    bool valid = duration->tv_sec >= 0 && (uint64_t)duration->tv_sec <= seconds_max &&
                 duration->tv_nsec >= 0 && (uint64_t)duration->tv_nsec < ns_per_second;
    if (!valid) {
        errno = EINVAL;
        return -1;
    }
    uint64_t duration_ns = (uint64_t)duration->tv_sec * ns_per_second + (uint64_t)duration->tv_nsec;
    if (library_result(system_sleep(duration_ns)) < 0) {
        return -1;
    }
    if (remaining_out != nullptr) {
        *remaining_out = (struct timespec){}; /* there are no signals that cut a sleep short */
    }
    return 0;
}

unsigned sleep(unsigned seconds)
{
    return nanosleep(&(struct timespec){.tv_sec = seconds}, nullptr) < 0 ? seconds : 0;
}

int usleep(unsigned microseconds)
{
    return nanosleep(&(struct timespec){.tv_sec = microseconds / 1'000'000,
                         .tv_nsec = (long)(microseconds % 1'000'000) * 1000},
        nullptr);
}
