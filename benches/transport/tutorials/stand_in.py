"""What the tutorials have a camera for: pictures, here decoded beforehand, and what the comparison needs to know of each.

A picture's number and moment go with it from the camera's thread, and into the JPEG when it has been made.
"""

import os
import struct
import time
from pathlib import Path

import cv2

NAME = b"FCAM"
# A thread that asks without a pause would only take the interpreter from the one that sends.
FASTEST = 1000


class Camera:
    """In place of cv2.VideoCapture: `read` costs nothing but the wait for the next picture."""

    def __init__(self, folder, fps):
        files = sorted(Path(folder).glob("*.jpg"))[:16]
        self.pictures = [cv2.imread(str(file)) for file in files]
        self.interval = 1 / (fps or FASTEST)
        self.number = 0
        self.due = time.monotonic()

    def read(self):
        self.due = max(self.due + self.interval, time.monotonic() - self.interval)
        time.sleep(max(0, self.due - time.monotonic()))
        self.number += 1
        picture = self.pictures[self.number % len(self.pictures)]
        return True, (picture, self.number, time.monotonic_ns())


def stamped(jpeg, number, taken):
    """The JPEG with a COM segment, as the camera of the other ways writes it."""
    return jpeg[:2] + b"\xff\xfe\x00\x16" + NAME + struct.pack("<QQ", number, taken) + jpeg[2:]


class Record:
    """What has come, and when."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def put(self, jpeg):
        if jpeg[6:10] == NAME:
            os.write(self.file, jpeg[10:26] + struct.pack("<Q", time.monotonic_ns()))
