// feeder DEVICE WIDTH HEIGHT FPS FILE...: writes JPEG files in turn to a v4l2loopback device, as an MJPEG camera gives
// them. Runs until it is killed, or until the device goes.
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct picture {
    unsigned char *bytes;
    size_t length;
};

static void fail(const char *what) {
    fprintf(stderr, "feeder: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct picture load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0)
        fail(path);
    struct picture picture = {.length = (size_t)ftell(file)};
    picture.bytes = malloc(picture.length);
    rewind(file);
    if (!picture.bytes || fread(picture.bytes, 1, picture.length, file) != picture.length)
        fail(path);
    fclose(file);
    return picture;
}

static int open_device(const char *path, unsigned width, unsigned height, unsigned fps) {
    int device = open(path, O_RDWR);
    if (device < 0)
        fail(path);
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    format.fmt.pix = (struct v4l2_pix_format){
        .width = width,
        .height = height,
        .pixelformat = V4L2_PIX_FMT_MJPEG,
        .field = V4L2_FIELD_NONE,
        .sizeimage = width * height * 2,
        .colorspace = V4L2_COLORSPACE_JPEG,
    };
    if (ioctl(device, VIDIOC_S_FMT, &format) < 0)
        fail("VIDIOC_S_FMT");
    struct v4l2_streamparm rate = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    rate.parm.output.timeperframe = (struct v4l2_fract){.numerator = 1, .denominator = fps};
    if (ioctl(device, VIDIOC_S_PARM, &rate) < 0)
        fail("VIDIOC_S_PARM");
    return device;
}

int main(int count, char **words) {
    if (count < 6) {
        fprintf(stderr, "usage: feeder DEVICE WIDTH HEIGHT FPS FILE...\n");
        return 64;
    }
    unsigned fps = (unsigned)atoi(words[4]);
    int pictures_count = count - 5;
    struct picture *pictures = calloc((size_t)pictures_count, sizeof *pictures);
    if (!pictures || fps == 0)
        fail("arguments");
    for (int i = 0; i < pictures_count; i++)
        pictures[i] = load(words[5 + i]);
    int device = open_device(words[1], (unsigned)atoi(words[2]), (unsigned)atoi(words[3]), fps);

    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (unsigned long turn = 0;; turn++) {
        struct picture *picture = &pictures[turn % (unsigned long)pictures_count];
        if (write(device, picture->bytes, picture->length) < 0)
            fail("write");
        // Absolute times: a write that took long does not lower the rate.
        next.tv_nsec += 1000000000L / fps;
        while (next.tv_nsec >= 1000000000L) {
            next.tv_nsec -= 1000000000L;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}
