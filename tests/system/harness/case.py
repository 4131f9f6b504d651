"""The base of all tests: they share one machine, each begins with cameras and a service of its own."""

import unittest

from harness.viewer import Viewer

# Set once by main.py.
VM = SERVICE = PACKAGE = FOLDER = ARCH = None


class Case(unittest.TestCase):
    longMessage = True
    maxDiff = None

    @property
    def vm(self):
        return VM

    @property
    def service(self):
        return SERVICE

    @property
    def folder(self):
        return FOLDER

    def setUp(self):
        # A failure comes with the journal from here.
        self.place = self.vm.journal_place()

    def tearDown(self):
        self.service.stop()

    def watch(self, **options):
        """A viewer who leaves with the test."""
        viewer = Viewer(self.vm, **options)
        self.addCleanup(viewer.close)
        return viewer

    def assert_live(self, viewer, seconds, since=0, why="a live picture"):
        frame = viewer.wait_for(lambda frame: frame.live, seconds, since)
        self.assertIsNotNone(frame, f"{why} within {seconds} s; {self._seen(viewer, since)}")
        return frame

    def assert_placard(self, viewer, seconds, since=0, why="a placard"):
        frame = viewer.wait_for(lambda frame: not frame.live, seconds, since)
        self.assertIsNotNone(frame, f"{why} within {seconds} s; {self._seen(viewer, since)}")
        return frame

    @staticmethod
    def _seen(viewer, since):
        frames = viewer.frames[since:]
        live = sum(frame.live for frame in frames)
        return f"seen: {live} live, {len(frames) - live} placards, connection: {viewer.ended or 'open'}"
