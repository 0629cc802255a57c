/// What Swift cannot say of QEMU: functions found by name, three layouts, a variadic call.
///
/// QEMU's objects are opaque (`void *`) and its headers are not needed. Every function below has
/// had this type in 7.2 and in 10.0; so have the layouts, as far as a field is named here.
#ifndef CQEMU_H
#define CQEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// QEMU's `Error **`: where an error is stored, or NULL for a caller who does not want to know.
typedef void *_Nullable *_Nullable CQEMUErrorPointer;

// clang-format off

/// Every function of QEMU and GLib that the library calls: result, name, parameters.
#define CQEMU_FUNCTIONS(F)                                                                         \
  /* Types and properties */                                                                       \
  F(void, register_module_init, (void (*function)(void), int kind))                                \
  F(void *, type_register_static, (const void *info))                                              \
  F(void, device_class_set_parent_realize,                                                         \
    (void *device_class, void (*realize)(void *device, CQEMUErrorPointer error),                   \
     void (**parent)(void *device, CQEMUErrorPointer error)))                                      \
  F(void *, object_class_property_add_str,                                                         \
    (void *object_class, const char *name,                                                         \
     char *(*get)(void *object, CQEMUErrorPointer error),                                          \
     void (*set)(void *object, const char *value, CQEMUErrorPointer error)))                       \
  F(void, object_class_property_set_description,                                                   \
    (void *object_class, const char *name, const char *description))                               \
  F(void, error_setg_internal,                                                                     \
    (CQEMUErrorPointer error, const char *file, int line, const char *function,                    \
     const char *format, ...))                                                                     \
  /* The machine */                                                                                \
  F(void *, object_resolve_path, (const char *path, bool *ambiguous))                              \
  F(const char *, object_get_typename, (const void *object))                                       \
  F(void *, object_resolve_path_type,                                                              \
    (const char *path, const char *type, bool *ambiguous))                                         \
  F(void *, get_system_memory, (void))                                                             \
  F(void *, get_system_io, (void))                                                                 \
  F(void, memory_region_init_io,                                                                   \
    (void *region, void *owner, const void *operations, void *opaque, const char *name,            \
     uint64_t size))                                                                               \
  F(void, memory_region_add_subregion_overlap,                                                     \
    (void *region, uint64_t offset, void *subregion, int priority))                                \
  F(void, memory_region_init_ram,                                                                  \
    (void *region, void *owner, const char *name, uint64_t size, CQEMUErrorPointer error))         \
  F(void *, memory_region_get_ram_ptr, (void *region))                                             \
  F(void, memory_region_set_dirty, (void *region, uint64_t offset, uint64_t size))                 \
  F(void *, qemu_add_vm_change_state_handler,                                                      \
    (void (*function)(void *opaque, bool is_running, int state), void *opaque))                    \
  F(void *, qdev_get_gpio_in, (void *device, int number))                                          \
  F(void *, qemu_allocate_irq,                                                                     \
    (void (*function)(void *opaque, int number, int level), void *opaque, int number))             \
  F(void *, qdev_intercept_gpio_out,                                                               \
    (void *device, void *interceptor, const char *name, int number))                               \
  F(bool, object_property_set_bool,                                                                \
    (void *object, const char *name, bool value, CQEMUErrorPointer error))                         \
  F(void, qemu_set_irq, (void *line, int level))                                                   \
  F(void, qemu_register_reset, (void (*function)(void *opaque), void *opaque))                     \
  /* Character devices */                                                                          \
  F(void *, qemu_chr_find, (const char *id))                                                       \
  F(bool, qemu_chr_fe_init, (void *backend, void *chardev, CQEMUErrorPointer error))               \
  F(void, qemu_chr_fe_set_handlers,                                                                \
    (void *backend, int (*can_receive)(void *opaque),                                              \
     void (*receive)(void *opaque, const uint8_t *bytes, int count),                               \
     void (*event)(void *opaque, int event), int (*change)(void *opaque), void *opaque,            \
     void *context, bool set_open))                                                                \
  F(int, qemu_chr_fe_write, (void *backend, const uint8_t *bytes, int count))                      \
  F(unsigned, qemu_chr_fe_add_watch,                                                               \
    (void *backend, unsigned condition,                                                            \
     int (*function)(void *unused, unsigned condition, void *opaque), void *opaque))               \
  F(void, qemu_chr_fe_accept_input, (void *backend))                                               \
  F(void, error_report, (const char *format, ...))                                                 \
  /* The main loop */                                                                              \
  F(void, qemu_set_fd_handler,                                                                     \
    (int descriptor, void (*readable)(void *opaque), void (*writable)(void *opaque),               \
     void *opaque))                                                                                \
  /* Time */                                                                                       \
  F(int64_t, qemu_clock_get_ns, (int clock))                                                       \
  F(void, timer_init_full,                                                                         \
    (void *timer, void *group, int clock, int scale, int attributes,                               \
     void (*function)(void *opaque), void *opaque))                                                \
  F(void, timer_mod_ns, (void *timer, int64_t time))                                               \
  /* Which QEMU this is */                                                                         \
  F(void *, qdict_new, (void))                                                                     \
  F(void *, qdict_get_qdict, (const void *dictionary, const char *key))                            \
  F(int64_t, qdict_get_int, (const void *dictionary, const char *key))                             \
  F(void, qmp_marshal_query_version,                                                               \
    (void *arguments, void **result, CQEMUErrorPointer error))                                     \
  /* GLib, which every QEMU loads */                                                               \
  F(const char *, g_getenv, (const char *name))                                                    \
  F(char *, g_strdup, (const char *string))                                                        \
  F(void, g_free, (void *memory))                                                                  \
  F(uint64_t, g_ascii_strtoull, (const char *string, char **end, unsigned base))                   \
  F(int, g_strcmp0, (const char *left, const char *right))                                         \
  F(int, g_source_remove, (unsigned tag))

