"""The filters in `examples/` that need more than Debian's base: here OpenCV."""

import os
import pathlib
import tempfile
import unittest

import cv2
import numpy
from daemon import Daemon, until

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "filters"


def face():
    """What the cascade takes for one: an oval with eyes, brows, a nose and a mouth."""
    picture = numpy.full((480, 640, 3), 60, numpy.uint8)
    cv2.ellipse(picture, (320, 240), (110, 150), 0, 0, 360, (190, 190, 190), -1)
    for side in (-1, 1):
        x = 320 + side * 47
        cv2.ellipse(picture, (x, 214), (29, 12), 0, 0, 360, (60, 60, 60), -1)
        cv2.line(picture, (x - 25, 182), (x + 25, 182), (50, 50, 50), 10)
    cv2.ellipse(picture, (320, 270), (14, 30), 0, 0, 360, (215, 215, 215), -1)
    cv2.ellipse(picture, (320, 295), (24, 8), 0, 0, 360, (110, 110, 110), -1)
    cv2.ellipse(picture, (320, 335), (45, 11), 0, 0, 360, (90, 90, 90), -1)
    return cv2.GaussianBlur(picture, (0, 0), 4)


class Filters(unittest.TestCase):
    def test_a_box_is_drawn_around_each_face(self):
        with tempfile.TemporaryDirectory() as folder:
            cv2.imwrite(os.path.join(folder, "face.jpg"), face())
            words = f"/usr/bin/python3 {EXAMPLES / 'faces.py'}"
            flags = ["--slideshow-folder", folder, "--slideshow-interval", "0.1", "--filter", words, "--filter-timeout", "60"]
            with Daemon(*flags, source="slideshow") as daemon:

                def has_box():
                    picture = cv2.imdecode(numpy.frombuffer(daemon.get("/snapshot"), numpy.uint8), cv2.IMREAD_COLOR)
                    blue, green, red = (picture[:, :, channel].astype(int) for channel in range(3))
                    return numpy.count_nonzero((green > 150) & (red < 90) & (blue < 90)) > 1000

                self.assertTrue(until(has_box), daemon.log)
