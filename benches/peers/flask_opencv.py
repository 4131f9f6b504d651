"""The tutorials' way: OpenCV takes pictures in one thread, Flask compresses and sends them for each viewer.

flask_opencv.py DEVICE FORMAT WIDTH HEIGHT FPS HOST PORT

This is the better of the tutorials' forms: viewers wait for a new picture instead of sending the old one again. For
the load generator's sake, parts have their length, which most tutorials leave out, and the answer is not in chunks.
"""

import sys
import threading

import cv2
from flask import Flask, Response
from werkzeug.serving import WSGIRequestHandler

device, fourcc, width, height, fps, host, port = sys.argv[1:]
app = Flask(__name__)
fresh = threading.Condition()
number, picture = 0, None


def capture():
    global number, picture
    camera = cv2.VideoCapture(device, cv2.CAP_V4L2)
    camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*fourcc))
    camera.set(cv2.CAP_PROP_FRAME_WIDTH, int(width))
    camera.set(cv2.CAP_PROP_FRAME_HEIGHT, int(height))
    camera.set(cv2.CAP_PROP_FPS, int(fps))
    while True:
        good, frame = camera.read()
        if not good:
            sys.exit(f"{device} gives no picture")
        with fresh:
            number, picture = number + 1, frame
            fresh.notify_all()


def frames():
    seen = 0
    while True:
        with fresh:
            fresh.wait_for(lambda: number != seen)
            seen, frame = number, picture
        _, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 80])
        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
        yield head + jpeg.tobytes() + b"\r\n"


@app.route("/video_feed")
def video_feed():
    return Response(frames(), mimetype="multipart/x-mixed-replace; boundary=frame")


class WithoutChunks(WSGIRequestHandler):
    protocol_version = "HTTP/1.0"


threading.Thread(target=capture, daemon=True).start()
app.run(host=host, port=int(port), threaded=True, request_handler=WithoutChunks)
