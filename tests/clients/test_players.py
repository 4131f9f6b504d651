"""Players and libraries: each reads pictures, and they move."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest

from daemon import Daemon, until


def run(*words, seconds=60, **options):
    return subprocess.run(words, capture_output=True, timeout=seconds, check=False, **options)


@contextlib.contextmanager
def playing(*words, **environment):
    """Programs that play until they are ended; gives what they have said so far."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, **environment})
        try:
            yield lambda: os.pread(said.fileno(), 1 << 24, 0).decode(errors="replace")
        finally:
            process.kill()
            process.wait()


def contents(files):
    return {pathlib.Path(file).read_bytes() for file in files}


class Players(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)

    def test_vlc_shows_pictures_that_differ(self):
        with tempfile.TemporaryDirectory() as folder:
            # As another user: VLC does not run as root.
            os.chmod(folder, 0o777)
            as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.getuid() == 0 else []
            words = ["cvlc", "--intf", "dummy", "--no-audio", "--vout", "dummy", "--video-filter", "scene", "--scene-format", "png",
                     "--scene-ratio", "10", "--scene-path", folder, self.daemon.url("/stream")]  # fmt: skip

            def differ():
                return len(contents(name for name in os.scandir(folder) if name.name.endswith(".png"))) > 3

            with playing(*as_nobody, *words, HOME=folder) as said:
                self.assertTrue(until(differ), said())

    def test_ffplay_shows_pictures_that_differ(self):
        words = ["ffplay", "-hide_banner", "-nostats", "-vf", "showinfo", self.daemon.url("/stream")]
        with playing(*words, SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy") as said:
            self.assertTrue(until(lambda: len(set(re.findall(" checksum:([0-9A-F]+) ", said()))) > 10), said()[-2000:])

    def test_gstreamer_decodes_the_stream(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("gst-launch-1.0", "-q", "souphttpsrc", f"location={self.daemon.url('/stream')}", "num-buffers=400", "!",
                       "multipartdemux", "!", "jpegdec", "!", "multifilesink", f"location={folder}/%04d")  # fmt: skip
            self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
            self.assertGreater(len(contents(os.scandir(folder))), 10, done.stderr.decode()[-2000:])

    def test_opencv_captures_frames_that_differ(self):
        import cv2

        capture = cv2.VideoCapture(self.daemon.url("/stream"))
        self.assertTrue(capture.isOpened())
        frames = []
        for _ in range(20):
            there, frame = capture.read()
            self.assertTrue(there)
            self.assertEqual(frame.shape, (480, 640, 3))
            frames.append(frame.tobytes())
        capture.release()
        self.assertGreater(len(set(frames)), 10)

    def test_ffmpeg_copies_the_stream(self):
        done = run("ffmpeg", "-nostdin", "-v", "warning", "-i", self.daemon.url("/stream"), "-frames:v", "30", "-c", "copy",
                   "-f", "null", "-")  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_curl_gets_a_snapshot_and_the_stream(self):
        picture = run("curl", "-sS", "--fail", self.daemon.url("/snapshot")).stdout
        self.assertEqual((picture[:2], picture[-2:]), (b"\xff\xd8", b"\xff\xd9"))
        stream = run("curl", "-sS", "--max-time", "2", self.daemon.url("/stream")).stdout
        self.assertGreater(stream.count(b"--boundarydonotcross\r\n"), 20)


class Libraries(unittest.TestCase):
    """The rules of programs that are too large to install, as their source has them."""

    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)

    def test_octoprint_gets_its_snapshot(self):
        # classicwebcam: requests.get with its default timeout, a status of 2xx, and the body written as it comes.
        import requests

        answer = requests.get(self.daemon.url("/?action=snapshot"), stream=True, timeout=5)
        answer.raise_for_status()
        body = b"".join(answer.iter_content(1024))
        self.assertEqual((body[:2], body[-2:]), (b"\xff\xd8", b"\xff\xd9"))

    def test_home_assistant_cuts_a_still_picture_out_of_the_stream(self):
        # components/mjpeg: pieces of 102400 bytes, from the first FFD8 to the first FFD9.
        import requests

        began = time.monotonic()
        data = b""
        with requests.get(self.daemon.url("/stream"), stream=True, timeout=10) as answer:
            for chunk in answer.iter_content(102400):
                data += chunk
                start, end = data.find(b"\xff\xd8"), data.find(b"\xff\xd9")
                if -1 < start < end:
                    break
        self.assertLess(time.monotonic() - began, 10)
        done = run("ffmpeg", "-v", "error", "-f", "mjpeg", "-i", "-", "-frames:v", "1", "-f", "null", "-", input=data[start : end + 2])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_go2rtc_finds_a_length_in_each_part(self):
        # pkg/mpjpeg: lines up to a boundary, headers, Content-Length, so many bytes; only empty lines in between.
        connection = socket.create_connection(("127.0.0.1", self.daemon.port), 10)
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: camera\r\n\r\n")
        stream = connection.makefile("rb")
        while stream.readline() != b"\r\n":
            pass
        for _ in range(10):
            line = stream.readline()
            while line == b"\r\n":
                line = stream.readline()
            self.assertTrue(line.startswith(b"--"), line)
            headers = {}
            while (line := stream.readline()) != b"\r\n":
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            picture = stream.read(int(headers["content-length"]))
            self.assertEqual((picture[:2], picture[-2:]), (b"\xff\xd8", b"\xff\xd9"))
        connection.close()


class Proxy(unittest.TestCase):
    def test_behind_nginx_with_its_defaults_pictures_do_not_get_old(self):
        daemon = Daemon("--overlay-text", "")
        self.addCleanup(daemon.close)
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            config = os.path.join(folder, "nginx.conf")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"""daemon off; pid {folder}/pid; error_log stderr; events {{}}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
server {{ listen 127.0.0.1:{port}; location /webcam/ {{ proxy_pass http://127.0.0.1:{daemon.port}/; }} }} }}""")
            nginx = subprocess.Popen(["nginx", "-c", config], stderr=subprocess.PIPE)
            self.addCleanup(nginx.stderr.close)
            self.addCleanup(nginx.wait)
            self.addCleanup(nginx.terminate)
            self.assertTrue(until(lambda: os.path.exists(os.path.join(folder, "pid"))), "nginx listens")
            ages = self.ages(f"http://127.0.0.1:{port}/webcam/stream?extra_headers=1", 8)
        self.assertGreater(len(ages), 100)
        # Were it buffered, each would be older than the one before.
        self.assertLess(max(ages[-30:]), 1.0, ages[-30:])

    def ages(self, url, seconds):
        import urllib.request

        ages, end = [], time.monotonic() + seconds
        with urllib.request.urlopen(url, timeout=10) as stream:
            while time.monotonic() < end:
                line = stream.readline()
                found = re.match(rb"X-UStreamer-Grab-Begin-Time: ([0-9.]+)", line)
                if found:
                    ages.append(time.clock_gettime(time.CLOCK_MONOTONIC) - float(found[1]))
        return ages


if __name__ == "__main__":
    unittest.main()
