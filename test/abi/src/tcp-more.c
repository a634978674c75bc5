/* More of TCP over lo: options, waiting, readiness, and calls that move bytes from file to file. */
#include "inet.h"
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* What an option is at first, and what it takes. */
static void sweep(int family, int type, int level, const int *names, int count)
{
	int values[] = {-1, 0, 1, 2, 300, 1000000};
	for (int i = 0; i < count; i++) {
		int fd = socket(family, type, 0), v = 0;
		unsigned char got[256];
		socklen_t n = sizeof got;
		printf("%d:", names[i]);
		if (getsockopt(fd, level, names[i], got, &n)) printf(" %s", errno_name(errno));
		else if (n == 4) printf(" %d", *(int *)got);
		else printf(" %u bytes", n);
		for (int k = 0; k < 6; k++) {
			int s = socket(family, type, 0);
			if (setsockopt(s, level, names[i], &values[k], 4)) printf(", %s", errno_name(errno));
			else if (n = 4, getsockopt(s, level, names[i], &v, &n)) printf(", set");
			else printf(", %d", n == 4 ? v : -1);
			close(s);
		}
		printf("; short %s", setsockopt(fd, level, names[i], &values[2], 3) ? errno_name(errno) : "0");
		printf(" none %s\n", setsockopt(fd, level, names[i], &values[2], 0) ? errno_name(errno) : "0");
		close(fd);
	}
}
#define SWEEP(family, type, level, ...)                                                            \
	do {                                                                                      \
		static const int names[] = {__VA_ARGS__};                                          \
		sweep(family, type, level, names, sizeof names / sizeof *names);                   \
	} while (0)
