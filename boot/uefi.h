/* SPDX-License-Identifier: ISC */
/*
 * The part of the UEFI interface that the loader and tools/park use (UEFI Specification 2.10;
 * chapters beside the declarations). Members that neither touches are kept as `unused` padding, so
 * that the layout stays that of the specification. Function members follow the calling convention
 * of the target this is compiled for (x86_64-unknown-windows), which is UEFI's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Appendix D: the top bit marks an error. */
typedef uint64_t efi_status;

constexpr efi_status efi_error = UINT64_C(1) << 63;
constexpr efi_status efi_success = 0;
constexpr efi_status efi_load_error = efi_error | 1;
constexpr efi_status efi_invalid_parameter = efi_error | 2;
constexpr efi_status efi_buffer_too_small = efi_error | 5;
constexpr efi_status efi_not_found = efi_error | 14;

/* 2.3.1: an object of firmware, known by its protocols. */
typedef void *efi_handle;

struct efi_guid {
    uint32_t a;
    uint16_t b;
    uint16_t c;
    uint8_t d[8];
};

/* 4.2 */
struct efi_table_header {
    uint64_t signature;
    uint32_t revision;
    uint32_t header_bytes;
    uint32_t crc32;
    uint32_t reserved;
};

/* 7.2.1 */
enum efi_allocate_type : uint32_t {
    EFI_ALLOCATE_ANY_PAGES = 0,
};

/* 7.2, table 7.10 */
enum efi_memory_type : uint32_t {
    EFI_MEMORY_RESERVED = 0,
    EFI_MEMORY_LOADER_CODE = 1,
    EFI_MEMORY_LOADER_DATA = 2,
    EFI_MEMORY_BOOT_SERVICES_CODE = 3,
    EFI_MEMORY_BOOT_SERVICES_DATA = 4,
    EFI_MEMORY_RUNTIME_CODE = 5,
    EFI_MEMORY_RUNTIME_DATA = 6,
    EFI_MEMORY_CONVENTIONAL = 7,
    EFI_MEMORY_UNUSABLE = 8,
    EFI_MEMORY_ACPI_RECLAIM = 9,
    EFI_MEMORY_ACPI_NVS = 10,
    EFI_MEMORY_DEVICE = 11,
    EFI_MEMORY_DEVICE_PORTS = 12,
    EFI_MEMORY_TYPE_COUNT = 13, /* those above; newer ones are left to firmware */
};

constexpr uint64_t efi_page_bytes = 4096;

/* 7.2.3. Firmware's descriptors may be longer: they are `descriptor_bytes` apart. */
struct efi_memory_descriptor {
    enum efi_memory_type type;
    uint32_t padding;
    uint64_t physical_start;
    uint64_t virtual_start;
    uint64_t page_count;
    uint64_t attributes;
};

/* 7.3.9 */
enum efi_locate_type : uint32_t {
    EFI_LOCATE_BY_PROTOCOL = 2,
};

/* 4.4 */
struct efi_boot_services {
    struct efi_table_header header;
    void *unused_task_priority[2];
    efi_status (*allocate_pages)(enum efi_allocate_type how, enum efi_memory_type type,
        size_t page_count, uint64_t *address);
    efi_status (*free_pages)(uint64_t address, size_t page_count);
    efi_status (*get_memory_map)(size_t *size_bytes, struct efi_memory_descriptor *map,
        size_t *map_key, size_t *descriptor_bytes, uint32_t *descriptor_version);
    efi_status (*allocate_pool)(enum efi_memory_type type, size_t size_bytes, void **out);
    efi_status (*free_pool)(void *memory);
    void *unused_events[6];
    void *unused_install[3];
    efi_status (*handle_protocol)(
        efi_handle handle, const struct efi_guid *protocol, void **interface);
    void *unused_protocols[4];
    void *unused_configuration[1];
    efi_status (*load_image)(uint8_t by_boot_policy, efi_handle parent, const void *device_path,
        const void *source, size_t source_bytes, efi_handle *out);
    efi_status (*start_image)(efi_handle image, size_t *exit_data_bytes, uint16_t **exit_data);
    void *unused_images[2];
    efi_status (*exit_boot_services)(efi_handle image, size_t map_key);
    void *unused_time[2];
    efi_status (*set_watchdog_timer)(
        size_t timeout_s, uint64_t code, size_t data_bytes, const uint16_t *data);
    efi_status (*connect_controller)(efi_handle controller, const efi_handle *drivers,
        const void *remaining_path, uint8_t recursive);
    efi_status (*disconnect_controller)(efi_handle controller, efi_handle driver, efi_handle child);
    void *unused_open[3];
    void *unused_protocols_per_handle[1];
    efi_status (*locate_handle_buffer)(enum efi_locate_type how, const struct efi_guid *protocol,
        void *key, size_t *count, efi_handle **handles);
};

