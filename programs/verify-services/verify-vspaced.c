/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a frame at two addresses is one memory, a view that is read-only stays so, what is
 * unmapped is gone; frames are not for devices without that right, and wrong requests are refused.
 */
#include <slots/verify-vspaced.h>
#include <userlib/shared_memory.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t bits = 12;

static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

static const char *refuse(struct frame_cap frame, uint64_t unmapped_address)
{
    struct vspace_allocate_reply reply = {};
    struct frame_cap memory = {};
    const struct vspace_unmap_request again = {.address = unmapped_address};
    const struct vspace_map_fixed_request fixed = {
        .process = 1, .flags = vspace_map_read, .address = UINT64_C(0x400000)};
    if (vspace_unmap(vspaced, &again) != STATUS_NOT_FOUND) {
        return "the same was unmapped twice";
    }
    if (vspace_allocate(vspaced, &(struct vspace_allocate_request){.bits = bits - 1}, &reply,
            &memory) == STATUS_OK ||
        vspace_allocate(vspaced, &(struct vspace_allocate_request){.bits = 22}, &reply, &memory) ==
            STATUS_OK) {
        return "memory of a size that does not exist was given";
    }
    return vspace_map_fixed(vspaced, &fixed, frame) == STATUS_DENIED
               ? nullptr
               : "another process could be mapped into";
}

static const char *verify(const struct verifier *verifier)
{
    struct shared_memory memory = {};
    struct vspace_map_reply view = {};
    struct cap_identity identity = {};
    if (shared_memory_make(vspaced, bits, &memory) != STATUS_OK || memory.bytes[0] != 0) {
        return "no fresh memory is given";
    }
    if (cspace_identify(slots_cspace(), memory.frame.slot, &identity) != STATUS_OK ||
        identity.kind != OBJECT_FRAME || (identity.rights & RIGHT_DMA) != 0) {
        return "the memory is for devices too";
    }
    if (vspace_map(vspaced, &(struct vspace_map_request){.flags = vspace_map_read}, memory.frame,
            &view) != STATUS_OK ||
        view.address == (uintptr_t)memory.bytes) {
        return "a frame cannot be mapped twice";
    }
    memcpy(memory.bytes, verifier->nonce, root_nonce_bytes);
    const void *other = (const void *)(uintptr_t)view.address; // NOLINT(performance-no-int-to-ptr)
    if (memcmp(other, verifier->nonce, root_nonce_bytes) != 0) {
        return "one frame at two addresses is not one memory";
    }
    if (vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = view.address}) !=
        STATUS_OK) {
        return "a view cannot be given up";
    }
    const char *reason = refuse(memory.frame, view.address);
    shared_memory_close(vspaced, &memory);
    return reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
