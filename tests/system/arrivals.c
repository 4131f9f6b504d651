/* arrivals ADDRESS PORT SECONDS: reads the stream as a viewer does, and writes a line for each picture whose last byte has
 * come: the age in seconds, by the time at which the camera took it, and its bytes. Both are on one machine's clock.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[2])) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1 || connect(fd, (void *)&peer, sizeof peer)) {
		perror(argv[1]);
		return 1;
	}
	FILE *stream = fdopen(fd, "r+");
	static char buffer[1 << 20], line[1024];
	setvbuf(stream, NULL, _IOFBF, 4096);
	fprintf(stream, "GET /stream?extra_headers=1 HTTP/1.0\r\nHost: camera\r\n\r\n");
	fflush(stream);
	double end = now() + atof(argv[3]), taken = 0;
	size_t length = 0;
	while (now() < end && fgets(line, sizeof line, stream)) {
		sscanf(line, "Content-Length: %zu", &length);
		sscanf(line, "X-UStreamer-Grab-Begin-Time: %lf", &taken);
		/* The empty line that ends a part's head; that of the answer's has no length before it. */
		if (strcmp(line, "\r\n") || !length)
			continue;
		if (length > sizeof buffer || fread(buffer, 1, length, stream) != length)
			return 1;
		printf("%.3f %zu\n", now() - taken, length);
		length = 0;
		/* The line end that belongs to the picture. */
		if (!fgets(line, sizeof line, stream))
			return 1;
	}
	return 0;
}
