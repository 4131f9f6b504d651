"""What is on the pictures: ffmpeg on the host decodes them."""

import subprocess

# vivid's "100% Colorbar", from left to right.
BARS = [
    ("white", (255, 255, 255)),
    ("yellow", (255, 255, 0)),
    ("cyan", (0, 255, 255)),
    ("green", (0, 255, 0)),
    ("magenta", (255, 0, 255)),
    ("red", (255, 0, 0)),
    ("blue", (0, 0, 255)),
    ("black", (0, 0, 0)),
]

FFMPEG = ["ffmpeg", "-nostdin", "-hide_banner", "-v", "warning"]


def complaints(jpegs):
    """What a decoder has to say on these pictures; nothing is right."""
    command = [*FFMPEG, "-f", "image2pipe", "-c:v", "mjpeg", "-i", "-", "-f", "null", "-"]
    command.remove("-nostdin")
    return subprocess.run(command, input=b"".join(jpegs), capture_output=True, check=False).stderr.decode()


def stream_complaints(url, frames, seconds):
    """The same for ffmpeg as a viewer of the stream itself."""
    command = [*FFMPEG, "-i", url, "-frames:v", str(frames), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    return done.stderr.decode() + (f"status {done.returncode}" if done.returncode else "")


class Pixels:
    """A picture as RGB."""

    def __init__(self, jpeg):
        self.width, self.height = size(jpeg)
        # The full range of JPEG kept, accurately: the colours are compared.
        scale = ["-vf", "scale=flags=accurate_rnd+full_chroma_int:in_range=full:out_range=full"]
        command = ["ffmpeg", "-v", "error", "-f", "image2pipe", "-c:v", "mjpeg", "-i", "-", *scale]
        self.data = subprocess.run(
            [*command, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
            input=jpeg, capture_output=True, check=True,
        ).stdout  # fmt: skip
        assert len(self.data) == self.width * self.height * 3

    def at(self, x, y, around=4):
        """The mean colour of a small square."""
        total = [0, 0, 0]
        for row in range(y - around, y + around + 1):
            for column in range(x - around, x + around + 1):
                start = (row * self.width + column) * 3
                for channel in range(3):
                    total[channel] += self.data[start + channel]
        return tuple(value / (2 * around + 1) ** 2 for value in total)

    def bars(self):
        """The colours in the middle of eight upright bars."""
        return [self.at(self.width * (2 * bar + 1) // 16, self.height // 2) for bar in range(8)]


def size(jpeg):
    """(width, height), from the start-of-frame marker."""
    at = 2
    while at + 9 < len(jpeg):
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xC2:
            return int.from_bytes(jpeg[at + 7 : at + 9], "big"), int.from_bytes(jpeg[at + 5 : at + 7], "big")
        at += 2 + length
    raise ValueError("no start of frame")


def wrong_bars(jpeg, grey=False, mirrored=False, tolerance=30):
    """The bars that have another colour than vivid drew, as words; none is right."""
    wrong = []
    bars = BARS[::-1] if mirrored else BARS
    for (name, colour), seen in zip(bars, Pixels(jpeg).bars(), strict=True):
        if grey:
            # vivid's grey goes by Rec. 709.
            luma = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]
            colour = (luma, luma, luma)
        if max(abs(a - b) for a, b in zip(colour, seen, strict=True)) > tolerance:
            wrong.append(f"{name} is ({', '.join(f'{value:.0f}' for value in seen)})")
    return wrong
