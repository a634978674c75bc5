/* What ioctl and /proc tell of the network: lo, and the sockets there are. */
#include "inet.h"
#include <net/if.h>

static void show_request(int fd, const char *name, unsigned long request, const char *device)
{
	struct ifreq r;
	memset(&r, 0, sizeof r);
	strcpy(r.ifr_name, device);
	printf("%s %s: ", name, device);
	if (ioctl(fd, request, &r)) puts(errno_name(errno));
	else {
		for (int i = 0; i < 16; i++) printf("%02x", (unsigned char)r.ifr_name[16 + i]);
		puts("");
	}
}
#define REQUEST(fd, name, device) show_request(fd, #name, name, device)
static void requests(void)
{
	int kinds[] = {tcp(), socket(AF_INET6, SOCK_DGRAM, 0), socket(AF_UNIX, SOCK_DGRAM, 0)};
	for (int i = 0; i < 3; i++) {
		int fd = kinds[i];
		REQUEST(fd, SIOCGIFFLAGS, "lo");
		REQUEST(fd, SIOCGIFINDEX, "lo");
		REQUEST(fd, SIOCGIFMTU, "lo");
		REQUEST(fd, SIOCGIFMETRIC, "lo");
		REQUEST(fd, SIOCGIFHWADDR, "lo");
		REQUEST(fd, SIOCGIFTXQLEN, "lo");
		REQUEST(fd, SIOCGIFADDR, "lo");
		REQUEST(fd, SIOCGIFNETMASK, "lo");
		REQUEST(fd, SIOCGIFBRDADDR, "lo");
		REQUEST(fd, SIOCGIFDSTADDR, "lo");
		REQUEST(fd, SIOCGIFFLAGS, "eth7");
		REQUEST(fd, SIOCGIFADDR, "eth7");
		REQUEST(fd, SIOCGIFFLAGS, "");
		SHOW(ioctl(fd, SIOCGIFFLAGS, 8));
		SHOW(ioctl(fd, 0x89ef, 8));
	}
	struct ifreq r = {.ifr_ifindex = 1};
	SHOW(ioctl(kinds[0], SIOCGIFNAME, &r));
	printf("%s\n", r.ifr_name);
	r.ifr_ifindex = 99;
	SHOW(ioctl(kinds[0], SIOCGIFNAME, &r));
	struct ifreq many[4];
	struct ifconf c = {.ifc_len = sizeof many, .ifc_req = many};
	SHOW(ioctl(kinds[0], SIOCGIFCONF, &c));
	printf("%d %s %s\n", c.ifc_len, many[0].ifr_name, inet_ntoa(((struct sockaddr_in *)&many[0].ifr_addr)->sin_addr));
	c.ifc_len = 10;
	SHOW(ioctl(kinds[2], SIOCGIFCONF, &c));
	printf("%d\n", c.ifc_len);
	c = (struct ifconf){0};
	SHOW(ioctl(kinds[1], SIOCGIFCONF, &c));
	printf("%d\n", c.ifc_len);
	SHOW(if_nametoindex("lo"));
	SHOW(if_nametoindex("eth7"));
	char name[IF_NAMESIZE] = "";
	if_indextoname(1, name);
	puts(name);
	AS_USER(struct ifreq f = {.ifr_flags = IFF_UP}; strcpy(f.ifr_name, "lo"); SHOW(ioctl(tcp(), SIOCSIFFLAGS, &f)););
	struct ifreq f = {.ifr_flags = IFF_UP};
	strcpy(f.ifr_name, "lo");
	SHOW(ioctl(tcp(), SIOCSIFFLAGS, &f));
}
/* A file of /proc without what differs: inodes and addresses of the kernel's. */
static void show_file(const char *name, int columns)
{
	char path[64], line[600];
	snprintf(path, sizeof path, "/proc/net/%s", name);
	FILE *f = fopen(path, "r");
	printf("%s:%s\n", name, f ? "" : " none");
	for (int n = 0; f && fgets(line, sizeof line, f); n++) {
		if (n == 0 || !columns) printf("%s", line);
		else {
			char *word = strtok(line, " \n");
			for (int i = 0; word && i < columns; i++, word = strtok(NULL, " \n"))
				if (i) printf(" %s", word);
			puts("");
		}
	}
	if (f) fclose(f);
}
static void files(void)
{
	int l = tcp(), six = socket(AF_INET6, SOCK_STREAM, 0), u = udp(), b;
	bind_to(l, "127.0.0.1", 6000);
	listen(l, 5);
	bind_to(six, "::1", 6001);
	listen(six, 5);
	bind_to(u, "127.0.0.1", 6002);
	int c = tcp();
	bind_to(c, "127.0.0.1", 6003);
	connect_to(c, "127.0.0.1", 6000);
	b = accept(l, NULL, NULL);
	shutdown(c, SHUT_WR);
	int u6 = socket(AF_INET6, SOCK_DGRAM, 0);
	bind_to(u6, "::ffff:127.0.0.1", 6004);
	settle();
	show_file("tcp6", 9);
	show_file("udp6", 9);
	show_file("udp", 9);
	show_file("dev_mcast", 0);
	show_file("route", 0);
	show_file("arp", 0);
	show_file("if_inet6", 0);
	show_file("raw", 0);
	show_file("raw6", 0);
	show_file("packet", 0);
	show_file("nonesuch", 0);
	close(l), close(six), close(b), close(c);
	l = tcp();
	bind_to(l, "127.0.0.1", 6005);
	listen(l, 7);
	show_file("tcp", 0 * 9 + 5);
	char link[64] = "";
	readlink("/proc/net", link, sizeof link);
	puts(link);
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	int from, to;
	SHOW(fscanf(f, "%d\t%d", &from, &to));
	printf("%d %d\n", from, to);
	f = fopen("/proc/sys/net/core/somaxconn", "r");
	SHOW(fscanf(f, "%d", &from));
	printf("%d\n", from);
}
PROBES({"requests", requests}, {"files", files})
