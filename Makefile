# Everything a user types. `make demo` and `make test` need a Swift 6.3 toolchain and, on a fresh
# Debian 12, root or sudo: they install the packages that are missing, and name them first.

# The BMC boards that there is firmware for, and the triple of each.
BOARDS := npcm750-evb ast2600-evb ast2500-evb palmetto-bmc
TRIPLE_npcm750-evb := armv7-none-none-eabi
TRIPLE_ast2600-evb := armv7-none-none-eabi
TRIPLE_ast2500-evb := armv6-none-none-eabi
TRIPLE_palmetto-bmc := armv4t-none-none-eabi
# What `make firmware` builds: the board that is named, or all.
FIRMWARE_BOARDS := $(or $(BOARD),$(BOARDS))
BOARD ?= npcm750-evb
# How the demonstration joins both: by messages, or by registers.
LINK ?= messages
$(if $(filter-out messages registers,$(LINK)),$(error no LINK=$(LINK): choose messages or registers))
$(if $(filter-out $(BOARDS),$(BOARD)),$(error no firmware for BOARD=$(BOARD): choose one of $(BOARDS)))
PREFIX ?= /usr/local
SANITIZE ?=
# 1: run the plug-in's tests on Debian 13's QEMU 10.0 as well; as root.
QEMU10 ?=
# Passed on to `swift test`, for example FILTER='--filter KCS'.
FILTER ?=

SWIFT := swift
.DEFAULT_GOAL := help

# Debian's packages. The toolchain brings its own clang and lld.
GUEST_PACKAGES := qemu-system-arm qemu-system-x86 ipmitool freeipmi-tools openipmi busybox-static \
  cpio
# The command line reads device trees with libfdt; the tests compile some.
DEVICE_TREE_PACKAGES := device-tree-compiler libfdt-dev
# It serves character devices through FUSE.
FUSE_PACKAGES := libfuse3-dev
# Unicorn runs the pairs of the command line, and the library's examples, in C and in Python; GNU
# parallel runs pairs on many machines.
UNICORN_PACKAGES := libunicorn-dev parallel python3-venv
UNICORN_VERSION := 2.1.4
# The tests validate the overlays with the kernel's bindings.
SCHEMA_PACKAGES := dt-schema xz-utils

# The tests have traces dissected, and waveforms parsed by a package of PyPI.
TRACE_PACKAGES := tshark python3-venv
# They run a daemon's tests as its own project would.
DAEMON_PACKAGES := meson
# They check models of the protocols.
MODEL_PACKAGES := spin
PYVCD_VERSION := 0.5.1
# The benchmarks count instructions.
BENCHMARK_PACKAGES := valgrind
# They open reports in a browser.
BROWSER_PACKAGES := chromium

# What builds a kernel, beside the toolchain.
KERNEL_PACKAGES := bc bison flex xz-utils

PLUGIN := .build/plugin/release/libipmi-host-bridge-qemu.so
LIBRARY := .build/library/release/libipmi-host-bridge.so
DEVICE_LIBRARY := .build/device/release/libipmi-host-bridge-device.so
# The files of boards.
firmware = $(foreach board,$(1),firmware-stubs/.build/$(board)/release/$(board).elf)
# What answers a host on a BMC that runs Linux, and what asks on a host that does.
RESPONDER := firmware-stubs/.build/linux-armv6/release/ipmi-responder
REQUESTER := firmware-stubs/.build/linux-x86-64/release/ipmi-requester
# What checks a BMC's device, in front of Linux's driver and of our own files; through the C library,
# in front of what is preloaded.
CHECKS := firmware-stubs/.build/linux-x86-64/release/bmc-device-checks
LIBRARY_CHECKS := firmware-stubs/.build/linux-x86-64-libc/release/bmc-device-checks
ARM_CHECKS := firmware-stubs/.build/linux-armv6/release/bmc-device-checks
# What asks on a host that runs nothing else.
HOST_STUB := firmware-stubs/.build/host/release/host.elf
sources := Package.swift $(shell find Sources -type f)
firmware_sources := $(shell find firmware-stubs -name .build -prune -o -type f -print)

