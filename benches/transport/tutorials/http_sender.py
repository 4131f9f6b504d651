"""The tutorials' sender by HTTP: http_sender.py PORT FOLDER FPS QUALITY"""

import base64
import sys
import threading
import time

import cv2
import requests

from stand_in import Camera, stamped

port, folder, fps, quality = sys.argv[1:]
url = f"http://127.0.0.1:{port}/image_post"
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
while True:
    if not stack or stack[0][1] <= last:
        time.sleep(0.001)
        continue
    frame, last, taken = stack.pop(0)
    good, buffer = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    img = base64.b64encode(stamped(buffer.tobytes(), last, taken))
    requests.post(url, data={"img": img})
