/* A pseudoterminal for a probe that drives its master itself. What is read is printed with escapes. */
#ifndef TTY_H
#define TTY_H
#define _GNU_SOURCE
#include "probe.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int master, slave;

/* The kernel passes bytes from one end to the other in the background. */
static void settle(void) { usleep(8000); }

static void open_pair(void)
{
	int unlock = 0, number;
	char name[32];
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(master, TIOCSPTLCK, &unlock);
	ioctl(master, TIOCGPTN, &number);
	snprintf(name, sizeof name, "/dev/pts/%d", number);
	slave = open(name, O_RDWR | O_NOCTTY);
	if (master < 0 || slave < 0) puts("no pty"), exit(1);
}

static struct termios modes(void)
{
	struct termios t;
	tcgetattr(slave, &t);
	return t;
}

static void change(tcflag_t ioff, tcflag_t ion, tcflag_t ooff, tcflag_t oon, tcflag_t loff, tcflag_t lon)
{
	struct termios t = modes();
	t.c_iflag = (t.c_iflag & ~ioff) | ion;
	t.c_oflag = (t.c_oflag & ~ooff) | oon;
	t.c_lflag = (t.c_lflag & ~loff) | lon;
	tcsetattr(slave, TCSANOW, &t);
}

static void set_cc(int which, int value)
{
	struct termios t = modes();
	t.c_cc[which] = value;
	tcsetattr(slave, TCSANOW, &t);
}

static void escaped(const unsigned char *bytes, long count)
{
	putchar('"');
	for (long i = 0; i < count; i++) {
		if (bytes[i] < 32 || bytes[i] > 126 || bytes[i] == '\\' || bytes[i] == '"') printf("\\x%02x", bytes[i]);
		else putchar(bytes[i]);
	}
	putchar('"');
}

static void type_bytes(const char *bytes, long count)
{
	write(master, bytes, count);
	settle();
}

#define TYPE(text) type_bytes(text, sizeof(text) - 1)

/* What one read gives, or that it would wait. */
static long read_one(int fd, const char *who, long count)
{
	static unsigned char buf[65536];
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	long got = read(fd, buf, count);
	fcntl(fd, F_SETFL, flags);
	printf("%s: ", who);
	if (got < 0) printf("%s", errno_name(errno));
	else if (got > 200) printf("%ld bytes, the last %02x %02x", got, buf[got - 2], buf[got - 1]);
	else printf("%ld ", got), escaped(buf, got);
	putchar('\n');
	fflush(stdout);
	return got;
}

static void slave_read(void) { read_one(slave, "slave", 65536); }
static void echoed(void) { settle(), read_one(master, "master", 65536); }

static void show_poll(int fd, const char *who)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};
	poll(&p, 1, 0);
	printf("%s polls %s%s%s%s%s\n", who, p.revents & POLLIN ? "IN " : "", p.revents & POLLOUT ? "OUT " : "",
		p.revents & POLLPRI ? "PRI " : "", p.revents & POLLERR ? "ERR " : "", p.revents & POLLHUP ? "HUP" : "");
}

static void show_int(const char *what, int fd, unsigned long request)
{
	int value = -1;
	if (ioctl(fd, request, &value) < 0) printf("%s: %s\n", what, errno_name(errno));
	else printf("%s: %d\n", what, value);
}
#endif
