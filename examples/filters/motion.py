#!/usr/bin/python3
"""Calls a web hook when something moves, and passes all pictures on as they are. It needs: apt install python3-pil

    [filter]
    command = "/usr/bin/python3 /usr/share/doc/mjpegd/examples/filters/motion.py http://hub.local/moved"

The hook is a POST of the picture that moved, at most one in ten seconds: motion.py URL [SECONDS]
"""
import io
import sys
import threading
import time
import urllib.request

from PIL import Image, ImageChops, ImageStat

URL, PAUSE = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 10
MOVED = 3  # How far the mean of all pixels must go, of 255.


def pictures():
    """The JPEGs that mjpegd sends, each with its length before it."""
    length = 0
    for line in iter(sys.stdin.buffer.readline, b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        elif not line.strip() and length:
            yield sys.stdin.buffer.read(length)
            length = 0


def call(jpeg):
    request = urllib.request.Request(URL, jpeg, {"Content-Type": "image/jpeg"})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except OSError as error:
        print(f"{URL}: {error}", file=sys.stderr)


before, called = None, -PAUSE
for jpeg in pictures():
    # First of all: nobody has to wait for what follows.
    sys.stdout.buffer.write(jpeg)
    sys.stdout.buffer.flush()
    picture = Image.open(io.BytesIO(jpeg))
    picture.draft("L", (160, 120))  # The decoder itself makes it small, and grey.
    small = picture.convert("L").resize((80, 60))
    difference = ImageStat.Stat(ImageChops.difference(small, before)).mean[0] if before else 0
    before = small
    if difference > MOVED and time.monotonic() - called >= PAUSE:
        called = time.monotonic()
        threading.Thread(target=call, args=(jpeg,), daemon=True).start()
