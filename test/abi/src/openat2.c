/* openat2(2): struct open_how and its RESOLVE_*; O_TMPFILE and giving such a file a name. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

struct how {
	unsigned long flags, mode, resolve, more;
};
#define NO_XDEV 1
#define NO_MAGICLINKS 2
#define NO_SYMLINKS 4
#define BENEATH 8
#define IN_ROOT 16
#define CACHED 32

static long o2(int at, const char *name, long flags, long mode, long resolve)
{
	struct how h = {flags, mode, resolve};
	long fd = syscall(SYS_openat2, at, name, &h, 24);
	return fd < 0 ? fd : (close(fd), 0);
}

static void arguments(void)
{
	struct how h = {O_RDWR | O_CREAT, 0600};
	SHOW(syscall(SYS_openat2, AT_FDCWD, "f", &h, 23));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "f", &h, 0));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "f", &h, 32));
	h.more = 1;
	SHOW(syscall(SYS_openat2, AT_FDCWD, "f", &h, 32));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "f", &h, 4097));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "f", (void *)8, 24));
	SHOW(syscall(SYS_openat2, AT_FDCWD, (void *)8, &h, 24));
	SHOW(o2(AT_FDCWD, "f", 1L << 32, 0, 0));
	SHOW(o2(AT_FDCWD, "f", 1L << 31, 0, 0));
	SHOW(o2(AT_FDCWD, "f", O_RDONLY, 0600, 0));
	SHOW(o2(AT_FDCWD, "g", O_RDWR | O_CREAT, 010000, 0));
	SHOW(o2(AT_FDCWD, "f", O_RDONLY, 0, 64));
	SHOW(o2(AT_FDCWD, "f", O_RDONLY, 0, BENEATH | IN_ROOT));
	SHOW(o2(AT_FDCWD, "f", O_PATH | O_RDWR, 0, 0));
	SHOW(o2(AT_FDCWD, "f", O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, 0));
	SHOW(o2(AT_FDCWD, "f", O_PATH | O_APPEND, 0, 0));
	SHOW(o2(AT_FDCWD, ".", O_CREAT | O_DIRECTORY, 0600, 0));
	SHOW(o2(99, "f", O_RDONLY, 0, 0));
	SHOW(o2(AT_FDCWD, "f", O_RDONLY, 0, CACHED));
	SHOW(o2(AT_FDCWD, "f", O_RDWR | O_TRUNC, 0, CACHED));
	SHOW(o2(AT_FDCWD, "f", O_RDWR | O_CREAT, 0600, CACHED));
	SHOW(o2(AT_FDCWD, ".", O_RDWR | O_TMPFILE, 0600, CACHED));
}

static void tree(void)
{
	mkdir("d", 0755);
	mkdir("d/e", 0755);
	close(open("f", O_CREAT | O_RDWR, 0600));
	close(open("d/f", O_CREAT | O_RDWR, 0600));
	close(open("d/e/g", O_CREAT | O_RDWR, 0600));
	symlink("f", "d/l");
	symlink("..", "d/e/up");
	symlink("../..", "d/e/out");
	symlink("/f", "d/abs");
	symlink("/", "d/root");
	symlink("e", "d/dir");
	symlink("/proc/self/cwd", "d/magic");
}

static void beneath(void)
{
	tree();
	int d = open("d", O_PATH);
	SHOW(o2(d, "f", 0, 0, BENEATH));
	SHOW(o2(d, "../f", 0, 0, BENEATH));
	SHOW(o2(d, "e/../f", 0, 0, BENEATH));
	SHOW(o2(d, "e/../../d/f", 0, 0, BENEATH));
	SHOW(o2(d, "/f", 0, 0, BENEATH));
	SHOW(o2(d, "l", 0, 0, BENEATH));
	SHOW(o2(d, "e/up/f", 0, 0, BENEATH));
	SHOW(o2(d, "e/out/f", 0, 0, BENEATH));
	SHOW(o2(d, "abs", 0, 0, BENEATH));
	SHOW(o2(d, "..", 0, 0, BENEATH));
	SHOW(o2(d, ".", 0, 0, BENEATH));
	SHOW(o2(d, "../new", O_CREAT | O_RDWR, 0600, BENEATH));
	SHOW(o2(d, "new", O_CREAT | O_RDWR, 0600, BENEATH));
	SHOW(o2(d, "missing", 0, 0, BENEATH));
	SHOW(o2(AT_FDCWD, "d/../f", 0, 0, BENEATH));
	SHOW(o2(AT_FDCWD, "d/../../x", 0, 0, BENEATH));
}

static void in_root(void)
{
	tree();
	int d = open("d", O_PATH);
	SHOW(o2(d, "/f", 0, 0, IN_ROOT));
	SHOW(o2(d, "/e/g", 0, 0, IN_ROOT));
	SHOW(o2(d, "../../f", 0, 0, IN_ROOT));
	SHOW(o2(d, "../../e", 0, 0, IN_ROOT));
	SHOW(o2(d, "abs", 0, 0, IN_ROOT));
	SHOW(o2(d, "root/e/g", 0, 0, IN_ROOT));
	SHOW(o2(d, "e/out/f", 0, 0, IN_ROOT));
	SHOW(o2(d, "/proc/self/cwd", 0, 0, IN_ROOT));
	SHOW(o2(d, "/made", O_CREAT | O_RDWR, 0600, IN_ROOT));
	SHOW(access("d/made", F_OK));
}

static void symlinks(void)
{
	tree();
	SHOW(o2(AT_FDCWD, "d/f", 0, 0, NO_SYMLINKS));
	SHOW(o2(AT_FDCWD, "d/l", 0, 0, NO_SYMLINKS));
	SHOW(o2(AT_FDCWD, "d/dir/g", 0, 0, NO_SYMLINKS));
	SHOW(o2(AT_FDCWD, "d/l", O_NOFOLLOW, 0, NO_SYMLINKS));
	SHOW(o2(AT_FDCWD, "d/l", O_NOFOLLOW | O_PATH, 0, NO_SYMLINKS));
	SHOW(o2(AT_FDCWD, "d/l", 0, 0, NO_MAGICLINKS));
	SHOW(o2(AT_FDCWD, "/proc/self/cwd", 0, 0, NO_MAGICLINKS));
	SHOW(o2(AT_FDCWD, "/proc/self/cwd", 0, 0, 0));
	SHOW(o2(AT_FDCWD, "/proc/self/fd/0", O_PATH | O_NOFOLLOW, 0, NO_MAGICLINKS));
	SHOW(o2(AT_FDCWD, "d/magic", 0, 0, NO_MAGICLINKS));
	SHOW(o2(AT_FDCWD, "/proc/self/cwd", 0, 0, NO_SYMLINKS));
	int d = open("d", O_PATH);
	SHOW(o2(d, "magic/f", 0, 0, IN_ROOT));
}

static void mounts(void)
{
	tree();
	SHOW(o2(AT_FDCWD, "d/f", 0, 0, NO_XDEV));
	SHOW(o2(AT_FDCWD, "/proc/version", 0, 0, NO_XDEV));
	SHOW(o2(AT_FDCWD, "/dev/null", 0, 0, NO_XDEV));
	SHOW(o2(open("/proc", O_PATH), "version", 0, 0, NO_XDEV));
	SHOW(o2(open("/proc", O_PATH), "..", 0, 0, NO_XDEV));
	SHOW(o2(open("/proc", O_PATH), "self/cwd", 0, 0, NO_XDEV));
	SHOW(o2(AT_FDCWD, "d/e/../f", 0, 0, NO_XDEV | NO_SYMLINKS));
}

static void nameless(void)
{
	struct stat st;
	char b[64], path[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0640);
	SHOW(write(fd, "text", 4));
	fstat(fd, &st);
	printf("%o %ld %ld\n", st.st_mode, (long)st.st_nlink, (long)st.st_size);
	SHOW(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	SHOW(open("named", O_RDONLY) >= 0);
	fstat(fd, &st);
	printf("%ld\n", (long)st.st_nlink);
	SHOW(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
	SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "third", 0));
	unlink("named");
	unlink("second");
	SHOW(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
	int excl = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640);
	SHOW(linkat(excl, "", AT_FDCWD, "x", AT_EMPTY_PATH));
	SHOW(open(".", O_TMPFILE | O_RDONLY, 0600));
	SHOW(open("named", O_TMPFILE | O_RDWR, 0600));
	SHOW(open("missing", O_TMPFILE | O_RDWR, 0600));
	close(open("plain", O_CREAT | O_RDWR, 0600));
	SHOW(open("plain", O_TMPFILE | O_RDWR, 0600));
	SHOW(open(".", O_TMPFILE | O_RDWR | O_CREAT, 0600));
	SHOW(open("/proc", O_TMPFILE | O_RDWR, 0600));
	SHOW(fcntl(open(".", O_TMPFILE | O_WRONLY, 0600), F_GETFL) & (O_ACCMODE | O_TMPFILE));
	int plain = open("plain", O_RDONLY);
	unlink("plain");
	SHOW(linkat(plain, "", AT_FDCWD, "plain2", AT_EMPTY_PATH));
	SHOW(linkat(99, "", AT_FDCWD, "plain2", AT_EMPTY_PATH));
	SHOW(linkat(AT_FDCWD, "", AT_FDCWD, "plain2", AT_EMPTY_PATH));
	SHOW(linkat(AT_FDCWD, "", AT_FDCWD, "plain2", 0));
}

static void path_descriptors(void)
{
	tree();
	char b[10];
	int fd = open("f", O_PATH), d = open("d", O_PATH), l = open("d/l", O_PATH | O_NOFOLLOW);
	SHOW(read(fd, b, 1));
	SHOW(write(fd, b, 1));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fchdir(d));
	SHOW(fchdir(fd));
	SHOW(readlinkat(l, "", b, 10));
	SHOW(readlinkat(fd, "", b, 10));
	SHOW(syscall(SYS_getdents64, d, b, 10));
	SHOW(close(dup(fd)));
	SHOW(linkat(fd, "", AT_FDCWD, "newname", AT_EMPTY_PATH));
	struct stat st;
	SHOW(fstat(fd, &st));
	SHOW(fstatat(fd, "", &st, AT_EMPTY_PATH));
	SHOW(fstatat(fd, "x", &st, AT_EMPTY_PATH));
	SHOW(open("d", O_PATH | O_DIRECTORY | O_CREAT, 0600) >= 0);
}

static void closing_ranges(void)
{
#define close_range(a, b, c) syscall(SYS_close_range, a, b, c)
	for (int i = 0; i < 10; i++) dup(1);
	SHOW(close_range(5, 4, 0));
	SHOW(close_range(5, 7, 8));
	SHOW(close_range(5, 7, 0));
	SHOW(fcntl(4, F_GETFD));
	SHOW(fcntl(5, F_GETFD));
	SHOW(fcntl(7, F_GETFD));
	SHOW(close_range(8, 9, 4));
	SHOW(fcntl(8, F_GETFD));
	SHOW(fcntl(10, F_GETFD));
	SHOW(close_range(10, 10, 2));
	SHOW(close_range(11, ~0u, 6));
	SHOW(fcntl(10, F_GETFD));
	SHOW(fcntl(11, F_GETFD));
	SHOW(dup3(1, 1, 0));
	SHOW(dup3(1, 20, O_CLOEXEC));
	SHOW(fcntl(20, F_GETFD));
	SHOW(dup3(1, 20, O_NONBLOCK));
	SHOW(dup3(99, 20, 0));
	SHOW(dup3(99, 99, 0));
	SHOW(dup3(1, -1, 0));
	SHOW(dup3(1, 1 << 20, 0));
	SHOW(dup2(1, 1));
	SHOW(dup2(99, 99));
	SHOW(dup2(20, 21));
	SHOW(fcntl(21, F_GETFD));
	SHOW(fcntl(1, F_DUPFD, -1));
	SHOW(fcntl(1, F_DUPFD, 1 << 20));
	SHOW(fcntl(1, F_DUPFD_CLOEXEC, 30));
	SHOW(fcntl(30, F_GETFD));
}
PROBES({"arguments", arguments}, {"beneath", beneath}, {"in_root", in_root}, {"symlinks", symlinks}, {"mounts", mounts},
       {"nameless", nameless}, {"path_descriptors", path_descriptors}, {"closing_ranges", closing_ranges})