.PHONY: help demo test bench bench-compare coverage fuzz lint firmware library plugin guests install
.PHONY: packages soak toolchain
.PHONY: debian-13 debian-bmc-guest device-library device-trees guests-test host-guest libraries more-guests
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

demo: packages plugin $(call firmware,$(BOARD)) host-guest ## set up, then boot a PC and a BMC and run ipmitool
	@$(SWIFT) build --quiet --product ipmi-host-bridge
	@.build/debug/ipmi-host-bridge pair-qemu --board $(BOARD) --link $(LINK)
ifeq ($(BOARD),ast2600-evb)
	@$(MAKE) --no-print-directory debian-bmc-guest
ifeq ($(LINK),registers)
	@printf '\nDebian'\''s Linux as the BMC, with its own bt-bmc; its registers are the host'\''s\n'
	@.build/debug/ipmi-host-bridge pair-qemu --board $(BOARD) --bmc linux --link registers
else
	@for interface in isa-ipmi-bt isa-ipmi-kcs; do \
	  printf '\nDebian'\''s Linux as the BMC, with its own bt-bmc; %s\n' $$interface; \
	  .build/debug/ipmi-host-bridge pair-qemu --board $(BOARD) --bmc linux \
	    --host-interface $$interface || exit; \
	done
endif
endif

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ipmi-host-bridge
ifneq ($(QEMU10),)
export IPMI_HOST_BRIDGE_QEMU10_ROOT := $(CACHE)/debian-13
test: debian-13
endif
debian-13: packages
	@.ci/debian-13 $(CACHE)/debian-13

# Interpreters of Python with a package of PyPI: the parser, and Unicorn for the library's example.
PYVCD := $(CACHE)/pyvcd-$(PYVCD_VERSION)
UNICORN := $(CACHE)/unicorn-$(UNICORN_VERSION)
# Where PyPI cannot be reached, the tests that need it are skipped, and say so.
define python_rule
$(1)/done: | packages
	@python3 -m venv --clear $(1) && \
	  $(1)/bin/pip install --quiet --disable-pip-version-check $(2) && touch $$@ || \
	  { rm -rf $(1); echo '$(2) could not be installed: its tests are skipped' >&2; }
endef
$(eval $(call python_rule,$(PYVCD),pyvcd==$(PYVCD_VERSION)))
$(eval $(call python_rule,$(UNICORN),unicorn==$(UNICORN_VERSION)))
# The interpreter, where there is one.
python = "$$(ls $(1)/bin/python 2>/dev/null)"

ifeq ($(SANITIZE),)
test: lint packages plugin library device-library $(call firmware,$(BOARDS)) $(HOST_STUB) $(CHECKS) $(LIBRARY_CHECKS) $(ARM_CHECKS) guests device-trees $(PYVCD)/done $(UNICORN)/done ## set up, then all tests; SANITIZE=address or thread, QEMU10=1
	IPMI_HOST_BRIDGE_GUEST_TESTS=1 IPMI_HOST_BRIDGE_QEMU_PLUGIN=$(PLUGIN) \
	  IPMI_HOST_BRIDGE_DEVICE_CHECKS=$(abspath $(CHECKS)) \
	  IPMI_HOST_BRIDGE_ARM_CHECKS=$(abspath $(ARM_CHECKS)) \
	  IPMI_HOST_BRIDGE_LIBRARY_CHECKS=$(abspath $(LIBRARY_CHECKS)) \
	  IPMI_HOST_BRIDGE_DEVICE_LIBRARY=$(abspath $(DEVICE_LIBRARY)) \
	  IPMI_HOST_BRIDGE_DEVICE_TREES=$(DEVICE_TREES) IPMI_HOST_BRIDGE_BINDINGS=$(BINDINGS) \
	  IPMI_HOST_BRIDGE_PYVCD=$(call python,$(PYVCD)) \
	  IPMI_HOST_BRIDGE_LIBRARY=$(LIBRARY) IPMI_HOST_BRIDGE_PYTHON=$(call python,$(UNICORN)) \
	  $(SWIFT) test $(FILTER)
