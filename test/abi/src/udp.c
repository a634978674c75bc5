/* UDP over lo: whom a datagram is for, what it brings along, and what nobody wants. */
#include "inet.h"
#include <netinet/ip.h>

static int bound(const char *ip, int port)
{
	int fd = socket(is_six(ip) ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (bind_to(fd, ip, port)) printf("bound: %s\n", errno_name(errno));
	return fd;
}
static void take_from(int fd, int size, int flags)
{
	char a[128];
	socklen_t n = sizeof a;
	settle();
	memset(buffer, 0, 100);
	long got = recvfrom(fd, buffer, size, flags | MSG_DONTWAIT, (void *)a, &n);
	if (got < 0) printf("recvfrom = %s\n", errno_name(errno));
	else {
		printf("recvfrom = %ld \"%.*s\" ", got, (int)(got > 60 ? 60 : got), buffer);
		show_inet("from", a, n);
	}
	fflush(stdout);
}
static void transfer(void)
{
	int a = udp(), b = bound("127.0.0.1", 5000), n;
	ready(a);
	ready(b);
	show_inet_names(a);
	SHOW(send(a, "x", 1, 0));
	SHOW(recv(a, buffer, 1, MSG_DONTWAIT));
	SHOW(send_to(a, "hello", "127.0.0.1", 5000));
	show_inet_names(a);
	settle();
	ready(b);
	SHOW(send_to(a, "", "127.0.0.1", 5000));
	SHOW(send_to(a, "longer than that", "127.0.0.1", 5000));
	settle();
	SHOW(ioctl(b, FIONREAD, &n));
	printf("%d\n", n);
	SHOW(ioctl(b, TIOCOUTQ, &n));
	printf("%d\n", n);
	take_from(b, 3, MSG_PEEK);
	take_from(b, 3, MSG_PEEK | MSG_TRUNC);
	take_from(b, 10, 0);
	take_from(b, 10, 0);
	take_from(b, 6, MSG_TRUNC);
	take_from(b, 10, 0);
	send_to(a, "cut", "127.0.0.1", 5000);
	settle();
	struct iovec v = {buffer, 2};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	SHOW(recvmsg(b, &m, 0));
	printf("flags %#x\n", m.msg_flags);
	send_to(a, "lost", "127.0.0.1", 5000);
	settle();
	SHOW(recv(b, (void *)8, 10, MSG_DONTWAIT));
	take_from(b, 10, 0);
	struct sockaddr_in to = in4("127.0.0.1", 5000);
	SHOW(sendto(a, "x", 1, 0, (void *)&to, 15));
	SHOW(sendto(a, "x", 1, MSG_OOB, (void *)&to, sizeof to));
	SHOW(sendto(a, (void *)8, 1, 0, (void *)&to, sizeof to));
	to.sin_family = AF_INET6;
	SHOW(sendto(a, "x", 1, 0, (void *)&to, sizeof to));
	to.sin_family = AF_UNSPEC;
	SHOW(sendto(a, "u", 1, 0, (void *)&to, sizeof to));
	take_from(b, 10, 0);
	SHOW(send_to(a, "x", "127.0.0.1", 0));
	SHOW(send_to(a, "x", "192.0.2.1", 5000));
	SHOW(send_to(a, "x", "224.0.0.1", 5000));
	SHOW(send_to(a, "x", "255.255.255.255", 5000));
	SHOW(send_to(a, "any", "0.0.0.0", 5000));
	take_from(b, 10, 0);
	SHOW(send_to(a, "x", "127.0.0.1", 5999));
	settle();
	SHOW(option(a, SO_ERROR));
	ready(a);
	SHOW(listen(a, 1));
	SHOW(accept(a, NULL, NULL));
	SHOW(send_to(b, "self", "127.0.0.1", 5000));
	take_from(b, 10, 0);
}
static void sizes(void)
{
	int a = bound("127.0.0.1", 5000);
	struct sockaddr_in to = in4("127.0.0.1", 5000);
	int tried[] = {65507, 65508, 65535, 65536, 100000};
	for (int i = 0; i < 5; i++) printf("%d: %s\n", tried[i],
		sendto(a, buffer, tried[i], 0, (void *)&to, sizeof to) < 0 ? errno_name(errno) : "sent");
	settle();
	SHOW(recv(a, buffer, sizeof buffer, MSG_DONTWAIT));
	SHOW(recv(a, buffer, sizeof buffer, MSG_DONTWAIT));
	/* What does not fit is lost, and nobody is told. */
	int small = 1, n = 0;
	SHOW(setsockopt(a, SOL_SOCKET, SO_RCVBUF, &small, 4));
	for (int i = 0; i < 100; i++) sendto(a, buffer, 100, 0, (void *)&to, sizeof to);
	settle();
	while (recv(a, buffer, 100, MSG_DONTWAIT) == 100) n++;
	printf("some %d\n", n > 0 && n < 100);
}
static void connected(void)
{
	int a = udp(), b = bound("127.0.0.1", 5000), c = bound("127.0.0.1", 5001);
	struct sockaddr_in to = in4("127.0.0.1", 5000);
	SHOW(connect(a, (void *)&to, 1));
	SHOW(connect(a, (void *)&to, 15));
	SHOW(connect_to(a, "192.0.2.1", 5000));
	SHOW(connect_to(a, "255.255.255.255", 5000));
	SHOW(connect_to(a, "127.255.255.255", 5000));
	SHOW(connect_to(a, "127.0.0.1", 5000));
	show_inet_names(a);
	SHOW(send(a, "hello", 5, 0));
	take_from(b, 10, 0);
	SHOW(connect_to(b, "127.0.0.1", 5001));
	show_inet_names(b);
	SHOW(send(a, "not from your peer", 18, 0));
	take_from(b, 30, 0);
	SHOW(send(c, "x", 1, 0));
	SHOW(send_to(c, "from your peer", "127.0.0.1", 5000));
	take_from(b, 30, 0);
	SHOW(send_to(b, "to another", "127.0.0.1", 5001));
	take_from(c, 30, 0);
	/* Nobody there. */
	SHOW(connect_to(a, "127.0.0.1", 5999));
	ready(a);
	SHOW(send(a, "x", 1, 0));
	settle();
	ready(a);
	SHOW(send(a, "x", 1, 0));
	SHOW(send(a, "x", 1, 0));
	settle();
	SHOW(recv(a, buffer, 1, MSG_DONTWAIT));
	SHOW(recv(a, buffer, 1, MSG_DONTWAIT));
	SHOW(send(a, "x", 1, 0));
	settle();
	SHOW(option(a, SO_ERROR));
	SHOW(option(a, SO_ERROR));
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	SHOW(connect(a, &none, sizeof none));
	show_inet_names(a);
	SHOW(send(a, "x", 1, 0));
	int d = bound("0.0.0.0", 5003);
	SHOW(connect_to(d, "127.0.0.7", 5000));
	show_inet_names(d);
	SHOW(connect(d, &none, sizeof none));
	show_inet_names(d);
	int e = bound("127.0.0.4", 5004);
	SHOW(connect_to(e, "127.0.0.7", 5000));
	show_inet_names(e);
	SHOW(connect_to(e, "0.0.0.0", 5000));
	show_inet_names(e);
}
static int may_bind(const char *ip, int port, int options)
{
	int fd = udp();
	if (options & 1) on(fd, SO_REUSEADDR);
	if (options & 2) on(fd, SO_REUSEPORT);
	int result = SHOW(bind_to(fd, ip, port));
	if (result) close(fd), fd = -1;
	return fd;
}
static void binding(void)
{
	int a = may_bind("127.0.0.1", 5000, 0);
	may_bind("127.0.0.1", 5000, 1);
	may_bind("0.0.0.0", 5000, 0);
	may_bind("127.0.0.2", 5000, 0);
	close(a);
	may_bind("127.0.0.1", 5000, 0);
	int b = may_bind("127.0.0.1", 5001, 1), c = may_bind("0.0.0.0", 5001, 1), d = may_bind("127.0.0.1", 5001, 1);
	may_bind("127.0.0.1", 5001, 2);
	send_to(a = udp(), "which", "127.0.0.1", 5001);
	take_from(b, 10, 0);
	take_from(c, 10, 0);
	take_from(d, 10, 0);
	send_to(a, "wildcard", "127.0.0.9", 5001);
	take_from(c, 10, 0);
	may_bind("127.0.0.1", 5002, 2);
	may_bind("127.0.0.1", 5002, 2);
	fflush(stdout);
	AS_USER(may_bind("127.0.0.1", 5002, 2); may_bind("127.0.0.1", 53, 0););
	int f = may_bind("127.0.0.1", 53, 0);
	SHOW(bind_to(f, "127.0.0.1", 54));
	SHOW(bind_to(udp(), "192.0.2.1", 54));
	SHOW(bind_to(udp(), "224.0.0.1", 54));
	SHOW(bind_to(udp(), "127.255.255.255", 54));
	int g = may_bind("0.0.0.0", 0, 0);
	show_inet_names(g);
}
static void broadcast(void)
{
	int a = udp(), b = bound("0.0.0.0", 5000), c = udp(), d = bound("127.0.0.1", 5001);
	on(c, SO_REUSEADDR);
	SHOW(send_to(a, "x", "127.255.255.255", 5000));
	SHOW(on(a, SO_BROADCAST));
	SHOW(send_to(a, "all", "127.255.255.255", 5000));
	take_from(b, 10, 0);
	SHOW(send_to(a, "none", "127.255.255.255", 5001));
	take_from(d, 10, 0);
	SHOW(connect_to(a, "127.255.255.255", 5000));
	SHOW(send_to(a, "x", "255.255.255.255", 5000));
}
static void groups(void)
{
	int a = udp();
	struct ip_mreq m = {.imr_interface.s_addr = htonl(0x7f000001)};
	inet_pton(AF_INET, "239.1.2.3", &m.imr_multiaddr);
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, 7));
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
	SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof m));
	SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof m));
	m.imr_interface.s_addr = 0;
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
	inet_pton(AF_INET, "192.0.2.1", &m.imr_interface);
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
	struct ip_mreqn n = {.imr_ifindex = 1};
	inet_pton(AF_INET, "239.1.2.3", &n.imr_multiaddr);
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &n, sizeof n));
	inet_pton(AF_INET, "127.0.0.1", &n.imr_multiaddr);
	SHOW(setsockopt(a, IPPROTO_IP, IP_ADD_MEMBERSHIP, &n, sizeof n));
	SHOW(setsockopt(a, IPPROTO_IP, IP_DROP_MEMBERSHIP, &n, sizeof n));
	struct in_addr here = {htonl(0x7f000001)}, got;
	socklen_t length = sizeof got;
	SHOW(setsockopt(a, IPPROTO_IP, IP_MULTICAST_IF, &here, sizeof here));
	SHOW(getsockopt(a, IPPROTO_IP, IP_MULTICAST_IF, &got, &length));
	printf("%s\n", inet_ntoa(got));
	unsigned char ttl = 3;
	SHOW(setsockopt(a, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, 1));
	length = 1;
	SHOW(getsockopt(a, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, &length));
	printf("%d %u\n", ttl, length);
}
/* Datagrams to a group go where an interface is named. */
static void group_datagrams(void)
{
	int a = udp(), in = bound("0.0.0.0", 5000), out = bound("0.0.0.0", 5001), lo = bound("127.0.0.1", 5002);
	struct ip_mreq m = {.imr_interface.s_addr = htonl(0x7f000001)};
	inet_pton(AF_INET, "239.1.2.3", &m.imr_multiaddr);
	SHOW(send_to(a, "no way", "239.1.2.3", 5000));
	SHOW(setsockopt(in, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m));
	SHOW(setsockopt(a, IPPROTO_IP, IP_MULTICAST_IF, &m.imr_interface, 4));
	SHOW(send_to(a, "to the group", "239.1.2.3", 5000));
	take_from(in, 20, 0);
	take_from(in, 20, 0);
	SHOW(send_to(a, "another group", "239.9.9.9", 5000));
	take_from(in, 20, 0);
	SHOW(send_to(a, "another port", "239.1.2.3", 5003));
	SHOW(send_to(lo, "from an address", "239.1.2.3", 5000));
	take_from(in, 20, 0);
	int other = udp(), off = 0;
	on(other, SO_REUSEADDR);
	SHOW(bind_to(other, "0.0.0.0", 5004));
	SHOW(send_to(a, "no member", "239.1.2.3", 5004));
	take_from(other, 20, 0);
	SHOW(setsockopt(other, IPPROTO_IP, IP_MULTICAST_ALL, &off, 4));
	SHOW(send_to(a, "no member", "239.1.2.3", 5004));
	take_from(other, 20, 0);
	SHOW(setsockopt(in, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof m));
	SHOW(send_to(a, "left", "239.1.2.3", 5000));
	take_from(in, 20, 0);
	take_from(out, 20, 0);
}
static void show_control(struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		printf("level %d type %d length %ld:", h->cmsg_level, h->cmsg_type, (long)h->cmsg_len);
		for (size_t i = 0; i < h->cmsg_len - CMSG_LEN(0); i++) printf(" %d", CMSG_DATA(h)[i]);
		puts("");
	}
	printf("flags %#x\n", m->msg_flags);
}
static void receive_control(int fd, size_t room)
{
	char control[200] = "";
	struct iovec v = {buffer, 100};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
	settle();
	if (SHOW(recvmsg(fd, &m, MSG_DONTWAIT)) >= 0) show_control(&m);
}
static long send_control(int fd, int level, int type, const void *body, int size, const char *ip, int port)
{
	char control[200] = "";
	struct sockaddr_in a = in4(ip, port);
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
	int a = udp(), b = bound("0.0.0.0", 5000), one = 1, ttl = 17;
	SHOW(setsockopt(b, IPPROTO_IP, IP_PKTINFO, &one, 4));
	send_to(a, "x", "127.0.0.3", 5000);
	receive_control(b, 200);
	SHOW(setsockopt(b, IPPROTO_IP, IP_RECVTTL, &one, 4));
	SHOW(setsockopt(b, IPPROTO_IP, IP_RECVTOS, &one, 4));
	SHOW(setsockopt(a, IPPROTO_IP, IP_TTL, &ttl, 4));
	ttl = IPTOS_THROUGHPUT;
	SHOW(setsockopt(a, IPPROTO_IP, IP_TOS, &ttl, 4));
	send_to(a, "x", "127.0.0.1", 5000);
	receive_control(b, 200);
	send_to(a, "x", "127.0.0.1", 5000);
	receive_control(b, 40);
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(0x7f000009)};
	SHOW(send_control(a, IPPROTO_IP, IP_PKTINFO, &info, sizeof info, "127.0.0.1", 5000));
	take_from(b, 20, 0);
	SHOW(send_control(a, IPPROTO_IP, IP_PKTINFO, &info, 4, "127.0.0.1", 5000));
	info.ipi_spec_dst.s_addr = htonl(0x08080808);
	SHOW(send_control(a, IPPROTO_IP, IP_PKTINFO, &info, sizeof info, "127.0.0.1", 5000));
	SHOW(send_control(a, IPPROTO_IP, 77, &info, 4, "127.0.0.1", 5000));
	SHOW(send_control(a, 99, 77, &info, 4, "127.0.0.1", 5000));
	take_from(b, 20, 0);
	int values[] = {9, 0, 256};
	for (int i = 0; i < 3; i++) {
		SHOW(send_control(a, IPPROTO_IP, IP_TTL, &values[i], 4, "127.0.0.1", 5000));
		receive_control(b, 200);
	}
	unsigned char tos = 32;
	SHOW(send_control(a, IPPROTO_IP, IP_TOS, &tos, 1, "127.0.0.1", 5000));
	receive_control(b, 200);
	SHOW(send_control(a, IPPROTO_IP, IP_TOS, &tos, 2, "127.0.0.1", 5000));
}
static void errors(void)
{
	int a = udp(), one = 1;
	SHOW(setsockopt(a, IPPROTO_IP, IP_RECVERR, &one, 4));
	SHOW(send_to(a, "x", "127.0.0.1", 5999));
	settle();
	SHOW(option(a, SO_ERROR));
	SHOW(option(a, SO_ERROR));
	int b = udp(), port = 0;
	SHOW(setsockopt(b, IPPROTO_IP, 15, &one, 4));
	SHOW(bind_to(b, "192.0.2.1", 5000));
	show_inet_names(b);
}
static void stamps(void)
{
	int a = udp(), b = bound("127.0.0.1", 5000), names[] = {SO_TIMESTAMP, SO_TIMESTAMPNS};
	SHOW(option(b, SO_TIMESTAMP));
	for (int i = 0; i < 2; i++) {
		SHOW(on(b, names[i]));
		printf("%d %d\n", option(b, SO_TIMESTAMP), option(b, SO_TIMESTAMPNS));
		send_to(a, "when", "127.0.0.1", 5000);
		settle();
		char control[100] = "";
		struct iovec v = {buffer, 100};
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 100};
		SHOW(recvmsg(b, &m, MSG_DONTWAIT));
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		if (!h) continue;
		long *when = (void *)CMSG_DATA(h);
		printf("level %d type %d length %ld near %d small %d\n", h->cmsg_level, h->cmsg_type, (long)h->cmsg_len,
		       time(NULL) - when[0] < 5, when[1] < (i ? 1000000000 : 1000000));
	}
	int off = 0;
	SHOW(setsockopt(b, SOL_SOCKET, SO_TIMESTAMP, &off, 4));
	printf("%d %d\n", option(b, SO_TIMESTAMP), option(b, SO_TIMESTAMPNS));
}
static void ends(void)
{
	int a = bound("127.0.0.1", 5000), b = bound("127.0.0.1", 5001);
	SHOW(shutdown(a, SHUT_RD));
	ready(a);
	SHOW(recv(a, buffer, 1, 0));
	SHOW(recv(a, buffer, 1, MSG_DONTWAIT));
	send_to(b, "late", "127.0.0.1", 5000);
	take_from(a, 10, 0);
	SHOW(connect_to(b, "127.0.0.1", 5000));
	SHOW(shutdown(b, SHUT_WR));
	ready(b);
	SHOW(send(b, "x", 1, 0));
	SHOW(shutdown(b, SHUT_RDWR));
	ready(b);
	SHOW(shutdown(b, 3));
	struct timeval tv = {0, 20000};
	int c = bound("127.0.0.1", 5002);
	setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	SHOW(recv(c, buffer, 1, 0));
}
static void waits(void)
{
	int a = bound("127.0.0.1", 5000);
	if (!fork()) {
		int c = udp();
		for (int i = 0; i < 3; i++) {
			usleep(10000);
			send_to(c, "datagram", "127.0.0.1", 5000);
		}
		_exit(0);
	}
	SHOW(recv(a, buffer, 100, 0));
	struct pollfd p = {.fd = a, .events = POLLIN};
	SHOW(poll(&p, 1, 5000));
	SHOW(recv(a, buffer, 3, MSG_WAITALL));
	int ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET}, out;
	epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev);
	SHOW(epoll_wait(ep, &out, 1, 5000));
	SHOW(epoll_wait(ep, &out, 1, 0));
	wait(NULL);
	struct mmsghdr m[3];
	struct iovec v[3] = {{"one", 3}, {"two!", 4}, {"three", 5}};
	struct sockaddr_in to = in4("127.0.0.1", 5000);
	memset(m, 0, sizeof m);
	for (int i = 0; i < 3; i++)
		m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1, .msg_name = &to, .msg_namelen = sizeof to};
	SHOW(sendmmsg(udp(), m, 3, 0));
	settle();
	for (int i = 0; i < 3; i++) v[i] = (struct iovec){buffer + i * 10, 10};
	for (int i = 0; i < 3; i++) m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1};
	SHOW(recvmmsg(a, m, 3, MSG_DONTWAIT, NULL));
	for (int i = 0; i < 3; i++) printf("%u ", m[i].msg_len);
	puts("");
}
PROBES(
    {"transfer", transfer}, {"sizes", sizes}, {"connected", connected}, {"binding", binding}, {"broadcast", broadcast},
    {"groups", groups}, {"group-datagrams", group_datagrams}, {"control", control}, {"errors", errors}, {"stamps", stamps}, {"ends", ends}, {"waits", waits})
