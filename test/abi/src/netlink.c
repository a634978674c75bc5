/* Netlink: what there is of links, addresses and routes where lo is all there is. */
#include "inet.h"
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>

static int netlink(void) { return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }
static struct {
	struct nlmsghdr h;
	char body[256];
} request;
static long ask(int fd, int type, int flags, const void *body, int size)
{
	request.h = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = 7};
	memcpy(request.body, body, size);
	return send(fd, &request, request.h.nlmsg_len, 0);
}
static void show_bytes(const unsigned char *bytes, int size)
{
	for (int i = 0; i < size; i++) printf("%02x", bytes[i]);
}
/* Attributes that say something; there are many more. */
static void show_attributes(const struct nlmsghdr *h, int header, const char *wanted)
{
	struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(header));
	int left = h->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(header));
	for (int type = 1; type < 50; type++) {
		int n = left;
		for (struct rtattr *b = a; RTA_OK(b, n); b = RTA_NEXT(b, n)) {
			if (b->rta_type != type || !wanted[type]) continue;
			printf("  %d:", type);
			show_bytes(RTA_DATA(b), RTA_PAYLOAD(b));
		}
	}
	puts("");
}
static const char LINKS[64] = {[IFLA_IFNAME] = 1, [IFLA_MTU] = 1, [IFLA_TXQLEN] = 1, [IFLA_OPERSTATE] = 1, [IFLA_ADDRESS] = 1,
                               [IFLA_BROADCAST] = 1, [IFLA_QDISC] = 1};
