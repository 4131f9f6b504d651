/* The meter: a file shared with a benchmark, in which the cameras tell what they did. */
#define _GNU_SOURCE
#include "fakecam.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define METER_BYTES 16384
#define TIMES 1024

enum word { CPU, FILLED, LOST, NEWEST, FIRST_TIME = 8 };

static uint64_t *words;

static void map(void)
{
	const char *path = setting("FAKECAM_METER", NULL);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat status;

	if (fd < 0)
		return;
	if (!fstat(fd, &status) && status.st_size >= METER_BYTES) {
		void *memory = mmap(NULL, METER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		words = memory == MAP_FAILED ? NULL : memory;
	}
	close(fd);
}

static int metered(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, map);
	return words != NULL;
}

void meter_filled(uint64_t sequence, uint64_t taken)
{
	if (!metered())
		return;
	__atomic_store_n(&words[FIRST_TIME + sequence % TIMES], taken, __ATOMIC_RELEASE);
	__atomic_store_n(&words[NEWEST], sequence + 1, __ATOMIC_RELEASE);
	__atomic_fetch_add(&words[FILLED], 1, __ATOMIC_RELEASE);
}

void meter_lost(void)
{
	if (metered())
		__atomic_fetch_add(&words[LOST], 1, __ATOMIC_RELEASE);
}

void meter_cpu(uint64_t *counted)
{
	struct timespec time;

	if (!metered())
		return;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	uint64_t spent = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
	/* Added, so that the times of several cameras, and of one that starts again, come together. */
	__atomic_fetch_add(&words[CPU], spent - *counted, __ATOMIC_RELEASE);
	*counted = spent;
}
