"""The API against its own description, by schemathesis."""

import json
import os
import subprocess
import tempfile
import unittest

from camera import Camera
from daemon import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))
# That there is no camera is told by such a status, as the description says.
CONFIG = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502, 503, 504]
"""
# Which values a control takes, only its camera knows.
CONTROLS = """
[dictionaries.keys]
values = {keys}
[parameters]
key = {{ dictionary = "keys", probability = 0.9 }}
[[operations]]
include-path-regex = "^/controls"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "5xx"]
"""


class Api(unittest.TestCase):
    def hold_to_its_description(self, daemon, config, *more):
        with open(os.path.join(daemon.folder.name, "schemathesis.toml"), "w", encoding="utf-8") as file:
            file.write(config)
        tool = os.path.join(os.environ["TOOLS"], "python", "bin", "schemathesis")
        # An answer that never ends, and one that ends the daemon, are not for it.
        words = [tool, "run", daemon.url("/api/v1/openapi.json"), "--exclude-path", "/events", "--exclude-path", "/actions/stop",
                 "--max-examples", "60", "--checks", "all", "--request-timeout", "20", "--seed", "1", *more]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, cwd=daemon.folder.name,
                              env={**os.environ, "SCHEMATHESIS_HOOKS": "formats", "PYTHONPATH": HERE})  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:] + "".join(daemon.log[-20:]))
        self.assertIn(b"version", daemon.get("/api/v1/state"))

    def test_it_does_what_its_description_says(self):
        # Without a folder there is no slideshow to change to.
        with tempfile.TemporaryDirectory() as pictures, Daemon("--slideshow-folder", pictures, size="320x240") as daemon:
            self.hold_to_its_description(daemon, CONFIG)

    def test_the_controls_of_a_camera_do_what_their_description_says(self):
        with Camera() as camera, Daemon(camera=camera) as daemon:
            # A picture says that the camera is open. Controls that there are.
            daemon.get("/snapshot")
            keys = [control["key"] for control in json.loads(daemon.get("/api/v1/controls"))]
            config = CONFIG + CONTROLS.format(keys=json.dumps(keys))
            # Deleted, they are as they were before they were set.
            self.hold_to_its_description(daemon, config, "--include-path-regex", "^/controls", "--exclude-checks", "use_after_free")


if __name__ == "__main__":
    unittest.main()
