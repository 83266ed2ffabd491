/* SPDX-License-Identifier: ISC */
/*
 * In the place of rootd: prints what it was told to print and ends with success. The harness writes
 * the script over the one below: the very markers that a scenario wants, in their order. Without
 * one, it is every good marker, as often as the longest order needs.
 */
#include <abi/exit.h>
#include <abi/root_handoff.h>
#include <markers/markers.h>
#include <userlib/syscall.h>

#include <string.h>

#include "lies.h"

constexpr uint32_t script_bytes_max = 8192;
constexpr uint32_t rounds = 8;

/* tools/harness/artifacts.py knows this text and this size. */
static const volatile char script[script_bytes_max] = "-ROOT-LIAR-SCRIPT";

extern uintptr_t __stack_chk_guard;

[[noreturn]] void program_start(void);

static void say(const char *text, uint32_t size_bytes)
{
    memcpy(syscall_ipc_buffer()->words, text, size_bytes);
    ((char *)syscall_ipc_buffer()->words)[size_bytes] = '\n';
    (void)console_write_buffer((struct console_cap){ROOT_SLOT_CONSOLE}, size_bytes + 1);
}

/* Lines up to the first zero byte. */
static void say_script(void)
{
    char line[128];
    uint32_t size_bytes = 0;
    for (uint32_t at = 0; at < script_bytes_max && script[at] != 0; at++) {
        if (script[at] != '\n' && size_bytes < sizeof line) {
            line[size_bytes++] = script[at];
            continue;
        }
        say(line, size_bytes);
        size_bytes = 0;
    }
}

static void say_everything(void)
{
    for (uint32_t number = 0; number < MARKER_COUNT * rounds; number++) {
        const char *text = marker_text((enum marker)(number % MARKER_COUNT));
        if (lies_is_good_news(text)) {
            say(text, (uint32_t)strlen(text));
        }
    }
}

[[noreturn]] static void run(void)
{
    const bool has_script = script[0] != '-';
    has_script ? say_script() : say_everything();
    (void)test_exit((struct test_cap){ROOT_SLOT_TEST}, EXIT_SUCCESS_CLASS);
    for (;;) { /* a runtime image has no test object */
        thread_yield();
    }
}

/* Changes the canary, so it cannot check its own. */
[[noreturn, gnu::no_stack_protector]] void program_start(void)
{
    __stack_chk_guard =
        (uintptr_t)__builtin_ia32_rdtsc() * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xff);
    run();
}
