/* What the probes of the internet's sockets share. Ports are fixed: each case has the network to itself. */
#ifndef INET_H
#define INET_H
#include "sockets.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static struct sockaddr_in in4(const char *ip, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}
static struct sockaddr_in6 in6(const char *ip, int port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	inet_pton(AF_INET6, ip, &a.sin6_addr);
	return a;
}
static int is_six(const char *ip) { return !!strchr(ip, ':'); }
static int bind_to(int fd, const char *ip, int port)
{
	if (is_six(ip)) {
		struct sockaddr_in6 a = in6(ip, port);
		return bind(fd, (void *)&a, sizeof a);
	}
	struct sockaddr_in a = in4(ip, port);
	return bind(fd, (void *)&a, sizeof a);
}
static int connect_to(int fd, const char *ip, int port)
{
	if (is_six(ip)) {
		struct sockaddr_in6 a = in6(ip, port);
		return connect(fd, (void *)&a, sizeof a);
	}
	struct sockaddr_in a = in4(ip, port);
	return connect(fd, (void *)&a, sizeof a);
}
static long send_to(int fd, const char *text, const char *ip, int port)
{
	if (is_six(ip)) {
		struct sockaddr_in6 a = in6(ip, port);
		return sendto(fd, text, strlen(text), 0, (void *)&a, sizeof a);
	}
	struct sockaddr_in a = in4(ip, port);
	return sendto(fd, text, strlen(text), 0, (void *)&a, sizeof a);
}
/* An address; a port that the kernel chose is only said to be one. */
static void show_inet(const char *what, const void *address, socklen_t length)
{
	char text[64] = "";
	const struct sockaddr_in *a = address;
	const struct sockaddr_in6 *six = address;
	if (length >= 2 && a->sin_family == AF_INET) inet_ntop(AF_INET, &a->sin_addr, text, sizeof text);
	else if (length >= 2) inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
	int port = length >= 4 ? ntohs(a->sin_port) : -1;
	printf("%s length %u family %d %s", what, length, length >= 2 ? a->sin_family : -1, text);
	if (port >= 32768 && port < 61000) puts(" ephemeral");
	else printf(" %d\n", port);
	fflush(stdout);
}
static void show_inet_names(int fd)
{
	char a[128] = "";
	socklen_t n = sizeof a;
	if (getsockname(fd, (void *)a, &n)) printf("getsockname = %s\n", errno_name(errno));
	else show_inet("own", a, n);
	n = sizeof a;
	if (getpeername(fd, (void *)a, &n)) printf("getpeername = %s\n", errno_name(errno));
	else show_inet("peer", a, n);
	fflush(stdout);
}
static int tcp(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int udp(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static int on(int fd, int name)
{
	int one = 1;
	return setsockopt(fd, SOL_SOCKET, name, &one, sizeof one);
}
/* Listens; for connections that end before the next listener comes. */
static int listener(int family, const char *ip, int port, int backlog)
{
	int l = socket(family, SOCK_STREAM, 0);
	on(l, SO_REUSEADDR);
	if (bind_to(l, ip, port) || listen(l, backlog)) printf("listener: %s\n", errno_name(errno));
	return l;
}
/* Two ends of a connection to port 7000. */
static int tcp_pair(int *other)
{
	static int l = -1;
	if (l < 0) l = listener(AF_INET, "127.0.0.1", 7000, 16);
	int c = tcp();
	connect_to(c, "127.0.0.1", 7000);
	*other = accept(l, NULL, NULL);
	return c;
}
/* What was sent has to arrive, which on the real thing is not at once everywhere. */
static void settle(void) { usleep(2000); }
#endif
