"""The unit file itself."""

import os

from harness.case import Case
from harness.service import UNIT
from harness.viewer import get

SLIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "config", "slides", "1.jpg")


class TheUnit(Case):
    def test_systemd_finds_nothing_wrong_with_it(self):
        found = self.vm.run(f"systemd-analyze verify --man=no /etc/systemd/system/{UNIT}", check=False)
        self.assertEqual((found.returncode, found.stdout + found.stderr), (0, ""))

    def test_it_is_hardened(self):
        rating = self.vm.out(f"systemd-analyze security --no-pager {UNIT} | tail -n 1")
        print("test-system:", rating, flush=True)
        exposure = float(rating.split("level for")[1].split(":")[1].split()[0])
        # 0 is closed and 10 open. What a camera and a listening socket need is more than 1.
        self.assertLessEqual(exposure, 2.0)

    def test_its_sandbox_lets_a_program_bring_the_pictures(self):
        self.vm.copy(SLIDE, "/usr/local/share/slide.jpg")
        self.vm.write("/usr/local/bin/slides", "#!/bin/sh\nwhile cat /usr/local/share/slide.jpg; do sleep 0.1; done\n", "755")
        place = self.service.start("--source", "command", "--command", "/usr/local/bin/slides")
        status, _, jpeg = get(self.vm, "/snapshot")
        self.assertEqual(status, 200, self.service.log(place))
        with open(SLIDE, "rb") as file:
            self.assertEqual(jpeg, file.read())
