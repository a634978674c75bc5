/* What the socket probes share. */
#ifndef SOCKETS_H
#define SOCKETS_H
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static char buffer[300000];

static struct sockaddr_un named(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path, path);
	return a;
}
static int bind_path(int fd, const char *path)
{
	struct sockaddr_un a = named(path);
	return bind(fd, (void *)&a, sizeof a);
}
static int connect_path(int fd, const char *path)
{
	struct sockaddr_un a = named(path);
	return connect(fd, (void *)&a, sizeof a);
}
static int bind_abstract(int fd, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path + 1, name);
	return bind(fd, (void *)&a, 3 + strlen(name));
}
static int connect_abstract(int fd, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path + 1, name);
	return connect(fd, (void *)&a, 3 + strlen(name));
}
static void show_address(const char *what, const struct sockaddr_un *a, socklen_t length)
{
	printf("%s length %u", what, length);
	if (length >= 2) printf(" family %d", a->sun_family);
	for (socklen_t i = 2; i < length && i < sizeof *a; i++) {
		char c = a->sun_path[i - 2];
		if (c) putchar(c);
		else putchar('@');
	}
	putchar('\n');
	fflush(stdout);
}
static void show_names(int fd)
{
	struct sockaddr_un a;
	socklen_t n = sizeof a;
	if (getsockname(fd, (void *)&a, &n)) printf("getsockname = %s\n", errno_name(errno));
	else show_address("own", &a, n);
	n = sizeof a;
	if (getpeername(fd, (void *)&a, &n)) printf("getpeername = %s\n", errno_name(errno));
	else show_address("peer", &a, n);
	fflush(stdout);
}
static void take(int fd, int size, int flags)
{
	memset(buffer, 0, 100);
	long n = recv(fd, buffer, size, flags);
	if (n < 0) printf("recv = %s\n", errno_name(errno));
	else printf("recv = %ld \"%.*s\"\n", n, (int)(n > 60 ? 60 : n), buffer);
	fflush(stdout);
}
static void ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
	int n = poll(&p, 1, 0);
	printf("poll %d %#x\n", n, p.revents);
	fflush(stdout);
}
static int option(int fd, int name)
{
	int value = -77;
	socklen_t n = sizeof value;
	if (getsockopt(fd, SOL_SOCKET, name, &value, &n)) return -1;
	return value;
}
static int pair(int type, int *a)
{
	int v[2], n = socketpair(AF_UNIX, type, 0, v);
	*a = v[1];
	return n ? n : v[0];
}
/* A descriptor of something that is no socket: standard input may well be one. */
static int plain(void) { return open("/dev/null", O_RDWR); }
static int count_fds(void)
{
	int n = 0;
	for (int i = 0; i < 256; i++) n += fcntl(i, F_GETFD) >= 0;
	return n;
}
#endif
