"""The tutorials' sender by way of Redis: redis_sender.py PORT FOLDER FPS QUALITY [POLL]

Between two pictures it looks every 10 ms whether the receiver has set `receive_time`, as theirs does; with another POLL, in
seconds, as often as that says.
"""

import base64
import sys
import threading
import time

import cv2
import redis

from stand_in import Camera, stamped

port, folder, fps, quality = sys.argv[1:5]
poll = float(sys.argv[5]) if len(sys.argv) > 5 else 0.01
key = "rtsp://camera.local/stream1"
server = redis.Redis(host="127.0.0.1", port=int(port), db=0)
stack = []


def capture():
    camera = Camera(folder, int(fps))
    while True:
        good, frame = camera.read()
        if good:
            stack.insert(0, frame)
            if len(stack) > 4:
                stack.pop()


threading.Thread(target=capture, daemon=True).start()
last = 0
while server.get("result") != b"stop":
    if not stack or stack[0][1] <= last:
        time.sleep(0.001)
        continue
    frame, last, taken = stack.pop(0)
    good, buffer = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    server.set(key, base64.b64encode(stamped(buffer.tobytes(), last, taken)))
    server.publish("img0", key)
    while not server.get("receive_time"):
        time.sleep(poll)
    server.delete("receive_time")
server.delete(key, "result")
