/* SPDX-License-Identifier: ISC */
/*
 * `erixfs mount`: a volume as a folder of the host, until it is unmounted or the program is told
 * to end.
 */
#define _GNU_SOURCE
#include "view.h"

#include "../commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void start(void *context, struct fuse_conn_info *connection)
{
    const struct view *view = context;
    connection->want |= connection->capable & FUSE_CAP_DONT_MASK;
    connection->want &= ~(unsigned int)FUSE_CAP_WRITEBACK_CACHE;
    if (view->checks_access) {
        connection->want |= connection->capable & FUSE_CAP_POSIX_ACL;
    }
}

static void open_file(fuse_req_t request, fuse_ino_t, struct fuse_file_info *info)
{
    info->keep_cache = 1;
    (void)fuse_reply_open(request, info);
}

/* Nothing waits for a file to be closed. */
static void close_file(fuse_req_t request, fuse_ino_t, struct fuse_file_info *)
{
    view_answer(request, STATUS_OK);
}

static void forget(fuse_req_t request, fuse_ino_t number, uint64_t count)
{
    (void)view_give(view_of(request), view_number(number), count); /* Nobody can be told. */
    fuse_reply_none(request);
}

static void forget_many(fuse_req_t request, size_t count, struct fuse_forget_data *forgotten)
{
    for (size_t index = 0; index < count; index++) {
        (void)view_give(
            view_of(request), view_number(forgotten[index].ino), forgotten[index].nlookup);
    }
    fuse_reply_none(request);
}

const struct fuse_lowlevel_ops view_operations = {
    .init = start,
    .lookup = view_lookup,
    .forget = forget,
    .forget_multi = forget_many,
    .getattr = view_get_attributes,
    .setattr = view_set_attributes,
    .readlink = view_read_link,
    .mknod = view_make_node,
    .mkdir = view_make_directory,
    .symlink = view_make_link,
    .create = view_create,
    .link = view_link,
    .unlink = view_unlink,
    .rmdir = view_remove_directory,
    .rename = view_rename,
    .open = open_file,
    .flush = close_file,
    .release = close_file,
    .read = view_read,
    .write = view_write,
    .fallocate = view_fallocate,
    .lseek = view_seek,
    .fsync = view_sync,
    .fsyncdir = view_sync,
    .opendir = view_open_directory,
    .readdir = view_read_directory,
    .readdirplus = view_read_directory_plus,
    .releasedir = view_release_directory,
    .statfs = view_statistics,
    .setxattr = view_set_extended,
    .getxattr = view_get_extended,
    .listxattr = view_list_extended,
    .removexattr = view_remove_extended,
};

static bool complain(const char *folder, const char *text)
{
    (void)fprintf(stderr, "erixfs: %s: %s\n", folder, text);
    return false;
}

/* The kernel checks permissions where others than the owner of the image may come. */
static bool make_arguments(
    const struct view *view, const struct words *words, struct fuse_args *arguments)
{
    char *options = nullptr;
    bool well = fuse_opt_add_opt(&options, "subtype=erixfs") == 0 &&
                fuse_opt_add_opt(&options, view->volume->mount.writable ? "rw" : "ro") == 0 &&
                (!words->allow_other || fuse_opt_add_opt(&options, "allow_other") == 0) &&
                (!view->checks_access || fuse_opt_add_opt(&options, "default_permissions") == 0) &&
                fuse_opt_add_arg(arguments, "erixfs") == 0 &&
                fuse_opt_add_arg(arguments, "-o") == 0 && fuse_opt_add_arg(arguments, options) == 0;
    free(options);
    return well;
}

static bool serve(struct fuse_session *session, const struct words *words)
{
    const char *folder = words->at[0];
    if (fuse_set_signal_handlers(session) != 0) {
        return complain(folder, "signals cannot be caught");
    }
    bool well = fuse_session_mount(session, folder) == 0;
    if (well) {
        int result = fuse_daemonize(words->foreground);
        result = result == 0 ? fuse_session_loop(session) : result;
        fuse_session_unmount(session);
        well = result >= 0 || complain(folder, "the kernel no longer serves it");
    } else {
        (void)complain(folder, "cannot mount there; is it an empty folder of yours?");
    }
    fuse_remove_signal_handlers(session);
    return well;
}

bool command_mount(struct volume *volume, const struct words *words)
{
    struct view view;
    struct fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
    bool well = view_init(&view, volume);
    view.checks_access = words->allow_other || geteuid() == 0;
    well = well && make_arguments(&view, words, &arguments);
    struct fuse_session *session = nullptr;
    if (well) {
        session = fuse_session_new(&arguments, &view_operations, sizeof view_operations, &view);
    }
    well = session != nullptr ? serve(session, words)
                              : complain(words->at[0], "libfuse cannot make a session");
    if (session != nullptr) {
        fuse_session_destroy(session);
    }
    fuse_opt_free_args(&arguments);
    volume_tick(volume);
    enum status status = view_destroy(&view);
    if (status != STATUS_OK) {
        volume_complain(volume, nullptr, status);
    }
    return well && status == STATUS_OK;
}
