// libfdt, which reads flattened device trees: Debian's libfdt-dev, part of dtc.
#include <libfdt.h>
