# make run          builds mjpegd and starts it on the camera, or on the test picture where there is none
# make test         formatting, lints and all tests that need no virtual machine
# make test-system  the release binary against kernel V4L2 devices and systemd, and the package on ARM64 Debian as a user has
#                   it, in virtual machines; and the tests on an emulated ARM processor
# make test-clients programs that people watch with, against the release binary: players, libraries, browsers, a proxy
# make cross        for another board: make cross TARGET=aarch64-unknown-linux-gnu
# make test-cross   the tests on its emulated processor: make test-cross TARGET=armv7-unknown-linux-gnueabihf
# make deploy       to a board: make deploy PI=pi@raspberrypi.local, or with DEB=FILE or BINARY=FILE what is built already
# make fuzz         feeds each parser of outside bytes with whatever finds new ways through it: make fuzz SECONDS=600 TARGET=splitter
# make sanitize     the daemon with AddressSanitizer under the tests that reach what is unsafe, and the wake-up of viewers in every
#                   order that loom can find
# make audit        licences, sources and doubles of all dependencies, and advisories where their database can be reached
# make bench        compares mjpegd with other servers on this machine; those that cannot be installed are left out
# make bench-transport  compares the ways for pictures from one process to another with those of the Flask and OpenCV tutorials
# make soak         viewers that come and go and faults at random, checked at every step: make soak MINUTES=45 SEED=123; FORMAT=YUYV: a raw camera
# make faults       what can go wrong, done many times and measured from a viewer's side; writes docs/faults.md
# make deb          Debian packages for arm64, armhf and amd64 in target/dist; TARGETS=native: for this machine only
# make dist         tarballs for these, the packages, and SHA256SUMS
# make test-package installs, upgrades, removes and purges the package of this machine in a small Debian of its own
# make reproducible builds twice, in two folders, and compares
# make deps         installs what building and testing need, on Debian and its kin; the others call it

CARGO ?= cargo
# Flags for the daemon that `make run` starts: make run ARGS="--port 8081"
ARGS ?=
# Of a soak: how long, and which; without a seed, any.
MINUTES ?= 5
SEED ?=
FORMAT ?= MJPG
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# Building: bindgen reads the kernel's headers by libclang, libjpeg-turbo is built by cmake, its SIMD by nasm.
BUILD_PACKAGES := build-essential cmake nasm libclang-dev
# Testing: real clients.
TEST_PACKAGES := $(BUILD_PACKAGES) ffmpeg redis-server nginx-light curl openssl iproute2 python3-pil chromium chromium-driver fonts-wqy-microhei tzdata \
	python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
# Programs that people watch with; node comes with npm, or npm with another packager's node.
CLIENT_PACKAGES := $(TEST_PACKAGES) $(if $(shell command -v npm),,npm) firefox-esr vlc-bin vlc-plugin-base python3-venv python3-opencv opencv-data \
	python3-requests
# Benchmark: servers to compare with, and shaped links between network namespaces.
BENCH_PACKAGES := ustreamer motion python3-venv iproute2
# Pictures from one process to another: what the tutorials' scripts need.
TRANSPORT_PACKAGES := redis-server python3-flask python3-redis python3-requests python3-opencv python3-numpy

# Packages and tarballs: cross/build makes the binaries, packaging/ the rest.
PACKAGE_TARGETS := aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf x86_64-unknown-linux-gnu
TARGETS ?=
PACKAGING_PACKAGES := $(BUILD_PACKAGES) binutils dpkg-dev python3 xz-utils

# What fuzzing takes long enough for, and what it is to be done with; empty: all targets.
SECONDS := 600
TARGET ?=

.PHONY: fuzz sanitize audit deb dist test-package reproducible run build cross test test-cross lint test-system test-clients deploy bench bench-transport soak faults deps build-deps clean

run: build
	@mjpegd=$(TARGET_DIR)/release/mjpegd; \
	$$mjpegd check $(ARGS); status=$$?; \
	case $$status in \
	0) exec $$mjpegd $(ARGS);; \
	1) echo "Starting with the test picture instead."; exec $$mjpegd $(ARGS) --source pattern;; \
	*) exit $$status;; \
	esac

build: build-deps
	$(CARGO) build --release --locked

# Tests mostly wait for cameras and clients: so many at a time keep the processors busy.
test: deps lint
	RUST_TEST_THREADS=$$((2 * $$(nproc))) $(CARGO) test --locked

lint: build-deps
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

# Nothing of it is left out in silence: what a mirror out of reach prevents says SKIPPED.
test-system: packaging-deps
	tests/system/all

test-clients: build
	@tests/install-packages $(CLIENT_PACKAGES)
	tests/clients/run

test-cross: build-deps
	cross/test "$(TARGET)"

cross:
	cross/build "$(TARGET)"

deploy:
	@cross/deploy "$(PI)"

deb: packaging-deps
	packaging/deb $(or $(TARGETS),$(PACKAGE_TARGETS))

dist: deb
	packaging/tarball $(or $(TARGETS),$(PACKAGE_TARGETS))
	cd $(TARGET_DIR)/dist && sha256sum *.deb *.tar.gz >SHA256SUMS

test-package:
	@tests/install-packages $(PACKAGING_PACKAGES) mmdebstrap lintian man-db
	packaging/deb native
	tests/package/run $(TARGET_DIR)/dist/mjpegd_*_$$(dpkg --print-architecture).deb

reproducible: packaging-deps
	packaging/reproducible $(or $(TARGETS),native)

packaging-deps:
	@tests/install-packages $(PACKAGING_PACKAGES)

fuzz: build-deps
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	fuzz/run $(SECONDS) $(TARGET)

sanitize: deps
	fuzz/sanitize

audit:
	packaging/audit

bench: build-deps
	@benches/install-peers $(BENCH_PACKAGES)
	$(CARGO) bench --locked --bench compare

bench-transport: build-deps
	@tests/install-packages $(TRANSPORT_PACKAGES)
	$(CARGO) bench --locked --bench transport

soak: build-deps
	$(CARGO) bench --locked --bench soak -- --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) --format $(FORMAT)

faults: build-deps
	$(CARGO) bench --locked --bench faults

build-deps:
	@tests/install-packages $(BUILD_PACKAGES)

deps:
	@tests/install-packages $(TEST_PACKAGES)

clean:
	$(CARGO) clean
