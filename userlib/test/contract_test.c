/* SPDX-License-Identifier: ISC */
/* The check of a start-up block: a good one passes; each single deviation is a breach. */
#include <userlib/contract.h>

#include <lib/testing/check.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

constexpr uint32_t role_self = 9;
constexpr uint32_t role_peer = 4;
constexpr cap_slot first_free = 22;

static const struct contract_slot slots[] = {
    {"self", SLOT_SELF_CSPACE, 1, OBJECT_CSPACE, RIGHT_CONTROL, 0, 0, false},
    {"control", SLOT_CONTROL, 1, OBJECT_ENDPOINT, RIGHT_RECEIVE, role_self, 0, false},
    {"peer", 16, 1, OBJECT_ENDPOINT, RIGHT_SEND, role_peer, 5, false},
    {"maybe", 17, 1, OBJECT_ENDPOINT, RIGHT_SEND, role_peer, 1, true},
    {"ram", 18, 4, OBJECT_UNTYPED, 0, 0, 0, false},
    {"boot-config", 0, 1, OBJECT_FRAME, RIGHT_READ, 0, 0, false},
};

const struct contract program_contract = {
    .name = "trial",
    .role = role_self,
    .first_free_slot = first_free,
    .slot_count = sizeof slots / sizeof slots[0],
    .slots = slots,
};

struct ipc_buffer fake_ipc_buffer;
static struct cap_identity held[64];
static struct startup startup;

enum status syscall_enter(enum syscall number, struct syscall_registers *registers)
{
    CHECK_EQUAL(number, SYSCALL_INVOKE);
    CHECK_EQUAL(registers->tag, CSPACE_IDENTIFY);
    const struct cap_identity *identity = &held[registers->words[0]];
    if (identity->kind == OBJECT_NONE) {
        return STATUS_NOT_FOUND;
    }
    registers->words[0] = (uint64_t)identity->kind | (uint64_t)identity->rights << 8 |
                          (uint64_t)identity->label << 32;
    registers->words[1] = identity->badge;
    registers->words[2] = identity->value;
    return STATUS_OK;
}

/* A block and a capability space that keep the contract, with two of four RAM slots filled. */
static void prepare(void)
{
    memset(held, 0, sizeof held);
    startup = (struct startup){
        .magic = startup_magic,
        .version = startup_version,
        .size_bytes = sizeof startup,
        .profile = BOOT_PROFILE_DEV,
        .role = role_self,
        .first_free_slot = first_free,
        .end_slot = 64,
        .strings_offset = sizeof startup,
        .name = "trial",
    };
    for (uint32_t index = 0; index < program_contract.slot_count; index++) {
        const struct contract_slot *declared = &slots[index];
        struct startup_slot *row = &startup.slots[startup.slot_count++];
        row->slot = declared->slot;
        row->kind = declared->kind;
        row->rights = declared->rights;
        row->label = declared->label;
        row->parameter = declared->slot_count > 1 ? 2 : 0;
        memcpy(row->name, declared->name, strlen(declared->name));
        if (declared->slot != slot_null) {
            held[declared->slot] = (struct cap_identity){
                .kind = declared->kind,
                .rights = declared->rights,
                .label = declared->label,
                .badge = badge_make(77, declared->protocol_rights),
            };
        }
    }
    held[19] = held[18];
}

static enum status check(void)
{
    const char *reason = "";
    const enum status status = program_check_contract(&startup, &reason);
    CHECK((status == STATUS_OK) == (reason[0] == 0));
    return status;
}

static void breach(void)
{
    CHECK_EQUAL(check(), STATUS_CONTRACT_INVALID);
    prepare();
}

static void a_good_start_is_accepted(void)
{
    prepare();
    CHECK_EQUAL(check(), STATUS_OK);
    held[SLOT_STANDARD_OUTPUT] = (struct cap_identity){.kind = OBJECT_ENDPOINT};
    CHECK_EQUAL(check(), STATUS_OK);
}

static void wrong_blocks(void)
{
    prepare();
    startup.magic++;
    breach();
    startup.version++;
    breach();
    startup.size_bytes--;
    breach();
    startup.size_bytes = startup_bytes_max + 1;
    breach();
    startup.profile = (enum boot_profile)0;
    breach();
    startup.role++;
    breach();
    startup.slot_count = startup_slots_max + 1;
    breach();
    startup.first_free_slot--;
    breach();
    startup.end_slot = first_free - 1;
    breach();
    startup.end_slot = (1U << cspace_bits_max) + 1;
    breach();
    startup.strings_bytes = 1;
    breach();
    startup.strings_offset = sizeof startup + 1;
    breach();
    memset(startup.name, 'x', sizeof startup.name);
    breach();
}

static void wrong_rows(void)
{
    prepare();
    startup.slots[2].slot = slot_null; /* the peer is not announced */
    breach();
    startup.slot_count--; /* nor is BootConfig */
    breach();
    startup.slots[2].kind = OBJECT_FRAME;
    breach();
    startup.slots[2].rights |= RIGHT_GRANT;
    breach();
    startup.slots[2].label++;
    breach();
    startup.slots[2].name[0] = 'P';
    breach();
    startup.slots[4].parameter = 5; /* more RAM than slots */
    breach();
    startup.slots[startup.slot_count] = startup.slots[2];
    startup.slots[startup.slot_count++].slot = first_free;
    breach();
}

static void wrong_capabilities(void)
{
    prepare();
    held[16].kind = OBJECT_NONE;
    breach();
    held[16].kind = OBJECT_NOTIFICATION;
    breach();
    held[16].label = role_self; /* misrouted */
    breach();
    held[16].rights |= RIGHT_GRANT;
    breach();
    held[16].badge = badge_make(77, 7); /* more than was declared */
    breach();
    held[16].badge = badge_make(77, 1);
    breach();
    held[10].kind = OBJECT_ENDPOINT; /* nobody declared it */
    breach();
    held[SLOT_REPORT].kind = OBJECT_ENDPOINT;
    breach();
    held[20] = held[18]; /* more RAM than announced */
    breach();
    held[19].kind = OBJECT_NONE;
    breach();
    startup.first_free_slot++; /* an injected one behind the declared */
    held[first_free].kind = OBJECT_ENDPOINT;
    breach();
}

static void optional_peers(void)
{
    prepare();
    startup.slots[3].kind = OBJECT_NONE; /* "maybe" is announced as absent ... */
    startup.slots[3].rights = 0;
    held[17].kind = OBJECT_NONE;
    CHECK_EQUAL(check(), STATUS_OK);
    held[17].kind = OBJECT_ENDPOINT; /* ... so nothing may be there */
    breach();
    startup.slots[3] = startup.slots[5]; /* taken away without a word */
    startup.slot_count--;
    held[17].kind = OBJECT_NONE;
    breach();
    startup.slots[2].kind = OBJECT_NONE; /* one that is not optional cannot be absent */
    startup.slots[2].rights = 0;
    held[16].kind = OBJECT_NONE;
    breach();
    startup.slots[3].kind = OBJECT_NONE; /* absent, but of somebody else */
    startup.slots[3].rights = 0;
    startup.slots[3].label++;
    held[17].kind = OBJECT_NONE;
    breach();
}

int main(void)
{
    TEST(a_good_start_is_accepted);
    TEST(wrong_blocks);
    TEST(wrong_rows);
    TEST(wrong_capabilities);
    TEST(optional_peers);
    return check_report();
}
