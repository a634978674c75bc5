/* Descriptors and credentials over AF_UNIX sockets: SCM_RIGHTS, SCM_CREDENTIALS, cmsg(3). */
#include "sockets.h"

static long send_fds(int fd, const char *text, const int *fds, int count)
{
	char control[CMSG_SPACE(300 * 4)];
	memset(control, 0, sizeof control);
	struct iovec io = {(void *)text, strlen(text)};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * 4)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(count * 4);
	memcpy(CMSG_DATA(h), fds, count * 4);
	return sendmsg(fd, &m, 0);
}
static int last_fd;
static void take_message(int fd, int size, int room, int flags)
{
	char control[2000];
	memset(control, 0x55, sizeof control);
	memset(buffer, 0, 100);
	struct iovec io = {buffer, size};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = room ? control : NULL, .msg_controllen = room};
	long n = recvmsg(fd, &m, flags);
	if (n < 0) {
		printf("recvmsg = %s\n", errno_name(errno));
		fflush(stdout);
		return;
	}
	printf("recvmsg = %ld \"%s\" flags %#x control %ld\n", n, buffer, m.msg_flags, (long)m.msg_controllen);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		printf("  level %d type %d length %ld:", h->cmsg_level, h->cmsg_type, (long)h->cmsg_len);
		int words = (h->cmsg_len - CMSG_LEN(0)) / 4, *data = (int *)CMSG_DATA(h);
		if (h->cmsg_type == SCM_RIGHTS)
			for (int i = 0; i < words; i++) last_fd = data[i], printf(" fd %d cloexec %d", data[i], fcntl(data[i], F_GETFD));
		else if (words > 2)
			printf(" %s uid %d gid %d", data[0] == getpid() ? "own" : data[0] == getppid() ? "parent" : data[0] ? "other" : "none",
			       data[1], data[2]);
		putchar('\n');
	}
	fflush(stdout);
}

