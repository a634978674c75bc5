/* AF_UNIX: pidfds beside messages (SO_PASSPIDFD), out-of-band bytes (MSG_OOB), and recvmmsg(2)'s timeout. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#ifdef __i386__
#define SYS_recvmmsg SYS_recvmmsg_time64
#endif

#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#define SCM_PIDFD 4
#ifndef SIOCATMARK
#define SIOCATMARK 0x8905
#endif

static int s[2], counted = 1;
static char b[100];

static void pair(int type)
{
	socketpair(AF_UNIX, type, 0, s);
}

static int pid_of(int pidfd)
{
	char name[40], line[100];
	int pid = -2;
	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", pidfd);
	FILE *in = fopen(name, "r");
	while (in && fgets(line, sizeof line, in)) sscanf(line, "Pid:\t%d", &pid);
	if (in) fclose(in);
	return pid;
}

static void take(int fd, int room, int flags, int from)
{
	char control[200];
	struct iovec iov = {b, 10};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
	long n = recvmsg(fd, &m, flags);
	printf("%ld flags %x room %ld:", n, m.msg_flags, (long)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		printf(" [%d %d]", c->cmsg_type, (int)c->cmsg_len);
		if (c->cmsg_type != SCM_PIDFD) continue;
		int pidfd = *(int *)CMSG_DATA(c);
		printf(" pidfd %d right %d cloexec %d", pidfd >= 0 ? 1 : pidfd, pid_of(pidfd) == from, fcntl(pidfd, F_GETFD));
		close(pidfd);
	}
	puts("");
	fflush(stdout);
}

static void pidfds(void)
{
	int on = 1, got = 7;
	socklen_t size = 4;
	pair(SOCK_DGRAM);
	SHOW(getsockopt(s[0], SOL_SOCKET, SO_PASSPIDFD, &got, &size));
	printf("%d\n", got);
	SHOW(setsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &on, 4));
	SHOW(getsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &got, &size));
	printf("%d\n", got);
	send(s[0], "x", 1, 0);
	take(s[1], 200, 0, getpid());
	send(s[0], "x", 1, 0);
	take(s[1], 200, MSG_CMSG_CLOEXEC, getpid());
	send(s[0], "x", 1, 0);
	take(s[1], 0, 0, getpid());
	send(s[0], "x", 1, 0);
	take(s[1], 16, 0, getpid());
	send(s[0], "x", 1, 0);
	take(s[1], 20, 0, getpid());
	send(s[0], "x", 1, 0);
	take(s[1], 200, MSG_PEEK, getpid());
	take(s[1], 200, 0, getpid());
	SHOW(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, 4));
	send(s[0], "x", 1, 0);
	take(s[1], 200, 0, getpid());
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_PASSPIDFD, &on, 2));
}

static void pidfds_of_others(void)
{
	int on = 1;
	pair(SOCK_STREAM);
	setsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &on, 4);
	int child = fork();
	if (!child) {
		write(s[0], "ab", 2);
		pause();
	}
	take(s[1], 200, 0, child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	child = fork();
	if (!child) {
		write(s[0], "cd", 2);
		_exit(0);
	}
	usleep(30000);
	take(s[1], 200, MSG_PEEK, child);
	waitpid(child, NULL, 0);
	take(s[1], 200, 0, -1);
}

static void peer_pidfd(void)
{
	int got = -1;
	socklen_t size = 4;
	pair(SOCK_STREAM);
	SHOW(getsockopt(s[0], SOL_SOCKET, SO_PEERPIDFD, &got, &size));
	printf("%d %d %d\n", pid_of(got) == getpid(), fcntl(got, F_GETFD), size);
	int alone = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(getsockopt(alone, SOL_SOCKET, SO_PEERPIDFD, &got, &size));
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_PEERPIDFD, &got, 4));
}

static void events(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLPRI | POLLOUT};
	poll(&p, 1, 0);
	int mark = -1, count = -1;
	long r = ioctl(fd, SIOCATMARK, &mark);
	ioctl(fd, FIONREAD, &count);
	printf("events %x mark %ld %d", p.revents, r, mark);
	// What was dropped at the mark stays counted by some kernels.
	if (counted) printf(" count %d", count);
	puts("");
	fflush(stdout);
}

static void got(int fd, int size, int flags)
{
	memset(b, 0, sizeof b);
	long n = recv(fd, b, size, flags | MSG_DONTWAIT);
	if (n < 0) printf("recv %d %x: %s\n", size, flags, errno_name(errno));
	else printf("recv %d %x: %ld %s\n", size, flags, n, b);
	fflush(stdout);
}

static void oob(void)
{
	pair(SOCK_STREAM);
	events(s[1]);
	got(s[1], 1, MSG_OOB);
	SHOW(send(s[0], "hello", 5, 0));
	SHOW(send(s[0], "X", 1, MSG_OOB));
	events(s[1]);
	got(s[1], 1, MSG_OOB | MSG_PEEK);
	got(s[1], 1, MSG_OOB);
	got(s[1], 1, MSG_OOB);
	events(s[1]);
	got(s[1], 10, 0);
	events(s[1]);
}

static void oob_mark(void)
{
	counted = 0;
	pair(SOCK_STREAM);
	send(s[0], "abcX", 4, MSG_OOB);
	send(s[0], "def", 3, 0);
	events(s[1]);
	got(s[1], 10, 0);
	events(s[1]);
	got(s[1], 10, 0);
	events(s[1]);
	send(s[0], "1", 1, MSG_OOB);
	send(s[0], "2", 1, MSG_OOB);
	events(s[1]);
	got(s[1], 10, 0);
	got(s[1], 10, MSG_OOB);
	got(s[1], 10, 0);
	send(s[0], "", 0, MSG_OOB);
	send(s[0], "3", 1, MSG_OOB);
	got(s[1], 10, 0);
	events(s[1]);
}

static void oob_inline(void)
{
	int on = 1;
	pair(SOCK_STREAM);
	setsockopt(s[1], SOL_SOCKET, SO_OOBINLINE, &on, 4);
	send(s[0], "abcX", 4, MSG_OOB);
	send(s[0], "def", 3, 0);
	events(s[1]);
	got(s[1], 1, MSG_OOB);
	got(s[1], 10, 0);
	events(s[1]);
	got(s[1], 10, 0);
	events(s[1]);
}

static void oob_elsewhere(void)
{
	pair(SOCK_DGRAM);
	SHOW(send(s[0], "x", 1, MSG_OOB));
	SHOW(recv(s[1], b, 1, MSG_OOB | MSG_DONTWAIT));
	pair(SOCK_SEQPACKET);
	SHOW(send(s[0], "x", 1, MSG_OOB));
	SHOW(recv(s[1], b, 1, MSG_OOB | MSG_DONTWAIT));
}

static long many(int fd, int count, int flags, struct timespec *t)
{
	struct mmsghdr m[5];
	struct iovec iov = {b, 10};
	memset(m, 0, sizeof m);
	for (int i = 0; i < 5; i++) m[i].msg_hdr.msg_iov = &iov, m[i].msg_hdr.msg_iovlen = 1;
	return syscall(SYS_recvmmsg, fd, m, count, flags, t);
}

static void timeouts(void)
{
	struct timespec t = {0, 50000000}, zero = {0, 0}, wrong = {0, -1}, negative = {-1, 0};
	pair(SOCK_DGRAM);
	SHOW(many(s[1], 5, 0, &wrong));
	SHOW(many(s[1], 5, 0, &negative));
	SHOW(many(s[1], 5, 0, (void *)8));
	SHOW(many(99, 5, 0, &wrong));
	send(s[0], "a", 1, 0);
	send(s[0], "b", 1, 0);
	SHOW(many(s[1], 5, 0, &zero));
	SHOW(many(s[1], 1, 0, &t));
	printf("left %d\n", t.tv_sec == 0 && t.tv_nsec < 50000000 && t.tv_nsec > 0);
	SHOW(many(s[1], 5, MSG_DONTWAIT, &t));
	send(s[0], "a", 1, 0);
	SHOW(many(s[1], 5, MSG_DONTWAIT, &t));
	fflush(stdout);
	t.tv_nsec = 50000000;
	if (!fork()) {
		usleep(100000);
		send(s[0], "late", 4, 0);
		usleep(100000);
		send(s[0], "later", 4, 0);
		_exit(0);
	}
	send(s[0], "a", 1, 0);
	SHOW(many(s[1], 5, 0, &t));
	printf("left %d %d\n", (int)t.tv_sec, (int)t.tv_nsec);
	wait(NULL);
	SHOW(many(s[1], 5, MSG_DONTWAIT, NULL));
}

PROBES({"pidfds", pidfds}, {"pidfds_of_others", pidfds_of_others}, {"peer_pidfd", peer_pidfd}, {"oob", oob},
       {"oob_mark", oob_mark}, {"oob_inline", oob_inline}, {"oob_elsewhere", oob_elsewhere}, {"timeouts", timeouts})
