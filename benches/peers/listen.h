/* What the two yardsticks know of HTTP: a listening socket, and the same answer whatever is asked. */
#ifndef LISTEN_H
#define LISTEN_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(const char *host, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1
		|| bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1024)) {
		perror(host);
		exit(1);
	}
	return fd;
}

/* The next viewer, with its request read and the head of the answer sent; -1: it has left. */
static int welcome(int listener)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b\r\n\r\n--b\r\n";
	char request[4096];
	int fd = accept(listener, NULL, NULL), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (read(fd, request, sizeof request) > 0 && write(fd, answer, sizeof answer - 1) > 0)
		return fd;
	close(fd);
	return -1;
}

#define PART "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n"
#define PART_END "\r\n--b\r\n"

#endif