static const char ADDRESSES[64] = {[IFA_ADDRESS] = 1, [IFA_LOCAL] = 1, [IFA_LABEL] = 1, [IFA_FLAGS] = 1};
static const char ROUTES[64] = {[RTA_DST] = 1, [RTA_OIF] = 1, [RTA_PREFSRC] = 1, [RTA_TABLE] = 1, [RTA_PRIORITY] = 1};
static const char RULES[64] = {[15] = 1, [6] = 1};
/* Reads answers up to the end of a list, or one. */
static void answers(int fd)
{
	for (;;) {
		long n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (n < 0) return (void)printf("recv = %s\n", errno_name(errno));
		for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			int header = h->nlmsg_type == RTM_NEWLINK ? 16 : h->nlmsg_type == RTM_NEWADDR ? 8 : 12;
			printf("type %d flags %#x sequence %u ours %d: ", h->nlmsg_type, h->nlmsg_flags, h->nlmsg_seq, h->nlmsg_pid == getpid());
			if (h->nlmsg_type == NLMSG_DONE) return (void)printf("done, %u\n", h->nlmsg_len);
			if (h->nlmsg_type == NLMSG_ERROR) {
				printf("%s, %u\n", errno_name(-*(int *)NLMSG_DATA(h)), h->nlmsg_len);
				return;
			}
			show_bytes(NLMSG_DATA(h), header);
			show_attributes(h, header, header == 16 ? LINKS : header == 8 ? ADDRESSES : h->nlmsg_type == RTM_NEWROUTE ? ROUTES : RULES);
			if (!(h->nlmsg_flags & NLM_F_MULTI)) return;
		}
	}
}
static void create(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK}, b;
	socklen_t n = sizeof b;
	int fd = netlink(), v[2];
	SHOW(socket(AF_NETLINK, SOCK_STREAM, 0));
	SHOW(socket(AF_NETLINK, SOCK_RAW, 99));
	SHOW(socket(AF_NETLINK, SOCK_RAW, -1));
	SHOW(socketpair(AF_NETLINK, SOCK_RAW, 0, v));
	SHOW(bind(fd, (void *)&a, 11));
	SHOW(getsockname(fd, (void *)&b, &n));
	printf("%u family %d port %u groups %u\n", n, b.nl_family, b.nl_pid, b.nl_groups);
	SHOW(bind(fd, (void *)&a, sizeof a));
	SHOW(getsockname(fd, (void *)&b, &n));
	printf("%u family %d ours %d groups %u\n", n, b.nl_family, b.nl_pid == getpid(), b.nl_groups);
	a.nl_pid = 12345;
	SHOW(bind(fd, (void *)&a, sizeof a));
	int other = netlink();
	a.nl_pid = getpid();
	SHOW(bind(other, (void *)&a, sizeof a));
	a.nl_pid = 0;
	SHOW(bind(other, (void *)&a, sizeof a));
	SHOW(getsockname(other, (void *)&b, &n));
	printf("ours %d, high %d\n", b.nl_pid == getpid(), b.nl_pid > 0x80000000u);
	a.nl_family = AF_INET;
	SHOW(bind(netlink(), (void *)&a, sizeof a));
	SHOW(connect(fd, (void *)&a, sizeof a));
	a.nl_family = AF_NETLINK;
	SHOW(connect(fd, (void *)&a, sizeof a));
	SHOW(getpeername(fd, (void *)&b, &n));
	printf("%u %d %u\n", n, b.nl_family, b.nl_pid);
	ready(fd);
	SHOW(listen(fd, 1));
	SHOW(accept(fd, NULL, NULL));
	SHOW(shutdown(fd, SHUT_RDWR));
	SHOW(option(fd, SO_TYPE));
	SHOW(option(fd, SO_DOMAIN));
	SHOW(option(fd, SO_PROTOCOL));
	SHOW(recv(fd, buffer, 10, MSG_DONTWAIT));
	SHOW(send(fd, "x", 1, MSG_OOB));
	SHOW(send(fd, "x", 1, 0));
	a.nl_pid = 4242;
	SHOW(sendto(fd, "x", 1, 0, (void *)&a, sizeof a));
	AS_USER(SHOW(sendto(netlink(), "x", 1, 0, (void *)&a, sizeof a)););
	int values[] = {1, 2, 3, 4, 5, 10, 11, 12, 99}, got;
	for (int i = 0; i < 9; i++) {
		n = sizeof got;
		printf("%d: %s", values[i], getsockopt(fd, 270, values[i], &got, &n) ? errno_name(errno) : "ok");
		printf(", %s\n", setsockopt(fd, 270, values[i], &(int){1}, 4) ? errno_name(errno) : "ok");
	}
	SHOW(getsockopt(fd, IPPROTO_TCP, 1, &got, &n));
	SHOW(setsockopt(fd, IPPROTO_TCP, 1, &got, 4));
}
static void lists(void)
{
	int fd = netlink(), dump = NLM_F_REQUEST | NLM_F_DUMP;
	struct rtgenmsg any = {AF_UNSPEC}, four = {AF_INET}, six = {AF_INET6};
	char wide[16] = "";
	SHOW(ask(fd, RTM_GETLINK, dump, wide, 16));
	ready(fd);
	answers(fd);
	SHOW(ask(fd, RTM_GETLINK, dump, &any, 1));
	answers(fd);
	SHOW(ask(fd, RTM_GETADDR, dump, wide, 8));
	answers(fd);
	wide[0] = AF_INET;
	SHOW(ask(fd, RTM_GETADDR, dump, wide, 8));
	answers(fd);
	wide[0] = AF_INET6;
	SHOW(ask(fd, RTM_GETADDR, dump, wide, 8));
	answers(fd);
	wide[0] = AF_INET;
	SHOW(ask(fd, RTM_GETROUTE, dump, wide, 12));
	answers(fd);
	SHOW(ask(fd, RTM_GETRULE, dump, wide, 12));
	answers(fd);
	wide[0] = AF_INET6;
	SHOW(ask(fd, RTM_GETROUTE, dump, wide, 12));
	answers(fd);
	wide[0] = 0;
	SHOW(ask(fd, RTM_GETNEIGH, dump, wide, 12));
	answers(fd);
}
static void single(void)
{
	int fd = netlink();
	struct ifinfomsg link = {.ifi_index = 1};
	SHOW(ask(fd, RTM_GETLINK, NLM_F_REQUEST, &link, sizeof link));
	answers(fd);
	SHOW(ask(fd, RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, &link, sizeof link));
	answers(fd);
	answers(fd);
	link.ifi_index = 9;
	SHOW(ask(fd, RTM_GETLINK, NLM_F_REQUEST, &link, sizeof link));
	answers(fd);
	struct {
		struct rtmsg r;
		struct rtattr a;
		unsigned char ip[4];
	} to = {{.rtm_family = AF_INET, .rtm_dst_len = 32}, {8, RTA_DST}, {127, 0, 0, 1}};
	SHOW(ask(fd, RTM_GETROUTE, NLM_F_REQUEST, &to, sizeof to));
	answers(fd);
	to.ip[0] = 8;
	SHOW(ask(fd, RTM_GETROUTE, NLM_F_REQUEST, &to, sizeof to));
	answers(fd);
	SHOW(ask(fd, RTM_GETADDR, NLM_F_REQUEST, &to, 8));
	answers(fd);
	SHOW(ask(fd, 200, NLM_F_REQUEST, &to, 8));
	answers(fd);
	SHOW(ask(fd, NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, &to, 8));
	answers(fd);
	SHOW(ask(fd, RTM_GETLINK, 0, &link, sizeof link));
	answers(fd);
	SHOW(ask(fd, RTM_GETLINK, NLM_F_REQUEST, &link, 0));
	answers(fd);
	request.h.nlmsg_len = 9;
	SHOW(send(fd, &request, 16, 0));
	answers(fd);
	AS_USER(int u = netlink(); SHOW(ask(u, RTM_NEWADDR, NLM_F_REQUEST, &to, 8)); answers(u););
	struct sockaddr_nl from;
	socklen_t n = sizeof from;
	link.ifi_index = 1;
	ask(fd, RTM_GETLINK, NLM_F_REQUEST, &link, sizeof link);
	SHOW(recvfrom(fd, buffer, 0, MSG_PEEK | MSG_TRUNC, (void *)&from, &n) > 100);
	printf("%u family %d port %u groups %u\n", n, from.nl_family, from.nl_pid, from.nl_groups);
	struct iovec v = {buffer, 20};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	SHOW(recvmsg(fd, &m, 0));
	printf("flags %#x\n", m.msg_flags);
}
static void library(void)
{
	struct ifaddrs *all, *a;
	SHOW(getifaddrs(&all));
	for (a = all; a; a = a->ifa_next) {
		printf("%s %#x family %d", a->ifa_name, a->ifa_flags, a->ifa_addr ? a->ifa_addr->sa_family : -1);
		char text[64] = "";
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET) inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_addr)->sin_addr, text, 64);
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6) inet_ntop(AF_INET6, &((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr, text, 64);
		printf(" %s", text);
		if (a->ifa_netmask && a->ifa_netmask->sa_family == AF_INET) printf(" %s", inet_ntoa(((struct sockaddr_in *)a->ifa_netmask)->sin_addr));
		puts("");
	}
	struct if_nameindex *names = if_nameindex();
	for (int i = 0; names && names[i].if_index; i++) printf("%u %s\n", names[i].if_index, names[i].if_name);
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *list = NULL;
	SHOW(getaddrinfo("127.0.0.1", "80", &hints, &list));
	for (; list; list = list->ai_next) printf("%d %d\n", list->ai_family, list->ai_socktype);
}
PROBES({"create", create}, {"lists", lists}, {"single", single}, {"library", library})
