/* Calls about sockets, for the trace of them: what strace prints of it is recorded in traced/. */
#include "sockets.h"

#ifdef __i386__
#define accept_(l, b, n) syscall(SYS_accept4, l, b, n, 0)
#else
#define accept_(l, b, n) syscall(SYS_accept, l, b, n)
#endif

static void all(void)
{
	getppid();
	int v[2], one = 1;
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, v);
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = named("sock"), b;
	bind(l, (void *)&a, sizeof a);
	listen(l, 5);
	connect(c, (void *)&a, sizeof a);
	socklen_t n = sizeof b;
	int s = syscall(SYS_accept4, l, &b, &n, SOCK_CLOEXEC);
	fcntl(l, F_SETFL, O_NONBLOCK);
	accept_(l, &b, &n);
	n = sizeof b;
	getsockname(s, (void *)&b, &n);
	n = sizeof b;
	getpeername(s, (void *)&b, &n);
	n = sizeof b;
	getpeername(c, (void *)&b, &n);
	n = 4;
	getpeername(c, (void *)&b, &n);
	getpeername(l, (void *)&b, &n);
	int x = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un name = {AF_UNIX, "\0abs"};
	bind(x, (void *)&name, 6);
	n = sizeof b;
	getsockname(x, (void *)&b, &n);
	connect(c, (void *)&name, 6);

	char got[100];
	sendto(c, "hello", 5, MSG_NOSIGNAL, NULL, 0);
	recvfrom(s, got, 100, MSG_PEEK, NULL, NULL);
	recvfrom(s, got, 100, MSG_DONTWAIT, NULL, NULL);
	recvfrom(s, got, 100, MSG_DONTWAIT, NULL, NULL);
	sendto(x, "to self", 7, 0, (void *)&name, 6);
	n = sizeof b;
	recvfrom(x, got, 100, 0, (void *)&b, &n);
	send(v[0], "q", 1, 0);
	n = sizeof b;
	recvfrom(v[1], got, 100, 0, (void *)&b, &n);

	struct iovec out = {"hey", 3}, in = {got, 100};
	char control[100] = "";
	struct msghdr m = {.msg_iov = &out, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(8)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	*h = (struct cmsghdr){.cmsg_len = CMSG_LEN(8), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	((int *)CMSG_DATA(h))[0] = 1;
	((int *)CMSG_DATA(h))[1] = 2;
	syscall(SYS_sendmsg, c, &m, 0);
	setsockopt(s, SOL_SOCKET, SO_PASSCRED, &one, 4);
	m.msg_iov = &in;
	m.msg_controllen = 100;
	syscall(SYS_recvmsg, s, &m, MSG_CMSG_CLOEXEC);
	m = (struct msghdr){.msg_iov = &out, .msg_iovlen = 1, .msg_name = &name, .msg_namelen = 6};
	syscall(SYS_sendmsg, x, &m, MSG_DONTWAIT | MSG_EOR);
	m = (struct msghdr){.msg_iov = &in, .msg_iovlen = 1, .msg_name = &b, .msg_namelen = sizeof b};
	syscall(SYS_recvmsg, x, &m, 0);
	syscall(SYS_recvmsg, x, &m, MSG_DONTWAIT);

	struct mmsghdr mm[2];
	memset(mm, 0, sizeof mm);
	for (int i = 0; i < 2; i++) mm[i].msg_hdr.msg_iov = &out, mm[i].msg_hdr.msg_iovlen = 1;
	syscall(SYS_sendmmsg, c, mm, 2, 0);
	for (int i = 0; i < 2; i++) mm[i].msg_hdr.msg_iov = &in;
	syscall(SYS_recvmmsg, s, mm, 2, MSG_DONTWAIT, NULL);
	syscall(SYS_recvmmsg, s, mm, 2, MSG_DONTWAIT, NULL);

	int value;
	n = 4;
	getsockopt(s, SOL_SOCKET, SO_TYPE, &value, &n);
	getsockopt(s, SOL_SOCKET, SO_ERROR, &value, &n);
	getsockopt(s, SOL_SOCKET, SO_SNDBUF, &value, &n);
	getsockopt(s, SOL_SOCKET, 9999, &value, &n);
	struct ucred u;
	n = sizeof u;
	getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n);
	struct linger linger = {1, 5};
	setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, 8);
	n = 20;
	getsockopt(s, SOL_SOCKET, SO_LINGER, &linger, &n);
	setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &one, 4);
	setsockopt(s, SOL_SOCKET, 999, &one, 4);
	ioctl(s, FIONREAD, &value);
	ioctl(s, TIOCOUTQ, &value);
	shutdown(s, SHUT_WR);
	shutdown(s, 7);
	socket(AF_UNIX, 77, 0);
	socket(99, SOCK_STREAM, 0);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, v);
	socket(AF_UNIX, SOCK_DGRAM, 5);
	getppid();
}
PROBES({"all", all})
