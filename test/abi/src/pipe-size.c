/* F_SETPIPE_SZ and F_GETPIPE_SZ of fcntl(2); F_NOTIFY; FIONREAD, FIONBIO, FIOCLEX of ioctl(2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "probe.h"

#define SIZE(n) SHOW(fcntl(p[0], F_SETPIPE_SZ, n))

static void sizes(void)
{
	int p[2], fd = open("/dev/null", O_RDWR);
	pipe(p);
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SIZE(32768);
	SHOW(fcntl(p[1], F_GETPIPE_SZ));
	SIZE(0);
	SIZE(1);
	SIZE(4097);
	SIZE(65537);
	SIZE(1048576);
	SIZE(1048577);
	SIZE(-1);
	SIZE(0x80000001);
	SHOW(fcntl(p[1], F_GETPIPE_SZ));
	SHOW(fcntl(fd, F_SETPIPE_SZ, 4096));
	SHOW(fcntl(fd, F_GETPIPE_SZ));
}

static void contents(void)
{
	static char big[300000], back[300000];
	int p[2], n;
	pipe2(p, O_NONBLOCK);
	for (int i = 0; i < sizeof big; i++) big[i] = i * 7 + i / 1000;
	SHOW(write(p[1], big, 5000));
	SHOW(read(p[0], back, 3000));
	SHOW(write(p[1], big + 5000, 60000));
	SIZE(4096);
	SIZE(262144);
	SHOW(write(p[1], big + 65000, 100000));
	SHOW(ioctl(p[0], FIONREAD, &n));
	printf("%d\n", n);
	SHOW(read(p[0], back + 3000, 300000));
	printf("same %d\n", !memcmp(big, back, 165000));
	SIZE(4096);
	SHOW(write(p[1], big, 5000));
	struct pollfd f = {p[1], POLLOUT};
	SHOW(poll(&f, 1, 0));
	SHOW(write(p[1], big, 1));
	SIZE(8192);
	SHOW(poll(&f, 1, 0));
	SHOW(write(p[1], big + 4096, 5000));
	SHOW(read(p[0], back, 10000));
	printf("same %d\n", !memcmp(big, back, 8192));
}

static void others(void)
{
	int p[2], on = 1, off = 0, n = 0, dir = open(".", O_RDONLY), file = open("f", O_RDWR | O_CREAT, 0600);
	pipe(p);
	SHOW(ioctl(p[0], FIONBIO, &on));
	printf("%#x\n", fcntl(p[0], F_GETFL));
	SHOW(ioctl(p[0], FIONBIO, &off));
	printf("%#x\n", fcntl(p[0], F_GETFL));
	SHOW(ioctl(p[0], FIONBIO, 8));
	SHOW(ioctl(p[0], FIOCLEX));
	SHOW(fcntl(p[0], F_GETFD));
	SHOW(ioctl(p[0], FIONCLEX));
	SHOW(fcntl(p[0], F_GETFD));
	write(file, "12345", 5);
	lseek(file, 2, SEEK_SET);
	SHOW(ioctl(file, FIONREAD, &n));
	printf("%d\n", n);
	SHOW(ioctl(file, FIONREAD, 8));
	SHOW(ioctl(p[0], FIONREAD, 8));
	SHOW(fcntl(dir, F_NOTIFY, 0x80000000));
	SHOW(fcntl(file, F_NOTIFY, 0x80000000));
	SHOW(fcntl(file, F_NOTIFY, 1));
	SHOW(fcntl(p[0], F_NOTIFY, 4));
	SHOW(fcntl(file, F_GETLEASE));
	SHOW(fcntl(file, F_SETLEASE, 77));
	SHOW(fcntl(dir, F_SETLEASE, F_RDLCK));
}

PROBES({"sizes", sizes}, {"contents", contents}, {"others", others})
