/* Pictures from files: .jpg where the camera compresses, .yuyv for YUYV. */
#define _GNU_SOURCE
#include "fakecam.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILMS 8
#define MAX_FILES 256

/* The files of one format and size. They are kept open, not kept in memory: that would be counted as the program's. */
struct film {
	uint32_t fourcc;
	unsigned width, height, count;
	struct {
		int fd;
		size_t length;
	} file[MAX_FILES];
};

static int ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), tail = strlen(ending);
	return length > tail && !strcmp(name + length - tail, ending);
}

static int is_jpeg(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".jpg");
}

static int is_yuyv(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".yuyv");
}

static void add(struct film *film, const char *folder, const char *name)
{
	char path[4096];
	struct stat status;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = film->count < MAX_FILES ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	if (fstat(fd, &status)) {
		close(fd);
		return;
	}
	film->file[film->count].fd = fd;
	film->file[film->count].length = (size_t)status.st_size;
	film->count++;
}

static void load(struct film *film)
{
	const struct format *format = format_by(film->fourcc);
	const char *folder = setting("FAKECAM_FRAMES", "");
	char sized[3072];
	struct dirent **entries;
	struct stat status;

	if (!*folder || (format && format->line && film->fourcc != V4L2_PIX_FMT_YUYV))
		return;
	snprintf(sized, sizeof sized, "%s/%ux%u", folder, film->width, film->height);
	if (stat(sized, &status))
		snprintf(sized, sizeof sized, "%s", folder);
	int count = scandir(sized, &entries, format && format->line ? is_yuyv : is_jpeg, alphasort);
	for (int i = 0; i < count; i++) {
		add(film, sized, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

const struct film *film_of(const struct camera *camera)
{
	static struct film films[MAX_FILMS];
	static unsigned loaded;
	const struct film *found = NULL;

	pthread_mutex_lock(&fakecam_lock);
	for (unsigned i = 0; i < loaded && !found; i++)
		if (films[i].fourcc == camera->fourcc && films[i].width == camera->width
			&& films[i].height == camera->height)
			found = &films[i];
	if (!found && loaded < MAX_FILMS) {
		struct film *film = &films[loaded++];
		film->fourcc = camera->fourcc;
		film->width = camera->width;
		film->height = camera->height;
		load(film);
		found = film;
	}
	pthread_mutex_unlock(&fakecam_lock);
	return found && found->count ? found : NULL;
}

size_t film_read(const struct film *film, uint64_t sequence, size_t skip, unsigned char *out, size_t room)
{
	size_t length = film->file[sequence % film->count].length;

	if (length < skip || length - skip > room)
		return 0;
	ssize_t got = pread(film->file[sequence % film->count].fd, out, length - skip, (off_t)skip);
	return got == (ssize_t)(length - skip) ? length - skip : 0;
}
