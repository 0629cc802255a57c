#define _GNU_SOURCE
#include "CQEMU.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// MARK: Layouts

/// QEMU's `TypeInfo`.
typedef struct {
  const char *name;
  const char *parent;
  size_t instance_size;
  size_t instance_align;
  void (*instance_init)(void *object);
  void (*instance_post_init)(void *object);
  void (*instance_finalize)(void *object);
  bool abstract;
  size_t class_size;
  void (*class_init)(void *object_class, const void *data);
  void (*class_base_init)(void *object_class, const void *data);
  const void *class_data;
  const void *interfaces;
} TypeInfo;

/// QEMU's `MemoryRegionOps`.
typedef struct {
  uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
  void (*write)(void *opaque, uint64_t offset, uint64_t value, unsigned size);
  void *read_with_attributes;
  void *write_with_attributes;
  enum { NATIVE_ENDIAN, BIG_ENDIAN_DEVICE, LITTLE_ENDIAN_DEVICE } endianness;
  struct {
    unsigned min_access_size;
    unsigned max_access_size;
    bool unaligned;
    void *accepts;
  } valid;
  struct {
    unsigned min_access_size;
    unsigned max_access_size;
    bool unaligned;
  } implementation;
} MemoryRegionOps;

/// Accesses arrive as the processor made them: which of them are legal is the device's business.
static const MemoryRegionOps host_interface_operations = {
    .read = host_interface_read,
    .write = host_interface_write,
    .endianness = LITTLE_ENDIAN_DEVICE,
    .valid = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
    .implementation = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

const void *cqemu_host_interface_operations(void) { return &host_interface_operations; }

/// Each port is a region of its own, and takes bytes.
static const MemoryRegionOps port_operations = {
    .read = port_read,
    .write = port_write,
    .endianness = LITTLE_ENDIAN_DEVICE,
    .valid = {.min_access_size = 1, .max_access_size = 4, .unaligned = true},
    .implementation = {.min_access_size = 1, .max_access_size = 1},
};

const void *cqemu_port_operations(void) { return &port_operations; }

// MARK: Functions

static CQEMUFunctions functions;

const CQEMUFunctions *cqemu_functions(void) { return &functions; }

/// Looks every function up; returns the name of one that is missing and must not be, or NULL.
static const char *resolve(void) {
  static const struct {
    const char *name;
    size_t offset;
    bool is_optional;
  } table[] = {
#define CQEMU_ENTRY(result, name, parameters) {#name, offsetof(CQEMUFunctions, name), false},
      CQEMU_FUNCTIONS(CQEMU_ENTRY)
#undef CQEMU_ENTRY
#define CQEMU_ENTRY(result, name, parameters) {#name, offsetof(CQEMUFunctions, name), true},
      CQEMU_OPTIONAL_FUNCTIONS(CQEMU_ENTRY)
#undef CQEMU_ENTRY
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    void *address = dlsym(RTLD_DEFAULT, table[i].name);
    if (!address && !table[i].is_optional) return table[i].name;
    memcpy((char *)&functions + table[i].offset, &address, sizeof address);
  }
  return NULL;
}

void cqemu_set_error(CQEMUErrorPointer error, const char *text) {
  functions.error_setg_internal(error, __FILE_NAME__, __LINE__, __func__, "%s", text);
}

void cqemu_report(const char *text) { functions.error_report("%s", text); }

// MARK: Properties

// QEMU says of which object a property is read, but not which one: each number has functions of its
// own.
#define ACCESSORS(number)                                                                          \
  static char *get_##number(void *device, CQEMUErrorPointer error) {                               \
    (void)error;                                                                                   \
    return functions.g_strdup(cqemu_device_property(device, number));                              \
  }                                                                                                \
  static void set_##number(void *device, const char *value, CQEMUErrorPointer error) {             \
    cqemu_set_device_property(device, number, value, error);                                       \
  }
ACCESSORS(0)
ACCESSORS(1)
ACCESSORS(2)
ACCESSORS(3)
ACCESSORS(4)
ACCESSORS(5)
ACCESSORS(6)
ACCESSORS(7)
ACCESSORS(8)
#undef ACCESSORS

