"""The package is followed by a newer one, and goes."""

from harness.proof import SETTINGS, Proof


class ThePackage(Proof):
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

    def test_removed_it_keeps_the_settings_and_purged_it_leaves_nothing(self):
        self.set("resolution", '"640x480"')
        self.package.remove()
        self.assertEqual(self.vm.out("pgrep -l mjpegd; ls /usr/bin | grep mjpegd; true"), "")
        self.package.install()
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")
        self.vm.run("systemctl enable mjpegd@front mjpegd.socket")
        self.package.purge()
        self.assertEqual(sorted(self.files() ^ self.files_before), [])
        self.assertEqual(self.vm.out("pgrep -l mjpegd; systemctl list-units --all --plain --no-legend 'mjpegd*'; "
                                     "systemctl list-unit-files --no-legend 'mjpegd*'; true"), "")  # fmt: skip
