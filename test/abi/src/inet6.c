/* AF_INET6 over lo: ::1, addresses of IPv4 inside, both kinds at one port. */
#include "inet.h"

static int tcp6(void) { return socket(AF_INET6, SOCK_STREAM, 0); }
static int udp6(void) { return socket(AF_INET6, SOCK_DGRAM, 0); }
static int only(int fd, int value) { return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, 4); }

static void binding(void)
{
	int fd = tcp6();
	struct sockaddr_in6 a = in6("::1", 5000);
	show_inet_names(fd);
	SHOW(bind(fd, (void *)&a, 23));
	SHOW(bind(fd, (void *)&a, 16));
	a.sin6_family = AF_INET;
	SHOW(bind(fd, (void *)&a, sizeof a));
	a.sin6_family = AF_UNSPEC;
	SHOW(bind(fd, (void *)&a, sizeof a));
	SHOW(bind_to(fd, "2001:db8::1", 5000));
	SHOW(bind_to(fd, "ff02::1", 5000));
	SHOW(bind_to(fd, "fe80::1", 5000));
	SHOW(bind_to(fd, "::ffff:192.0.2.1", 5000));
	a.sin6_family = AF_INET6;
	SHOW(bind(fd, (void *)&a, 24));
	show_inet_names(fd);
	SHOW(bind_to(tcp6(), "::1", 5000));
	SHOW(bind_to(tcp6(), "::", 5000));
	SHOW(bind_to(tcp(), "127.0.0.1", 5000));
	int any = tcp6(), b;
	SHOW(bind_to(any, "::", 5001));
	show_inet_names(any);
	SHOW(bind_to(tcp(), "127.0.0.1", 5001));
	SHOW(bind_to(tcp(), "0.0.0.0", 5001));
	SHOW(bind_to(tcp6(), "::ffff:127.0.0.1", 5001));
	SHOW(bind_to(b = tcp6(), "::ffff:127.0.0.1", 5002));
	show_inet_names(b);
	SHOW(bind_to(tcp(), "127.0.0.1", 5002));
	SHOW(bind_to(tcp6(), "::1", 5002));
	SHOW(bind_to(tcp6(), "::", 5002));
	int six = tcp6();
	SHOW(only(six, 1));
	SHOW(bind_to(six, "::", 5003));
	SHOW(bind_to(tcp(), "0.0.0.0", 5003));
	SHOW(only(six, 0));
	six = tcp6();
	only(six, 1);
	SHOW(bind_to(six, "::ffff:127.0.0.1", 5004));
	SHOW(bind_to(tcp(), "0.0.0.0", 5005));
	SHOW(bind_to(tcp6(), "::", 5005));
	SHOW(bind_to(udp6(), "ff02::1", 5006));
	AS_USER(SHOW(bind_to(tcp6(), "::1", 80)););
}
static void connecting(void)
{
	int l = listener(AF_INET6, "::", 6000, 9), c = tcp6(), s;
	SHOW(connect_to(c, "::1", 6000));
	show_inet_names(c);
	show_inet_names(s = accept(l, NULL, NULL));
	SHOW(write(c, "six", 3));
	take(s, 10, 0);
	c = tcp();
	SHOW(connect_to(c, "127.0.0.1", 6000));
	show_inet_names(c);
	struct sockaddr_in6 a;
	socklen_t n = sizeof a;
	s = accept(l, (void *)&a, &n);
	show_inet("accepted", &a, n);
	show_inet_names(s);
	SHOW(option(s, SO_DOMAIN));
	c = tcp6();
	SHOW(connect_to(c, "::ffff:127.0.0.5", 6000));
	show_inet_names(c);
	show_inet_names(accept(l, NULL, NULL));
	c = tcp6();
	SHOW(connect_to(c, "::", 6000));
	show_inet_names(c);
	int four = listener(AF_INET, "127.0.0.1", 6001, 3);
	c = tcp6();
	SHOW(connect_to(c, "::1", 6001));
	c = tcp6();
	SHOW(connect_to(c, "::ffff:127.0.0.1", 6001));
	show_inet_names(c);
	show_inet_names(accept(four, NULL, NULL));
	c = tcp6();
	SHOW(connect_to(c, "127.0.0.1", 6001));
	SHOW(connect_to(c, "2001:db8::1", 6001));
	SHOW(connect_to(c, "ff02::1", 6001));
	SHOW(connect_to(c, "::ffff:192.0.2.1", 6001));
	SHOW(connect_to(c, "::ffff:0.0.0.0", 6001));
	struct sockaddr_in6 short_one = in6("::1", 6000);
	c = tcp6();
	SHOW(connect(c, (void *)&short_one, 16));
	SHOW(connect(c, (void *)&short_one, 24));
	c = tcp6();
	only(c, 1);
	SHOW(connect_to(c, "::ffff:127.0.0.1", 6000));
	c = tcp();
	SHOW(connect_to(c, "::1", 6000));
	c = tcp6();
	bind_to(c, "::1", 0);
	SHOW(connect_to(c, "::ffff:127.0.0.1", 6000));
	c = tcp6();
	bind_to(c, "::ffff:127.0.0.1", 0);
	SHOW(connect_to(c, "::1", 6000));
	int best = listener(AF_INET6, "::1", 6002, 3), dual = tcp6();
	on(dual, SO_REUSEADDR);
	SHOW(bind_to(dual, "::", 6002));
	int lo = listener(AF_INET, "127.0.0.1", 6003, 3);
	only(dual = tcp6(), 1);
	SHOW(bind_to(dual, "::", 6003));
	SHOW(listen(dual, 3));
	connect_to(c = tcp(), "127.0.0.1", 6003);
	ready(lo);
	ready(dual);
}
static void show_from(int fd)
{
	char a[128];
	socklen_t n = sizeof a;
	settle();
	memset(buffer, 0, 100);
	long got = recvfrom(fd, buffer, 100, MSG_DONTWAIT, (void *)a, &n);
	if (got < 0) printf("recvfrom = %s\n", errno_name(errno));
	else {
		printf("recvfrom = %ld \"%s\" ", got, buffer);
		show_inet("from", a, n);
	}
}
static void datagrams(void)
{
	int a = udp6(), b = udp6(), c = udp();
	bind_to(b, "::", 5000);
	SHOW(send_to(a, "six", "::1", 5000));
	show_inet_names(a);
	show_from(b);
	SHOW(send_to(c, "four", "127.0.0.1", 5000));
	show_from(b);
	SHOW(send_to(a, "mapped", "::ffff:127.0.0.1", 5000));
	show_from(b);
	SHOW(send_to(a, "plain", "127.0.0.1", 5000));
	show_from(b);
	SHOW(send_to(a, "any", "::", 5000));
	show_from(b);
	SHOW(send_to(a, "x", "2001:db8::1", 5000));
	SHOW(send_to(a, "x", "::1", 0));
	SHOW(send_to(c, "x", "::1", 5000));
	struct sockaddr_in6 to = in6("::1", 5000);
	SHOW(sendto(a, "x", 1, 0, (void *)&to, 23));
	SHOW(sendto(a, "short", 5, 0, (void *)&to, 24));
	show_from(b);
	to.sin6_family = 77;
	SHOW(sendto(a, "x", 1, 0, (void *)&to, sizeof to));
	to.sin6_family = AF_UNSPEC;
	SHOW(sendto(a, "x", 1, 0, (void *)&to, sizeof to));
	SHOW(send(a, "x", 1, 0));
	SHOW(connect_to(a, "::1", 5000));
	show_inet_names(a);
	SHOW(send(a, "connected", 9, 0));
	show_from(b);
	SHOW(connect_to(a, "127.0.0.1", 5000));
	show_inet_names(a);
	SHOW(connect_to(a, "::1", 5999));
	show_inet_names(a);
	a = udp6();
	SHOW(connect_to(a, "::1", 5999));
	SHOW(send(a, "x", 1, 0));
	settle();
	SHOW(send(a, "x", 1, 0));
	int d = udp6();
	only(d, 1);
	SHOW(send_to(d, "x", "::ffff:127.0.0.1", 5000));
	SHOW(send_to(d, "x", "127.0.0.1", 5000));
	SHOW(connect_to(d, "127.0.0.1", 5000));
	to = in6("::1", 5000);
	printf("%ld\n", (long)sendto(d, buffer, 65527, 0, (void *)&to, sizeof to));
	SHOW(sendto(d, buffer, 65528, 0, (void *)&to, sizeof to));
	SHOW(sendto(d, buffer, 70000, 0, (void *)&to, sizeof to));
}
static void receive_control(int fd)
{
	char control[200] = "";
	struct iovec v = {buffer, 100};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 200};
	settle();
	if (SHOW(recvmsg(fd, &m, MSG_DONTWAIT)) < 0) return;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		printf("level %d type %d length %ld:", h->cmsg_level, h->cmsg_type, (long)h->cmsg_len);
		for (size_t i = 0; i < h->cmsg_len - CMSG_LEN(0); i++) printf(" %d", CMSG_DATA(h)[i]);
		puts("");
	}
	printf("flags %#x\n", m.msg_flags);
}
static long send_control(int fd, int level, int type, const void *body, int size)
{
	char control[200] = "";
	struct sockaddr_in6 a = in6("::1", 5000);
	struct iovec v = {"controlled", 10};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(size),
	                   .msg_name = &a, .msg_namelen = sizeof a};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_len = CMSG_LEN(size);
	h->cmsg_level = level;
	h->cmsg_type = type;
	memcpy(CMSG_DATA(h), body, size);
	return sendmsg(fd, &m, 0);
}
static void control(void)
{
	int a = udp6(), b = udp6(), one = 1;
	bind_to(b, "::", 5000);
	SHOW(setsockopt(b, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, 4));
	SHOW(setsockopt(b, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &one, 4));
	SHOW(setsockopt(b, IPPROTO_IPV6, IPV6_RECVTCLASS, &one, 4));
	send_to(a, "x", "::1", 5000);
	receive_control(b);
	send_to(a, "x", "::ffff:127.0.0.3", 5000);
	receive_control(b);
	SHOW(setsockopt(b, IPPROTO_IP, IP_PKTINFO, &one, 4));
	SHOW(setsockopt(b, IPPROTO_IP, IP_RECVTTL, &one, 4));
	send_to(a, "x", "::ffff:127.0.0.3", 5000);
	receive_control(b);
	int values[] = {9, -1, 256, -2};
	for (int i = 0; i < 4; i++) {
		SHOW(send_control(a, IPPROTO_IPV6, IPV6_HOPLIMIT, &values[i], 4));
		receive_control(b);
		SHOW(send_control(a, IPPROTO_IPV6, IPV6_TCLASS, &values[i], 4));
		receive_control(b);
	}
	SHOW(send_control(a, IPPROTO_IPV6, IPV6_HOPLIMIT, values, 3));
	SHOW(send_control(a, IPPROTO_IPV6, 77, values, 4));
	struct in6_pktinfo info = {.ipi6_addr = in6("::1", 0).sin6_addr};
	SHOW(send_control(a, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info));
	receive_control(b);
	SHOW(send_control(a, IPPROTO_IPV6, IPV6_PKTINFO, &info, 8));
}
static void options(void)
{
	static const int names[] = {0, 2, 8, 16, 17, 18, 19, 23, 24, 25, 26, 29, 30, 31, 33, 49, 51, 53, 56, 58, 60, 62, 66, 67, 70, 73, 99};
	int values[] = {-1, 0, 1, 2, 300};
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
		for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
			int fd = socket(AF_INET6, type, 0), v = 0;
			socklen_t n = 4;
			printf("%d:", names[i]);
			if (getsockopt(fd, IPPROTO_IPV6, names[i], &v, &n)) printf(" %s", errno_name(errno));
			else printf(" %d", v);
			for (int k = 0; k < 5 && names[i] != 24; k++) {
				int s = socket(AF_INET6, type, 0);
				if (setsockopt(s, IPPROTO_IPV6, names[i], &values[k], 4)) printf(", %s", errno_name(errno));
				else if (n = 4, getsockopt(s, IPPROTO_IPV6, names[i], &v, &n)) printf(", set");
				else printf(", %d", v);
				close(s);
			}
			printf("; short %s\n", setsockopt(fd, IPPROTO_IPV6, names[i], &values[2], 3) ? errno_name(errno) : "0");
			close(fd);
		}
	int fd = tcp6(), v;
	socklen_t n = 4;
	SHOW(setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){9}, 4));
	SHOW(getsockopt(fd, IPPROTO_IP, IP_TTL, &v, &n));
	SHOW(getsockopt(fd, IPPROTO_UDP, 1, &v, &n));
	SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, 4));
	struct ipv6_mreq m = {.ipv6mr_interface = 1};
	inet_pton(AF_INET6, "ff02::99", &m.ipv6mr_multiaddr);
	fd = udp6();
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, 19));
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m));
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m));
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m, sizeof m));
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m, sizeof m));
	m.ipv6mr_interface = 77;
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m));
	inet_pton(AF_INET6, "::1", &m.ipv6mr_multiaddr);
	SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m));
	fd = tcp6();
	listener(AF_INET6, "::1", 6000, 2);
	connect_to(fd, "::1", 6000);
	SHOW(getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &v, &n));
	printf("%d\n", v);
}
PROBES(
    {"binding", binding}, {"connecting", connecting}, {"datagrams", datagrams}, {"control", control}, {"options", options})
