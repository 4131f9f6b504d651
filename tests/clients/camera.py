"""The test camera of `tests/camera/`, preloaded into a daemon: it has controls, and gives the JPEGs that ffmpeg draws."""

import os
import subprocess
import tempfile

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "camera")
SIZES = ("640x480", "1280x720")


class Camera:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mjpegd-camera-")
        self.library = self.path("fakecam.so")
        sources = [os.path.join(SOURCES, name) for name in os.listdir(SOURCES) if name.endswith(".c")]
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-pthread", "-o", self.library, *sources, "-ldl"], check=True)
        for size in SIZES:
            self.draw(size)
        self.device = self.path("video0")
        with open(self.device, "wb"):
            pass

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def draw(self, size):
        folder = os.path.join(self.path("film"), size)
        os.makedirs(folder)
        words = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"mandelbrot=size={size}:start_scale=0.01",
                 "-frames:v", "40", "-pix_fmt", "yuvj422p", "-q:v", "5", os.path.join(folder, "%03d.jpg")]  # fmt: skip
        subprocess.run(words, check=True)

    def environment(self):
        return {"LD_PRELOAD": self.library, "FAKECAM_DEV": self.device, "FAKECAM_FRAMES": self.path("film"),
                "FAKECAM_SIZES": ",".join(SIZES), "FAKECAM_FPS": "30,10", "FAKECAM_FAULT": self.path("fault")}  # fmt: skip

    def unplug(self):
        with open(self.path("fault"), "w", encoding="utf-8") as file:
            file.write("unplug")

    def plug_in(self):
        os.remove(self.path("fault"))

    def close(self):
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