else
# A process with ThreadSanitizer has a thread of its own, and so no user namespace.
SANITIZE_SKIP_thread := --skip ordinaryUserNeedsNoPrivilege
# Without XCTest, which has no test here and leaks what it would run them with.
test: toolchain libraries
	LSAN_OPTIONS=suppressions=$(abspath .ci/known-leaks):print_suppressions=0 \
	  TSAN_OPTIONS=suppressions=$(abspath .ci/known-races) \
	  $(SWIFT) test --disable-xctest --sanitize $(SANITIZE) --scratch-path .build/$(SANITIZE) \
	  --skip GuestTests --skip DeviceTreeTests --skip QEMUFileTests $(SANITIZE_SKIP_$(SANITIZE)) \
	  $(FILTER)
endif

# The pure modules; beside their own tests, those of two modules that are little more than a way to them.
PURE := IPMI VMProtocol SystemInterfaces Tracing ManagementController BMCPeripherals \
  HostPeripherals IPMIHostBridge RegisterLink Faults
coverage: libraries ## line coverage of the pure modules: a table; fails below 95 %
	@$(SWIFT) test --enable-code-coverage --scratch-path .build/coverage \
	  $(foreach module,$(PURE) ControllerContent EmulatorABI,--filter ^$(module)Tests) >&2
	@.ci/coverage .build/coverage 95 $(PURE)

# A kernel more than `make test` needs.
more-guests: guests
	@Tests/Guests/bmc/build $(RESPONDER) armv6

# Of what is random in the guests' scenarios.
SEED ?= 1
guests-test: packages plugin $(call firmware,$(BOARDS)) $(HOST_STUB) more-guests ## all that real kernels on both ends go through, into a table; SEED=
	IPMI_HOST_BRIDGE_GUEST_TESTS=1 IPMI_HOST_BRIDGE_QEMU_PLUGIN=$(PLUGIN) \
	  IPMI_HOST_BRIDGE_SCENARIOS=all IPMI_HOST_BRIDGE_SEED=$(SEED) \
	  $(SWIFT) test --filter GuestTests $(FILTER)

# The boards of a soak.
SOAK_BOARDS := npcm750-evb ast2600-evb
soak: packages plugin $(call firmware,$(SOAK_BOARDS)) $(HOST_STUB) guests ## both kinds of pairs under faults for TIME=30m: lost requests, memory; SEED=
	IPMI_HOST_BRIDGE_GUEST_TESTS=1 IPMI_HOST_BRIDGE_QEMU_PLUGIN=$(PLUGIN) \
	  IPMI_HOST_BRIDGE_SOAK=$(or $(TIME),30m) IPMI_HOST_BRIDGE_SEED=$(SEED) \
	  $(SWIFT) test --filter SoakTests

BENCHMARKS := Tests/Benchmarks
IN_PROCESS := .build/benchmarks/embedded/release/in-process
# Debian 12's valgrind does not read the toolchain's debug information, and ends.
benchmarks = $(SWIFT) build -c release --package-path $(BENCHMARKS) \
  --scratch-path .build/benchmarks -Xlinker -s
