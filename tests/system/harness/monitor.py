"""QEMU's monitor: what a hand at the machine would do to its plugs."""

import json
import socket

# A snapshot writes all of the memory that the guest uses.
ANSWER_SECONDS = 120


class Monitor:
    """One connection to it; QEMU talks to one at a time."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_SECONDS)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rw")
        self._next()  # The greeting.
        self.ask("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._socket.close()

    def ask(self, command, **arguments):
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._lines.flush()
        while "return" not in (answer := self._next()):
            if "error" in answer:
                raise RuntimeError(f"QEMU's monitor: {command}: {answer['error']['desc']}")
        return answer["return"]

    def words(self, line):
        """A command of the human monitor; its answer, or its complaint, is text."""
        return self.ask("human-monitor-command", **{"command-line": line})

    def wait_for(self, event):
        while self._next().get("event") != event:
            pass

    def _next(self):
        line = self._lines.readline()
        if not line:
            raise OSError("QEMU's monitor closed the connection")
        return json.loads(line)