void cqemu_add_property(void *device_class, unsigned number, const char *name,
                        const char *description) {
  static const struct {
    char *(*get)(void *device, CQEMUErrorPointer error);
    void (*set)(void *device, const char *value, CQEMUErrorPointer error);
  } accessors[CQEMU_PROPERTY_COUNT] = {
      {get_0, set_0}, {get_1, set_1}, {get_2, set_2}, {get_3, set_3},
      {get_4, set_4}, {get_5, set_5}, {get_6, set_6}, {get_7, set_7}, {get_8, set_8},
  };
  functions.object_class_property_add_str(device_class, name, accessors[number].get,
                                          accessors[number].set);
  functions.object_class_property_set_description(device_class, name, description);
}

// MARK: Traces

int cqemu_open_trace(const char *path) {
  static bool is_registered;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  // One that was there has the mode that it had.
  struct stat status;
  if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode)) fchmod(file, 0600);
  if (file >= 0 && !is_registered) {
    is_registered = true;
    atexit(cqemu_flush_traces);
  }
  return file;
}

const char *cqemu_write_trace(int file, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(file, bytes, count);
    if (written < 0 && errno != EINTR) return strerror(errno);
    if (written > 0) {
      bytes += written;
      count -= (size_t)written;
    }
  }
  return NULL;
}

const char *cqemu_last_error(void) { return strerror(errno); }

// MARK: The types

/// `DeviceClass.realize` of the parent, the same for all types: set in 7.2, NULL in 10.0.
static void (*parent_realize)(void *device, CQEMUErrorPointer error);

static void realize(void *device, CQEMUErrorPointer error) {
  if (cqemu_device_realize(device, error) && parent_realize) parent_realize(device, error);
}

static void class_init(void *device_class, const void *name) {
  functions.device_class_set_parent_realize(device_class, realize, &parent_realize);
  cqemu_device_class_init(device_class, name);
}

/// `instance_size` stays 0, the parent's: the parent is not registered yet, so its size is unknown.
static void register_types(void) {
  const char *name;
  for (unsigned number = 0; (name = cqemu_device_type_name(number)); number++) {
    const TypeInfo type = {
        .name = name,
        .parent = "device",
        .instance_init = cqemu_device_init,
        .instance_finalize = cqemu_device_finalize,
        .class_init = class_init,
        .class_data = name,
    };
    functions.type_register_static(&type);
  }
}

// MARK: Loading

/// Removes this library from LD_PRELOAD, so that what QEMU starts does not load it.
static void leave_preload_list(void) {
  const char *list = getenv("LD_PRELOAD");
  Dl_info self;
  if (!list || !dladdr(&host_interface_operations, &self)) return;
  const char *slash = strrchr(self.dli_fname, '/');
  const char *file_name = slash ? slash + 1 : self.dli_fname;

  char *rest = malloc(strlen(list) + 1);
  if (!rest) return;
  size_t length = 0;
  // The dynamic loader separates at colons and spaces.
  for (const char *entry = list; *entry;) {
    size_t count = strcspn(entry, ": ");
    bool is_path = memchr(entry, '/', count);
    const char *own = is_path ? self.dli_fname : file_name;
    if (count && !(strlen(own) == count && !memcmp(entry, own, count))) {
      if (length) rest[length++] = ':';
      memcpy(rest + length, entry, count);
      length += count;
    }
    entry += count + (entry[count] != 0);
  }
  rest[length] = 0;
  if (length)
    setenv("LD_PRELOAD", rest, true);
  else
    unsetenv("LD_PRELOAD");
  free(rest);
}

/// Registers the devices where the program is a QEMU system emulator; elsewhere does nothing.
///
/// `LD_PRELOAD` is inherited: a shell or `timeout` between the user and QEMU loads the library too.
__attribute__((constructor)) static void load(void) {
  enum { module_init_qom = 3 };
  bool is_named_emulator = !strncmp(program_invocation_short_name, "qemu-system-", 12);
  if (!is_named_emulator && !dlsym(RTLD_DEFAULT, "get_system_memory")) return;
  leave_preload_list();
  const char *missing = resolve();
  if (missing) {
    fprintf(stderr,
            "%s: -device %s is not available: this QEMU does not export '%s'\n",
            program_invocation_short_name, cqemu_device_type_name(0), missing);
    return;
  }
  functions.register_module_init(register_types, module_init_qom);
}