# Where each run leaves its figures.
BENCHMARK_RUNS := .build/benchmarks/runs
bench: packages ## figures beside their peers, measured in one run: a table
	@.ci/install-packages $(BENCHMARK_PACKAGES)
	@touch $(BENCHMARKS)/Package.swift  # as for the firmware
	@$(MAKE) --no-print-directory plugin library device-library $(call firmware,$(BOARD)) host-guest >&2
	@$(SWIFT) build -c release --build-system native --package-path $(BENCHMARKS) \
	  --toolset $(BENCHMARKS)/embedded.json --scratch-path .build/benchmarks/embedded \
	  -Xlinker -s --product in-process >&2
	@$(benchmarks) >&2
	@$(release_program) >&2
	@BENCH_RUNS=$(BENCHMARK_RUNS) .build/benchmarks/release/benchmarks $(IN_PROCESS) \
	  .build/release/ipmi-host-bridge $(LIBRARY) $(BOARD)

# A file of $(BENCHMARK_RUNS), or one that was kept elsewhere.
WITH ?=
bench-compare: ## what the last `make bench` has slower than the one before, or than WITH=FILE
	@$(benchmarks) >&2
	@.build/benchmarks/release/benchmarks compare $(BENCHMARK_RUNS) $(WITH)

FUZZING := Tests/Fuzzing
# Which of them; all where none is named.
TARGET ?=
# SwiftPM would have two sanitizers of its own, of which the compiler takes the last.
fuzz: libraries ## each fuzz target for TIME=60 seconds, or TARGET= alone: a table
	@touch $(FUZZING)/Package.swift  # as for the firmware
	@$(SWIFT) build -c release --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address \
	  --package-path $(FUZZING) --scratch-path .build/fuzz --product fuzz >&2
	@$(FUZZING)/run .build/fuzz $(or $(TIME),60) $(TARGET)

# The command line as it is installed: of libraries beside the C library's it needs libfdt's, FUSE's
# and Unicorn's.
release_program = $(SWIFT) build -c release --static-swift-stdlib -Xlinker -s \
  --product ipmi-host-bridge

lint: toolchain ## check the format of all Swift sources
	@$(SWIFT) format lint --strict --recursive Package.swift Sources Tests firmware-stubs/Package.swift \
	  firmware-stubs/Sources

firmware: toolchain $(call firmware,$(FIRMWARE_BOARDS)) $(HOST_STUB) ## the firmware of all boards, or of BOARD=, and host.elf
# Of a package it depends on by path, SwiftPM 6.3 looks for new files only when the manifest is new.
define firmware_rule
$(call firmware,$(1)): $(firmware_sources) $(sources) | toolchain
	@touch firmware-stubs/Package.swift
	cd firmware-stubs && $(SWIFT) build -c release --build-system native \
	  --triple $(TRIPLE_$(1)) --toolset $(1).json --scratch-path .build/$(1) --product $(1).elf
	@touch $$@
endef
$(foreach board,$(BOARDS),$(eval $(call firmware_rule,$(board))))

plugin: toolchain $(PLUGIN) ## the library that adds our devices to a stock QEMU
$(PLUGIN): $(sources)
	$(SWIFT) build -c release --build-system native --toolset Sources/QEMUPlugin/embedded.json \
	  --scratch-path .build/plugin --product ipmi-host-bridge-qemu
	@touch $@

# The product cannot have the name of the command.
library: libraries $(LIBRARY) ## the library for any other emulator
$(LIBRARY): $(sources)
	$(SWIFT) build -c release --build-system native --toolset Sources/EmulatorABI/embedded.json \
	  --scratch-path .build/library --product ipmi-host-bridge-library
	@cp -f $(@D)/libipmi-host-bridge-library.so $@
	@ln -sf $(@F) $@.1

device-library: toolchain $(DEVICE_LIBRARY) ## the library that gives a program its devices without FUSE
$(DEVICE_LIBRARY): $(sources)
	$(SWIFT) build -c release --build-system native --toolset Sources/DevicePreload/embedded.json \
	  --scratch-path .build/device --product ipmi-host-bridge-device
	@touch $@

guests: host-guest debian-bmc-guest ## kernels and initramfs of the host and of BMCs, in the cache
	@.ci/install-packages $(KERNEL_PACKAGES)
	@Tests/Guests/bmc/build $(RESPONDER) armv7

