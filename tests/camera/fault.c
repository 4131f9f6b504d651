/* What the environment asks for, and the faults of the moment. */
#define _GNU_SOURCE
#include "fakecam.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value && *value ? value : otherwise;
}

uint64_t nanoseconds(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void faults_read(struct faults *faults)
{
	const char *path = setting("FAKECAM_FAULT", NULL);
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t length = 0;

	if (fd >= 0) {
		length = read(fd, faults->words, sizeof faults->words - 1);
		close(fd);
	}
	faults->words[length < 0 ? 0 : length] = 0;
}

/* Finds WORD or WORD:NUMBER. */
int fault(const struct faults *faults, const char *word, unsigned *number)
{
	size_t length = strlen(word);
	const char *at = faults->words;

	while (*at) {
		size_t here = strcspn(at, " \n");
		if (here >= length && !memcmp(at, word, length) && (here == length || at[length] == ':')) {
			if (number)
				*number = here > length ? (unsigned)atoi(at + length + 1) : 0;
			return 1;
		}
		at += here;
		at += strspn(at, " \n");
	}
	return 0;
}

/* Finds NAME=WIDTHxHEIGHT. */
int fault_size(const struct faults *faults, const char *name, unsigned *width, unsigned *height)
{
	size_t length = strlen(name);
	const char *at = strstr(faults->words, name);

	return at && at[length] == '=' && sscanf(at + length + 1, "%ux%u", width, height) == 2;
}

__thread int fakecam_holds;

/* For as long as the fault lasts, without keeping other threads' calls waiting. */
static void hang(const char *call)
{
	struct faults faults;
	char word[64];

	snprintf(word, sizeof word, "hang=%s", call);
	faults_read(&faults);
	if (!fault(&faults, word, NULL))
		return;
	if (fakecam_holds)
		pthread_mutex_unlock(&fakecam_lock);
	do {
		usleep(10000);
		faults_read(&faults);
	} while (fault(&faults, word, NULL));
	if (fakecam_holds)
		pthread_mutex_lock(&fakecam_lock);
}

int fault_of(const char *call)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {
		{ "EACCES", EACCES }, { "EBUSY", EBUSY }, { "EINVAL", EINVAL }, { "EIO", EIO }, { "ENODEV", ENODEV },
		{ "ENOENT", ENOENT }, { "ENOSPC", ENOSPC }, { "EPERM", EPERM }, { "EPROTO", EPROTO },
		{ "ENOTTY", ENOTTY }, { "ENOMEM", ENOMEM }, { "ETIMEDOUT", ETIMEDOUT }, { "EPIPE", EPIPE }, { "ENOLINK", ENOLINK },
		{ "ENOLCK", ENOLCK }, { "ERANGE", ERANGE }, { "ENODATA", ENODATA },
	};
	struct faults faults;
	char word[64];

	hang(call);
	faults_read(&faults);
	for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
		snprintf(word, sizeof word, "%s=%s", call, known[i].name);
		if (fault(&faults, word, NULL))
			return known[i].number;
	}
	return 0;
}

void event(const struct camera *camera, const char *what)
{
	const char *path = setting("FAKECAM_LOG", NULL);
	char line[600];
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd < 0)
		return;
	int length = snprintf(line, sizeof line, "%s %s\n", what, camera->node->path);
	/* One write a line, so that lines of several threads never mix; a lost one shows in the test that waits for it. */
	if (write(fd, line, (size_t)length) < 0)
		perror("fakecam");
	close(fd);
}
