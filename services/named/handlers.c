/* SPDX-License-Identifier: ISC */
/* Operations of protocol name. */
#include "named.h"

static enum status seed(
    void *self, struct ipc_caller caller, const struct name_seed_request *request)
{
    (void)caller;
    struct named *named = self;
    const struct names_key key = {.name = request->name, .name_bytes = request->name_bytes};
    return names_seed(&named->names, key, request->role);
}

static enum status seal(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct named *named = self;
    return names_seal(&named->names);
}

static enum status lookup(void *self, struct ipc_caller caller,
    const struct name_lookup_request *request, struct name_lookup_reply *reply_out)
{
    (void)caller;
    const struct named *named = self;
    const struct names_key key = {.name = request->name, .name_bytes = request->name_bytes};
    return names_lookup(&named->names, key, &reply_out->role);
}

struct name_server named_server(struct named *named)
{
    return (struct name_server){.self = named, .seed = seed, .seal = seal, .lookup = lookup};
}
