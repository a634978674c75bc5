/* Calls of i386 that stand for others: socketcall(2), ipc(2), the first mmap and select. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "int80.h"

static char b[256];
#define WORDS(...) ((long[]){__VA_ARGS__})
#define SOCKET(call, ...) CALL(socketcall, call, WORDS(__VA_ARGS__))

static void sockets(void)
{
	int s[2] = {-1, -1}, length = 4, value = -1;
	SOCKET(8, 1, 1, 0, (long)s);
	SOCKET(9, s[0], (long)"sent", 4, 0);
	SOCKET(10, s[1], (long)b, 10, 0);
	SOCKET(11, s[0], (long)"more", 4, 0, 0, 0);
	SOCKET(12, s[1], (long)b, 10, 0, 0, 0);
	SOCKET(15, s[1], 1, 3, (long)&value, (long)&length);
	printf("type %d length %d\n", value, length);
	SOCKET(14, s[1], 1, 7, (long)&value, 4);
	struct iovec {
		void *at;
		long size;
	} v = {"msg", 3}, w = {b, 10};
	long header[7] = {0, 0, (long)&v, 1, 0, 0, 0}, other[7] = {0, 0, (long)&w, 1, 0, 0, 0};
	SOCKET(16, s[0], (long)header, 0);
	SOCKET(17, s[1], (long)other, 0);
	long many[8] = {0, 0, (long)&v, 1, 0, 0, 0, -1};
	SOCKET(20, s[0], (long)many, 1, 0);
	printf("sent %ld\n", many[7]);
	memcpy(many, other, sizeof other);
	struct time32 wait = {1, 0};
	SOCKET(19, s[1], (long)many, 1, 0, (long)&wait);
	printf("got %ld\n", many[7]);
	SOCKET(13, s[0], 1);
	SOCKET(13, s[0], 9);
	struct sockaddr_un name = {AF_UNIX, "socket"};
	int size = sizeof name;
	int listener = SOCKET(1, 1, 1, 0);
	SOCKET(2, listener, (long)&name, sizeof name);
	SOCKET(4, listener, 5);
	int client = SOCKET(1, 1, 1, 0);
	SOCKET(3, client, (long)&name, sizeof name);
	int served = SOCKET(5, listener, 0, 0);
	SOCKET(6, served, (long)&name, (long)&size);
	printf("%d %s\n", size, name.sun_path);
	size = sizeof name;
	SOCKET(7, client, (long)&name, (long)&size);
	SOCKET(3, SOCKET(1, 1, 1, 0), (long)&name, size);
	SOCKET(18, listener, 0, 0, SOCK_CLOEXEC);
	SOCKET(18, listener, 0, 0, 5);
	SOCKET(0, 0);
	SOCKET(21, 0);
	SOCKET(-1, 0);
	CALL(socketcall, 1, BAD);
	CALL(socketcall, 99, BAD);
	SOCKET(1, 99, 1, 0);
}

static void ipcs(void)
{
	int shm = INT80(SYS_ipc, 23, 0, 4096, 0600), sem = INT80(SYS_ipc, 2, 0, 1, 0600), msg = INT80(SYS_ipc, 13, 0, 0600);
	long at = -1;
	printf("made %d %d %d\n", shm >= 0, sem >= 0, msg >= 0);
	CALL(ipc, 21, shm, 0, &at, 0);
	*(int *)at = 5;
	CALL(ipc, 0x10015, shm, 0, &at, 0);
	CALL(ipc, 21, shm, 0, BAD, 0x20000000);
	CALL(ipc, 21, -1, 0, &at, 0);
	CALL(ipc, 22, 0, 0, 0, at);
	CALL(ipc, 22, 0, 0, 0, at);
	short ops[3] = {0, 1, 0}, down[3] = {0, -5, 0};
	CALL(ipc, 1, sem, 1, 0, ops);
	long value = 0;
	CALL(ipc, 3, sem, 0, 12, &value);
	value = 3;
	CALL(ipc, 3, sem, 0, 0x110, &value);
	CALL(ipc, 3, sem, 0, 0x10c, &value);
	CALL(ipc, 3, sem, 0, 12, 0);
	CALL(ipc, 3, sem, 0, 12, BAD);
	struct time32 soon = {0, 1000000}, wrong = {0, 1000000000};
	CALL(ipc, 4, sem, 1, 0, down, &soon);
	CALL(ipc, 4, sem, 1, 0, down, &wrong);
	CALL(ipc, 1, sem, 1, 0, BAD);
	struct time64 later = {0, 1000000, 0};
	CALL(semtimedop_time64, sem, down, 1, &later);
	struct {
		long type;
		char text[8];
	} m = {7, "message"};
	CALL(ipc, 11, msg, 8, 0, &m);
	CALL(ipc, 11, msg, -1, 0, &m);
	CALL(ipc, 11, msg, 4, 0, &m);
	long kludge[2] = {(long)&m, 0};
	m.type = 0;
	CALL(ipc, 12, msg, 8, 0, kludge);
	printf("%ld %s\n", m.type, m.text);
	CALL(ipc, 0x1000c, msg, 8, 04000, &m, 9);
	CALL(ipc, 0x1000c, msg, 8, 04000, &m, 7);
	CALL(ipc, 12, msg, 8, 0, 0);
	CALL(ipc, 12, msg, 8, 0, BAD);
	CALL(ipc, 12, msg, -1, 0, kludge);
	long status[32];
	CALL(ipc, 14, msg, 0x102, 0, status);
	CALL(ipc, 24, shm, 0x102, 0, status);
	CALL(ipc, 24, shm, 0x102, 0, BAD);
	CALL(ipc, 24, shm, 0x100, 0, 0);
	CALL(ipc, 14, msg, 0, 0, 0);
	CALL(ipc, 3, sem, 0, 0, &value);
	CALL(ipc, 3, sem, 0, 0, &value);
	CALL(ipc, 0, 0, 0, 0, 0);
	CALL(ipc, 5, 0, 0, 0, 0);
	CALL(ipc, 25, 0, 0, 0, 0);
	CALL(ipc, 0xffff, 0, 0, 0, 0);
}

static void maps(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	write(fd, "contents", 8);
	long place = OKAY(mmap, WORDS(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	printf("%.8s\n", (char *)place);
	CALL(mmap, WORDS(0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CALL(mmap, WORDS(0, 4096, PROT_READ, MAP_PRIVATE, fd, 1));
	CALL(mmap, WORDS(0, 0, PROT_READ, MAP_PRIVATE, fd, 0));
	CALL(mmap, WORDS(0, 4096, PROT_READ, MAP_PRIVATE, 99, 0));
	CALL(mmap, BAD);
	OKAY(mmap2, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1);
	CALL(mmap2, 0, 0xffffffff, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(mmap2, 0xfffff000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void selects(void)
{
	int p[2];
	pipe(p);
	unsigned in[32] = {1u << p[0]}, out[32] = {1u << p[1]};
	struct time32 wait = {0, 1000};
	CALL(select, WORDS(p[1] + 1, (long)in, (long)out, 0, (long)&wait));
	printf("in %d out %d\n", in[0] == 0, out[0] == 1u << p[1]);
	in[0] = 1u << p[0];
	wait.sec = 0, wait.frac = 1000;
	CALL(select, WORDS(p[0] + 1, (long)in, 0, 0, (long)&wait));
	printf("in %u left %d %d\n", in[0], wait.sec, wait.frac);
	write(p[1], "x", 1);
	in[0] = 1u << p[0];
	CALL(select, WORDS(p[0] + 1, (long)in, 0, 0, 0));
	CALL(select, WORDS(-1, 0, 0, 0, 0));
	CALL(select, BAD);
}

PROBES({"sockets", sockets}, {"ipcs", ipcs}, {"maps", maps}, {"selects", selects})
