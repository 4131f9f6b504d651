# Shared by the scripts of this folder: what a target is in Debian's words, and where its toolchain stands.
# shellcheck shell=bash

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
readonly HERE
export SAYS=cross
# shellcheck source=../tests/system/lib.sh
. "$HERE/../tests/system/lib.sh"

# The oldest glibc that the binaries are to run on: Bullseye's.
readonly GLIBC=2.31
readonly CACHE=${MJPEGD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mjpegd}/cross
TARGET_DIR=${CARGO_TARGET_DIR:-$(dirname "$HERE")/target}
readonly TARGET_DIR

# Sets ARCH (Debian's name), TUPLE (its folder of libraries), GCC QEMU and cargo's FLAGS for a target.
describe() {
    case $1 in
    aarch64-unknown-linux-gnu) ARCH=arm64 TUPLE=aarch64-linux-gnu GCC=$TUPLE-gcc QEMU=qemu-aarch64-static ;;
    armv7-unknown-linux-gnueabihf) ARCH=armhf TUPLE=arm-linux-gnueabihf GCC=$TUPLE-gcc QEMU="qemu-arm-static -cpu cortex-a7" ;;
    x86_64-unknown-linux-gnu) ARCH=amd64 TUPLE=x86_64-linux-gnu GCC=gcc QEMU= ;;
    # Debian's armhf is ARMv7: neither its compiler's own libraries nor its libc run here. Zig brings a static libc.
    arm-unknown-linux-musleabihf) ARCH=armv6 TUPLE=arm-linux-musleabihf GCC=zig QEMU="qemu-arm-static -cpu arm1176" ;;
    *)
        say "unknown target $1; there are aarch64-unknown-linux-gnu, armv7-unknown-linux-gnueabihf," \
            "x86_64-unknown-linux-gnu and arm-unknown-linux-musleabihf (ARMv6)"
        exit 2
        ;;
    esac
    FLAGS=()
    [ "$ARCH" != armv6 ] || FLAGS=(-Zbuild-std=std,panic_abort --no-default-features)
}
