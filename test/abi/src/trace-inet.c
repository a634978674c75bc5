/* Calls about the internet's sockets, for the trace of them: what strace prints of it is recorded in traced/. */
#include "inet.h"
#include <linux/netlink.h>
#include <net/if.h>

static void all(void)
{
	getppid();
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	int one = 1, value;
	struct sockaddr_in a = in4("127.0.0.1", 6000), b;
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, 4);
	bind(l, (void *)&a, sizeof a);
	bind(l, (void *)&a, sizeof a);
	listen(l, 5);
	struct sockaddr_in own = in4("127.0.0.2", 6001);
	bind(c, (void *)&own, sizeof own);
	connect(c, (void *)&a, sizeof a);
	connect(c, (void *)&a, sizeof a);
	socklen_t n = sizeof b;
	int s = syscall(SYS_accept4, l, &b, &n, SOCK_CLOEXEC);
	n = sizeof b;
	getsockname(s, (void *)&b, &n);
	n = sizeof b;
	getpeername(s, (void *)&b, &n);
	n = 6;
	getpeername(s, (void *)&b, &n);
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, 4);
	setsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &one, 4);
	setsockopt(s, IPPROTO_IP, IP_TOS, &one, 4);
	setsockopt(s, IPPROTO_IP, 99, &one, 4);
	setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, 4);
	n = 4;
	getsockopt(s, IPPROTO_TCP, TCP_NODELAY, &value, &n);
	getsockopt(s, IPPROTO_IP, IP_TTL, &value, &n);
	getsockopt(s, IPPROTO_TCP, 99, &value, &n);
	send(s, "hello", 5, MSG_NOSIGNAL | MSG_MORE);
	send(s, "!", 1, MSG_OOB);
	recv(c, buffer, 100, MSG_DONTWAIT);
	shutdown(s, SHUT_WR);
	int u = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP), v = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = in4("127.0.0.1", 6002);
	bind(u, (void *)&to, sizeof to);
	sendto(u, "datagram", 8, 0, (void *)&to, sizeof to);
	n = sizeof b;
	recvfrom(u, buffer, 100, 0, (void *)&b, &n);
	struct sockaddr_in6 six = in6("::1", 6003), got;
	setsockopt(v, IPPROTO_IPV6, IPV6_V6ONLY, &one, 4);
	bind(v, (void *)&six, sizeof six);
	sendto(v, "six", 3, 0, (void *)&six, sizeof six);
	struct iovec in = {buffer, 100};
	struct msghdr m = {.msg_iov = &in, .msg_iovlen = 1, .msg_name = &got, .msg_namelen = sizeof got};
	syscall(SYS_recvmsg, v, &m, 0);
	n = sizeof got;
	getsockname(v, (void *)&got, &n);
	struct sockaddr_in6 mapped = in6("::ffff:127.0.0.1", 6004), wide = in6("2001:db8:0:0:1::5", 6005);
	connect(v, (void *)&mapped, sizeof mapped);
	connect(v, (void *)&wide, sizeof wide);
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	connect(u, &none, sizeof none);
	bind(u, (void *)&to, 2);
	socket(AF_INET, SOCK_SEQPACKET, 0);
	socket(AF_INET, SOCK_STREAM, IPPROTO_ICMP);
	socket(AF_INET6, SOCK_STREAM, 99);
	int k = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK, .nl_pid = 77, .nl_groups = 5};
	bind(k, (void *)&nl, sizeof nl);
	socket(AF_NETLINK, SOCK_STREAM, NETLINK_GENERIC);
	ioctl(s, FIONREAD, &value);
	ioctl(l, SIOCATMARK, &value);
	getppid();
}
PROBES({"all", all})
