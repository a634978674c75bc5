/* epoll(7): interest lists, level, edge, one-shot and exclusive interests, nesting, and what closing does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

static int add(int ep, int fd, unsigned events)
{
	struct epoll_event ev = {.events = events, .data.u64 = 0x100000000ull * fd + 7};
	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}
static int mod(int ep, int fd, unsigned events)
{
	struct epoll_event ev = {.events = events, .data.u64 = 0x200000000ull * fd + 9};
	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev);
}
static void wait_show(int ep, int max, int timeout)
{
	struct epoll_event out[16];
	memset(out, 0, sizeof out);
	int n = epoll_wait(ep, out, max, timeout);
	printf("wait = %d", n);
	if (n < 0) printf(" %s", errno_name(errno));
	for (int i = 0; i < n; i++) printf(" {%#x %#llx}", out[i].events, (unsigned long long)out[i].data.u64);
	putchar('\n');
	fflush(stdout);
}

static void create(void)
{
	SHOW(epoll_create(0));
	SHOW(epoll_create(-1));
	SHOW(epoll_create1(1));
	int ep = SHOW(epoll_create1(EPOLL_CLOEXEC));
	SHOW(fcntl(ep, F_GETFD));
	SHOW(fcntl(ep, F_GETFL));
	int other = SHOW(epoll_create(5));
	SHOW(fcntl(other, F_GETFD));
	char name[64] = "", c;
	SHOW(readlink("/proc/self/fd/3", name, 63));
	puts(name);
	struct stat st;
	SHOW(fstat(ep, &st));
	printf("mode %o size %ld\n", st.st_mode, (long)st.st_size);
	SHOW(read(ep, &c, 1));
	SHOW(write(ep, &c, 1));
	SHOW(lseek(ep, 0, SEEK_SET));
	SHOW(pread(ep, &c, 1, 0));
}
static void ctl_errors(void)
{
	int ep = epoll_create1(0), p[2];
	pipe(p);
	struct epoll_event ev = {.events = EPOLLIN};
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &ev));
	SHOW(epoll_ctl(99, EPOLL_CTL_ADD, p[0], &ev));
	SHOW(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], NULL));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], (void *)8));
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
	SHOW(epoll_ctl(ep, 9, p[0], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], &ev));
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	SHOW(add(ep, fd, EPOLLIN));
	SHOW(add(ep, open(".", O_RDONLY), EPOLLIN));
	SHOW(add(ep, open("/dev/null", O_RDONLY), EPOLLIN));
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
	close(fd);
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
}
static void wait_errors(void)
{
	int ep = epoll_create1(0), p[2];
	struct epoll_event out[4];
	pipe(p);
	SHOW(epoll_wait(ep, out, 0, 0));
	SHOW(epoll_wait(ep, out, -1, 0));
	SHOW(epoll_wait(ep, out, 0x7fffffff, 0));
	SHOW(epoll_wait(99, out, 1, 0));
	SHOW(epoll_wait(99, out, -1, 0));
	SHOW(epoll_wait(p[0], out, 1, 0));
	SHOW(epoll_wait(p[0], out, 0, 0));
	SHOW(epoll_wait(ep, (void *)8, 1, 0));
	SHOW(epoll_wait(ep, (void *)-4096, 1, 0));
	add(ep, p[1], EPOLLOUT);
	SHOW(epoll_wait(ep, (void *)8, 1, 0));
	wait_show(ep, 4, 0);
}
static void level(void)
{
	int ep = epoll_create1(0), p[2];
	pipe(p);
	SHOW(add(ep, p[0], EPOLLIN));
	SHOW(add(ep, p[1], EPOLLOUT));
	wait_show(ep, 4, 0);
	write(p[1], "abc", 3);
	wait_show(ep, 4, 0);
	wait_show(ep, 4, 0);
	char c[8];
	read(p[0], c, 1);
	wait_show(ep, 4, 0);
	read(p[0], c, 8);
	wait_show(ep, 4, 0);
	SHOW(mod(ep, p[1], 0));
	wait_show(ep, 4, 0);
	SHOW(mod(ep, p[1], EPOLLOUT | EPOLLWRNORM));
	wait_show(ep, 4, 20);
}
static void edge(void)
{
	int ep = epoll_create1(0), p[2];
	char c[8];
	pipe(p);
	SHOW(add(ep, p[0], EPOLLIN | EPOLLET));
	SHOW(add(ep, p[1], EPOLLOUT | EPOLLET));
	wait_show(ep, 4, 0);
	wait_show(ep, 4, 0);
	write(p[1], "abc", 3);
	wait_show(ep, 4, 0);
	wait_show(ep, 4, 0);
	read(p[0], c, 1);
	wait_show(ep, 4, 0);
	write(p[1], "d", 1);
	wait_show(ep, 4, 0);
	write(p[1], "e", 1);
	read(p[0], c, 8);
	wait_show(ep, 4, 0);
	write(p[1], "f", 1);
	SHOW(mod(ep, p[0], EPOLLIN | EPOLLET));
	wait_show(ep, 4, 0);
	SHOW(mod(ep, p[0], EPOLLIN | EPOLLET));
	wait_show(ep, 4, 0);
}
static void edge_full(void)
{
	int ep = epoll_create1(0), p[2];
	static char page[65536];
	pipe2(p, O_NONBLOCK);
	add(ep, p[1], EPOLLOUT | EPOLLET);
	wait_show(ep, 4, 0);
	SHOW(write(p[1], page, sizeof page));
	SHOW(write(p[1], page, 1));
	wait_show(ep, 4, 0);
	SHOW(read(p[0], page, 100));
	wait_show(ep, 4, 0);
	SHOW(read(p[0], page, 8192));
	wait_show(ep, 4, 0);
	SHOW(read(p[0], page, 8192));
	wait_show(ep, 4, 0);
}
static void oneshot(void)
{
	int ep = epoll_create1(0), p[2];
	pipe(p);
	SHOW(add(ep, p[0], EPOLLIN | EPOLLONESHOT));
	write(p[1], "a", 1);
	wait_show(ep, 4, 0);
	wait_show(ep, 4, 0);
	write(p[1], "b", 1);
	wait_show(ep, 4, 0);
	SHOW(add(ep, p[0], EPOLLIN));
	SHOW(mod(ep, p[0], EPOLLIN | EPOLLONESHOT));
	wait_show(ep, 4, 0);
	close(p[1]);
	wait_show(ep, 4, 0);
	SHOW(mod(ep, p[0], EPOLLONESHOT));
	wait_show(ep, 4, 0);
	wait_show(ep, 4, 0);
}
static void hangup(void)
{
	int ep = epoll_create1(0), p[2], q[2];
	pipe(p);
	pipe(q);
	add(ep, p[0], EPOLLIN | EPOLLRDHUP);
	add(ep, q[1], 0);
	wait_show(ep, 4, 0);
	close(p[1]);
	close(q[0]);
	wait_show(ep, 4, 0);
	SHOW(mod(ep, p[0], 0));
	wait_show(ep, 4, 0);
}
static void closing(void)
{
	int ep = epoll_create1(0), p[2];
	pipe(p);
	write(p[1], "a", 1);
	add(ep, p[0], EPOLLIN);
	int copy = dup(p[0]);
	SHOW(add(ep, copy, EPOLLIN | EPOLLET));
	wait_show(ep, 4, 0);
	int old = p[0];
	close(p[0]);
	wait_show(ep, 4, 0);
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, old, NULL));
	int q[2];
	pipe(q);
	printf("number used again: %d\n", q[0] == old);
	SHOW(add(ep, q[0], EPOLLIN));
	write(q[1], "b", 1);
	wait_show(ep, 4, 0);
	close(copy);
	wait_show(ep, 4, 0);
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, copy, NULL));
	close(q[0]);
	wait_show(ep, 4, 0);
}
static void order(void)
{
	int ep = epoll_create1(0), p[5][2];
	for (int i = 0; i < 5; i++) pipe(p[i]), add(ep, p[i][0], EPOLLIN);
	write(p[3][1], "a", 1);
	write(p[1][1], "a", 1);
	write(p[4][1], "a", 1);
	write(p[0][1], "a", 1);
	wait_show(ep, 1, 0);
	wait_show(ep, 2, 0);
	wait_show(ep, 2, 0);
	wait_show(ep, 16, 0);
	write(p[2][1], "a", 1);
	wait_show(ep, 3, 0);
	wait_show(ep, 16, 0);
}
static void nested(void)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), p[2];
	pipe(p);
	SHOW(add(outer, inner, EPOLLIN));
	SHOW(add(inner, p[0], EPOLLIN));
	wait_show(outer, 4, 0);
	write(p[1], "a", 1);
	wait_show(outer, 4, 0);
	wait_show(inner, 4, 0);
	wait_show(outer, 4, 0);
	char c;
	read(p[0], &c, 1);
	wait_show(outer, 4, 0);
	struct pollfd pfd = {.fd = inner, .events = POLLIN | POLLOUT | POLLRDNORM};
	SHOW(poll(&pfd, 1, 0));
	write(p[1], "a", 1);
	SHOW(poll(&pfd, 1, 0));
	printf("revents %x\n", pfd.revents);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(outer, &set);
	struct timeval zero = {0};
	SHOW(select(outer + 1, &set, NULL, NULL, &zero));
}
static void nested_edge(void)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), p[2];
	pipe(p);
	add(outer, inner, EPOLLIN | EPOLLET);
	add(inner, p[0], EPOLLIN);
	write(p[1], "a", 1);
	wait_show(outer, 4, 0);
	wait_show(outer, 4, 0);
	write(p[1], "b", 1);
	wait_show(outer, 4, 0);
	wait_show(inner, 4, 0);
	wait_show(outer, 4, 0);
}
static void circles(void)
{
	int e[8];
	for (int i = 0; i < 8; i++) e[i] = epoll_create1(0);
	SHOW(add(e[0], e[1], EPOLLIN));
	SHOW(add(e[1], e[0], EPOLLIN));
	SHOW(add(e[1], e[2], EPOLLIN));
	SHOW(add(e[2], e[0], EPOLLIN));
	SHOW(add(e[2], e[3], EPOLLIN));
	SHOW(add(e[3], e[4], EPOLLIN));
	SHOW(add(e[4], e[5], EPOLLIN));
	SHOW(add(e[5], e[6], EPOLLIN));
	SHOW(add(e[6], e[0], EPOLLIN));
	SHOW(add(e[0], e[0], EPOLLIN));
	SHOW(add(e[7], e[0], EPOLLIN));
	SHOW(add(e[0], e[1], EPOLLIN));
}
static void many_paths(void)
{
	int outer = epoll_create1(0), p[2], n = 0, result = 0;
	pipe(p);
	while (n < 600) {
		int inner = epoll_create1(0);
		if ((result = add(outer, inner, EPOLLIN)) || (result = add(inner, p[0], EPOLLIN))) break;
		n++;
	}
	printf("%d then %s\n", n, result ? errno_name(errno) : "nothing");
	int other = epoll_create1(0);
	SHOW(add(other, p[0], EPOLLIN));
	SHOW(add(outer, other, EPOLLIN));
}
static void exclusive(void)
{
	int ep = epoll_create1(0), other = epoll_create1(0), p[2];
	pipe(p);
	SHOW(add(ep, other, EPOLLIN | EPOLLEXCLUSIVE));
	SHOW(add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
	SHOW(add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP));
	SHOW(add(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLET));
	SHOW(mod(ep, p[0], EPOLLIN | EPOLLEXCLUSIVE));
	SHOW(mod(ep, p[0], EPOLLIN));
	SHOW(add(other, p[0], EPOLLIN));
	write(p[1], "a", 1);
	wait_show(ep, 4, 0);
	wait_show(other, 4, 0);
	SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
}
static void blocking(void)
{
	int ep = epoll_create1(0), p[2];
	pipe(p);
	add(ep, p[0], EPOLLIN);
	if (!fork()) {
		usleep(30000);
		write(p[1], "a", 1);
		usleep(30000);
		_exit(0);
	}
	close(p[1]);
	wait_show(ep, 4, -1);
	char c;
	read(p[0], &c, 1);
	wait_show(ep, 4, 5000);
	wait(NULL);
	wait_show(ep, 4, 0);
}
static void shared_by_fork(void)
{
	int ep = epoll_create1(0), p[2];
	pipe(p);
	if (!fork()) {
		int q[2];
		pipe(q);
		write(q[1], "x", 1);
		SHOW(add(ep, q[0], EPOLLIN));
		SHOW(add(ep, p[0], EPOLLIN));
		wait_show(ep, 4, 0);
		_exit(0);
	}
	wait(NULL);
	wait_show(ep, 4, 0);
	write(p[1], "y", 1);
	wait_show(ep, 4, 0);
	SHOW(add(ep, p[0], EPOLLIN));
}
static void on_signal(int signo) { printf("handler %d\n", signo); fflush(stdout); }
static void signals(void)
{
	int ep = epoll_create1(0);
	struct epoll_event out[4];
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	struct itimerval soon = {.it_value.tv_usec = 20000};
	setitimer(ITIMER_REAL, &soon, NULL);
	SHOW(epoll_wait(ep, out, 4, -1));
	sigset_t block, open;
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigemptyset(&open);
	raise(SIGUSR1);
	SHOW(epoll_wait(ep, out, 4, 0));
	SHOW(epoll_pwait(ep, out, 4, -1, &open));
	sigprocmask(SIG_BLOCK, NULL, &block);
	printf("blocked again %d\n", sigismember(&block, SIGUSR1));
	int p[2];
	pipe(p);
	write(p[1], "a", 1);
	add(ep, p[0], EPOLLIN);
	raise(SIGUSR1);
	SHOW(epoll_pwait(ep, out, 4, -1, &open));
	puts("a ready file comes first: the signal waits");
	SHOW(syscall(SYS_epoll_pwait, ep, out, 4, -1, &open, 4));
	SHOW(syscall(SYS_epoll_pwait, ep, out, 4, -1, (void *)8, 8));
	char c;
	read(p[0], &c, 1);
	SHOW(epoll_pwait(ep, out, 4, 0, &open));
	SHOW(epoll_pwait(ep, out, 4, 10, &open));
	struct timespec ts = {0, 1000000};
	SHOW(syscall(SYS_epoll_pwait2, ep, out, 4, &ts, &open, 8));
	ts.tv_nsec = 1000000000;
	SHOW(syscall(SYS_epoll_pwait2, ep, out, 4, &ts, NULL, 0));
	ts.tv_nsec = -1;
	SHOW(syscall(SYS_epoll_pwait2, ep, out, 4, &ts, NULL, 0));
	SHOW(syscall(SYS_epoll_pwait2, ep, out, 4, (void *)8, NULL, 0));
}
static void masks_of_ppoll(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGUSR1, &action, NULL);
	sigset_t block, open;
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigemptyset(&open);
	int p[2];
	pipe(p);
	struct pollfd pfd = {.fd = p[1], .events = POLLOUT};
	struct timespec zero = {0};
	raise(SIGUSR1);
	SHOW(ppoll(&pfd, 1, NULL, &open));
	fd_set set;
	FD_ZERO(&set);
	FD_SET(p[1], &set);
	SHOW(pselect(p[1] + 1, NULL, &set, NULL, NULL, &open));
	puts("still blocked");
	fflush(stdout);
	SHOW(ppoll(NULL, 0, NULL, &open));
	raise(SIGUSR1);
	SHOW(pselect(0, NULL, NULL, NULL, NULL, &open));
	raise(SIGUSR1);
	SHOW(ppoll(NULL, 0, &zero, &open));
	sigprocmask(SIG_BLOCK, NULL, &block);
	printf("blocked %d\n", sigismember(&block, SIGUSR1));
}

PROBES(
    {"create", create}, {"ctl-errors", ctl_errors}, {"wait-errors", wait_errors}, {"level", level}, {"edge", edge},
    {"edge-full", edge_full}, {"oneshot", oneshot}, {"hangup", hangup}, {"closing", closing}, {"order", order},
    {"nested", nested}, {"nested-edge", nested_edge}, {"circles", circles}, {"many-paths", many_paths}, {"exclusive", exclusive},
    {"blocking", blocking}, {"shared-by-fork", shared_by_fork}, {"signals", signals},
    {"masks-of-ppoll", masks_of_ppoll})
