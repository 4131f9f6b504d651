"""Boots the image, runs the tests on it, says how they went. Called by `run`, which prepares everything."""

import argparse
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from harness import case  # noqa: E402
from harness.package import Package  # noqa: E402
from harness.service import Service  # noqa: E402
from harness.vm import Vm  # noqa: E402


# Of the processor time that the guest asks for: with less, what goes by the clock may come late.
BUSY = 0.9
# More failures than these are not the host's.
SECOND_TRIES = 3


def say(*words):
    print("test-system:", *words, file=sys.stderr, flush=True)


class Result(unittest.TestResult):
    """One line a test, with its time; the journal of the service below a test that failed."""

    def __init__(self, vm):
        super().__init__()
        self._vm = vm
        self.passed = 0
        self.failed = []
        self._begin()

    def startTest(self, test):
        super().startTest(test)
        self._begin()

    def _begin(self):
        self._began = time.monotonic()
        self._bad = False

    def _failure(self, test, error):
        self._bad = True
        self._say(test, "FAILED")
        print(self._exc_info_to_string(error, test), file=sys.stderr)
        try:
            place = getattr(getattr(test, "test_case", test), "place", "")
            words = "journalctl -q -o short-monotonic --no-pager -t mjpegd -t systemd -t feeder"
            # Of the test alone; a reboot has begun a new journal.
            journal = self._vm.out(f"{words} --after-cursor='{place}' | tail -n 60") or self._vm.out(f"{words} | tail -n 60")
            print("--- the guest's journal of this test\n" + journal + "\n---", file=sys.stderr, flush=True)
        except Exception as lost:  # With the guest gone there is nothing to test any more.
            say(f"no journal: {lost}")
            self.stop()

    def addFailure(self, test, err):
        self._failure(test, err)

    def addError(self, test, err):
        self._failure(test, err)
        if not isinstance(test, unittest.TestCase):  # The cameras of a whole class: none of its tests ran.
            self.failed.append(test.id())

    def addSubTest(self, test, subtest, err):
        if err:
            self._failure(subtest, err)

    def stopTest(self, test):
        super().stopTest(test)
        if self._bad:
            self.failed.append(test.id())
        else:
            self.passed += 1
            self._say(test, "ok")

    def _say(self, test, verdict):
        say(f"{verdict:6} {test.id()} ({time.monotonic() - self._began:.0f} s)")


def compile_for(arch, name, folder):
    own = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    compiler = "gcc" if arch == own else {"arm64": "aarch64-linux-gnu-gcc", "amd64": "x86_64-linux-gnu-gcc"}[arch]
    program = os.path.join(folder, name)
    # Static: it then runs on whatever C library the guest has.
    source = os.path.join(HERE, f"{name}.c")
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, source], check=True)
    return program


def tests_named(patterns, skipped, folder):
    sys.path.insert(0, folder)
    suite = unittest.TestSuite()
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        name = os.path.basename(path)[:-3]
        for group in unittest.defaultTestLoader.loadTestsFromName(name):
            for test in group:
                wanted = not patterns or any(re.search(pattern, test.id()) for pattern in patterns)
                if wanted and not any(re.search(pattern, test.id()) for pattern in skipped):
                    suite.addTest(test)
    return suite


def run(suite, vm):
    """Runs the tests; those that failed while the host was busy with something else have a second try, and it is told."""
    result = Result(vm)
    began = time.monotonic()
    tests = list(suite)  # A suite forgets those that it has run.
    suite.run(result)
    granted = vm.granted_since((0, 0))
    say(f"the tests took {time.monotonic() - began:.0f} s; the host gave {granted:.0%} of the processor time asked for")
    again = [test for test in tests if test.id() in result.failed]
    if len(again) == len(result.failed) <= SECOND_TRIES and granted < BUSY:
        for test in again:
            say(f"{test.id()} is tried once more, as the host was busy")
        again = [test.__class__(test._testMethodName) for test in again]
        result.failed.clear()
        unittest.TestSuite(again).run(result)
    return result


def put_in(vm, given, root, folder):
    """What the tests find in the guest: the binary under the project's unit, or for the proof nothing yet."""
    case.VM, case.ARCH, case.FOLDER = vm, given.arch, folder
    if given.subject.endswith(".deb"):
        case.PACKAGE = Package(vm, given.subject, folder)
        return
    case.SERVICE = Service(vm, root, given.subject)
    for name in ("feeder", "arrivals"):
        vm.copy(compile_for(given.arch, name, folder), f"/usr/local/bin/{name}", "755")


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--arch", required=True)
    words.add_argument("--image", required=True)
    words.add_argument("--qemu", required=True, help="the words that start QEMU, one a line")
    words.add_argument("--subject", required=True, help="a binary, or a package")
    words.add_argument("--shell", action="store_true")
    words.add_argument("--processors", type=int, help="of the guest [default: 1 for a package, 2 for a binary]")
    words.add_argument("--skip", action="append", default=[], metavar="PATTERN")
    words.add_argument("patterns", nargs="*")
    given = words.parse_args()
    root = os.path.dirname(os.path.dirname(HERE))
    is_proof = given.subject.endswith(".deb")
    suite = tests_named(given.patterns, given.skip, os.path.join(HERE, "proof") if is_proof else HERE)
    # A kill must not leave a machine behind: it is to be Ctrl-C, since unittest takes an exit for a test that failed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    folder = tempfile.mkdtemp(prefix="mjpegd-tests-")
    # What dpkg, ssh and systemctl do is done one after the other: a second processor would wait, and wait busily. A raw camera
    # at full rate takes two.
    processors = given.processors or (1 if is_proof else 2)
    vm = Vm(given.arch, given.image, given.qemu.split("\n"), processors)
    failed = True
    try:
        say(f"the guest is up after {vm.wait_until_up():.0f} s")
        put_in(vm, given, root, folder)
        if given.shell:
            failed = False
            return subprocess.run(vm.ssh_words(), check=False).returncode
        result = run(suite, vm)
        failed = bool(result.failed)
    finally:
        tail = "\n".join(vm.serial().splitlines()[-30:])
        vm.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if failed:
            say("the end of the guest's serial log:\n" + tail)
    for name in result.failed:
        say(f"FAILED {name}")
    print(f"{result.passed} passed, {len(result.failed)} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
