"""The tutorials' receiver by HTTP, without its window: http_receiver.py PORT RECORD"""

import base64
import sys

import cv2
import numpy as np
from flask import Flask, request

from stand_in import Record

app = Flask(__name__)
record = Record(sys.argv[2])


@app.route("/image_post", methods=["POST"])
def image_post():
    jpeg = base64.b64decode(request.form.get("img"))
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    record.put(jpeg)
    cv2.resize(image, (600, 600))
    return "success"


app.run(host="127.0.0.1", port=int(sys.argv[1]))
