/* SPDX-License-Identifier: ISC */
/*
 * A place to take a snapshot of a virtual machine: after firmware, before anything of a disk is
 * read. Firmware starts this program as QEMU's -kernel; it takes the drivers of firmware off all
 * disks, says READY on COM1 and waits. In a machine that was restored from the snapshot it goes on:
 * it lets firmware bind its drivers to the SATA controller, and starts \EFI\BOOT\BOOTX64.EFI of the
 * disk that is there now, the way firmware starts it from removable media (UEFI 3.4.1.1).
 *
 * Invariant: while it waits, no driver knows a disk, so nothing of the disks in the machine that
 * was saved can be taken for something of the disks that are there afterwards.
 */
#include <boot/cpu.h>
#include <boot/uefi.h>
#include <stddef.h>
#include <stdint.h>

/* QEMU's firmware configuration device (QEMU docs/specs/fw_cfg): a selector and a byte stream. */
constexpr uint16_t config_select = 0x510;
constexpr uint16_t config_data = 0x511;
constexpr uint16_t config_directory = 0x19;
constexpr uint32_t config_files_max = 256;
constexpr uint32_t config_name_bytes = 56;
static const char config_name[] = "opt/erix/park";
constexpr uint8_t may_go_on = '1';

constexpr uint16_t com1_data = 0x3f8;

/* Class and subclass of a PCI device (PCI Code and ID Assignment 1.2): storage, and SATA of it. */
constexpr uint32_t class_storage = 0x0100;
constexpr uint32_t class_storage_mask = 0xff00;
constexpr uint32_t class_sata = 0x0106;
constexpr uint32_t class_exact = 0xffff;
constexpr uint32_t class_offset = 8;

constexpr size_t path_bytes_max = 1024;
static const uint16_t loader_name[] = u"\\EFI\\BOOT\\BOOTX64.EFI";

efi_status efi_main(efi_handle image_handle, struct efi_system_table *system);

static void wait_for_go(void);
static uint16_t config_find(void);
static uint32_t config_number(uint32_t bytes);
static void for_each_disk(const struct efi_boot_services *services, uint32_t class_mask,
    uint32_t class_code, void (*visit)(const struct efi_boot_services *services, efi_handle disk));
static uint32_t class_of(const struct efi_boot_services *services, efi_handle handle);
static void bind(const struct efi_boot_services *services, efi_handle controller);
static void unbind(const struct efi_boot_services *services, efi_handle controller);
static efi_status start_loaders(const struct efi_boot_services *services, efi_handle self);
static efi_status start_loader(
    const struct efi_boot_services *services, efi_handle self, efi_handle volume);
static void append_loader_path(uint8_t *path, size_t length);
static size_t volume_path_bytes(const uint8_t *path);
static void say(const char *text);

efi_status efi_main(efi_handle image_handle, struct efi_system_table *system)
{
    const struct efi_boot_services *services = system->boot_services;
    for_each_disk(services, class_storage_mask, class_storage, unbind);
    say("ERIX_PARK:READY\r\n");
    wait_for_go();
    for_each_disk(services, class_exact, class_sata, bind);
    efi_status status = start_loaders(services, image_handle);
    say("ERIX_PARK:NOTHING_STARTED\r\n");
    return status;
}

/* The file is not there or begins with another character until the machine was restored. */
static void wait_for_go(void)
{
    for (;;) {
        uint16_t key = config_find();
        if (key != 0) {
            cpu_out16(config_select, key);
            if (cpu_in8(config_data) == may_go_on) {
                return;
            }
        }
    }
}

/* The selector of the file config_name, or 0. */
static uint16_t config_find(void)
{
    cpu_out16(config_select, config_directory);
    uint32_t count = config_number(4);
    for (uint32_t index = 0; index < count && index < config_files_max; index++) {
        (void)config_number(4); /* size */
        uint16_t key = (uint16_t)config_number(2);
        (void)config_number(2); /* reserved */
        bool same = true;
        for (uint32_t at = 0; at < config_name_bytes; at++) {
            uint8_t byte = cpu_in8(config_data);
            if (at < sizeof(config_name) && byte != (uint8_t)config_name[at]) {
                same = false;
            }
        }
        if (same) {
            return key;
        }
    }
    return 0;
}

/* A number of the directory, big-endian. */
static uint32_t config_number(uint32_t bytes)
{
    uint32_t value = 0;
    for (uint32_t index = 0; index < bytes; index++) {
        value = value << 8 | cpu_in8(config_data);
    }
    return value;
}

