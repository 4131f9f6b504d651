"""A driver that does not come back from a call: viewers are told, and systemd's watchdog starts mjpegd anew."""

import glob
import os
import subprocess

from harness.case import Case
from harness.service import DROP_INS, UNIT
from harness.viewer import get, state, until

# The kernel's own drivers do not hang on request: the test camera does.
NODE, FAULT, LIBRARY = "/run/fakecam/video0", "/run/fakecam/fault", "/usr/local/lib/fakecam.so"
DROP_IN = f"""[Service]
WatchdogSec=10
Environment=LD_PRELOAD={LIBRARY} FAKECAM_DEV={NODE} FAKECAM_FAULT={FAULT}
Environment=FAKECAM_FORMATS=YUYV FAKECAM_SIZES=320x240 FAKECAM_FPS=5
"""


class Hang(Case):
    def setUp(self):
        super().setUp()
        here = os.path.dirname(os.path.abspath(__file__))
        library = os.path.join(self.folder, "fakecam.so")
        sources = sorted(glob.glob(os.path.join(os.path.dirname(here), "camera", "*.c")))
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-pthread", "-o", library, *sources, "-ldl"], check=True)
        self.vm.copy(library, LIBRARY, "755")
        self.vm.run(f"mkdir -p /run/fakecam; touch {NODE}; rm -f {FAULT}")
        self.vm.write(f"{DROP_INS}/hang.conf", DROP_IN)
        self.vm.run("systemctl daemon-reload")
        self.addCleanup(self.vm.run, f"rm -f {DROP_INS}/hang.conf {FAULT}; systemctl daemon-reload")

    def test_viewers_are_told_and_the_watchdog_starts_it_anew(self):
        place = self.service.start("--device", NODE, "--resolution", "320x240")
        viewer = self.watch()
        self.assert_live(viewer, 30)
        before = self.service.show("MainPID")
        seen = len(viewer.frames)
        self.vm.write(FAULT, "hang=dqbuf")
        # Long before the watchdog: the process still answers.
        self.assert_placard(viewer, 8, seen)
        self.assertEqual(get(self.vm, "/healthz")[0], 200)
        text = state(self.vm)["mjpegd"]["camera"]["text"]
        self.assertIn("has not answered for", text)
        self.assertEqual(self.service.show("MainPID"), before)
        self.assertTrue(
            until(lambda: self.service.show("MainPID") not in ("0", before), 90, pause=1), "a new process"
        )
        self.vm.run(f"rm -f {FAULT}")
        self.assertTrue(until(lambda: self.service.show("ActiveState") == "active", 30, pause=1), "active again")
        self.assert_live(self.watch(), 30)
        log = "\n".join(self.service.log(place))
        self.assertIn("its driver has not answered", log)
        self.assertIn("systemd's watchdog will start mjpegd anew", log)
        self.assertIn("Watchdog", self.vm.out(f"journalctl -u {UNIT} --no-pager | tail -n 200"))
