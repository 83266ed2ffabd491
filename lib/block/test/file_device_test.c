/* SPDX-License-Identifier: ISC */
/*
 * The host's file device: what is written is read back, ends of files are kept.
 */
#define _GNU_SOURCE
#include <lib/block/host/file_device.h>
#include <lib/testing/check.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/erix-block-XXXXXX";

static void file_round_trip(void)
{
    struct block_file file;
    uint8_t bytes[2048];
    memset(bytes, 0x5a, sizeof bytes);
    CHECK(block_file_open(&file, path, 512, true) == STATUS_OK);
    CHECK_EQUAL(file.device.block_count, 8);
    struct block_transfer transfer = {
        .first_block = 3, .block_count = 4, .buffer = block_buffer_plain(bytes)};
    CHECK(block_write(&file.device, &transfer, 1) == STATUS_OK);
    CHECK(block_flush(&file.device) == STATUS_OK);
    block_file_close(&file);
    CHECK(block_file_open(&file, path, 512, false) == STATUS_OK);
    memset(bytes, 0, sizeof bytes);
    CHECK(block_write(&file.device, &transfer, 1) == STATUS_READ_ONLY);
    CHECK(block_read(&file.device, &transfer, 1) == STATUS_OK);
    CHECK_EQUAL(bytes[0], 0x5a);
    CHECK_EQUAL(bytes[2047], 0x5a);
    CHECK(truncate(path, 1024) == 0);
    CHECK(block_read(&file.device, &transfer, 1) == STATUS_IO);
    transfer.buffer = (struct block_buffer){};
    CHECK(block_read(&file.device, &transfer, 1) == STATUS_INVALID_ARGUMENT);
    block_file_close(&file);
}

static void missing_file_is_not_found(void)
{
    struct block_file file;
    CHECK(block_file_open(&file, "/nonexistent/image", 512, false) == STATUS_NOT_FOUND);
}

int main(void)
{
    int descriptor = mkstemp(path);
    if (descriptor < 0 || ftruncate(descriptor, 4096 + 100) != 0) {
        return 1;
    }
    TEST(file_round_trip);
    TEST(missing_file_is_not_found);
    (void)close(descriptor);
    (void)unlink(path);
    return check_report();
}
