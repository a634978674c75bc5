/* Vectors and positions: preadv(2), pwritev(2) and those with flags; limits of vectors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "probe.h"

#define HIPRI 1
#define DSYNC 2
#define SYNC 4
#define NOWAIT 8
#define APPEND 16
#define NOAPPEND 32
#define r2(fd, v, n, pos, flags) syscall(SYS_preadv2, fd, v, n, (long)(pos), 0L, flags)
#define w2(fd, v, n, pos, flags) syscall(SYS_pwritev2, fd, v, n, (long)(pos), 0L, flags)

static char buf[100];
static struct iovec in[2] = {{buf, 3}, {buf + 10, 4}}, out[2] = {{"abc", 3}, {"defg", 4}};

static int file(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
	write(fd, "0123456789", 10);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void content(int fd)
{
	char b[101];
	long n = pread(fd, b, 100, 0);
	printf("\"%.*s\" at %ld\n", (int)n, b, (long)lseek(fd, 0, SEEK_CUR));
	fflush(stdout);
}

static void plain(void)
{
	int fd = file();
	SHOW(readv(fd, in, 2));
	printf("%.3s %.4s\n", buf, buf + 10);
	SHOW(readv(fd, in, 2));
	SHOW(readv(fd, in, 2));
	SHOW(writev(fd, out, 2));
	content(fd);
	SHOW(preadv(fd, in, 2, 1));
	printf("%.3s %.4s\n", buf, buf + 10);
	SHOW(pwritev(fd, out, 2, 2));
	content(fd);
}

static void errors(void)
{
	int fd = file(), to[2], reader = open("file", O_RDONLY), writer = open("file", O_WRONLY);
	pipe(to);
	SHOW(readv(99, in, 2));
	SHOW(readv(writer, in, 2));
	SHOW(writev(reader, out, 2));
	SHOW(readv(fd, in, 0));
	SHOW(readv(fd, in, -1));
	SHOW(readv(fd, in, 1025));
	SHOW(readv(fd, (void *)8, 1));
	struct iovec bad[2] = {{buf, 2}, {(void *)8, 2}};
	SHOW(readv(fd, bad, 2));
	content(fd);
	SHOW(writev(fd, bad, 2));
	content(fd);
	bad[0].iov_base = (void *)8;
	SHOW(readv(fd, bad, 1));
	bad[0] = (struct iovec){buf, -1};
	SHOW(readv(fd, bad, 1));
	SHOW(preadv(fd, in, 2, -1));
	SHOW(pwritev(fd, out, 2, -5));
	SHOW(preadv(to[0], in, 2, 0));
	SHOW(pwritev(to[1], out, 2, 0));
	SHOW(preadv(writer, in, 2, 0));
	SHOW(pwritev(reader, out, 2, 0));
	SHOW(preadv(99, in, 2, 0));
	SHOW(preadv(99, in, 2, -1));
	SHOW(pread(to[0], buf, 1, 0));
	SHOW(pwrite(to[1], buf, 1, 0));
	SHOW(pread(to[1], buf, 1, -1));
	SHOW(pread(fd, (void *)8, 1, 0));
	SHOW(pread(fd, (void *)8, 0, 0));
	SHOW(read(fd, (void *)8, 0));
	SHOW(read(open(".", O_RDONLY), buf, 1));
	SHOW(write(open(".", O_RDONLY), buf, 1));
	SHOW(pread(open(".", O_RDONLY), buf, 1, 0));
	SHOW(readv(open("file", O_PATH), in, 1));
	SHOW(lseek(open("file", O_PATH), 0, SEEK_SET));
}

static void flags(void)
{
	int fd = file(), to[2];
	pipe(to);
	SHOW(r2(fd, in, 2, 2, 0));
	SHOW(r2(fd, in, 2, -1, 0));
	content(fd);
	SHOW(r2(fd, in, 2, -2, 0));
	SHOW(r2(fd, in, 2, 0, HIPRI));
	SHOW(r2(fd, in, 2, 0, DSYNC));
	SHOW(r2(fd, in, 2, 0, SYNC));
	SHOW(r2(fd, in, 2, 0, NOWAIT));
	SHOW(r2(fd, in, 2, 0, APPEND));
	SHOW(r2(fd, in, 2, 0, NOAPPEND));
	SHOW(r2(fd, in, 2, 0, 0x10000));
	SHOW(r2(to[0], in, 2, -1, NOWAIT));
	SHOW(r2(to[0], in, 2, 0, 0));
	SHOW(r2(99, in, 2, 0, 0x1000));
}

static void writing_flags(void)
{
	int fd = file(), append = open("file", O_WRONLY | O_APPEND), to[2];
	pipe(to);
	SHOW(w2(fd, out, 1, 1, 0));
	SHOW(w2(fd, out, 1, -1, 0));
	content(fd);
	SHOW(w2(fd, out, 2, 0, APPEND));
	content(fd);
	SHOW(w2(fd, out, 1, -1, APPEND));
	content(fd);
	SHOW(w2(fd, out, 1, 0, DSYNC));
	SHOW(w2(fd, out, 1, 0, SYNC));
	SHOW(w2(fd, out, 1, 0, NOWAIT));
	SHOW(w2(append, out, 1, 0, 0));
	content(fd);
	SHOW(w2(append, out, 1, 0, NOAPPEND));
	content(fd);
	SHOW(w2(append, out, 1, 0, NOAPPEND | APPEND));
	SHOW(w2(fd, out, 1, 0, 0x10000));
	SHOW(w2(to[1], out, 1, -1, 0));
	SHOW(w2(to[1], out, 1, -1, NOWAIT));
	SHOW(w2(to[1], out, 1, -1, APPEND));
	SHOW(pwrite(append, "zz", 2, 0));
	content(fd);
	SHOW(lseek(append, 0, SEEK_CUR));
	SHOW(write(append, "y", 1));
	SHOW(lseek(append, 0, SEEK_CUR));
}

static void many_parts(void)
{
	static struct iovec v[1024];
	static char b[1024];
	for (int i = 0; i < 1024; i++) v[i] = (struct iovec){b + i, 1};
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 1024; i++) b[i] = 'a' + i % 26;
	SHOW(writev(fd, v, 1024));
	memset(b, 0, sizeof b);
	SHOW(preadv(fd, v, 1024, 24));
	printf("%.26s\n", b);
}

static void pipes(void)
{
	int to[2];
	pipe(to);
	SHOW(writev(to[1], out, 2));
	SHOW(readv(to[0], in, 2));
	printf("%.3s %.4s\n", buf, buf + 10);
	write(to[1], "12345", 5);
	SHOW(readv(to[0], in, 2));
	signal(SIGPIPE, SIG_IGN);
	close(to[0]);
	SHOW(writev(to[1], out, 2));
}

static void zero_parts(void)
{
	int fd = file();
	struct iovec v[3] = {{(void *)8, 0}, {buf, 2}, {NULL, 0}};
	SHOW(readv(fd, v, 3));
	SHOW(writev(fd, v, 3));
	SHOW(readv(fd, v, 1));
	SHOW(writev(fd, v, 1));
	content(fd);
}

static void advice(void)
{
	int fd = file(), to[2], path = open("file", O_PATH);
	pipe(to);
	SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	SHOW(syscall(SYS_fadvise64, fd, 0, 0, 9));
	SHOW(syscall(SYS_fadvise64, fd, 0, -1L, 0));
	SHOW(syscall(SYS_fadvise64, to[0], 0, 0, 0));
	SHOW(syscall(SYS_fadvise64, to[0], 0, 0, 9));
	SHOW(syscall(SYS_fadvise64, 99, 0, 0, 9));
	SHOW(syscall(SYS_fadvise64, path, 0, 0, 0));
	SHOW(readahead(fd, 0, 10));
	SHOW(readahead(to[0], 0, 10));
	SHOW(readahead(open(".", O_RDONLY), 0, 10));
	SHOW(readahead(open("file", O_WRONLY), 0, 10));
	SHOW(readahead(99, 0, 10));
	SHOW(readahead(path, 0, 10));
	SHOW(sync_file_range(fd, 0, 0, 7));
	SHOW(sync_file_range(fd, 0, 0, 8));
	SHOW(sync_file_range(fd, -1, 0, 0));
	SHOW(sync_file_range(fd, 0, -1, 0));
	SHOW(sync_file_range(to[0], 0, 0, 0));
	SHOW(sync_file_range(99, 0, 0, 8));
	SHOW(fsync(fd));
	SHOW(fdatasync(fd));
	SHOW(fsync(to[0]));
	SHOW(fsync(99));
	SHOW(fsync(path));
	SHOW(fsync(open(".", O_RDONLY)));
	SHOW(fsync(open("/dev/null", O_RDONLY)));
	SHOW(syncfs(fd));
	SHOW(syncfs(to[0]));
	SHOW(syncfs(path));
	SHOW(syncfs(99));
}
PROBES({"plain", plain}, {"errors", errors}, {"flags", flags}, {"writing_flags", writing_flags}, {"many_parts", many_parts},
       {"pipes", pipes}, {"zero_parts", zero_parts}, {"advice", advice})