/* Visit the controllers of mass storage whose class code has these bits. */
static void for_each_disk(const struct efi_boot_services *services, uint32_t class_mask,
    uint32_t class_code, void (*visit)(const struct efi_boot_services *services, efi_handle disk))
{
    efi_handle *handles = nullptr;
    size_t count = 0;
    if (services->locate_handle_buffer(
            EFI_LOCATE_BY_PROTOCOL, &efi_pci_io_guid, nullptr, &count, &handles) != efi_success) {
        return;
    }
    for (size_t index = 0; index < count; index++) {
        if ((class_of(services, handles[index]) & class_mask) == class_code) {
            visit(services, handles[index]);
        }
    }
    (void)services->free_pool(handles);
}

/* The class and subclass of a PCI device; 0, which is no disk, if it does not tell. */
static uint32_t class_of(const struct efi_boot_services *services, efi_handle handle)
{
    void *interface = nullptr;
    if (services->handle_protocol(handle, &efi_pci_io_guid, &interface) != efi_success) {
        return 0;
    }
    struct efi_pci_io *device = interface;
    uint32_t class_code = 0;
    if (device->read_configuration(device, EFI_PCI_WIDTH_32, class_offset, 1, &class_code) !=
        efi_success) {
        return 0;
    }
    return class_code >> 16;
}

/* A disk that cannot be bound shows no volume, which is noticed when a loader is looked for. */
static void bind(const struct efi_boot_services *services, efi_handle controller)
{
    (void)services->connect_controller(controller, nullptr, nullptr, true);
}

/* Fails where no driver is bound, which is as good. */
static void unbind(const struct efi_boot_services *services, efi_handle controller)
{
    (void)services->disconnect_controller(controller, nullptr, nullptr);
}

/* Comes back only if no volume has a loader, or the loader came back. */
static efi_status start_loaders(const struct efi_boot_services *services, efi_handle self)
{
    efi_handle *volumes = nullptr;
    size_t count = 0;
    efi_status status = services->locate_handle_buffer(
        EFI_LOCATE_BY_PROTOCOL, &efi_file_system_guid, nullptr, &count, &volumes);
    if (status != efi_success) {
        return status;
    }
    status = efi_not_found;
    for (size_t index = 0; index < count; index++) {
        status = start_loader(services, self, volumes[index]);
    }
    (void)services->free_pool(volumes);
    return status;
}

static efi_status start_loader(
    const struct efi_boot_services *services, efi_handle self, efi_handle volume)
{
    void *volume_path = nullptr;
    efi_status status = services->handle_protocol(volume, &efi_device_path_guid, &volume_path);
    if (status != efi_success) {
        return status;
    }
    size_t length = volume_path_bytes(volume_path);
    uint8_t path[path_bytes_max];
    if (length > path_bytes_max - 2 * sizeof(struct efi_path_node) - sizeof(loader_name)) {
        return efi_load_error;
    }
    for (size_t index = 0; index < length; index++) {
        path[index] = ((const uint8_t *)volume_path)[index];
    }
    append_loader_path(path, length);
    efi_handle loader = nullptr;
    status = services->load_image(true, self, path, nullptr, 0, &loader);
    if (status != efi_success) {
        return status;
    }
    return services->start_image(loader, nullptr, nullptr);
}

/* Append the node of the loader's file and the end of the path. */
static void append_loader_path(uint8_t *path, size_t length)
{
    size_t node_bytes = sizeof(struct efi_path_node) + sizeof(loader_name);
    path[length++] = efi_path_media;
    path[length++] = efi_path_media_file;
    path[length++] = (uint8_t)node_bytes;
    path[length++] = (uint8_t)(node_bytes >> 8);
    for (size_t index = 0; index < sizeof(loader_name); index++) {
        path[length++] = ((const uint8_t *)loader_name)[index];
    }
    path[length++] = efi_path_end;
    path[length++] = efi_path_end_all;
    path[length++] = sizeof(struct efi_path_node);
    path[length] = 0;
}

/* The bytes of a device path without its end (UEFI 10.2). */
static size_t volume_path_bytes(const uint8_t *path)
{
    size_t length = 0;
    while (path[length] != efi_path_end && length < path_bytes_max) {
        const uint8_t *node = &path[length];
        length += (size_t)node[2] | (size_t)node[3] << 8;
    }
    return length;
}

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        cpu_out8(com1_data, (uint8_t)*text);
    }
}
