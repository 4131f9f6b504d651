#!/usr/bin/python3
"""Draws a box around each face. Debian has what it needs: apt install python3-opencv opencv-data

    [filter]
    command = "/usr/bin/python3 /usr/share/doc/mjpegd/examples/filters/faces.py"
    timeout = 30
"""
import sys

import cv2
import numpy

# OpenCV from PyPI brings the cascades along; Debian's has them in opencv-data.
FOLDER = getattr(getattr(cv2, "data", None), "haarcascades", "/usr/share/opencv4/haarcascades/")
FACES = cv2.CascadeClassifier(FOLDER + "haarcascade_frontalface_default.xml")


def pictures():
    """The JPEGs that mjpegd sends, each with its length before it."""
    length = 0
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        elif not line.strip() and length:
            yield sys.stdin.buffer.read(length)
            length = 0


for jpeg in pictures():
    picture = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_COLOR)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    for x, y, width, height in FACES.detectMultiScale(grey, 1.2, 5, minSize=(48, 48)):
        cv2.rectangle(picture, (x, y), (x + width, y + height), (0, 255, 0), 3)
    sys.stdout.buffer.write(cv2.imencode(".jpg", picture)[1].tobytes())
    sys.stdout.buffer.flush()
