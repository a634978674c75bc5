/* Noncanonical mode: VMIN and VTIME, echo without lines, flow control. */
#include "tty.h"
#include <time.h>

static long ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void raw(int min, int time)
{
	struct termios t = modes();
	cfmakeraw(&t);
	t.c_cc[VMIN] = min, t.c_cc[VTIME] = time;
	tcsetattr(slave, TCSANOW, &t);
}

/* A blocking read and whether it took about as long as it should. */
static void timed(long count, long low, long high)
{
	unsigned char buf[4096];
	long start = ms(), got = read(slave, buf, count), took = ms() - start;
	printf("%ld ", got);
	if (got >= 0 && got < 100) escaped(buf, got);
	printf(took >= low && took <= high ? " in time\n" : " not in time\n");
	fflush(stdout);
}

/* A child that types later: text by text. */
static void later(int wait_ms, const char **texts)
{
	if (fork()) return;
	for (; *texts; texts++) usleep(wait_ms * 1000), write(master, *texts, strlen(*texts));
	/* Its SIGCHLD would end a read that has some bytes, under a tracer. */
	usleep(500000);
	_exit(0);
}
#define LATER(ms, ...) later(ms, (const char *[]){__VA_ARGS__, NULL})

static void neither(void)
{
	open_pair(), raw(0, 0);
	timed(10, 0, 50);
	TYPE("abc"), timed(2, 0, 50), timed(10, 0, 50), timed(10, 0, 50);
	slave_read();
	show_poll(slave, "slave");
}

static void only_time(void)
{
	open_pair(), raw(0, 2);
	timed(10, 180, 900);
	LATER(50, "ab"), timed(10, 30, 190);
	TYPE("c"), timed(10, 0, 100);
	slave_read();
	wait(NULL);
}

static void only_min(void)
{
	open_pair(), raw(3, 0);
	LATER(30, "a", "b", "cd"), timed(10, 60, 900);
	TYPE("xy"), show_poll(slave, "slave"), show_int("FIONREAD", slave, FIONREAD), timed(2, 0, 50);
	TYPE("xy"), slave_read();
	TYPE("123456"), timed(4, 0, 50), timed(2, 0, 50);
	wait(NULL);
}

static void min_and_time(void)
{
	open_pair(), raw(4, 2);
	LATER(60, "a", "b"), timed(10, 250, 900);
	TYPE("wxyz1"), timed(10, 0, 100);
	LATER(40, "q", "rst"), timed(10, 60, 190);
	TYPE("k"), timed(1, 0, 100);
	wait(NULL), wait(NULL);
}

static void large_min(void)
{
	static char text[300];
	open_pair(), raw(100, 0);
	memset(text, 'm', sizeof text);
	type_bytes(text, 200), timed(200, 0, 50), slave_read();
	type_bytes(text, 30), show_poll(slave, "slave"), type_bytes(text, 50), show_poll(slave, "slave");
	raw(200, 0), type_bytes(text, 300), read_one(slave, "slave", 300);
}

static void echo_raw(void)
{
	open_pair();
	change(0, 0, 0, 0, ICANON, 0);
	TYPE("a\n\r\x01\x7f\x15\x04\t"), echoed(), slave_read();
	change(ICRNL, 0, 0, 0, 0, 0), TYPE("a\n\r\x16\x17"), echoed(), slave_read();
	change(0, INLCR, 0, 0, 0, 0), TYPE("a\n\r"), echoed(), slave_read();
	change(0, 0, 0, 0, ECHOCTL, 0), TYPE("a\n\r\x01\x7f"), echoed(), slave_read();
	change(INLCR, PARMRK, 0, 0, 0, 0), TYPE("a\xff"), echoed(), slave_read();
}

static void all_bytes(void)
{
	unsigned char all[256], got[256];
	open_pair(), raw(1, 0);
	for (int i = 0; i < 256; i++) all[i] = i;
	type_bytes(all, 256);
	long n = read(slave, got, 256);
	printf("%ld %s\n", n, memcmp(all, got, 256) ? "changed" : "the same");
	write(slave, all, 256), settle();
	n = read(master, got, 256);
	printf("%ld %s\n", n, memcmp(all, got, 256) ? "changed" : "the same");
}

