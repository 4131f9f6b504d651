"""The unit file itself."""

from harness.case import Case
from harness.service import UNIT


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