static_assert(offsetof(struct efi_boot_services, allocate_pages) == 40);
static_assert(offsetof(struct efi_boot_services, handle_protocol) == 152);
static_assert(offsetof(struct efi_boot_services, load_image) == 200);
static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232);
static_assert(offsetof(struct efi_boot_services, set_watchdog_timer) == 256);
static_assert(offsetof(struct efi_boot_services, connect_controller) == 264);
static_assert(offsetof(struct efi_boot_services, locate_handle_buffer) == 312);

/* 4.6 */
struct efi_configuration_entry {
    struct efi_guid vendor;
    void *table;
};

/* 4.3 */
struct efi_system_table {
    struct efi_table_header header;
    uint16_t *firmware_vendor;
    uint32_t firmware_revision;
    efi_handle console_in_handle;
    void *console_in;
    efi_handle console_out_handle;
    void *console_out;
    efi_handle standard_error_handle;
    void *standard_error;
    void *runtime_services;
    struct efi_boot_services *boot_services;
    size_t configuration_count;
    struct efi_configuration_entry *configuration;
};

static_assert(offsetof(struct efi_system_table, boot_services) == 96);

/* 9.1 */
struct efi_loaded_image {
    uint32_t revision;
    efi_handle parent;
    struct efi_system_table *system_table;
    efi_handle device; /* where the image was loaded from */
};

/* 12.4: text on a console. */
struct efi_text_output {
    void *unused_reset[1];
    efi_status (*output_string)(struct efi_text_output *self, const uint16_t *text);
};

/* 13.5 */
struct efi_file {
    uint64_t revision;
    efi_status (*open)(struct efi_file *self, struct efi_file **out, const uint16_t *name,
        uint64_t mode, uint64_t attributes);
    efi_status (*close)(struct efi_file *self);
    void *unused_delete[1];
    efi_status (*read)(struct efi_file *self, size_t *size_bytes, void *buffer);
    void *unused_write[1];
    void *unused_get_position[1];
    void *unused_set_position[1];
    efi_status (*get_info)(
        struct efi_file *self, const struct efi_guid *type, size_t *size_bytes, void *info);
};

constexpr uint64_t efi_file_mode_read = 1;

/* 13.5.16: the head of EFI_FILE_INFO, which the file's name follows. */
struct efi_file_info {
    uint64_t size_bytes; /* of this structure with the name */
    uint64_t file_bytes;
    uint64_t physical_bytes;
    uint8_t unused_times[48];
    uint64_t attributes;
};

static_assert(sizeof(struct efi_file_info) == 80);

constexpr uint64_t efi_file_attribute_directory = 0x10;

/* 13.4 */
struct efi_file_system {
    uint64_t revision;
    efi_status (*open_volume)(struct efi_file_system *self, struct efi_file **root);
};

/* 12.9 */
enum efi_pixel_format : uint32_t {
    EFI_PIXEL_RED_FIRST = 0,
    EFI_PIXEL_BLUE_FIRST = 1,
};

struct efi_graphics_info {
    uint32_t version;
    uint32_t width;
    uint32_t height;
    enum efi_pixel_format format;
    uint32_t masks[4];
    uint32_t stride_pixels;
};

struct efi_graphics_mode {
    uint32_t mode_count;
    uint32_t mode;
    struct efi_graphics_info *info;
    size_t info_bytes;
    uint64_t framebuffer_address;
    size_t framebuffer_bytes;
};

struct efi_graphics {
    void *unused_query[1];
    void *unused_set[1];
    void *unused_blit[1];
    struct efi_graphics_mode *mode;
};

/* 10.2: a node of a device path; what belongs to its kind follows. */
struct efi_path_node {
    uint8_t type;
    uint8_t subtype;
    uint8_t length_bytes[2]; /* with this head, little-endian */
};

constexpr uint8_t efi_path_media = 4;
constexpr uint8_t efi_path_media_file = 4;
constexpr uint8_t efi_path_end = 0x7f;
constexpr uint8_t efi_path_end_all = 0xff;

/* 14.4: width of an access to configuration space. */
enum efi_pci_width : uint32_t {
    EFI_PCI_WIDTH_32 = 2,
};

struct efi_pci_io {
    void *unused_poll_memory_ports[6];
    efi_status (*read_configuration)(struct efi_pci_io *self, enum efi_pci_width width,
        uint32_t offset, size_t count, void *out);
};

static_assert(offsetof(struct efi_pci_io, read_configuration) == 48);

constexpr struct efi_guid efi_loaded_image_guid = {
    0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
constexpr struct efi_guid efi_file_system_guid = {
    0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
constexpr struct efi_guid efi_file_info_guid = {
    0x09576e92, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
constexpr struct efi_guid efi_graphics_guid = {
    0x9042a9de, 0x23dc, 0x4a38, {0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a}};
constexpr struct efi_guid efi_text_output_guid = {
    0x387477c2, 0x69c7, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
constexpr struct efi_guid efi_acpi_20_guid = {
    0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}};
constexpr struct efi_guid efi_device_path_guid = {
    0x09576e91, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
constexpr struct efi_guid efi_pci_io_guid = {
    0x4cf5b200, 0x68b8, 0x4ca5, {0x9e, 0xec, 0xb2, 0x3e, 0x3f, 0x50, 0x02, 0x9a}};
