/* Moving bytes inside the kernel: splice(2), tee(2), vmsplice(2), sendfile(2), copy_file_range(2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define copy_range(...) syscall(SYS_copy_file_range, __VA_ARGS__)

static int file(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	write(fd, text, strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void content(int fd)
{
	char b[101];
	long n = pread(fd, b, 100, 0);
	if (n < 0) n = 0;
	for (int i = 0; i < n; i++)
		if (!b[i]) b[i] = '.';
	printf("\"%.*s\" at %ld\n", (int)n, b, (long)lseek(fd, 0, SEEK_CUR));
	fflush(stdout);
}

static void piped(int fd)
{
	char b[101];
	fcntl(fd, F_SETFL, O_NONBLOCK);
	long n = read(fd, b, 100);
	fcntl(fd, F_SETFL, 0);
	printf("piped \"%.*s\"\n", n < 0 ? 0 : (int)n, b);
	fflush(stdout);
}

static void to_pipe(void)
{
	int fd = file("f", "0123456789"), to[2];
	pipe(to);
	SHOW(splice(fd, NULL, to[1], NULL, 4, 0));
	piped(to[0]);
	content(fd);
	loff_t at = 7;
	SHOW(splice(fd, &at, to[1], NULL, 100, 0));
	SHOW(at);
	piped(to[0]);
	content(fd);
	SHOW(splice(fd, &at, to[1], NULL, 100, 0));
	SHOW(splice(fd, NULL, to[1], NULL, 0, 0));
	SHOW(splice(fd, NULL, to[1], &at, 1, 0));
	SHOW(splice(fd, (void *)8, to[1], NULL, 1, 0));
	at = -1;
	SHOW(splice(fd, &at, to[1], NULL, 1, 0));
	SHOW(splice(fd, NULL, to[1], NULL, 1, 0x100));
	SHOW(splice(fd, NULL, fd, NULL, 1, 0));
	SHOW(splice(99, NULL, to[1], NULL, 1, 0));
	SHOW(splice(99, NULL, to[1], NULL, 0, 0));
	SHOW(splice(fd, NULL, to[0], NULL, 1, 0));
	SHOW(splice(open(".", O_RDONLY), NULL, to[1], NULL, 1, 0));
	SHOW(splice(open("f", O_WRONLY), NULL, to[1], NULL, 1, 0));
}

static void from_pipe(void)
{
	int fd = file("f", "0123456789"), to[2];
	pipe(to);
	write(to[1], "abcdef", 6);
	SHOW(splice(to[0], NULL, fd, NULL, 2, 0));
	content(fd);
	loff_t at = 8;
	SHOW(splice(to[0], NULL, fd, &at, 100, SPLICE_F_MOVE | SPLICE_F_MORE));
	SHOW(at);
	content(fd);
	SHOW(splice(to[0], NULL, fd, NULL, 1, SPLICE_F_NONBLOCK));
	SHOW(splice(to[0], &at, fd, NULL, 1, SPLICE_F_NONBLOCK));
	write(to[1], "xy", 2);
	SHOW(splice(to[0], NULL, open("f", O_WRONLY | O_APPEND), NULL, 1, 0));
	SHOW(splice(to[0], NULL, open("f", O_RDONLY), NULL, 1, 0));
	piped(to[0]);
	close(to[1]);
	SHOW(splice(to[0], NULL, fd, NULL, 1, 0));
}

static void between_pipes(void)
{
	int a[2], b[2];
	pipe(a);
	pipe(b);
	write(a[1], "abcdef", 6);
	SHOW(splice(a[0], NULL, b[1], NULL, 4, 0));
	piped(b[0]);
	piped(a[0]);
	write(a[1], "gh", 2);
	SHOW(splice(a[0], NULL, a[1], NULL, 4, 0));
	SHOW(splice(a[1], NULL, b[1], NULL, 4, 0));
	SHOW(splice(a[0], NULL, b[0], NULL, 4, 0));
	SHOW(tee(a[0], b[1], 100, 0));
	piped(b[0]);
	SHOW(tee(a[0], b[1], 1, 0));
	piped(b[0]);
	piped(a[0]);
	SHOW(tee(a[0], b[1], 1, SPLICE_F_NONBLOCK));
	SHOW(tee(a[0], b[1], 0, 0));
	SHOW(tee(a[0], a[1], 1, 0));
	SHOW(tee(a[0], b[1], 1, 0x80));
	SHOW(tee(a[0], 99, 1, 0));
	SHOW(tee(open("/dev/null", O_RDONLY), b[1], 1, 0));
	close(a[1]);
	SHOW(tee(a[0], b[1], 1, 0));
	SHOW(splice(a[0], NULL, b[1], NULL, 1, 0));
	pipe(a);
	write(a[1], "q", 1);
	close(b[0]);
	signal(SIGPIPE, SIG_IGN);
	SHOW(splice(a[0], NULL, b[1], NULL, 1, 0));
	SHOW(tee(a[0], b[1], 1, 0));
}

static void full_pipes(void)
{
	int a[2], b[2];
	static char big[70000];
	pipe(a);
	pipe2(b, O_NONBLOCK);
	while (write(b[1], big, 4096) > 0);
	fcntl(b[1], F_SETFL, 0);
	write(a[1], "abc", 3);
	SHOW(splice(a[0], NULL, b[1], NULL, 3, SPLICE_F_NONBLOCK));
	SHOW(tee(a[0], b[1], 3, SPLICE_F_NONBLOCK));
	int fd = file("f", "0123456789");
	SHOW(splice(fd, NULL, b[1], NULL, 3, SPLICE_F_NONBLOCK));
	content(fd);
	fflush(stdout);
	if (!fork()) {
		usleep(30000);
		while (read(b[0], big, 65536) > 0);
		_exit(0);
	}
	SHOW(splice(fd, NULL, b[1], NULL, 3, 0));
	wait(NULL);
}

static void waiting(void)
{
	int a[2], b[2];
	pipe(a);
	pipe(b);
	if (!fork()) {
		usleep(30000);
		write(a[1], "late", 4);
		_exit(0);
	}
	SHOW(splice(a[0], NULL, b[1], NULL, 100, 0));
	piped(b[0]);
	wait(NULL);
	fcntl(a[0], F_SETFL, O_NONBLOCK);
	SHOW(splice(a[0], NULL, b[1], NULL, 100, 0));
	SHOW(tee(a[0], b[1], 100, 0));
}

static void vmsplices(void)
{
	int a[2];
	pipe(a);
	char buf[10] = "zzzzzzzzz";
	struct iovec v[2] = {{"abc", 3}, {"defg", 4}}, in[2] = {{buf, 2}, {buf + 4, 3}};
	SHOW(vmsplice(a[1], v, 2, 0));
	SHOW(vmsplice(a[0], in, 2, 0));
	printf("%.9s\n", buf);
	piped(a[0]);
	SHOW(vmsplice(a[0], in, 2, SPLICE_F_NONBLOCK));
	SHOW(vmsplice(a[1], v, 0, 0));
	SHOW(vmsplice(a[1], v, -1, 0));
	SHOW(vmsplice(a[1], v, 1, 0x40));
	SHOW(vmsplice(99, v, 1, 0));
	SHOW(vmsplice(open("/dev/null", O_WRONLY), v, 1, 0));
	SHOW(vmsplice(a[1], (void *)8, 1, 0));
	v[0].iov_base = (void *)8;
	SHOW(vmsplice(a[1], v, 1, 0));
	signal(SIGPIPE, SIG_IGN);
	v[0].iov_base = "abc";
	close(a[0]);
	SHOW(vmsplice(a[1], v, 1, 0));
}

static void sending(void)
{
	int fd = file("f", "0123456789"), out = file("g", "ab"), to[2], pair[2];
	pipe(to);
	SHOW(sendfile(out, fd, NULL, 4));
	content(out);
	off_t at = 8;
	SHOW(sendfile(out, fd, &at, 100));
	SHOW(at);
	content(out);
	content(fd);
	SHOW(sendfile(out, fd, &at, 100));
	SHOW(sendfile(to[1], fd, NULL, 3));
	piped(to[0]);
	SHOW(sendfile(out, to[0], NULL, 3));
	SHOW(sendfile(out, 99, NULL, 3));
	SHOW(sendfile(99, fd, NULL, 3));
	SHOW(sendfile(fd, open("f", O_WRONLY), NULL, 3));
	SHOW(sendfile(open("f", O_RDONLY), fd, NULL, 3));
	at = -5;
	SHOW(sendfile(out, fd, &at, 100));
	SHOW(sendfile(out, fd, (void *)8, 100));
	SHOW(sendfile(open("g", O_WRONLY | O_APPEND), fd, NULL, 1));
	SHOW(sendfile(out, open(".", O_RDONLY), NULL, 1));
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	SHOW(sendfile(pair[0], fd, NULL, 2));
	SHOW(sendfile(out, pair[1], NULL, 1));
	SHOW(sendfile(out, fd, NULL, 0));
	SHOW(sendfile(out, open("/dev/zero", O_RDONLY), NULL, 3));
	content(out);
	SHOW(sendfile(open("/dev/null", O_WRONLY), fd, NULL, 1));
}

static void copying(void)
{
	int fd = file("f", "0123456789"), out = file("g", "ab"), to[2];
	loff_t in = 2, at = 5;
	pipe(to);
	SHOW(copy_range(fd, NULL, out, NULL, 4, 0));
	content(fd);
	content(out);
	SHOW(copy_range(fd, &in, out, &at, 100, 0));
	SHOW(in);
	SHOW(at);
	content(out);
	SHOW(copy_range(fd, &in, out, &at, 100, 0));
	SHOW(copy_range(fd, NULL, out, NULL, 0, 0));
	SHOW(copy_range(fd, NULL, out, NULL, 1, 1));
	SHOW(copy_range(99, NULL, out, NULL, 1, 0));
	SHOW(copy_range(fd, NULL, 99, NULL, 1, 0));
	SHOW(copy_range(open("f", O_WRONLY), NULL, out, NULL, 1, 0));
	SHOW(copy_range(fd, NULL, open("g", O_RDONLY), NULL, 1, 0));
	SHOW(copy_range(fd, NULL, open("g", O_WRONLY | O_APPEND), NULL, 1, 0));
	SHOW(copy_range(open(".", O_RDONLY), NULL, out, NULL, 1, 0));
	SHOW(copy_range(to[0], NULL, out, NULL, 1, 0));
	SHOW(copy_range(fd, NULL, to[1], NULL, 1, 0));
	SHOW(copy_range(open("/dev/zero", O_RDONLY), NULL, out, NULL, 1, 0));
	in = -1;
	SHOW(copy_range(fd, &in, out, NULL, 1, 0));
	SHOW(copy_range(fd, (void *)8, out, NULL, 1, 0));
	in = 0, at = 5;
	SHOW(copy_range(fd, &in, fd, &at, 6, 0));
	SHOW(copy_range(fd, &in, fd, &at, 5, 0));
	content(fd);
	in = 0;
	SHOW(copy_range(fd, &in, fd, NULL, 3, 0));
	content(fd);
}
PROBES({"to_pipe", to_pipe}, {"from_pipe", from_pipe}, {"between_pipes", between_pipes}, {"full_pipes", full_pipes},
       {"waiting", waiting}, {"vmsplices", vmsplices}, {"sending", sending}, {"copying", copying})
