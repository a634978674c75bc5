/* statx(2): what is asked for, what comes, attributes, mounts, errors; statfs(2) and fstatfs(2) of each kind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define BASIC 0x7ff
#define BTIME 0x800
#define MNT_ID 0x1000
#define MNT_ID_UNIQUE 0x4000
#define MOUNT_ROOT 0x2000

struct time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};
static struct {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id, more[13];
} s;

static long get(int dir, const char *name, int flags, unsigned mask)
{
	memset(&s, 0xff, sizeof s);
	return syscall(SYS_statx, dir, name, flags, mask, &s);
}

static void show(const char *name, unsigned mask)
{
	if (get(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, mask)) printf("%s: %s\n", name, errno_name(errno));
	else
		printf("%s %x: %x %o %u %u %d %lx %lx %u:%u btime %d mnt %d\n", name, mask, s.mask, s.mode, s.nlink,
		       s.blksize, S_ISDIR(s.mode) ? -1 : (int)s.size, (long)s.attributes, (long)s.attributes_mask,
		       s.rdev_major, s.rdev_minor, s.btime.sec != 0, s.mnt_id != 0);
	fflush(stdout);
}

static void tree(void)
{
	int fd = open("file", O_CREAT | O_RDWR, 0640);
	write(fd, "text", 4);
	close(fd);
	mkdir("dir", 0750);
	symlink("file", "link");
	mkfifo("fifo", 0600);
}

static void kinds(void)
{
	tree();
	show("file", BASIC | BTIME);
	show("dir", BASIC | BTIME);
	show("link", BASIC | BTIME);
	show("fifo", BASIC | BTIME);
	show("/dev/null", BASIC);
	show("missing", BASIC);
	show("/proc/version", BASIC | BTIME);
	show("/proc/self", BASIC | BTIME);
}

static void masks(void)
{
	tree();
	show("file", 0);
	show("file", 1);
	show("file", BTIME);
	show("file", MNT_ID);
	show("file", MNT_ID_UNIQUE);
	show("file", MNT_ID | MNT_ID_UNIQUE);
	show("file", 0x7fffffff);
	show("file", 0x2000);
	show("file", 0x80000000);
	show("file", 0xffffffff);
	show("missing", 0x80000000);
	show("/proc/version", 0);
	show("/proc/version", BTIME);
}

static void flags(void)
{
	tree();
	chmod(".", 0700);
	SHOW(get(AT_FDCWD, "link", 0, BASIC));
	printf("%o\n", s.mode);
	SHOW(get(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, BASIC));
	printf("%o\n", s.mode);
	SHOW(get(AT_FDCWD, "file", 0x2000, BASIC));
	SHOW(get(AT_FDCWD, "file", 0x4000, BASIC));
	SHOW(get(AT_FDCWD, "file", 0x6000, BASIC));
	SHOW(get(AT_FDCWD, "file", 0x800, BASIC));
	SHOW(get(AT_FDCWD, "file", 0x8000, BASIC));
	SHOW(get(AT_FDCWD, "file", 0x200, BASIC));
	SHOW(get(AT_FDCWD, "file", 1, BASIC));
	SHOW(get(AT_FDCWD, "missing", 1, BASIC));
	SHOW(get(AT_FDCWD, "", 0, BASIC));
	SHOW(get(AT_FDCWD, "", AT_EMPTY_PATH, BASIC));
	printf("%o\n", s.mode);
	SHOW(get(AT_FDCWD, NULL, 0, BASIC));
	SHOW(get(AT_FDCWD, (void *)8, 0, BASIC));
	SHOW(get(99, "file", 0, BASIC));
	SHOW(get(99, "/", 0, BASIC));
	SHOW(get(99, "", AT_EMPTY_PATH, BASIC));
	SHOW(get(AT_FDCWD, "file/x", 0, BASIC));
	SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, BASIC, 8));
	SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, BASIC, NULL));
	SHOW(syscall(SYS_statx, AT_FDCWD, "missing", 0, BASIC, NULL));
	int fd = open("file", O_RDONLY), dir = open("dir", O_PATH);
	SHOW(get(fd, "", AT_EMPTY_PATH, BASIC));
	printf("%o\n", s.mode);
	SHOW(get(dir, "", AT_EMPTY_PATH, BASIC));
	printf("%o\n", s.mode);
	SHOW(get(fd, NULL, AT_EMPTY_PATH, BASIC));
	printf("%o\n", s.mode);
	SHOW(get(AT_FDCWD, NULL, AT_EMPTY_PATH, BASIC));
	SHOW(get(99, NULL, AT_EMPTY_PATH, BASIC));
	SHOW(get(fd, NULL, 0, BASIC));
	SHOW(get(fd, "x", 0, BASIC));
	SHOW(get(dir, "../file", 0, BASIC));
	struct stat st;
	SHOW(syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH));
	SHOW(syscall(SYS_newfstatat, fd, NULL, &st, AT_EMPTY_PATH));
	SHOW(syscall(SYS_newfstatat, fd, "", &st, 0));
	SHOW(syscall(SYS_newfstatat, fd, "", &st, 1));
	SHOW(syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH | 0x2000));
}

static void births(void)
{
	struct timespec now, fine = {0, 30000000};
	clock_gettime(CLOCK_REALTIME, &now);
	tree();
	get(AT_FDCWD, "file", 0, BASIC | BTIME);
	printf("near %d\n", s.btime.sec - now.tv_sec < 3);
	struct time before = s.btime;
	nanosleep(&fine, NULL);
	chmod("file", 0600);
	int fd = open("file", O_WRONLY);
	write(fd, "x", 1);
	struct timespec old[2] = {{1000, 0}, {1000, 0}};
	futimens(fd, old);
	get(AT_FDCWD, "file", 0, BASIC | BTIME);
	printf("same %d\n", s.btime.sec == before.sec && s.btime.nsec == before.nsec);
	printf("mtime %ld ctime after %d\n", (long)s.mtime.sec,
	       s.ctime.sec > before.sec || (s.ctime.sec == before.sec && s.ctime.nsec > before.nsec));
	rename("file", "other");
	get(AT_FDCWD, "other", 0, BTIME);
	printf("same %d\n", s.btime.sec == before.sec && s.btime.nsec == before.nsec);
	get(AT_FDCWD, "other", 0, BASIC);
	printf("unasked %x %ld\n", s.mask, (long)s.btime.sec);
}

static void mounts(void)
{
	tree();
	get(AT_FDCWD, ".", 0, MNT_ID);
	uint64_t here = s.mnt_id;
	printf("%d\n", (int)(s.attributes & MOUNT_ROOT));
	get(AT_FDCWD, "file", 0, MNT_ID);
	printf("same %d\n", s.mnt_id == here);
	get(AT_FDCWD, "/proc", 0, MNT_ID);
	printf("other %d root %d\n", s.mnt_id != here, (int)(s.attributes & MOUNT_ROOT));
	uint64_t proc = s.mnt_id;
	get(AT_FDCWD, "/proc/self/status", 0, MNT_ID);
	printf("same %d root %d\n", s.mnt_id == proc, (int)(s.attributes & MOUNT_ROOT));
	get(AT_FDCWD, "/", 0, MNT_ID);
	printf("root %d\n", (int)(s.attributes & MOUNT_ROOT));
	get(AT_FDCWD, "file", 0, MNT_ID_UNIQUE);
	printf("unique %d %d\n", s.mnt_id != here, s.mnt_id > 0x80000000ul);
	int fd = open("file", O_RDONLY);
	char name[64], line[256];
	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
	FILE *in = fopen(name, "r");
	while (fgets(line, sizeof line, in))
		if (!strncmp(line, "mnt_id:", 7)) printf("fdinfo %d\n", atol(line + 7) == (long)here);
}

static void nameless(void)
{
	int to[2], pair[2];
	pipe(to);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	int fds[] = {to[0], pair[0], eventfd(0, 0), epoll_create1(0), memfd_create("x", 0)};
	for (int i = 0; i < 5; i++) {
		long r = get(fds[i], "", AT_EMPTY_PATH, BASIC | BTIME | MNT_ID);
		printf("%ld %x %o %u %u %ld %lx %lx %d\n", r, s.mask, s.mode, s.nlink, s.blksize, (long)s.size,
		       (long)s.attributes, (long)s.attributes_mask, s.mnt_id != 0);
	}
}

static void fs_of(const char *name, long r, struct statfs *f, int sized)
{
	if (r) printf("%s: %s\n", name, errno_name(errno));
	else {
		printf("%s: type %lx bsize %ld frsize %ld namelen %ld flags %lx", name, (long)f->f_type,
		       (long)f->f_bsize, (long)f->f_frsize, (long)f->f_namelen, (long)f->f_flags);
		printf(" spare %d", ((long *)(f + 1))[-1] | ((long *)(f + 1))[-2] | ((long *)(f + 1))[-3] |
					((long *)(f + 1))[-4]);
		if (sized)
			printf(" blocks %d free %d files %d fsid %d\n", f->f_blocks > 0,
			       f->f_bfree <= f->f_blocks && f->f_bavail <= f->f_bfree, f->f_ffree < f->f_files,
			       f->f_fsid.__val[0] || f->f_fsid.__val[1]);
		else
			printf(" blocks %ld %ld %ld files %ld %ld fsid %d\n", (long)f->f_blocks, (long)f->f_bfree,
			       (long)f->f_bavail, (long)f->f_files, (long)f->f_ffree,
			       f->f_fsid.__val[0] || f->f_fsid.__val[1]);
	}
	fflush(stdout);
}

static void file_systems(void)
{
	struct statfs f;
	tree();
	memset(&f, 0xff, sizeof f);
	fs_of("file", statfs("file", &f), &f, 1);
	memset(&f, 0xff, sizeof f);
	fs_of("proc", statfs("/proc/version", &f), &f, 0);
	fs_of("dev", statfs("/dev/null", &f), &f, 1);
	fs_of("pts", statfs("/dev/pts", &f), &f, 0);
	int to[2], pair[2];
	pipe(to);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fs_of("pipe", fstatfs(to[0], &f), &f, 0);
	fs_of("socket", fstatfs(pair[0], &f), &f, 0);
	fs_of("eventfd", fstatfs(eventfd(0, 0), &f), &f, 0);
	fs_of("link", statfs("link", &f), &f, 1);
	int path = open("file", O_PATH);
	fs_of("path", fstatfs(path, &f), &f, 1);
	SHOW(statfs("missing", &f));
	SHOW(statfs("", &f));
	SHOW(syscall(SYS_statfs, 8, &f));
	SHOW(syscall(SYS_statfs, "file", 8));
	SHOW(syscall(SYS_statfs, "missing", 8));
	SHOW(fstatfs(99, &f));
	SHOW(syscall(SYS_fstatfs, path, 8));
	SHOW(statfs("file/x", &f));
}

PROBES({"kinds", kinds}, {"masks", masks}, {"flags", flags}, {"births", births}, {"mounts", mounts},
       {"nameless", nameless}, {"file_systems", file_systems})
