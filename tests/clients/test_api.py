"""The API against its own description, by schemathesis."""

import os
import subprocess
import unittest

from daemon import Daemon


class Api(unittest.TestCase):
    def test_it_does_what_its_description_says(self):
        tool = os.path.join(os.environ["TOOLS"], "python", "bin", "schemathesis")
        with Daemon(size="320x240") as daemon:
            # An answer that never ends, and one that ends the daemon, are not for it.
            words = [tool, "run", daemon.url("/api/v1/openapi.json"), "--exclude-path", "/events", "--exclude-path", "/actions/stop",
                     "--max-examples", "60", "--checks", "all", "--request-timeout", "20", "--seed", "1"]  # fmt: skip
            done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, cwd=daemon.folder.name)
            self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
            self.assertIn(b"version", daemon.get("/api/v1/state"))


if __name__ == "__main__":
    unittest.main()
