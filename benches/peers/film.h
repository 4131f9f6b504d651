/* The frames of the two yardsticks: the .jpg files of a folder in the order of their names, kept open and read anew for
 * each frame, with the test camera's stamp behind SOI: a COM segment "FCAM", sequence, CLOCK_MONOTONIC nanoseconds. What
 * reading costs is the camera's, and goes into the same FAKECAM_METER (tests/camera/fakecam.h).
 */
#ifndef FILM_H
#define FILM_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILM_FILES 256
#define METER_BYTES 16384
#define STAMP_BYTES 26

static struct {
	int fd;
	size_t length;
} film[FILM_FILES];
static unsigned film_count;
/* Words 0 and 1: the processor time of the reading, and how many pictures there were, those that nobody read as well. */
static uint64_t *film_meter;

static int film_is_jpeg(const struct dirent *entry)
{
	return strstr(entry->d_name, ".jpg") != NULL;
}

static void film_open(const char *folder)
{
	struct dirent **entries;
	struct stat status;
	int count = scandir(folder, &entries, film_is_jpeg, alphasort);
	const char *meter = getenv("FAKECAM_METER");
	int meter_fd = meter ? open(meter, O_RDWR) : -1;
	void *memory = mmap(NULL, METER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, meter_fd, 0);

	film_meter = memory == MAP_FAILED ? NULL : memory;

	for (int i = 0; i < count && film_count < FILM_FILES; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		int fd = open(path, O_RDONLY);
		if (fd < 0 || fstat(fd, &status))
			continue;
		film[film_count].fd = fd;
		film[film_count++].length = (size_t)status.st_size;
	}
	if (!film_count) {
		fprintf(stderr, "no .jpg files in %s\n", folder);
		exit(1);
	}
}

static size_t film_length(uint64_t sequence)
{
	return film[sequence % film_count].length + STAMP_BYTES - 2;
}

static uint64_t film_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void film_read(uint64_t sequence, unsigned char *out)
{
	size_t rest = film_length(sequence) - STAMP_BYTES;
	uint64_t taken = film_clock(CLOCK_MONOTONIC), before = film_clock(CLOCK_THREAD_CPUTIME_ID);

	memcpy(out, "\xff\xd8\xff\xfe\0\26FCAM", 10);
	memcpy(out + 10, &sequence, 8);
	memcpy(out + 18, &taken, 8);
	if (pread(film[sequence % film_count].fd, out + STAMP_BYTES, rest, 2) != (ssize_t)rest) {
		perror("film");
		exit(1);
	}
	if (film_meter) {
		film_meter[0] += film_clock(CLOCK_THREAD_CPUTIME_ID) - before;
		film_meter[1] = sequence + 1;
	}
}

#endif