/// Functions that not every QEMU has: NULL where they are missing.
#define CQEMU_OPTIONAL_FUNCTIONS(F)                                                                \
  /* Where a machine can have an ISA bus; of that, if the device is NULL */                        \
  F(void *, isa_get_irq, (void *device, unsigned number))

// clang-format on

/// The functions of the QEMU that has loaded this library, under their own names.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"
typedef struct {
#define CQEMU_FIELD(result, name, parameters) result(*name) parameters;
  CQEMU_FUNCTIONS(CQEMU_FIELD)
  CQEMU_OPTIONAL_FUNCTIONS(CQEMU_FIELD)
#undef CQEMU_FIELD
} CQEMUFunctions;
#pragma clang diagnostic pop

#pragma clang assume_nonnull begin

/// The functions; all of them are there once the library's type is registered.
const CQEMUFunctions *cqemu_functions(void);

/// Sets `error` to `text`, one line without a full stop, as QEMU's own errors are.
void cqemu_set_error(CQEMUErrorPointer error, const char *text);

/// Prints one line where QEMU's own errors go.
void cqemu_report(const char *text);

/// The most properties that a type of device can have.
enum { CQEMU_PROPERTY_COUNT = 9 };

/// Adds a string to a class, whose values are those of `cqemu_device_property`.
void cqemu_add_property(void *device_class, unsigned number, const char *name,
                        const char *description);

/// QEMU's `MemoryRegionOps` for the host-interface registers.
const void *cqemu_host_interface_operations(void);

/// QEMU's `MemoryRegionOps` for one I/O port of the host.
const void *cqemu_port_operations(void);

/// Makes the file of a trace, in place of one of that name; below 0 where that fails, for the reason
/// that `cqemu_last_error` gives. `cqemu_flush_traces` is called when QEMU exits.
int cqemu_open_trace(const char *path);
/// Writes all bytes; the reason where that fails.
const char *_Nullable cqemu_write_trace(int file, const uint8_t *bytes, size_t count);
/// What `errno` says.
const char *cqemu_last_error(void);

/// QEMU's `DeviceClass` as far as both versions agree.
typedef struct {
  /// `ObjectClass`.
  uint8_t parent[96];
  /// Bits of `DeviceCategory`: in which group `-device help` lists the device.
  uint64_t categories;
  const char *_Nullable firmware_name;
  /// What `-device help` says of the device.
  const char *_Nullable description;
} CQEMUDeviceClass;

// MARK: Implemented in Swift

#define CQEMU_SWIFT_NAME(name) __attribute__((swift_name(name)))

/// The QOM type name of device type `number`, counted from 0; NULL past the last.
const char *_Nullable cqemu_device_type_name(unsigned number)
    CQEMU_SWIFT_NAME("deviceTypeName(_:)");
/// Adds the properties and the description to the class of the type called `name`.
void cqemu_device_class_init(void *device_class, const char *name)
    CQEMU_SWIFT_NAME("initializeClass(_:_:)");
/// The value of a property, by its number, or NULL; valid until it is set anew.
const char *_Nullable cqemu_device_property(void *device, unsigned number)
    CQEMU_SWIFT_NAME("property(_:_:)");
/// A property is given a value, which is the caller's; or the error says why it keeps the one it has.
void cqemu_set_device_property(void *device, unsigned number, const char *value,
                               CQEMUErrorPointer error) CQEMU_SWIFT_NAME("setProperty(_:_:_:_:)");
/// A device has been made, not yet realized.
void cqemu_device_init(void *device) CQEMU_SWIFT_NAME("initializeDevice(_:)");
/// A device is about to be freed.
void cqemu_device_finalize(void *device) CQEMU_SWIFT_NAME("finalizeDevice(_:)");
/// The machine is there: connects the device. Returns false with `error` set.
bool cqemu_device_realize(void *device, CQEMUErrorPointer error)
    CQEMU_SWIFT_NAME("realizeDevice(_:_:)");

/// Writes what the traces hold back.
void cqemu_flush_traces(void) CQEMU_SWIFT_NAME("flushTraces()");

/// The guest reads `size` bytes at `offset` in the registers.
uint64_t host_interface_read(void *opaque, uint64_t offset, unsigned size)
    CQEMU_SWIFT_NAME("readRegister(_:_:_:)");
/// The guest writes `size` bytes at `offset` in the registers.
void host_interface_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
    CQEMU_SWIFT_NAME("writeRegister(_:_:_:_:)");

/// The host reads an I/O port.
uint64_t port_read(void *opaque, uint64_t offset, unsigned size)
    CQEMU_SWIFT_NAME("readPort(_:_:_:)");
/// The host writes an I/O port.
void port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
    CQEMU_SWIFT_NAME("writePort(_:_:_:_:)");

#pragma clang assume_nonnull end

#endif