static void socket_options(void)
{
	SWEEP(AF_INET, SOCK_STREAM, SOL_SOCKET, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 19, 22, 24, 28, 30,
	      32, 33, 36, 38, 39, 40, 41, 43, 44, 45, 46, 48, 49, 56, 59, 72, 75, 76, 77, 99, 9999);
	SWEEP(AF_INET, SOCK_DGRAM, SOL_SOCKET, 3, 7, 8, 15, 16, 18, 38, 39);
	AS_USER(int one = 1; SHOW(setsockopt(tcp(), SOL_SOCKET, SO_MARK, &one, 4));
	        SHOW(setsockopt(tcp(), SOL_SOCKET, SO_DEBUG, &one, 4));
	        SHOW(setsockopt(tcp(), SOL_SOCKET, SO_SNDBUFFORCE, &one, 4)););
}
static void tcp_options(void)
{
	SWEEP(AF_INET, SOCK_STREAM, IPPROTO_TCP, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 18, 27, 30, 34, 36, 99);
	SWEEP(AF_INET, SOCK_DGRAM, IPPROTO_TCP, 1, 2, 99);
	SWEEP(AF_INET, SOCK_STREAM, IPPROTO_UDP, 1, 99);
	SWEEP(AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0, 1, 99);
	SWEEP(AF_UNIX, SOCK_STREAM, IPPROTO_TCP, 1);
	int b, a = tcp_pair(&b);
	char name[32];
	socklen_t n = sizeof name;
	SHOW(setsockopt(a, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	SHOW(setsockopt(a, IPPROTO_TCP, TCP_CONGESTION, "nonesuch", 8));
	SHOW(getsockopt(a, IPPROTO_TCP, TCP_CONGESTION, name, &n));
	printf("%u %s\n", n, name);
	SHOW(setsockopt(a, 77, 1, &n, 4));
	SHOW(getsockopt(a, 77, 1, name, &n));
	SHOW(getsockopt(a, IPPROTO_IPV6, IPV6_V6ONLY, name, &n));
	SHOW(setsockopt(a, IPPROTO_IPV6, IPV6_V6ONLY, &n, 4));
}
static void ip_options(void)
{
	SWEEP(AF_INET, SOCK_STREAM, IPPROTO_IP, 0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 15, 19, 20, 21, 22, 24, 26, 32, 34, 35, 36, 49, 52);
	SWEEP(AF_INET, SOCK_DGRAM, IPPROTO_IP, 1, 2, 8, 14, 32, 33, 34, 35, 36, 49, 52);
	int fd = tcp();
	unsigned char c = 9;
	socklen_t n = 1;
	int tos = IPTOS_LOWDELAY;
	SHOW(setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, 4));
	SHOW(getsockopt(fd, IPPROTO_IP, IP_TOS, &c, &n));
	printf("%d %u\n", c, n);
	c = 33;
	SHOW(setsockopt(fd, IPPROTO_IP, IP_TTL, &c, 1));
	n = 4;
	SHOW(getsockopt(fd, IPPROTO_IP, IP_TTL, &tos, &n));
	printf("%d %u\n", tos, n);
	int b, a = tcp_pair(&b);
	SHOW(getsockopt(a, IPPROTO_IP, IP_MTU, &tos, &n));
	printf("%d %u\n", tos, n);
}
static void connection_options(void)
{
	int l = tcp(), one = 1, n = 50000;
	setsockopt(l, SOL_SOCKET, SO_KEEPALIVE, &one, 4);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, 4);
	setsockopt(l, SOL_SOCKET, SO_OOBINLINE, &one, 4);
	setsockopt(l, SOL_SOCKET, SO_RCVBUF, &n, 4);
	setsockopt(l, IPPROTO_TCP, TCP_NODELAY, &one, 4);
	n = 55;
	setsockopt(l, IPPROTO_TCP, TCP_KEEPIDLE, &n, 4);
	struct timeval tv = {1, 500000}, got;
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	struct linger linger = {1, 9};
	setsockopt(l, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	bind_to(l, "127.0.0.1", 6000);
	listen(l, 3);
	int c = tcp();
	connect_to(c, "127.0.0.1", 6000);
	int s = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	socklen_t size = sizeof n;
	SHOW(option(s, SO_KEEPALIVE));
	SHOW(option(s, SO_REUSEADDR));
	SHOW(option(s, SO_OOBINLINE));
	SHOW(option(s, SO_RCVBUF));
	SHOW(option(s, SO_ACCEPTCONN));
	SHOW(option(s, SO_TYPE));
	SHOW(option(s, SO_PROTOCOL));
	SHOW(option(s, SO_DOMAIN));
	getsockopt(s, IPPROTO_TCP, TCP_NODELAY, &n, &size);
	printf("%d\n", n);
	getsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &n, &size);
	printf("%d\n", n);
	size = sizeof got;
	getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &got, &size);
	printf("%ld %ld\n", (long)got.tv_sec, (long)got.tv_usec);
	size = sizeof linger;
	getsockopt(s, SOL_SOCKET, SO_LINGER, &linger, &size);
	printf("%d %d\n", linger.l_onoff, linger.l_linger);
	SHOW(option(c, SO_SNDBUF) >= 16384);
	struct ucred u;
	size = sizeof u;
	SHOW(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &size));
	printf("%d %d %d\n", u.pid, u.uid, u.gid);
	struct sockaddr_in a;
	size = sizeof a;
	SHOW(getsockopt(c, SOL_SOCKET, 28, &a, &size));
	show_inet("peer", &a, size);
	char device[16];
	size = sizeof device;
	SHOW(getsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, device, &size));
	printf("%u\n", size);
	SHOW(setsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, "eth7", 5));
	SHOW(setsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	size = sizeof device;
	SHOW(getsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, device, &size));
	printf("%u %s\n", size, device);
	SHOW(setsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
}
static int state(int fd)
{
	unsigned char info[300];
	socklen_t n = sizeof info;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n)) return -1;
	return info[0];
}
static void info(void)
{
	int b, a = tcp();
	SHOW(state(a));
	int l = listener(AF_INET, "127.0.0.1", 6000, 4);
	SHOW(state(l));
	connect_to(a, "127.0.0.1", 6000);
	unsigned unaccepted[20];
	socklen_t n = sizeof unaccepted;
	settle();
	SHOW(getsockopt(l, IPPROTO_TCP, TCP_INFO, unaccepted, &n));
	printf("%u: %u of %u\n", n, unaccepted[6], unaccepted[7]);
	b = accept(l, NULL, NULL);
	SHOW(state(a));
	shutdown(a, SHUT_WR);
	settle();
	SHOW(state(b));
	close(b);
	settle();
	SHOW(state(a));
	a = tcp_pair(&b);
	struct linger now = {1, 0};
	setsockopt(b, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(b);
	settle();
	SHOW(state(a));
	SHOW(state(udp()));
}
static void timeouts(void)
{
	int b, a = tcp_pair(&b);
	struct timeval tv = {0, 30000};
	setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(a, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	take(a, 5, 0);
	long n;
	while ((n = write(a, buffer, sizeof buffer)) == sizeof buffer) {}
	printf("short %d\n", n > 0 && n < (long)sizeof buffer);
	if (n > 0) while ((n = write(a, buffer, 1)) == 1) {}
	printf("%s\n", errno_name(errno));
	int l = listener(AF_INET, "127.0.0.1", 6000, 0), c = tcp(), d = tcp();
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	SHOW(accept(l, NULL, NULL));
	setsockopt(d, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	SHOW(connect_to(c, "127.0.0.1", 6000));
	SHOW(connect_to(d, "127.0.0.1", 6000));
	SHOW(connect_to(d, "127.0.0.1", 6000));
}
static void on_alarm(int signo) {}
static void interrupted(void)
{
	int b, a = tcp_pair(&b);
	struct sigaction action = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &action, NULL);
	struct itimerval soon = {.it_value.tv_usec = 20000};
	setitimer(ITIMER_REAL, &soon, NULL);
	take(a, 5, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	int l = listener(AF_INET, "127.0.0.1", 6000, 0), c = tcp(), d = tcp();
	SHOW(accept(l, NULL, NULL));
	connect_to(c, "127.0.0.1", 6000);
	setitimer(ITIMER_REAL, &soon, NULL);
	SHOW(connect_to(d, "127.0.0.1", 6000));
	fcntl(d, F_SETFL, O_NONBLOCK);
	SHOW(connect_to(d, "127.0.0.1", 6000));
}
static void waits(void)
{
	int l = listener(AF_INET, "127.0.0.1", 6000, 1);
	if (!fork()) {
		usleep(10000);
		int c = tcp();
		connect_to(c, "127.0.0.1", 6000);
		usleep(10000);
		write(c, "question", 8);
		take(c, 20, 0);
		take(c, 20, 0);
		_exit(0);
	}
	struct pollfd p = {.fd = l, .events = POLLIN};
	SHOW(poll(&p, 1, 5000));
	int s = accept(l, NULL, NULL);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(s, &set);
	SHOW(select(s + 1, &set, NULL, NULL, NULL));
	take(s, 20, 0);
	write(s, "answer", 6);
	close(s);
	wait(NULL);
}
static void edges(void)
{
	int b, a = tcp_pair(&b), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, out;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev));
	for (int step = 0; step < 9; step++) {
		if (step == 2) write(b, "x", 1);
		if (step == 4) write(b, "y", 1);
		if (step == 5) shutdown(b, SHUT_WR);
		if (step == 7) shutdown(a, SHUT_WR);
		settle();
		int n = epoll_wait(ep, &out, 1, 0);
		printf("step %d: %d %#x\n", step, n, n == 1 ? out.events : 0);
	}
	a = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ev.events = EPOLLIN | EPOLLOUT;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev));
	SHOW(epoll_wait(ep, &out, 1, 0));
	printf("%#x\n", out.events);
	listener(AF_INET, "127.0.0.1", 6001, 1);
	connect_to(a, "127.0.0.1", 6001);
	SHOW(epoll_wait(ep, &out, 1, 1000));
	printf("%#x\n", out.events);
	a = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect_to(a, "127.0.0.1", 6002);
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev));
	int n = epoll_wait(ep, &out, 1, 1000);
	printf("%d\n", n);
}
static void moves(void)
{
	int b, a = tcp_pair(&b), f = open("file", O_RDWR | O_CREAT, 0600), p[2];
	write(f, "contents of the file", 20);
	off_t at = 3;
	SHOW(sendfile(a, f, &at, 8));
	printf("%ld\n", (long)at);
	lseek(f, 0, SEEK_SET);
	SHOW(sendfile(a, f, NULL, 100));
	settle();
	take(b, 100, 0);
	write(b, "into it", 7);
	SHOW(sendfile(f, a, NULL, 7));
	SHOW(pipe(p));
	write(p[1], "through a pipe", 14);
	SHOW(splice(p[0], NULL, a, NULL, 100, 0));
	settle();
	SHOW(splice(b, NULL, p[1], NULL, 7, 0));
	SHOW(splice(b, NULL, p[1], NULL, 100, 0));
	SHOW(read(p[0], buffer, 100));
	printf("%.14s\n", buffer);
	SHOW(splice(b, NULL, a, NULL, 100, 0));
	SHOW(copy_file_range(f, NULL, a, NULL, 5, 0));
	shutdown(a, SHUT_WR);
	settle();
	SHOW(splice(b, NULL, p[1], NULL, 100, 0));
	SHOW(sendfile(a, f, NULL, 5));
	SHOW(fsync(a));
	SHOW(ftruncate(a, 0));
	SHOW(pread(a, buffer, 1, 0));
	struct stat s;
	SHOW(fstat(a, &s));
	printf("%o\n", s.st_mode);
	char link[64] = "", name[64];
	snprintf(name, sizeof name, "/proc/self/fd/%d", a);
	readlink(name, link, sizeof link);
	printf("%.8s\n", link);
}
static void messages(void)
{
	int b, a = tcp_pair(&b);
	struct mmsghdr m[2];
	struct iovec v[2] = {{"one", 3}, {"two", 3}}, in = {buffer, 100};
	memset(m, 0, sizeof m);
	for (int i = 0; i < 2; i++) m[i].msg_hdr.msg_iov = &v[i], m[i].msg_hdr.msg_iovlen = 1;
	SHOW(sendmmsg(a, m, 2, 0));
	settle();
	struct msghdr r = {.msg_iov = &in, .msg_iovlen = 1};
	char control[100] = "";
	r.msg_control = control;
	r.msg_controllen = sizeof control;
	SHOW(recvmsg(b, &r, 0));
	printf("%.6s %lu %#x\n", buffer, (long)r.msg_controllen, r.msg_flags);
	struct msghdr s = {.msg_iov = v, .msg_iovlen = 2, .msg_control = control, .msg_controllen = CMSG_SPACE(4)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&s);
	*h = (struct cmsghdr){.cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	*(int *)CMSG_DATA(h) = 1;
	SHOW(sendmsg(a, &s, 0));
	h->cmsg_type = 99;
	SHOW(sendmsg(a, &s, 0));
	h->cmsg_level = IPPROTO_IP;
	SHOW(sendmsg(a, &s, 0));
	SHOW(fcntl(a, F_SETOWN, getpid()));
	SHOW(fcntl(a, F_GETOWN) == getpid());
	int value = 1;
	SHOW(ioctl(a, FIONBIO, &value));
	SHOW(fcntl(a, F_GETFL) & O_NONBLOCK);
}
static void on_urg(int signo) { printf("signal %d\n", signo); fflush(stdout); }
static void sigurg(void)
{
	int b, a = tcp_pair(&b);
	signal(SIGURG, on_urg);
	send(a, "1", 1, MSG_OOB);
	settle();
	take(b, 1, MSG_OOB);
	fcntl(b, F_SETOWN, getpid());
	send(a, "2", 1, MSG_OOB);
	settle();
	take(b, 1, MSG_OOB);
	fcntl(b, F_SETOWN, -getpgrp());
	send(a, "3", 1, MSG_OOB);
	settle();
	take(b, 1, MSG_OOB);
	int v, u = pair(SOCK_STREAM, &v);
	fcntl(v, F_SETOWN, getpid());
	send(u, "4", 1, MSG_OOB);
	settle();
	take(v, 1, MSG_OOB);
}
/* A thread makes the process larger while another waits for bytes. */
static int far_end;
static void *grow(void *unused)
{
	usleep(5000);
	char *more = mmap(NULL, 80 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int at = 0; at < 80 << 20; at += 4096) more[at] = 1;
	write(far_end, "after growth", 12);
	return NULL;
}
static void grows(void)
{
	for (int i = 0; i < 3; i++) {
		int fd = i ? tcp_pair(&far_end) : pair(SOCK_STREAM, &far_end);
		pthread_t thread;
		pthread_create(&thread, NULL, grow, NULL);
		take(fd, i < 2 ? 100 : 12, i < 2 ? 0 : MSG_WAITALL);
		pthread_join(thread, NULL);
	}
}
PROBES(
    {"socket-options", socket_options}, {"tcp-options", tcp_options}, {"ip-options", ip_options},
    {"connection-options", connection_options}, {"info", info}, {"timeouts", timeouts}, {"interrupted", interrupted},
    {"waits", waits}, {"edges", edges}, {"moves", moves}, {"messages", messages}, {"sigurg", sigurg},
    {"grows", grows})
