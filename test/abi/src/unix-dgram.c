/* AF_UNIX datagrams: addresses, borders, bounded queues, and messages in several pieces. unix(7). */
#include "sockets.h"

static long send_to(int fd, const char *path, const char *text)
{
	struct sockaddr_un a = named(path);
	return sendto(fd, text, strlen(text), MSG_DONTWAIT, (void *)&a, sizeof a);
}
static void take_from(int fd, int size, int flags)
{
	struct sockaddr_un a;
	memset(&a, 0, sizeof a);
	socklen_t n = sizeof a;
	memset(buffer, 0, 100);
	long got = recvfrom(fd, buffer, size, flags, (void *)&a, &n);
	if (got < 0) printf("recvfrom = %s\n", errno_name(errno));
	else {
		printf("recvfrom = %ld \"%.*s\" ", got, (int)(got > 60 ? 60 : got), buffer);
		show_address("from", &a, n);
	}
	fflush(stdout);
}

static void addressed(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(send(a, "x", 1, 0));
	SHOW(send_to(a, "b", "x"));
	SHOW(bind_path(b, "b"));
	ready(b);
	SHOW(send_to(a, "b", "one"));
	SHOW(bind_path(a, "a"));
	SHOW(send_to(a, "b", "two"));
	SHOW(send_to(a, "b", ""));
	ready(b);
	take_from(b, 10, MSG_PEEK);
	take_from(b, 10, 0);
	take_from(b, 2, 0);
	take_from(b, 10, 0);
	take_from(b, 10, MSG_DONTWAIT);
	SHOW(send_to(a, "a", "myself"));
	take_from(a, 3, MSG_TRUNC);
	SHOW(listen(a, 1));
	SHOW(accept(a, NULL, NULL));
	show_names(a);
	struct sockaddr_un bad = named("b");
	SHOW(sendto(a, "x", 1, 0, (void *)&bad, 1));
	SHOW(sendto(a, "x", 1, 0, (void *)&bad, 200));
	bad.sun_family = 9;
	SHOW(sendto(a, "x", 1, 0, (void *)&bad, sizeof bad));
	int stream = socket(AF_UNIX, SOCK_STREAM, 0);
	bind_path(stream, "s");
	SHOW(send_to(a, "s", "x"));
	close(b);
	SHOW(send_to(a, "b", "x"));
}
static void connected(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind_path(a, "a");
	bind_path(b, "b");
	bind_path(c, "c");
	SHOW(connect_path(a, "nobody"));
	SHOW(connect_path(a, "b"));
	show_names(a);
	SHOW(send(a, "to b", 4, 0));
	SHOW(send_to(a, "c", "to c"));
	take_from(b, 10, 0);
	take_from(c, 10, 0);
	SHOW(connect_path(b, "a"));
	SHOW(send_to(c, "a", "stranger"));
	SHOW(connect_path(c, "a"));
	SHOW(send(b, "back", 4, 0));
	take_from(a, 10, 0);
	send(b, "old", 3, 0);
	SHOW(connect_path(a, "c"));
	take_from(a, 10, MSG_DONTWAIT);
	ready(b);
	SHOW(option(b, SO_ERROR));
	SHOW(send(b, "now", 3, 0));
	struct sockaddr_un none = {.sun_family = AF_UNSPEC};
	SHOW(connect(a, (void *)&none, sizeof none));
	show_names(a);
	SHOW(send(a, "x", 1, 0));
	SHOW(connect_path(a, "b"));
	close(b);
	SHOW(send(a, "x", 1, 0));
	SHOW(send(a, "x", 1, 0));
}
static void full_queue(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0), n = 0;
	bind_path(b, "b");
	while (send_to(a, "b", "x") == 1) n++;
	printf("%d then %s\n", n, errno_name(errno));
	ready(a);
	connect_path(a, "b");
	ready(a);
	int ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLOUT | EPOLLET}, out;
	epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev);
	SHOW(epoll_wait(ep, &out, 1, 0));
	take_from(b, 10, 0);
	SHOW(epoll_wait(ep, &out, 1, 0));
	ready(a);
	SHOW(send(a, "y", 1, MSG_DONTWAIT));
	SHOW(send(a, "y", 1, MSG_DONTWAIT));
	if (!fork()) {
		usleep(20000);
		take_from(b, 10, 0);
		_exit(0);
	}
	SHOW(send(a, "z", 1, 0));
	wait(NULL);
}
static void pairs(void)
{
	int b, a = pair(SOCK_DGRAM | SOCK_NONBLOCK, &b);
	ready(a);
	show_names(a);
	long n = 0;
	while (write(a, buffer, 1) == 1) n++;
	printf("%ld small ones then %s\n", n, errno_name(errno));
	ready(a);
	while (read(b, buffer, 10) == 1) n--;
	printf("left %ld\n", n);
	SHOW(send(a, buffer, 212961, 0));
	SHOW(send(a, buffer, 212960, 0));
	SHOW(recv(b, buffer, sizeof buffer, 0));
	SHOW(send(a, "abc", 3, 0));
	SHOW(send(a, "defg", 4, 0));
	int left;
	ioctl(b, FIONREAD, &left);
	printf("%d\n", left);
	close(a);
	ready(b);
	take_from(b, 10, 0);
	take_from(b, 10, 0);
	take_from(b, 10, 0);
	SHOW(send(b, "x", 1, 0));
	SHOW(send(b, "x", 1, 0));
}
static void shutdowns(void)
{
	int b, a = pair(SOCK_DGRAM, &b);
	SHOW(send(a, "before", 6, 0));
	SHOW(shutdown(a, SHUT_WR));
	ready(a);
	ready(b);
	SHOW(send(a, "after", 5, 0));
	take_from(b, 10, 0);
	SHOW(shutdown(b, SHUT_RD));
	ready(b);
	take_from(b, 10, 0);
	take_from(b, 10, MSG_DONTWAIT);
	a = pair(SOCK_DGRAM, &b);
	SHOW(shutdown(b, SHUT_RD));
	SHOW(send(a, "x", 1, 0));
}
static void abstract_names(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(bind_abstract(a, "umwelt-dgram-a"));
	SHOW(bind_abstract(b, "umwelt-dgram-b"));
	SHOW(connect_abstract(a, "umwelt-dgram-b"));
	SHOW(send(a, "hi", 2, 0));
	take_from(b, 10, 0);
	struct sockaddr_un small;
	socklen_t n = 5;
	memset(&small, 0, sizeof small);
	SHOW(getsockname(a, (void *)&small, &n));
	printf("%u %d %.3s\n", n, small.sun_family, small.sun_path + 1);
	n = -1;
	SHOW(getsockname(a, (void *)&small, &n));
	n = 0;
	SHOW(getsockname(a, NULL, &n));
	printf("%u\n", n);
	SHOW(getsockname(a, (void *)8, &(socklen_t){20}));
	SHOW(getsockname(a, (void *)&small, (void *)8));
}
static void messages(void)
{
	int b, a = pair(SOCK_DGRAM, &b);
	struct iovec out[3] = {{"ab", 2}, {"cde", 3}, {"f", 1}};
	struct msghdr m = {.msg_iov = out, .msg_iovlen = 3};
	SHOW(sendmsg(a, &m, 0));
	char one[4] = "", two[10] = "";
	struct iovec in[2] = {{one, 3}, {two, 9}};
	struct msghdr r = {.msg_iov = in, .msg_iovlen = 2, .msg_flags = 77, .msg_namelen = 33};
	SHOW(recvmsg(b, &r, 0));
	printf("%s %s flags %d name %u control %ld\n", one, two, r.msg_flags, r.msg_namelen, (long)r.msg_controllen);
	sendmsg(a, &m, 0);
	in[1].iov_len = 1;
	SHOW(recvmsg(b, &r, 0));
	printf("flags %d\n", r.msg_flags);
	sendmsg(a, &m, 0);
	SHOW(recvmsg(b, &r, MSG_TRUNC));
	printf("flags %d\n", r.msg_flags);
	m.msg_iovlen = 1025;
	SHOW(sendmsg(a, &m, 0));
	m.msg_iovlen = 0;
	SHOW(sendmsg(a, &m, 0));
	SHOW(recvmsg(b, &r, 0));
	SHOW(sendmsg(a, (void *)8, 0));
	SHOW(recvmsg(b, (void *)8, MSG_DONTWAIT));
	SHOW(sendmsg(plain(), &m, 0));
	SHOW(recvmsg(b, &r, MSG_DONTWAIT));
	m.msg_name = buffer;
	m.msg_namelen = -1;
	SHOW(sendmsg(a, &m, 0));
	struct sockaddr_un from;
	int c = socket(AF_UNIX, SOCK_DGRAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind_path(c, "c");
	bind_path(d, "d");
	from = named("d");
	m = (struct msghdr){.msg_iov = out, .msg_iovlen = 2, .msg_name = &from, .msg_namelen = sizeof from};
	SHOW(sendmsg(c, &m, 0));
	memset(&from, 0, sizeof from);
	r = (struct msghdr){.msg_iov = in, .msg_iovlen = 2, .msg_name = &from, .msg_namelen = sizeof from};
	SHOW(recvmsg(d, &r, 0));
	show_address("from", &from, r.msg_namelen);
}
static void many(void)
{
	int b, a = pair(SOCK_DGRAM, &b);
	struct iovec out[3] = {{"one", 3}, {"two!", 4}, {"three", 5}};
	struct mmsghdr m[3];
	memset(m, 0, sizeof m);
	for (int i = 0; i < 3; i++) m[i].msg_hdr.msg_iov = out + i, m[i].msg_hdr.msg_iovlen = 1;
	SHOW(sendmmsg(a, m, 3, 0));
	printf("%u %u %u\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	char got[4][8];
	struct iovec in[4];
	struct mmsghdr r[4];
	memset(r, 0, sizeof r);
	memset(got, 0, sizeof got);
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){got[i], 7};
		r[i].msg_hdr.msg_iov = in + i, r[i].msg_hdr.msg_iovlen = 1;
	}
	SHOW(recvmmsg(b, r, 2, 0, NULL));
	printf("%s %u %s %u\n", got[0], r[0].msg_len, got[1], r[1].msg_len);
	SHOW(recvmmsg(b, r, 4, MSG_WAITFORONE, NULL));
	puts(got[0]);
	SHOW(recvmmsg(b, r, 4, MSG_DONTWAIT, NULL));
	SHOW(recvmmsg(b, r, 0, MSG_DONTWAIT, NULL));
	SHOW(sendmmsg(a, m, 0, 0));
	SHOW(sendmmsg(99, m, 1, 0));
	SHOW(sendmmsg(a, (void *)8, 1, 0));
	struct timespec bad = {0, -1};
	SHOW(recvmmsg(b, r, 4, MSG_DONTWAIT, &bad));
	if (!fork()) {
		for (int i = 0; i < 3; i++) {
			usleep(10000);
			send(a, "late", 4, 0);
		}
		_exit(0);
	}
	SHOW(recvmmsg(b, r, 3, 0, NULL));
	wait(NULL);
	shutdown(a, SHUT_WR);
	SHOW(sendmmsg(a, m, 2, 0));
}
static void mknod_is_no_socket(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(mknod("node", S_IFSOCK | 0600, 0));
	SHOW(send_to(a, "node", "x"));
	SHOW(bind_path(a, "node"));
	umask(077);
	SHOW(bind_path(a, "mine"));
	struct stat st;
	stat("mine", &st);
	printf("%o\n", st.st_mode);
	SHOW(rename("mine", "other"));
	SHOW(send_to(a, "other", "x"));
	SHOW(link("other", "third"));
	SHOW(send_to(a, "third", "y"));
	take_from(a, 10, 0);
	SHOW(chdir("/"));
	show_names(a);
}
static void permissions(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
	chmod(".", 0777);
	bind_path(b, "b");
	chmod("b", 0600);
	if (setuid(1000)) puts("setuid");
	SHOW(send_to(a, "b", "x"));
	SHOW(connect_path(a, "b"));
}
PROBES(
    {"addressed", addressed}, {"connected", connected}, {"full-queue", full_queue}, {"pairs", pairs},
    {"shutdowns", shutdowns}, {"abstract", abstract_names}, {"messages", messages}, {"many", many},
    {"mknod", mknod_is_no_socket}, {"permissions", permissions})