static void one(void)
{
	int b, a = pair(SOCK_STREAM, &b), p[2];
	pipe(p);
	SHOW(send_fds(a, "x", p + 1, 1));
	close(p[1]);
	take_message(b, 10, 100, 0);
	SHOW(write(last_fd, "through", 7));
	close(last_fd);
	memset(buffer, 0, 10);
	SHOW(read(p[0], buffer, 10));
	puts(buffer);
	SHOW(read(p[0], buffer, 10));
}
static void several(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	int fds[3] = {0, 1, a};
	SHOW(send_fds(a, "three", fds, 3));
	take_message(b, 10, 100, MSG_CMSG_CLOEXEC);
	SHOW(send_fds(a, "again", fds, 3));
	take_message(b, 2, 100, 0);
	take_message(b, 10, 100, 0);
}
static void errors(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	int bad = 99, fds[254];
	for (int i = 0; i < 254; i++) fds[i] = 1;
	SHOW(send_fds(a, "x", &bad, 1));
	SHOW(send_fds(a, "x", fds, 254));
	SHOW(send_fds(a, "x", fds, 253));
	char control[64] = "";
	struct iovec io = {"y", 1};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 24};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	*h = (struct cmsghdr){.cmsg_len = 8, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	SHOW(sendmsg(a, &m, 0));
	h->cmsg_len = 40;
	SHOW(sendmsg(a, &m, 0));
	h->cmsg_len = 20;
	h->cmsg_type = 77;
	SHOW(sendmsg(a, &m, 0));
	h->cmsg_level = 99;
	SHOW(sendmsg(a, &m, 0));
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = 16;
	SHOW(sendmsg(a, &m, 0));
	m.msg_controllen = 8;
	SHOW(sendmsg(a, &m, 0));
	m.msg_controllen = 200000;
	SHOW(sendmsg(a, &m, 0));
	m.msg_controllen = 24;
	m.msg_control = (void *)8;
	SHOW(sendmsg(a, &m, 0));
}
static void truncated(void)
{
	int b, a = pair(SOCK_STREAM, &b), before;
	int fds[3] = {0, 1, 2};
	before = count_fds();
	send_fds(a, "none", fds, 3);
	take_message(b, 10, 0, 0);
	send_fds(a, "little", fds, 3);
	take_message(b, 10, 10, 0);
	send_fds(a, "header", fds, 3);
	take_message(b, 10, 16, 0);
	send_fds(a, "one", fds, 3);
	take_message(b, 10, CMSG_SPACE(4), 0);
	send_fds(a, "exact", fds, 3);
	take_message(b, 10, CMSG_LEN(12), 0);
	printf("more %d\n", count_fds() - before);
	send_fds(a, "plain recv", fds, 3);
	take(b, 20, 0);
	send_fds(a, "plain read", fds, 3);
	SHOW(read(b, buffer, 20));
	printf("more %d\n", count_fds() - before);
}
static void borders(void)
{
	int b, a = pair(SOCK_STREAM, &b), zero = 0;
	write(a, "aa", 2);
	send_fds(a, "bb", &zero, 1);
	write(a, "cc", 2);
	send_fds(a, "dd", &zero, 1);
	send_fds(a, "ee", &zero, 1);
	take_message(b, 20, 100, 0);
	take_message(b, 20, 100, 0);
	take_message(b, 20, 100, 0);
	take_message(b, 20, 100, MSG_DONTWAIT);
}
static void peeked(void)
{
	int b, a = pair(SOCK_STREAM, &b), p[2];
	pipe(p);
	send_fds(a, "look", p, 1);
	take_message(b, 20, 100, MSG_PEEK);
	take_message(b, 20, 100, MSG_PEEK);
	take_message(b, 20, 100, 0);
	SHOW(write(p[1], "x", 1));
	SHOW(read(last_fd, buffer, 1));
}
static void unread(void)
{
	int b, a = pair(SOCK_STREAM, &b), p[2];
	pipe(p);
	send_fds(a, "lost", p + 1, 1);
	close(p[1]);
	struct pollfd pfd = {.fd = p[0], .events = POLLIN};
	SHOW(poll(&pfd, 1, 0));
	close(a);
	SHOW(poll(&pfd, 1, 0));
	close(b);
	SHOW(poll(&pfd, 1, 0));
	printf("%#x\n", pfd.revents);
}
static void over_itself(void)
{
	int b, a = pair(SOCK_DGRAM, &b), p[2];
	pipe(p);
	int fds[3] = {a, b, p[1]};
	SHOW(send_fds(a, "both ends", fds, 3));
	SHOW(send_fds(b, "and back", fds, 2));
	close(p[1]);
	take_message(b, 3, 0, MSG_PEEK);
	close(a);
	struct pollfd pfd = {.fd = p[0], .events = POLLIN};
	SHOW(poll(&pfd, 1, 0));
	close(b);
	/* Linux collects such sockets when another one is closed. */
	close(pair(SOCK_STREAM, &b));
	SHOW(poll(&pfd, 1, 2000));
	printf("%#x\n", pfd.revents);
}
static void kept_by_message(void)
{
	int b, a = pair(SOCK_STREAM, &b), d, c = pair(SOCK_STREAM, &d);
	SHOW(write(a, "inner", 5));
	SHOW(send_fds(c, "outer", &b, 1));
	close(b);
	close(a);
	take_message(d, 10, 100, 0);
	take(last_fd, 10, 0);
	take(last_fd, 10, 0);
}
static void datagrams(void)
{
	int b, a = pair(SOCK_DGRAM, &b), zero = 0;
	send_fds(a, "with", &zero, 1);
	send(a, "without", 7, 0);
	send_fds(a, "", &zero, 1);
	take_message(b, 2, 100, 0);
	take_message(b, 20, 100, 0);
	take_message(b, 20, 100, 0);
	b = -1;
	a = pair(SOCK_STREAM, &b);
	SHOW(send_fds(a, "", &zero, 1));
	take_message(b, 20, 100, MSG_DONTWAIT);
}
static void to_child(void)
{
	int b, a = pair(SOCK_STREAM, &b);
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	write(fd, "0123456789", 10);
	lseek(fd, 3, SEEK_SET);
	if (!fork()) {
		close(fd);
		take_message(b, 10, 100, 0);
		read(last_fd, buffer, 4);
		_exit(0);
	}
	send_fds(a, "file", &fd, 1);
	wait(NULL);
	SHOW(lseek(fd, 0, SEEK_CUR));
}
static void credentials(void)
{
	int b, a = pair(SOCK_STREAM, &b), one = 1, zero = 0;
	write(a, "before", 6);
	SHOW(setsockopt(b, SOL_SOCKET, SO_PASSCRED, &one, 4));
	SHOW(option(b, SO_PASSCRED));
	write(a, "after", 5);
	take_message(b, 20, 100, 0);
	take_message(b, 20, 100, 0);
	send_fds(a, "fd too", &zero, 1);
	take_message(b, 20, 100, 0);
	write(a, "small", 5);
	take_message(b, 20, 20, 0);
	write(a, "no room", 7);
	take_message(b, 20, 0, 0);
	if (!fork()) {
		write(a, "child", 5);
		_exit(0);
	}
	wait(NULL);
	write(a, "parent", 6);
	take_message(b, 20, 100, 0);
	take_message(b, 20, 100, 0);
	take(b, 1, MSG_DONTWAIT);
}
static void send_credentials(int fd, const char *text, int pid, int uid, int gid)
{
	char control[CMSG_SPACE(12)] = "";
	struct iovec io = {(void *)text, strlen(text)};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	*h = (struct cmsghdr){.cmsg_len = CMSG_LEN(12), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
	int data[3] = {pid, uid, gid};
	memcpy(CMSG_DATA(h), data, 12);
	SHOW(sendmsg(fd, &m, 0));
}
static void claimed_credentials(void)
{
	int b, a = pair(SOCK_DGRAM, &b), one = 1;
	setsockopt(b, SOL_SOCKET, SO_PASSCRED, &one, 4);
	send_credentials(a, "own", getpid(), 0, 0);
	take_message(b, 20, 100, 0);
	send_credentials(a, "root may", getppid(), 5, 6);
	take_message(b, 20, 100, 0);
	setgid(1000);
	setuid(1000);
	send_credentials(a, "own", getpid(), 1000, 1000);
	take_message(b, 20, 100, 0);
	send_credentials(a, "uid", getpid(), 5, 1000);
	send_credentials(a, "gid", getpid(), 1000, 0);
	send_credentials(a, "pid", 1, 1000, 1000);
}
static void accepted_credentials(void)
{
	int l = socket(AF_UNIX, SOCK_STREAM, 0), one = 1;
	bind_path(l, "sock");
	setsockopt(l, SOL_SOCKET, SO_PASSCRED, &one, 4);
	listen(l, 5);
	int c = socket(AF_UNIX, SOCK_STREAM, 0);
	connect_path(c, "sock");
	write(c, "early", 5);
	int s = accept(l, NULL, NULL);
	SHOW(option(s, SO_PASSCRED));
	write(c, "late", 4);
	take_message(s, 20, 100, 0);
	SHOW(setsockopt(c, SOL_SOCKET, SO_PASSCRED, &one, 4));
	int d = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(setsockopt(d, SOL_SOCKET, SO_PASSCRED, &one, 4));
	connect_path(d, "sock");
	struct sockaddr_un name;
	socklen_t n = sizeof name;
	getsockname(d, (void *)&name, &n);
	printf("bound by itself: %u\n", n);
}
PROBES(
    {"one", one}, {"several", several}, {"errors", errors}, {"truncated", truncated}, {"borders", borders},
    {"peeked", peeked}, {"unread", unread}, {"over-itself", over_itself}, {"kept-by-message", kept_by_message},
    {"datagrams", datagrams}, {"to-child", to_child}, {"credentials", credentials},
    {"claimed-credentials", claimed_credentials}, {"accepted-credentials", accepted_credentials})
