/* The newest frame of mjpegd, out of shared memory: each one to standard output, and what is told of it to standard error.
 *
 *     cc -O2 -o latest latest.c && ./latest camera >frames.mjpeg        with mjpegd --sink camera
 *
 * docs/shared-memory.md describes the layout. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct slot {
    _Atomic uint32_t turn; /* of the frame in it, whole; 0 while it is written */
    uint32_t length;
    uint64_t number, captured, published; /* the times in nanoseconds of CLOCK_MONOTONIC */
    uint32_t width, height, live, unused[5];
};

struct header {
    char magic[8];
    uint32_t version, header_bytes, slots, slot_bytes, pid, unused[9];
    _Atomic uint32_t turn; /* of the newest frame; 0: there is none */
    _Atomic uint32_t closed, alive;
    uint32_t unused2[13];
    struct slot slot[4];
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Maps the object of this name, of `*bytes` bytes; NULL: there is none. */
static const struct header *attach(const char *path, int *file, size_t *bytes) {
    *file = open(path, O_RDONLY | O_CLOEXEC);
    if (*file < 0 && errno == ENOENT)
        return NULL;
    struct stat is;
    if (*file < 0 || fstat(*file, &is) < 0 || is.st_size < 4096)
        perror(path), exit(1);
    *bytes = is.st_size;
    const struct header *header = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, *file, 0);
    if (header == MAP_FAILED || memcmp(header->magic, "MJPEGD\r\n", 8) != 0 || header->version != 1)
        fprintf(stderr, "%s: not what this program reads\n", path), exit(1);
    return header;
}

/* Copies the frame of this turn. 0: it is being written over, and there is a newer one. */
static int take(const struct header *header, uint32_t turn, struct slot *told, unsigned char *jpeg) {
    const struct slot *slot = &header->slot[turn % header->slots];
    if (atomic_load_explicit(&slot->turn, memory_order_acquire) != turn)
        return 0;
    memcpy(told, (const void *)slot, sizeof *told);
    if (told->length > header->slot_bytes)
        return 0; /* copied while it was changed */
    memcpy(jpeg, (const char *)header + header->header_bytes + turn % header->slots * (size_t)header->slot_bytes, told->length);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&slot->turn, memory_order_relaxed) == turn;
}

/* Until there is another turn than this, for at most a second. */
static void wait_for_another(const struct header *header, uint32_t turn) {
    struct timespec second = {.tv_sec = 1};
    syscall(SYS_futex, &header->turn, FUTEX_WAIT, turn, &second, NULL, 0);
}

/* Prints frames until this object is no longer the one of that name. */
static void follow(const char *path, const struct header *header, int file) {
    unsigned char *jpeg = malloc(header->slot_bytes);
    struct stat is, there;
    for (uint32_t last = 0; jpeg && !header->closed;) {
        flock(file, LOCK_SH | LOCK_NB); /* says that somebody reads; the kernel takes it back when this ends */
        uint32_t turn = atomic_load_explicit(&header->turn, memory_order_acquire);
        struct slot told;
        if (turn == 0 || turn == last || now() - header->alive > 5) {
            wait_for_another(header, turn);
            if (header->turn == turn && (fstat(file, &is) < 0 || stat(path, &there) < 0 || is.st_ino != there.st_ino))
                break;
        } else if (take(header, turn, &told, jpeg)) {
            last = turn;
            if (!told.live)
                continue; /* it stands for a camera that is not there */
            if (fwrite(jpeg, told.length, 1, stdout) != 1 || fflush(stdout) != 0)
                exit(0);
            fprintf(stderr, "%llu: %ux%u, %u bytes, %.1f ms old\n", (unsigned long long)told.number, told.width, told.height,
                    told.length, (now() - told.captured / 1e9) * 1e3);
        }
    }
    free(jpeg);
}

int main(int count, char **words) {
    char path[256];
    snprintf(path, sizeof path, "/dev/shm/%s", count > 1 ? words[1] : "camera");
    for (;;) {
        int file;
        size_t bytes;
        const struct header *header = attach(path, &file, &bytes);
        if (!header) {
            usleep(100000);
            continue;
        }
        follow(path, header, file);
        munmap((void *)header, bytes);
        close(file);
    }
}
