/* SPDX-License-Identifier: ISC */
/* One function for each operation of protocol pager, and the page faults of protocol trap. */
#include "handlers.h"

#include <abi/syscall.h>

static enum status handle_attach(void *self, struct ipc_caller caller,
    const struct pager_attach_request *request, struct address_space_cap space)
{
    (void)caller;
    const struct regions regions = {
        .heap_bytes = request->heap_bytes, .stack_bytes = request->stack_bytes};
    return clients_attach(self, request->process, regions, space);
}

static enum status handle_detach(
    void *self, struct ipc_caller caller, const struct pager_detach_request *request)
{
    (void)caller;
    clients_detach(self, request->process);
    return STATUS_OK;
}

static enum status handle_usage(void *self, struct ipc_caller caller,
    const struct pager_usage_request *request, struct pager_usage_reply *reply_out)
{
    (void)caller;
    const struct client *client = clients_find(self, request->process);
    if (client == nullptr || request->process == 0) {
        return STATUS_NOT_FOUND;
    }
    *reply_out = (struct pager_usage_reply){
        .resident_bytes = client->resident_bytes, .faults = client->faults};
    return STATUS_OK;
}

/* A fault on a page that is there is a breach of its protection: no memory would mend it. */
static enum status handle_page(
    void *self, struct ipc_caller caller, const struct trap_page_request *request)
{
    struct client *client = clients_find(self, caller.client);
    if (client == nullptr || caller.client == 0) {
        return STATUS_NOT_FOUND;
    }
    client->faults++;
    if ((request->error_code & (fault_error_present | fault_error_execute)) != 0) {
        return STATUS_DENIED;
    }
    return client_back(client, request->address);
}

struct pager_server pager_handlers(struct clients *clients)
{
    return (struct pager_server){
        .self = clients,
        .attach = handle_attach,
        .detach = handle_detach,
        .usage = handle_usage,
    };
}

struct trap_server trap_handlers(struct clients *clients)
{
    return (struct trap_server){.self = clients, .page = handle_page};
}
