"""Viewers on the host: they read the stream as a player does, and note what they got and when."""

import hashlib
import http.client
import json
import socket
import threading
import time

# One answer of a daemon on an emulated processor.
ANSWER_SECONDS = 30


class Frame:
    """One part of the stream."""

    __slots__ = ("time", "digest", "size", "headers", "jpeg")

    def __init__(self, headers, jpeg, keep):
        self.time = time.monotonic()
        self.headers = headers
        self.size = len(jpeg)
        self.digest = hashlib.sha1(jpeg).digest()
        self.jpeg = jpeg if keep else None

    @property
    def live(self):
        """Whether it came from the camera; a placard did not."""
        return self.headers.get("x-ustreamer-online") == "true"


class Viewer(threading.Thread):
    """Reads /stream until `close`, or until the daemon ends it; then `ended` tells why."""

    def __init__(self, vm, path="/stream?extra_headers=1", keep=False, guest_port=8080):
        super().__init__(daemon=True)
        self.frames = []
        self.ended = None
        self._keep = keep
        self._closing = False
        self._changed = threading.Condition()
        self._socket = socket.create_connection(("127.0.0.1", vm.port(guest_port)), ANSWER_SECONDS)
        # A stream repeats a still picture every second: this much silence is a lost viewer.
        self._socket.settimeout(ANSWER_SECONDS)
        self._socket.sendall(f"GET {path} HTTP/1.0\r\nHost: camera\r\n\r\n".encode())
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closing = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join(10)
        self._socket.close()

    def wait_for(self, condition, seconds, since=0):
        """The first frame after index `since` that meets the condition, or None after so many seconds."""
        deadline = time.monotonic() + seconds
        looked = since
        with self._changed:
            while True:
                while looked < len(self.frames):
                    if condition(self.frames[looked]):
                        return self.frames[looked]
                    looked += 1
                left = deadline - time.monotonic()
                if left <= 0 or self.ended:
                    return None
                self._changed.wait(left)

    def wait_for_end(self, seconds):
        self.join(seconds)
        return not self.is_alive()

    def between(self, start, end):
        return [frame for frame in list(self.frames) if start <= frame.time < end]

    def run(self):
        try:
            self._read(self._socket.makefile("rb", 1 << 16))
        except Exception as error:  # Whatever it is, the viewer is lost, and the test must see that.
            self._end(f"{type(error).__name__}: {error}")

    def _end(self, why):
        with self._changed:
            self.ended = "closed here" if self._closing else why
            self._changed.notify_all()

    def _read(self, stream):
        status = stream.readline()
        if b" 200 " not in status:
            raise ValueError(f"answer {status!r}")
        boundary = b"--" + read_headers(stream)["content-type"].split("boundary=")[1].encode() + b"\r\n"
        line = stream.readline()
        while line:
            if line == b"\r\n":  # Belongs to the end of the part before.
                line = stream.readline()
                continue
            if line != boundary:
                raise ValueError(f"{line[:80]!r} in place of the boundary")
            headers = read_headers(stream)
            if not headers:  # The boundary of the last part is followed by nothing.
                break
            length = int(headers["content-length"])
            jpeg = stream.read(length)
            if len(jpeg) < length:
                break
            if jpeg[:2] != b"\xff\xd8" or jpeg[-2:] != b"\xff\xd9":
                raise ValueError("a part that is not a complete JPEG")
            with self._changed:
                self.frames.append(Frame(headers, jpeg, self._keep))
                self._changed.notify_all()
            line = stream.readline()
        self._end("the daemon closed the connection")


def read_headers(stream):
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def get(vm, path, guest_port=8080, seconds=ANSWER_SECONDS):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection("127.0.0.1", vm.port(guest_port), timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def state(vm, guest_port=8080):
    status, _, body = get(vm, "/state", guest_port)
    assert status == 200, f"/state answers {status}"
    return json.loads(body)["result"]


def until(condition, seconds, pause=0.2):
    """The first true value of the condition, asked again and again; its last value after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except (OSError, http.client.HTTPException):  # Not listening (yet).
            value = None
        if value or time.monotonic() > deadline:
            return value
        time.sleep(pause)
