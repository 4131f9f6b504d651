"""A daemon on the test picture or on the test camera, on a port of its own."""

import os
import re
import subprocess
import tempfile
import threading
import time
import urllib.request

PATIENCE_SECONDS = 30


class Daemon:
    def __init__(self, *flags, source="pattern", size="640x480", camera=None, port=0):
        self.folder = tempfile.TemporaryDirectory(prefix="mjpegd-clients-")
        state = os.path.join(self.folder.name, "state.toml")
        if camera:
            source, flags = "v4l2", ["--device", camera.device, *flags]
        words = [os.environ["MJPEGD"], "--config", "/dev/null", "--host", "127.0.0.1", "--port", str(port), "--source", source,
                 "--resolution", size, "--state-file", state, *flags]  # fmt: skip
        environment = {**os.environ, **(camera.environment() if camera else {})}
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment)
        self.log = []
        self.port = None
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)/", line)
            if found:
                self.port = int(found[1])
                break
        if not self.port:
            raise RuntimeError("mjpegd did not listen:\n" + "".join(self.log))
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path):
        with urllib.request.urlopen(self.url(path), timeout=PATIENCE_SECONDS) as answer:
            return answer.read()

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        self.reader.join()
        self.process.stderr.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(condition, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    return None
