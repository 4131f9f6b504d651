"""The package comes, is followed by a newer one, and goes."""

from harness.proof import SETTINGS, Proof

# What a package manager, a journal and a running system write by themselves.
NOT_OURS = "/proc /sys /dev /run /tmp /var/lib/dpkg /var/lib/apt /var/lib/systemd /var/log /var/cache/apt /var/lib/deb-systemd-helper"


class ThePackage(Proof):
    def files(self):
        """The names of all files, and what stands in /etc but for the users, whom policy lets stay."""
        prune = " -o ".join(f"-path {path}" for path in NOT_OURS.split())
        names = self.vm.out(f"find / -xdev \\( {prune} \\) -prune -o -print | sort", timeout=120).splitlines()
        sums = self.vm.out("cd /etc && find . -type f ! -name '*passwd*' ! -name '*shadow*' ! -name '*group*' ! -name ld.so.cache "
                           "-exec md5sum {} + | sort", timeout=120).splitlines()  # fmt: skip
        return set(names + sums)

    def test_purged_it_leaves_nothing(self):
        self.package.purge()
        before = self.files()
        self.package.install()
        self.assert_streams()
        self.vm.run("systemctl start mjpegd@front; true")
        self.package.purge()
        self.assertEqual(sorted(self.files() ^ before), [])
        self.assertEqual(self.vm.out("pgrep -l mjpegd; systemctl list-units --all --plain --no-legend 'mjpegd*'; "
                                     "systemctl list-unit-files --no-legend 'mjpegd*'; true"), "")  # fmt: skip

    def test_removed_it_keeps_the_settings_and_installed_again_it_runs_on_them(self):
        self.set("resolution", '"640x480"')
        self.vm.run("apt-get remove -y mjpegd", timeout=120)
        self.assertEqual(self.vm.out("pgrep -l mjpegd; ls /usr/bin | grep mjpegd; true"), "")
        self.package.install()
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")

    def test_a_newer_one_runs_at_once_and_keeps_edited_settings(self):
        self.set("resolution", '"640x480"')
        self.vm.run("systemctl restart mjpegd")
        before = self.show("MainPID")

        def other_settings(there):
            with open(f"{there}/etc/mjpegd.toml", "a", encoding="utf-8") as file:
                file.write("# A line that is new.\n")

        newer = self.package.changed("99.0-1", other_settings)
        newer.install()
        self.assertEqual(self.package.installed_version(), "99.0-1")
        self.assertNotEqual(self.show("MainPID"), before)
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")
        self.assertEqual(self.vm.out(f"grep -c 'A line that is new' {SETTINGS}; true"), "0")
