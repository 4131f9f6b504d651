"""The base of the proof: a guest that has what a user has, a Debian with cameras and mjpegd's package."""

import re

from harness import case
from harness.viewer import until

SETTINGS = "/etc/mjpegd.toml"
UNIT = "mjpegd.service"
# From a start of the service to a picture, on an emulated processor.
LIVE_SECONDS = 60
# The machine as it is kept: with two cameras and no mjpegd, and with the package.
BARE, INSTALLED = "bare", "installed"
# What a package manager, a journal and a running system write by themselves.
NOT_OURS = "/proc /sys /dev /run /tmp /var/lib/dpkg /var/lib/apt /var/lib/systemd /var/log /var/cache/apt /var/lib/deb-systemd-helper"


class Proof(case.Case):
    # What the tests begin with. To go back there takes seconds; to purge and install, a minute and more.
    BEGINS = INSTALLED
    # Whether each does, or is content with a daemon that still runs after the one before.
    EACH_ANEW = True
    _kept = set()
    _latest = None

    @property
    def package(self):
        return case.PACKAGE

    def setUp(self):
        if self.EACH_ANEW or Proof._latest is not type(self) or self.show("ActiveState") != "active":
            self.begin()
        Proof._latest = type(self)
        super().setUp()

    def begin(self):
        if self.BEGINS in self._kept:
            self.vm.go_back(self.BEGINS)
        else:
            self.prepare()

    def prepare(self):
        if BARE in self._kept:
            self.vm.go_back(BARE)
        else:
            self.vm.run("echo options vivid n_devs=2 node_types=0x1,0x1 vid_cap_nr=0,1 >/etc/modprobe.d/cameras.conf; "
                        "echo vivid >/etc/modules-load.d/cameras.conf; modprobe vivid; udevadm settle")  # fmt: skip
            Proof.files_before = self.files()
            self.keep(BARE)
        if self.BEGINS == INSTALLED:
            self.package.install_by_apt()
            self.assert_streams("a live picture right after the installation")
            self.keep(INSTALLED)

    def files(self):
        """The names of all files, and what stands in /etc but for the users, whom policy lets stay."""
        prune = " -o ".join(f"-path {path}" for path in NOT_OURS.split())
        names = self.vm.out(f"find / -xdev \\( {prune} \\) -prune -o -print", timeout=120).splitlines()
        sums = self.vm.out("cd /etc && find . -type f ! -name '*passwd*' ! -name '*shadow*' ! -name '*group*' ! -name ld.so.cache "
                           "-exec md5sum {} +", timeout=120).splitlines()  # fmt: skip
        return set(names + sums)

    def keep(self, name):
        self.vm.keep(name)
        self._kept.add(name)

    def tearDown(self):
        pass

    def show(self, name, unit=UNIT):
        return self.vm.out(f"systemctl show --value -p {name} {unit}")

    def set(self, key, value, settings=SETTINGS):
        """As a user edits the settings: takes the comment sign from the line of the key, and puts the value in."""
        self.vm.run(f"sed -i 's|^# {key} = .*|{key} = {value}|' {settings}")
        self.assertEqual(self.vm.out(f"grep '^{key} = ' {settings}"), f"{key} = {value}")

    def assert_streams(self, why="a live picture", guest_port=8080):
        """Somebody outside sees the camera; a service that comes up may still refuse him, and QEMU then takes his call and drops
        it."""
        def live():
            return self.watch(guest_port=guest_port).wait_for(lambda frame: frame.live, LIVE_SECONDS)

        frame = until(live, LIVE_SECONDS, pause=0.5)
        self.assertIsNotNone(frame, why)
        return frame

    def assert_comes_back(self, before):
        """As another process, by itself."""
        self.assertTrue(until(lambda: self.show("MainPID") not in ("0", before), 120, pause=1), "a new process")
        self.assert_streams("a live picture of the new process")

    def status(self, unit=UNIT):
        return self.vm.run(f"systemctl status --no-pager --full {unit}", check=False).stdout

    def seconds_to_ready(self):
        """From the kernel's start."""
        return int(self.show("ActiveEnterTimestampMonotonic")) / 1e6

    def journal(self, name):
        return self.vm.out(f"journalctl --no-pager -o cat -t {name}")

    def assert_in_words(self, pattern, text):
        self.assertRegex(re.sub(r"\s+", " ", text), pattern)