static void flow(void)
{
	open_pair();
	TYPE("\x13"), show_poll(slave, "slave");
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
	SHOW(write(slave, "held", 4)), echoed();
	TYPE("typed\n"), echoed(), slave_read();
	TYPE("\x11"), echoed(), show_poll(slave, "slave");
	SHOW(write(slave, "go", 2)), echoed();
	change(0, IXANY, 0, 0, 0, 0);
	TYPE("\x13"), SHOW(write(slave, "x", 1)), TYPE("a"), SHOW(write(slave, "y", 1)), echoed();
	TYPE("\x13\x03"), SHOW(write(slave, "z", 1)), echoed();
	change(IXANY, 0, 0, 0, 0, 0);
	TYPE("\x13"), change(IXON, 0, 0, 0, 0, 0), SHOW(write(slave, "w", 1)), TYPE("\x13\x11\n"), echoed(), slave_read();
}

static void flow_by_program(void)
{
	open_pair();
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
	SHOW(tcflow(slave, TCOOFF)), SHOW(write(slave, "held", 4)), TYPE("\x11"), SHOW(write(slave, "held", 4));
	SHOW(tcflow(slave, TCOON)), SHOW(write(slave, "go", 2)), echoed();
	SHOW(tcflow(slave, TCIOFF)), SHOW(tcflow(slave, TCION)), echoed();
	SHOW(tcflow(slave, 9));
	SHOW(tcflow(master, TCOOFF)), fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK), SHOW(write(master, "x", 1)), SHOW(tcflow(master, TCOON)), SHOW(write(master, "x\n", 2));
	settle(), slave_read();
}

static void held_write(void)
{
	open_pair();
	TYPE("\x13");
	if (!fork()) {
		settle(), settle(), write(master, "\x11", 1);
		_exit(0);
	}
	SHOW(write(slave, "waited\n", 7)), echoed();
	wait(NULL);
}

static void full(void)
{
	static char text[4096];
	open_pair(), raw(1, 0);
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK), fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	for (int i = 0; i < 2; i++) {
		long total = 0, n;
		int misses = 0;
		while (misses < 3) {
			n = write(i ? master : slave, text, sizeof text);
			if (n > 0) total += n, misses = 0;
			else misses++, settle();
		}
		printf("%s\n", total > 4096 && total < 70000 ? "a few pages" : "another size");
		show_poll(i ? master : slave, "writer");
		long got = 0;
		misses = 0;
		while (misses < 3) {
			n = read(i ? slave : master, text, sizeof text);
			if (n > 0) got += n, misses = 0;
			else misses++, settle();
		}
		printf("%s\n", got == total ? "all of it" : "lost some");
		show_poll(i ? master : slave, "writer");
	}
}

static void large_transfer(void)
{
	static unsigned char text[200000], got[65536];
	open_pair(), raw(1, 0);
	for (int i = 0; i < sizeof text; i++) text[i] = i * 7;
	if (!fork()) {
		close(master);
		for (long done = 0; done < sizeof text;) {
			long n = write(slave, text + done, sizeof text - done);
			if (n < 0) _exit(1);
			done += n;
		}
		_exit(0);
	}
	close(slave);
	long total = 0, n;
	int same = 1;
	while ((n = read(master, got, sizeof got)) > 0) {
		if (memcmp(got, text + total, n)) same = 0;
		total += n;
	}
	printf("%ld %s %s\n", total, same ? "the same" : "changed", n < 0 ? errno_name(errno) : "end");
	wait(NULL);
}

static void vectors(void)
{
	open_pair();
	char a[4] = {0}, b[9] = {0};
	struct { void *p; size_t n; } iov[2] = {{a, 3}, {b, 8}};
	TYPE("hello\nmore\n");
	SHOW(readv(slave, (void *)iov, 2));
	printf("%s|%s\n", a, b[0] == '\n' ? "?" : "b"), escaped(b, 3), puts("");
	slave_read(), slave_read();
}

PROBES({"neither", neither}, {"only-time", only_time}, {"only-min", only_min}, {"min-and-time", min_and_time},
	{"large-min", large_min}, {"echo-raw", echo_raw}, {"all-bytes", all_bytes}, {"flow", flow},
	{"flow-by-program", flow_by_program}, {"held-write", held_write}, {"full", full}, {"large-transfer", large_transfer},
	{"vectors", vectors})
