#!/usr/bin/env python3
"""The newest frame of mjpegd, out of shared memory. Copy this file beside your program; it needs nothing but Python.

    from mjpegd_latest import latest

    with latest("camera") as frames:        # mjpegd --sink camera
        for frame in frames:                # waits for the next one; what was missed meanwhile is skipped
            picture = cv2.imdecode(numpy.frombuffer(frame.jpeg, numpy.uint8), cv2.IMREAD_COLOR)

The camera runs while this is open. As a program it prints what comes: mjpegd_latest.py camera
"""

import ctypes
import fcntl
import mmap
import os
import platform
import struct
import sys
import time
from typing import NamedTuple

HEADER_BYTES = 4096
TURN, CLOSED, ALIVE = 16, 17, 18  # words of the header
SLOT_BYTES, FIRST_SLOT, WORDS_OF_A_SLOT, SLOTS = 5, 32, 16, 4
SLOT = struct.Struct("=IIQQQIII")
SILENCE = 5  # seconds: who has not been alive for longer was killed

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
# ARM and x86 of 32 bits have the same number, also below a kernel of 64 bits.
FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98}.get(platform.machine())
FUTEX = 240 if ctypes.sizeof(ctypes.c_void_p) == 4 else FUTEX


class Frame(NamedTuple):
    jpeg: bytes
    number: int  #     rises by one with each frame, and by more where some were skipped
    captured: float  # on the clock of time.monotonic(), as the next
    published: float
    width: int
    height: int
    live: bool  #      False: it stands for a camera that is not there


class latest:
    """Frames of NAME, each newer than the one before, over restarts of mjpegd. After TIMEOUT seconds without one: TimeoutError."""

    def __init__(self, name, only_live=True, timeout=None):
        self.path = os.path.join("/dev/shm", name)
        self.only_live, self.timeout = only_live, timeout
        self.memory = None

    def __iter__(self):
        return self

    def __next__(self):
        end = None if self.timeout is None else time.monotonic() + self.timeout
        while end is None or time.monotonic() < end:
            if self.memory is None:
                try:
                    self.memory = Memory(self.path)
                except FileNotFoundError:
                    time.sleep(0.1)
            elif frame := self.memory.newest():
                if frame.live or not self.only_live:
                    return frame
            elif not self.memory.wait() and self.memory.is_over():
                self.close()
        raise TimeoutError(f"{self.path}: no picture for {self.timeout} s")

    def close(self):
        if self.memory:
            self.memory.close()
        self.memory = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __del__(self):
        self.close()


class Memory:
    """One object in /dev/shm, as long as its mjpegd lives."""

    def __init__(self, path):
        self.path, self.last = path, 0
        self.file = open(path, "rb", buffering=0)
        begin = self.file.read(16)
        if begin[:8] != b"MJPEGD\r\n" or struct.unpack_from("=I", begin, 8) != (1,):
            raise ValueError(f"{path}: not what this program reads")
        self.address = libc.mmap(None, HEADER_BYTES, mmap.PROT_READ, mmap.MAP_SHARED, self.file.fileno(), 0)
        self.words = (ctypes.c_uint32 * (HEADER_BYTES // 4)).from_address(self.address)

    def newest(self):
        """The newest frame, if it was not read before."""
        self.say_that_somebody_reads()
        while (turn := self.words[TURN]) not in (0, self.last) and self.is_alive():
            if frame := self.read(turn):
                self.last = turn
                return frame

    def read(self, turn):
        """The frame of this turn, or None: it is being written over, and there is a newer one."""
        at = FIRST_SLOT + turn % SLOTS * WORDS_OF_A_SLOT
        if self.words[at] != turn:
            return None
        # Reading by pread keeps the order also on processors that read ahead: the kernel's own atomic operations see to it.
        told = SLOT.unpack(os.pread(self.file.fileno(), SLOT.size, at * 4))
        _, length, number, captured, published, width, height, live = told
        jpeg = os.pread(self.file.fileno(), length, HEADER_BYTES + turn % SLOTS * self.words[SLOT_BYTES])
        if self.words[at] != turn:
            return None
        return Frame(jpeg, number, captured / 1e9, published / 1e9, width, height, bool(live))

    def wait(self):
        """Until there is another frame; False when there was none for a second."""
        seen = self.words[TURN]
        if seen not in (0, self.last) and self.is_alive():
            return True
        if FUTEX is None:
            end = time.monotonic() + 1
            while self.words[TURN] == seen and time.monotonic() < end:
                time.sleep(0.005)
        else:
            a_second = (ctypes.c_long * 2)(1, 0)
            libc.syscall(ctypes.c_long(FUTEX), ctypes.c_void_p(self.address + 4 * TURN), 0, seen, a_second, None, 0)
        return self.words[TURN] != seen

    def is_alive(self):
        return time.monotonic() - self.words[ALIVE] < SILENCE

    def is_over(self):
        try:
            return bool(self.words[CLOSED]) or not os.path.samestat(os.stat(self.path), os.fstat(self.file.fileno()))
        except FileNotFoundError:
            return True

    def say_that_somebody_reads(self):
        """By a lock that the kernel takes back when this process ends, in whatever way."""
        try:
            fcntl.flock(self.file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # mjpegd is looking at it in this moment; the next time will do.

    def close(self):
        libc.munmap(self.address, HEADER_BYTES)
        self.file.close()


if __name__ == "__main__":
    try:
        for frame in latest(sys.argv[1] if len(sys.argv) > 1 else "camera"):
            age = (time.monotonic() - frame.captured) * 1000
            print(f"{frame.number}: {frame.width}x{frame.height}, {len(frame.jpeg)} bytes, {age:.1f} ms old", flush=True)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
