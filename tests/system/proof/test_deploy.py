"""`make deploy`: from a machine that builds to a board that ssh reaches, and back when it fails."""

import os
import subprocess
import unittest

from harness import case
from harness.proof import BARE, INSTALLED, SETTINGS, Proof

DEPLOY = os.path.join(os.path.dirname(__file__), "..", "..", "..", "cross", "deploy")
DEPLOY_SECONDS = 600
TARGETS = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
# It says its version and cannot do more.
ENDS_AT_ONCE = b'#!/bin/sh\n[ "$1" = --version ] || exit 1\n'


class Deploying(Proof):
    def deploy(self, status=0, user="pi", **what):
        done = subprocess.run(
            [DEPLOY, "camera"], timeout=DEPLOY_SECONDS, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "SSH_OPTIONS": f"-F {self.vm.ssh_config(user)}", **what},
        )  # fmt: skip
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, said)
        self.assertEqual(self.vm.out("ls -d /tmp/mjpegd-deploy.* 2>/dev/null; true"), "", "left on the board")
        return said

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o755)
        return path

    def binary(self):
        """The package's."""
        there = os.path.join(self.folder, "unpacked")
        subprocess.run(["dpkg-deb", "-x", self.package.deb, there], check=True)
        return os.path.join(there, "usr", "bin", "mjpegd")

    def for_another_processor(self):
        with open(self.binary(), "rb") as file:
            program = bytearray(file.read())
        program[18] ^= 0x55  # e_machine.
        return self.file("foreign", bytes(program))

    def broken(self, there):
        with open(os.path.join(there, "usr", "bin", "mjpegd"), "wb") as file:
            file.write(ENDS_AT_ONCE)


class Deploy(Deploying):
    BEGINS = BARE

    def test_one_binary_goes_to_a_bare_board_again_and_back(self):
        binary = self.binary()
        said = self.deploy(BINARY=binary)
        self.assertIn(TARGETS[case.ARCH], said)
        self.assertIn("Active: active (running)", said)
        self.assertIn("http://127.0.0.1:8080/", said)
        self.assert_streams()
        self.assertEqual(self.show("UnitFileState"), "enabled")
        self.set("resolution", '"640x480"')

        before = self.show("MainPID")
        self.deploy(BINARY=binary)
        self.assertNotEqual(self.show("MainPID"), before)
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")

        before = self.show("MainPID")
        said = self.deploy(1, BINARY=self.for_another_processor())
        self.assertIn("nothing has been changed", said)
        self.assertEqual(self.show("MainPID"), before)

        said = self.deploy(1, BINARY=self.file("broken", ENDS_AT_ONCE))
        self.assertIn("the one before runs again", said)
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")
        self.assertEqual(self.vm.out("ls /usr/bin | grep mjpegd"), "mjpegd")

    def test_a_package_goes_there_and_a_newer_one_that_fails_goes_back(self):
        self.deploy(DEB=self.package.deb)
        self.assert_streams()
        self.set("resolution", '"640x480"')

        self.deploy(DEB=self.package.changed("99.0-1", lambda there: None).deb)
        self.assertEqual(self.package.installed_version(), "99.0-1")
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")

        said = self.deploy(1, DEB=self.package.changed("99.1-1", self.broken).deb)
        self.assertIn("the one before runs again", said)
        self.assertEqual(self.package.installed_version(), "99.0-1")
        self.assertEqual(self.assert_streams().headers["x-ustreamer-width"], "640")

    def test_a_first_one_that_fails_says_so(self):
        self.vm.write(SETTINGS, "no-such-key = 1\n")
        said = self.deploy(1, BINARY=self.binary())
        self.assertIn("no-such-key", said)
        self.assertIn("there was none before", said)


class DeployOverAPackage(Deploying):
    BEGINS = INSTALLED

    def test_one_that_came_otherwise_has_its_files_put_back(self):
        said = self.deploy(1, DEB=self.package.changed("99.1-1", self.broken).deb)
        self.assertIn("its files are back", said)
        self.assert_streams()


class Unreachable(unittest.TestCase):
    def test_a_board_that_does_not_answer_is_named(self):
        done = subprocess.run([DEPLOY, "nobody.invalid"], timeout=120, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody.invalid", done.stderr)