host-guest: packages $(REQUESTER)
	@Tests/Guests/host/build $(REQUESTER)

debian-bmc-guest: packages $(RESPONDER)
	@Tests/Guests/bmc/build $(RESPONDER) debian

# What Debian's armhf kernel says of the ASPEED boards, and the bindings of its source.
DEVICE_TREES := $(CACHE)/debian-armhf
BINDINGS := $(CACHE)/device-tree-bindings
device-trees: packages
	@Tests/Guests/bmc/debian-armhf
	@Tests/DeviceTreeTests/kernel-bindings $(BINDINGS)

# A program for a processor that is no board's: its file, the toolset, the triple.
define program_rule
$(1): $(firmware_sources) $(sources) | toolchain
	@touch firmware-stubs/Package.swift
	cd firmware-stubs && $(SWIFT) build -c release --build-system native \
	  --triple $(3) --toolset $(2).json --scratch-path .build/$(2) --product $$(notdir $$@)
	@touch $$@
endef
$(eval $(call program_rule,$(RESPONDER),linux-armv6,armv6-none-none-eabi))
$(eval $(call program_rule,$(REQUESTER),linux-x86-64,x86_64-unknown-linux-gnu))
$(eval $(call program_rule,$(CHECKS),linux-x86-64,x86_64-unknown-linux-gnu))
$(eval $(call program_rule,$(LIBRARY_CHECKS),linux-x86-64-libc,x86_64-unknown-linux-gnu))
$(eval $(call program_rule,$(ARM_CHECKS),linux-armv6,armv6-none-none-eabi))
$(eval $(call program_rule,$(HOST_STUB),host,x86_64-unknown-none-elf))

# As the program says it.
VERSION = $(shell sed -n 's/^ *version: "\(.*\)",$$/\1/p' \
  Sources/ipmi-host-bridge/IPMIHostBridgeCommand.swift)
install: libraries library plugin device-library $(call firmware,$(BOARDS)) $(HOST_STUB) ## into PREFIX=/usr/local, below DESTDIR
	$(release_program)
	install -D -m 755 .build/release/ipmi-host-bridge $(DESTDIR)$(PREFIX)/bin/ipmi-host-bridge
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/ipmi-host-bridge $(PLUGIN) $(DEVICE_LIBRARY)
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/share/ipmi-host-bridge \
	  Sources/ipmi-host-bridge/Scale/pairs-on-hosts
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/ipmi-host-bridge $(call firmware,$(BOARDS)) \
	  $(HOST_STUB)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include \
	  Sources/CRegisterLink/include/ipmi_host_bridge_link.h \
	  Sources/CIPMIHostBridge/include/ipmi_host_bridge.h
	install -D -m 644 $(LIBRARY) $(DESTDIR)$(PREFIX)/lib/libipmi-host-bridge.so.1
	ln -sf libipmi-host-bridge.so.1 $(DESTDIR)$(PREFIX)/lib/libipmi-host-bridge.so
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' \
	  Sources/CIPMIHostBridge/ipmi-host-bridge.pc.in \
	  >$(DESTDIR)$(PREFIX)/lib/pkgconfig/ipmi-host-bridge.pc

packages: toolchain
	@.ci/install-packages $(GUEST_PACKAGES) $(DEVICE_TREE_PACKAGES) $(FUSE_PACKAGES) \
	  $(SCHEMA_PACKAGES) $(TRACE_PACKAGES) $(UNICORN_PACKAGES) $(BROWSER_PACKAGES) \
	  $(MODEL_PACKAGES) $(DAEMON_PACKAGES)

# What the command line is linked with.
libraries: toolchain
	@.ci/install-packages $(DEVICE_TREE_PACKAGES) $(FUSE_PACKAGES) $(UNICORN_PACKAGES)

toolchain:
	@command -v $(SWIFT) >/dev/null || \
	  { echo "No Swift toolchain on PATH: https://www.swift.org/install, 6.3 or later." >&2; exit 1; }
