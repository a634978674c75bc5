/* AF_UNIX streams and SOCK_SEQPACKET: connections and what goes over them. unix(7). */
#include "sockets.h"

static void create(void)
{
	SHOW(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 1));
	SHOW(fcntl(4, F_GETFD));
	SHOW(fcntl(4, F_GETFL));
	SHOW(socket(AF_UNIX, SOCK_STREAM, 5));
	SHOW(socket(AF_UNIX, SOCK_RDM, 0));
	SHOW(socket(AF_UNIX, 0, 0));
	SHOW(socket(AF_UNIX, 11, 0));
	SHOW(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
	SHOW(socket(-1, SOCK_STREAM, 0));
	SHOW(socket(99, SOCK_STREAM, 0));
	SHOW(socket(99, 77, 0));
	SHOW(socket(0, SOCK_STREAM, 0));
	SHOW(socket(AF_UNIX, SOCK_RAW, 0));
	SHOW(option(5, SO_TYPE));
	int v[2];
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, (void *)8));
	SHOW(socketpair(AF_UNIX, SOCK_RDM, 0, v));
	SHOW(socketpair(99, SOCK_STREAM, 0, v));
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, v));
	printf("%d %d\n", v[0], v[1]);
	struct stat st;
	SHOW(fstat(3, &st));
	printf("mode %o size %ld\n", st.st_mode, (long)st.st_size);
	char name[64] = "";
	readlink("/proc/self/fd/3", name, 8);
	puts(name);
	SHOW(open("/proc/self/fd/3", O_RDWR));
	SHOW(lseek(3, 0, SEEK_SET));
	SHOW(pread(3, name, 1, 0));
	SHOW(ftruncate(3, 0));
	SHOW(listen(plain(), 5));
	SHOW(listen(99, 5));
	SHOW(accept(plain(), NULL, NULL));
}
static void bind_cases(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = named("sock");
	SHOW(bind(fd, (void *)&a, 1));
	SHOW(bind(fd, (void *)&a, 200));
	SHOW(bind(fd, (void *)&a, 111));
	SHOW(bind(fd, (void *)&a, -1));
	SHOW(bind(fd, (void *)8, 10));
	SHOW(bind(plain(), (void *)&a, sizeof a));
	SHOW(bind(99, (void *)&a, sizeof a));
	a.sun_family = AF_INET;
	SHOW(bind(fd, (void *)&a, sizeof a));
	show_names(fd);
	SHOW(bind_path(fd, "no/where"));
	SHOW(bind_path(fd, "sock"));
	show_names(fd);
	SHOW(bind_path(fd, "sock"));
	SHOW(bind_path(fd, "sock2"));
	SHOW(access("sock2", F_OK));
	SHOW(bind_path(other, "sock"));
	struct stat st;
	SHOW(lstat("sock", &st));
	printf("%o\n", st.st_mode);
	SHOW(open("sock", O_RDWR));
	close(fd);
	SHOW(bind_path(other, "sock"));
	SHOW(connect_path(other, "sock"));
	unlink("sock");
	SHOW(bind_path(other, "sock"));
	int third = socket(AF_UNIX, SOCK_STREAM, 0);
	a = named("abc");
	SHOW(bind(third, (void *)&a, 2 + 2));
	show_names(third);
	SHOW(access("ab", F_OK));
}
static void abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_abstract(other, "umwelt-probe"));
	SHOW(bind_abstract(fd, "umwelt-probe"));
	SHOW(bind_abstract(fd, "umwelt-probe2"));
	show_names(fd);
	SHOW(bind_abstract(other, "umwelt-probe"));
	SHOW(bind_abstract(socket(AF_UNIX, SOCK_DGRAM, 0), "umwelt-probe"));
	SHOW(connect_abstract(other, "umwelt-probe"));
	SHOW(listen(fd, 1));
	SHOW(connect_abstract(other, "umwelt-prob"));
	SHOW(connect_abstract(other, "umwelt-probe"));
	show_names(other);
	int got = SHOW(accept(fd, NULL, NULL));
	show_names(got);
	close(fd);
	int again = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind_abstract(again, "umwelt-probe"));
}
static void autobind(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	SHOW(bind(fd, (void *)&a, 2));
	socklen_t n = sizeof a;
	SHOW(getsockname(fd, (void *)&a, &n));
	printf("length %u first %d\n", n, a.sun_path[0]);
	for (int i = 1; i < 6; i++) printf("%d", !!strchr("0123456789abcdef", a.sun_path[i]));
	puts("");
	SHOW(bind(fd, (void *)&a, 2));
	SHOW(bind_abstract(fd, "other"));
}
static void connecting(void)
{
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(connect_path(c, "sock"));
	SHOW(listen(l, 5));
	SHOW(bind_path(l, "sock"));
	SHOW(connect_path(c, "sock"));
	ready(l);
	ready(c);
	SHOW(option(l, SO_ACCEPTCONN));
	SHOW(accept(l, NULL, NULL));
	SHOW(listen(l, 5));
	SHOW(option(l, SO_ACCEPTCONN));
	ready(l);
	SHOW(connect_path(d, "sock"));
	SHOW(connect_path(c, "sock"));
	SHOW(connect_path(c, "sock"));
	ready(l);
	ready(c);
	struct sockaddr_un a;
	socklen_t n = sizeof a;
	int s = accept4(l, (void *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	show_address("accepted", &a, n);
	SHOW(fcntl(s, F_GETFD));
	SHOW(fcntl(s, F_GETFL));
	show_names(s);
	show_names(c);
	show_names(l);
	SHOW(listen(s, 1));
	SHOW(connect_path(s, "sock"));
	SHOW(connect_path(l, "sock"));
	SHOW(syscall(SYS_accept4, l, NULL, NULL, 1));
	SHOW(accept(s, NULL, NULL));
	fcntl(l, F_SETFL, O_NONBLOCK);
	SHOW(accept(l, NULL, NULL));
	SHOW(accept(l, NULL, (void *)8));
	creat("file", 0600);
	int e = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_path(e, "file"));
	SHOW(connect_path(e, "."));
	SHOW(send(l, "x", 1, MSG_NOSIGNAL));
	SHOW(recv(l, buffer, 1, 0));
	SHOW(send(e, "x", 1, MSG_NOSIGNAL));
	SHOW(recv(e, buffer, 1, 0));
	a.sun_family = AF_UNSPEC;
	SHOW(connect(c, (void *)&a, sizeof a));
	SHOW(connect(c, (void *)&a, 0));
}
static void backlog(void)
{
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c[6];
	bind_path(l, "sock");
	SHOW(listen(l, 2));
	for (int i = 0; i < 5; i++) {
		c[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		SHOW(connect_path(c[i], "sock"));
	}
	SHOW(send(c[0], "early", 5, 0));
	int s = accept(l, NULL, NULL);
	take(s, 10, 0);
	SHOW(connect_path(c[3], "sock"));
	SHOW(connect_path(c[4], "sock"));
	fcntl(c[4], F_SETFL, 0);
	if (!fork()) {
		usleep(20000);
		accept(l, NULL, NULL);
		usleep(20000);
		_exit(0);
	}
	SHOW(connect_path(c[4], "sock"));
	wait(NULL);
	close(l);
	ready(c[3]);
	take(c[3], 1, MSG_DONTWAIT);
	take(c[3], 1, MSG_DONTWAIT);
	SHOW(send(c[3], "x", 1, MSG_NOSIGNAL));
	SHOW(listen(s, 0));
}
static void transfer(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	ready(a);
	SHOW(write(a, "hello", 5));
	SHOW(send(a, "world", 5, 0));
	ready(b);
	take(b, 3, MSG_PEEK);
	take(b, 7, MSG_PEEK);
	take(b, 7, 0);
	take(b, 50, MSG_TRUNC);
	take(b, 50, MSG_DONTWAIT);
	SHOW(send(a, "", 0, 0));
	take(b, 50, MSG_DONTWAIT);
	SHOW(write(a, "x", 0));
	SHOW(read(b, buffer, 0));
	SHOW(sendto(a, "x", 1, 0, (void *)buffer, 2));
	int n = -1;
	write(a, "12345", 5);
	write(a, "678", 3);
	SHOW(ioctl(b, FIONREAD, &n));
	printf("%d\n", n);
	SHOW(ioctl(a, TIOCOUTQ, &n));
	printf("%d\n", n);
	SHOW(ioctl(b, FIONREAD, 8));
	SHOW(ioctl(b, 0x5413, &n));
	struct iovec out[2] = {{buffer, 2}, {buffer + 10, 100}};
	SHOW(readv(b, out, 2));
	struct iovec in[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
	SHOW(writev(a, in, 3));
	take(b, 50, 0);
	SHOW(send(a, (void *)8, 5, 0));
	SHOW(recv(b, (void *)8, 5, MSG_DONTWAIT));
}
static void fills(void)
{
	int sizes[] = {1, 1000, 4096, 10000, 65536};
	for (int i = 0; i < 5; i++) {
		int b, a = pair(SOCK_STREAM | SOCK_NONBLOCK, &b);
		long total = 0, n, last = 0;
		int cost;
		while ((n = write(a, buffer, sizes[i])) > 0) total += last = n;
		printf("%d: %ld in all, last %ld, then %s\n", sizes[i], total, last, errno_name(errno));
		ioctl(a, TIOCOUTQ, &cost);
		printf("cost %d\n", cost);
		ready(a);
		while (read(b, buffer, 50000) > 0) {}
		ready(a);
		close(a);
		close(b);
	}
}
static void blocked_writer(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	if (!fork()) {
		close(a);
		long total = 0, n;
		usleep(20000);
		while ((n = read(b, buffer, 7777)) > 0) total += n;
		printf("read %ld\n", total);
		fflush(stdout);
		_exit(0);
	}
	close(b);
	SHOW(write(a, buffer, sizeof buffer));
	SHOW(write(a, buffer, sizeof buffer));
	close(a);
	wait(NULL);
}
static void wait_all(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	if (!fork()) {
		for (int i = 0; i < 3; i++) {
			usleep(10000);
			write(a, "abc", 3);
		}
		_exit(0);
	}
	take(b, 7, MSG_WAITALL);
	take(b, 10, 0);
	wait(NULL);
	write(a, "xy", 2);
	take(b, 7, MSG_WAITALL | MSG_DONTWAIT);
	write(a, "xy", 2);
	close(a);
	take(b, 7, MSG_WAITALL);
	take(b, 7, MSG_WAITALL);
}
static void closing(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	write(a, "rest", 4);
	close(a);
	ready(b);
	take(b, 2, 0);
	take(b, 10, 0);
	take(b, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	show_names(b);
	a = pair(SOCK_STREAM, &b);
	write(b, "unread", 6);
	write(a, "data", 4);
	close(a);
	ready(b);
	SHOW(option(b, SO_ERROR));
	take(b, 10, 0);
	take(b, 10, 0);
	a = pair(SOCK_STREAM, &b);
	write(b, "unread", 6);
	close(a);
	take(b, 10, 0);
	take(b, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	signal(SIGPIPE, SIG_IGN);
	SHOW(write(b, "x", 1));
}
static void on_pipe(int signo) { printf("signal %d\n", signo); fflush(stdout); }
static void sigpipe(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	signal(SIGPIPE, on_pipe);
	close(b);
	SHOW(write(a, "x", 1));
	SHOW(send(a, "x", 1, 0));
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	a = pair(SOCK_SEQPACKET, &b);
	close(b);
	SHOW(write(a, "x", 1));
	SHOW(send(a, "x", 1, 0));
	a = pair(SOCK_STREAM, &b);
	shutdown(a, SHUT_WR);
	SHOW(write(a, "x", 1));
}
static void shutdowns(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	SHOW(shutdown(a, 3));
	SHOW(shutdown(a, -1));
	SHOW(shutdown(plain(), SHUT_RD));
	SHOW(shutdown(99, SHUT_RD));
	write(a, "last", 4);
	SHOW(shutdown(a, SHUT_WR));
	ready(a);
	ready(b);
	take(b, 10, 0);
	take(b, 10, 0);
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	SHOW(send(b, "back", 4, 0));
	take(a, 10, 0);
	SHOW(shutdown(b, SHUT_WR));
	ready(a);
	ready(b);
	take(a, 10, 0);
	a = pair(SOCK_STREAM, &b);
	write(b, "kept", 4);
	SHOW(shutdown(a, SHUT_RD));
	take(a, 10, 0);
	take(a, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	SHOW(shutdown(a, SHUT_RDWR));
	ready(a);
	ready(b);
	SHOW(shutdown(socket(AF_UNIX, SOCK_STREAM, 0), SHUT_RDWR));
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
	bind_path(l, "sock");
	listen(l, 1);
	SHOW(shutdown(l, SHUT_RD));
	SHOW(accept(l, NULL, NULL));
	SHOW(connect_path(c, "sock"));
}
static void seqpacket(void)
{
	int b, a = pair(SOCK_SEQPACKET, &b);
	SHOW(send(a, "first", 5, 0));
	SHOW(send(a, "", 0, 0));
	SHOW(write(a, "second", 6));
	take(b, 3, MSG_PEEK);
	take(b, 3, MSG_TRUNC);
	take(b, 10, MSG_DONTWAIT);
	take(b, 10, MSG_DONTWAIT);
	take(b, 10, MSG_DONTWAIT);
	int n;
	send(a, "abc", 3, 0);
	send(a, "de", 2, 0);
	ioctl(b, FIONREAD, &n);
	printf("%d\n", n);
	SHOW(send(a, buffer, 212992, 0));
	SHOW(send(a, buffer, 212961, 0));
	close(a);
	take(b, 10, 0);
	take(b, 10, 0);
	take(b, 10, 0);
	take(b, 10, MSG_DONTWAIT);
	ready(b);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	int l = socket(AF_UNIX, SOCK_SEQPACKET, 0), c = socket(AF_UNIX, SOCK_SEQPACKET, 0), s = socket(AF_UNIX, SOCK_STREAM, 0);
	ready(c);
	SHOW(send(c, "x", 1, 0));
	SHOW(recv(c, buffer, 1, 0));
	bind_path(l, "sock");
	listen(l, 5);
	SHOW(connect_path(s, "sock"));
	SHOW(connect_path(c, "sock"));
	SHOW(send(c, "over connection", 15, 0));
	int got = accept(l, NULL, NULL);
	take(got, 50, 0);
	struct sockaddr_un to = named("sock");
	SHOW(sendto(got, "y", 1, 0, (void *)&to, sizeof to));
	take(c, 50, MSG_DONTWAIT);
}
static void options(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	int names[] = {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN, SO_SNDBUF, SO_RCVBUF, SO_REUSEADDR, SO_KEEPALIVE,
	               SO_BROADCAST, SO_PASSCRED, SO_RCVLOWAT, SO_SNDLOWAT, SO_PRIORITY, SO_OOBINLINE, SO_DEBUG, SO_REUSEPORT};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) printf("%d: %d\n", names[i], option(a, names[i]));
	int one = 1, n;
	SHOW(setsockopt(a, SOL_SOCKET, SO_REUSEADDR, &one, 4));
	SHOW(setsockopt(a, SOL_SOCKET, SO_KEEPALIVE, &one, 4));
	SHOW(setsockopt(a, SOL_SOCKET, SO_KEEPALIVE, &one, 3));
	SHOW(setsockopt(a, SOL_SOCKET, SO_KEEPALIVE, (void *)8, 4));
	SHOW(setsockopt(a, SOL_SOCKET, SO_TYPE, &one, 4));
	SHOW(setsockopt(a, SOL_SOCKET, 9999, &one, 4));
	SHOW(setsockopt(a, 6, 1, &one, 4));
	SHOW(setsockopt(plain(), SOL_SOCKET, SO_KEEPALIVE, &one, 4));
	SHOW(option(a, SO_REUSEADDR));
	SHOW(option(a, 9999));
	n = 1;
	SHOW(setsockopt(a, SOL_SOCKET, SO_SNDBUF, &n, 4));
	SHOW(option(a, SO_SNDBUF));
	n = 10000;
	SHOW(setsockopt(a, SOL_SOCKET, SO_SNDBUF, &n, 4));
	SHOW(option(a, SO_SNDBUF));
	n = 1;
	SHOW(setsockopt(a, SOL_SOCKET, SO_RCVBUF, &n, 4));
	SHOW(option(a, SO_RCVBUF));
	struct linger l = {1, 7};
	SHOW(setsockopt(a, SOL_SOCKET, SO_LINGER, &l, 4));
	SHOW(setsockopt(a, SOL_SOCKET, SO_LINGER, &l, 8));
	l = (struct linger){0, 0};
	socklen_t length = sizeof l;
	SHOW(getsockopt(a, SOL_SOCKET, SO_LINGER, &l, &length));
	printf("%d %d %u\n", l.l_onoff, l.l_linger, length);
	struct timeval tv = {2, 4000};
	SHOW(setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, 8));
	SHOW(setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, 16));
	tv.tv_usec = 1000000;
	SHOW(setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, 16));
	length = 50;
	SHOW(getsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, &length));
	printf("%ld %ld %u\n", (long)tv.tv_sec, (long)tv.tv_usec, length);
	char c = 9;
	length = 1;
	SHOW(getsockopt(a, SOL_SOCKET, SO_TYPE, &c, &length));
	printf("%d %u\n", c, length);
	length = -1;
	SHOW(getsockopt(a, SOL_SOCKET, SO_TYPE, &n, &length));
	SHOW(getsockopt(a, SOL_SOCKET, SO_TYPE, &n, (void *)8));
	struct ucred u;
	length = sizeof u;
	SHOW(getsockopt(a, SOL_SOCKET, SO_PEERCRED, &u, &length));
	printf("own %d uid %d gid %d\n", u.pid == getpid(), u.uid, u.gid);
	length = sizeof u;
	getsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_PEERCRED, &u, &length);
	printf("pid %d uid %d gid %d\n", u.pid, u.uid, u.gid);
}
static void timeouts(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	struct timeval tv = {0, 30000};
	SHOW(setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
	SHOW(setsockopt(a, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv));
	take(a, 5, 0);
	long n;
	while ((n = write(a, buffer, 65536)) == 65536) {}
	printf("%ld\n", n);
	SHOW(write(a, buffer, 5));
	int l = socket(AF_UNIX, SOCK_STREAM, 0);
	bind_path(l, "sock");
	listen(l, 5);
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	SHOW(accept(l, NULL, NULL));
}
static void on_alarm(int signo) {}
static void interrupted(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	struct sigaction action = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &action, NULL);
	struct itimerval soon = {.it_value.tv_usec = 20000};
	setitimer(ITIMER_REAL, &soon, NULL);
	take(a, 5, 0);
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	if (!fork()) {
		usleep(80000);
		write(b, "later", 5);
		_exit(0);
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	take(a, 5, 0);
	wait(NULL);
	struct timeval tv = {5, 0};
	setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setitimer(ITIMER_REAL, &soon, NULL);
	take(a, 5, 0);
}
static void edges(void)
{
	int b, a = pair(SOCK_STREAM | SOCK_NONBLOCK, &b), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, out;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev));
	for (int step = 0; step < 8; step++) {
		if (step == 2) write(b, "x", 1);
		if (step == 4) write(b, "y", 1);
		if (step == 5) shutdown(b, SHUT_WR);
		if (step == 7) close(b);
		int n = epoll_wait(ep, &out, 1, 0);
		printf("step %d: %d %#x\n", step, n, n == 1 ? out.events : 0);
	}
}
static void over_fork(void)
{
	int l = socket(AF_UNIX, SOCK_STREAM, 0);
	bind_path(l, "sock");
	listen(l, 5);
	if (!fork()) {
		int c = socket(AF_UNIX, SOCK_STREAM, 0);
		connect_path(c, "sock");
		write(c, "question", 8);
		take(c, 20, 0);
		take(c, 20, 0);
		_exit(0);
	}
	int s = accept(l, NULL, NULL);
	struct ucred u;
	socklen_t n = sizeof u;
	getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n);
	printf("another %d\n", u.pid != getpid() && u.pid > 0);
	fflush(stdout);
	take(s, 20, 0);
	write(s, "answer", 6);
	close(s);
	wait(NULL);
}
PROBES(
    {"create", create}, {"bind", bind_cases}, {"abstract", abstract}, {"autobind", autobind}, {"connecting", connecting},
    {"backlog", backlog}, {"transfer", transfer}, {"fills", fills}, {"blocked-writer", blocked_writer},
    {"wait-all", wait_all}, {"closing", closing}, {"sigpipe", sigpipe}, {"shutdowns", shutdowns}, {"seqpacket", seqpacket},
    {"options", options}, {"timeouts", timeouts}, {"interrupted", interrupted}, {"edges", edges}, {"over-fork", over_fork})
