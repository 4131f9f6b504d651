# make run          builds mjpegd and starts it on the camera, or on the test picture where there is none
# make test         formatting, lints and all tests that need no virtual machine
# make test-system  the release binary against kernel V4L2 devices and systemd, in a virtual machine
# make deploy       to a board: make deploy PI=pi@raspberrypi.local, or with DEB=FILE or BINARY=FILE what is built already
# make bench        compares mjpegd with other servers on this machine; those that cannot be installed are left out
# make deps         installs what building and testing need, on Debian and its kin; the others call it

CARGO ?= cargo
# Flags for the daemon that `make run` starts: make run ARGS="--port 8081"
ARGS ?=
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# Building: bindgen reads the kernel's headers by libclang, libjpeg-turbo is built by cmake, its SIMD by nasm.
BUILD_PACKAGES := build-essential cmake nasm libclang-dev
# Testing: real clients.
TEST_PACKAGES := $(BUILD_PACKAGES) ffmpeg curl python3-pil chromium chromium-driver
# Benchmark: servers to compare with, and shaped links between network namespaces.
BENCH_PACKAGES := ustreamer motion python3-venv iproute2

.PHONY: run build test lint test-system deploy bench deps build-deps clean

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

test: deps lint
	$(CARGO) test --locked

lint: build-deps
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

test-system: build
	tests/system/run $(TARGET_DIR)/release/mjpegd

deploy:
	@cross/deploy "$(PI)"

bench: build-deps
	@benches/install-peers $(BENCH_PACKAGES)
	$(CARGO) bench --locked --bench compare

build-deps:
	@tests/install-packages $(BUILD_PACKAGES)

deps:
	@tests/install-packages $(TEST_PACKAGES)

clean:
	$(CARGO) clean
