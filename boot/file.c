/* SPDX-License-Identifier: ISC */
/* Reads boot.img whole, in one request, from the volume that the loader was started from. */
#include "loader.h"

static const uint16_t file_path[] = u"\\EFI\\ERIX\\BOOT.IMG";

constexpr uint32_t file_name_units_max = 256;

/* EFI_FILE_INFO ends with the name of the file. */
struct file_information {
    struct efi_file_info info;
    uint16_t name[file_name_units_max];
};

static enum status file_open(struct loader *loader, struct efi_file **file_out);
static enum status file_measure(
    struct loader *loader, struct efi_file *file, uint64_t *size_bytes_out);
static enum status file_fetch(struct loader *loader, struct efi_file *file);

enum status file_read(struct loader *loader)
{
    struct efi_file *file = nullptr;
    enum status status = file_open(loader, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = file_fetch(loader, file);
    (void)file->close(file); /* cannot fail (UEFI 13.5) */
    return status;
}

static enum status file_open(struct loader *loader, struct efi_file **file_out)
{
    void *loaded_image = nullptr;
    if (loader->services->handle_protocol(
            loader->image_handle, &efi_loaded_image_guid, &loaded_image) != efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_FIRMWARE, "loaded image");
    }
    const struct efi_loaded_image *image = loaded_image;
    void *interface = nullptr;
    if (image->device == nullptr || loader->services->handle_protocol(image->device,
                                        &efi_file_system_guid, &interface) != efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_BOOT_IMAGE, "no file system");
    }
    struct efi_file_system *volume = interface;
    struct efi_file *root = nullptr;
    if (volume->open_volume(volume, &root) != efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_READ, "volume");
    }
    efi_status result = root->open(root, file_out, file_path, efi_file_mode_read, 0);
    (void)root->close(root);
    if (result == efi_not_found) {
        return loader_refuse(
            loader, MARKER_BOOTLOADER_REFUSED_NO_BOOT_IMAGE, "\\EFI\\ERIX\\BOOT.IMG");
    }
    if (result != efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_READ, "open");
    }
    return STATUS_OK;
}

static enum status file_fetch(struct loader *loader, struct efi_file *file)
{
    uint64_t size_bytes = 0;
    enum status status = file_measure(loader, file, &size_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    struct loader_block block = {};
    status = memory_take(loader, size_bytes, loader_page_bytes, &block);
    if (status != STATUS_OK) {
        return status;
    }
    size_t read_bytes = size_bytes;
    if (file->read(file, &read_bytes, (void *)(uintptr_t)block.address) != efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_READ, "data");
    }
    if (read_bytes != size_bytes) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_READ, "short");
    }
    loader->file = (struct loader_block){.address = block.address, .size_bytes = size_bytes};
    return STATUS_OK;
}

static enum status file_measure(
    struct loader *loader, struct efi_file *file, uint64_t *size_bytes_out)
{
    struct file_information information = {};
    size_t information_bytes = sizeof(information);
    if (file->get_info(file, &efi_file_info_guid, &information_bytes, &information) !=
        efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_READ, "size");
    }
    if ((information.info.attributes & efi_file_attribute_directory) != 0) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_BOOT_IMAGE, "is a directory");
    }
    if (information.info.file_bytes == 0) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_TRUNCATED, "empty");
    }
    if (information.info.file_bytes > bootimg_size_bytes_max) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_READ, "larger than an image may be");
    }
    *size_bytes_out = information.info.file_bytes;
    return STATUS_OK;
}
