"""The tutorials' receiver by way of Redis, without its window: redis_receiver.py PORT RECORD"""

import base64
import sys
import time

import cv2
import numpy as np
import redis

from stand_in import Record

server = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]), db=0)
record = Record(sys.argv[2])
messages = server.pubsub()
messages.subscribe("img0")
for message in messages.listen():
    if message["type"] != "message":
        continue
    jpeg = base64.b64decode(server.get(message["data"]))
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    record.put(jpeg)
    server.set("receive_time", time.time())
