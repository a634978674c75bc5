/* Files through the calls of i386: three forms of stat, offsets in register pairs, locks in two sizes, old directories. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "int80.h"

static unsigned char b[4096];
static unsigned half(int at) { return b[at] | b[at + 1] << 8; }
static unsigned word(int at) { return half(at) | half(at + 2) << 16; }

static void stats(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0640);
	write(fd, "abc", 3);
	link("f", "g");
	symlink("f", "l");
	chown("f", 70000, 65537);
	memset(b, 0xee, sizeof b);
	CALL(oldstat, "f", b);
	CALL(oldfstat, fd, b);
	CALL(oldlstat, "l", b);
	CALL(stat, "f", b);
	printf("mode %o links %u uid %u gid %u rdev %u pad %x size %u block %u blocks %u unused %x %x after %x\n", half(8), half(10),
	       half(12), half(14), half(16), half(18), word(20), word(24), word(28), word(56), word(60), word(64));
	CALL(lstat, "l", b);
	printf("mode %o size %u\n", half(8), word(20));
	memset(b, 0xee, sizeof b);
	CALL(fstat64, fd, b);
	printf("mode %o links %u uid %u gid %u rdev %u %u size %u %u block %u blocks %u %u same %d after %x\n", word(16), word(20), word(24),
	       word(28), word(32), word(36), word(44), word(48), word(52), word(56), word(60), word(12) == word(88), word(96));
	CALL(lstat64, "l", b);
	printf("mode %o size %u\n", word(16), word(44));
	CALL(fstatat64, AT_FDCWD, "l", b, AT_SYMLINK_NOFOLLOW);
	printf("mode %o size %u\n", word(16), word(44));
	CALL(fstatat64, AT_FDCWD, "l", b, 0x40000000);
	CALL(stat, "f", BAD);
	CALL(stat64, "f", BAD);
	CALL(oldstat, "f", BAD);
	CALL(stat, "none", b);
	CALL(stat64, BAD, b);
	CALL(stat, "/dev/null", b);
	printf("mode %o rdev %x\n", half(8), half(16));
	CALL(stat64, "/dev/null", b);
	printf("mode %o rdev %x %x\n", word(16), word(32), word(36));
}

static void large(void)
{
	int fd = INT80(SYS_open, "big", O_CREAT | O_RDWR, 0600);
	CALL(ftruncate, fd, 0x7fffffff);
	CALL(ftruncate64, fd, 0, 1);
	CALL(write, fd, "x", 1);
	CALL(pwrite64, fd, "x", 1, 0x7ffffffe, 0);
	CALL(pwrite64, fd, "xy", 2, 0x7ffffffe, 0);
	CALL(pwrite64, fd, "x", 1, 0x7fffffff, 0);
	close(fd);
	CALL(truncate64, "big", 0x80000000, 0);
	CALL(stat, "big", b);
	CALL(oldstat, "big", b);
	CALL(stat64, "big", b);
	printf("size %x %x\n", word(44), word(48));
	CALL(open, "big", O_RDONLY);
	CALL(openat, AT_FDCWD, "big", O_RDONLY);
	uint64_t how[3] = {O_RDONLY, 0, 0};
	CALL(openat2, AT_FDCWD, "big", how, 24);
	fd = CALL(open, "big", O_RDWR | 0100000);
	CALL(fcntl, fd, F_GETFL);
	CALL(pwrite64, fd, "end", 3, 0xfffffffe, 0);
	CALL(fstat64, fd, b);
	printf("size %x %x\n", word(44), word(48));
	CALL(pread64, fd, b, 10, 0xffffffff, 0);
	CALL(pread64, fd, b, 10, 0, 0x80000000);
	CALL(pwrite64, fd, b, 1, 0, 0xffffffff);
	CALL(lseek, fd, 0, SEEK_END);
	CALL(lseek, fd, 0x7fffffff, SEEK_SET);
	CALL(lseek, fd, 1, SEEK_CUR);
	uint32_t pos[2] = {7, 7};
	CALL(_llseek, fd, 1, 2, pos, SEEK_SET);
	printf("%x %x\n", pos[0], pos[1]);
	CALL(_llseek, fd, -1, -3, pos, SEEK_CUR);
	printf("%x %x\n", pos[0], pos[1]);
	CALL(_llseek, fd, 0, 0, BAD, SEEK_SET);
	CALL(_llseek, fd, 0x80000000, 0, pos, SEEK_SET);
	CALL(_llseek, fd, 0, 0, pos, 9);
	CALL(_llseek, 99, 0, 0, pos, 9);
	CALL(truncate, "big", -1);
	CALL(truncate64, "big", 0, -1);
	CALL(ftruncate64, fd, 5, 1);
	CALL(fstat64, fd, b);
	printf("size %x %x\n", word(44), word(48));
	uint32_t v[2] = {(uint32_t)b, 3};
	CALL(preadv, fd, v, 1, 2, 1);
	CALL(preadv2, fd, v, 1, -1, -1, 0);
	CALL(pwritev, fd, v, 1, 5, 1);
	CALL(pwritev2, fd, v, 1, 0, 0x80000000, 0);
	CALL(readahead, fd, 0, 1, 4096);
	CALL(fadvise64, fd, 0, 1, 4096, 3);
	CALL(fadvise64_64, fd, 0, 1, 0, 1, 3);
	CALL(fadvise64_64, fd, 0, 1, 0, 1, 77);
	CALL(fallocate, fd, 1, 0, 1, 4096, 0);
	CALL(fallocate, fd, 0, 0, 0x80000000, 4096, 0);
	CALL(fallocate, fd, 0, 0, 0, 0, 0);
	CALL(sync_file_range, fd, 0, 1, 4096, 0, 2);
	CALL(sync_file_range, fd, 0, -1, 4096, 0, 2);
	CALL(sync_file_range, fd, 0, 1, 4096, 0, 99);
	int other = INT80(SYS_open, "small", O_CREAT | O_RDWR, 0600);
	int32_t from = 0;
	int64_t far = 0x100000000;
	CALL(sendfile, other, fd, &from, 5);
	printf("%d\n", from);
	CALL(sendfile64, other, fd, &far, 5);
	printf("%llx\n", far);
	from = -1;
	CALL(sendfile, other, fd, &from, 5);
	OKAY(mmap2, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0xfffff000);
	OKAY(mmap2, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0x100000);
}

struct lock32 {
	int16_t type, whence;
	int32_t start, length, pid;
};
struct __attribute__((packed)) lock64 {
	int16_t type, whence;
	int64_t start, length;
	int32_t pid;
};

static void locks(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	struct lock32 a = {F_WRLCK, SEEK_SET, 10, 20, -1};
	struct lock64 c = {F_WRLCK, SEEK_SET, 0x100000000, 5, -1};
	CALL(fcntl, fd, 6, &a);
	CALL(fcntl64, fd, 6, &a);
	CALL(fcntl, fd, 13, &c);
	CALL(fcntl64, fd, 13, &c);
	CALL(fcntl, fd, 12, &c);
	c.pid = 0;
	CALL(fcntl, fd, 36, &c);
	CALL(fcntl, fd, 37, &c);
	CALL(fcntl, 99, 13, &c);
	IN_CHILD(
		a = (struct lock32){F_RDLCK, SEEK_SET, 0, 100, -1};
		CALL(fcntl, fd, 5, &a);
		printf("type %d whence %d %d %d pid %d\n", a.type, a.whence, a.start, a.length, a.pid == getppid());
		a = (struct lock32){F_RDLCK, SEEK_SET, 100, 0, -1};
		CALL(fcntl, fd, 5, &a);
		CALL(fcntl64, fd, 5, &a);
		printf("type %d %d %d\n", a.type, a.start, a.length);
		c = (struct lock64){F_RDLCK, SEEK_SET, 100, 0, -1};
		CALL(fcntl64, fd, 12, &c);
		printf("type %d %llx %lld\n", c.type, c.start, c.length);
		a = (struct lock32){F_RDLCK, SEEK_SET, 30, 20, -1};
		CALL(fcntl, fd, 5, &a);
		printf("type %d %d %d %d\n", a.type, a.start, a.length, a.pid);
		c = (struct lock64){F_WRLCK, SEEK_SET, 0x100000000, 0, 0};
		CALL(fcntl64, fd, 36, &c);
		printf("type %d %llx %lld\n", c.type, c.start, c.length);
		c = (struct lock64){F_WRLCK, SEEK_SET, 0x200000000, 0, 0};
		CALL(fcntl64, fd, 37, &c);
		c.pid = 1;
		CALL(fcntl64, fd, 37, &c););
	a = (struct lock32){F_WRLCK, SEEK_SET, 0x7ffffff0, 0x7fffffff, 0};
	CALL(fcntl, fd, 6, &a);
	a = (struct lock32){F_WRLCK, SEEK_SET, -1, 5, 0};
	CALL(fcntl, fd, 6, &a);
	a = (struct lock32){9, SEEK_SET, 0, 5, 0};
	CALL(fcntl, fd, 6, &a);
	a = (struct lock32){F_UNLCK, SEEK_SET, 0, 0, 0};
	CALL(fcntl, fd, 5, &a);
	CALL(fcntl, fd, 7, BAD);
	CALL(fcntl64, fd, 14, BAD);
	c = (struct lock64){F_WRLCK, SEEK_SET, 0x7fffffffffffffff, 2, 0};
	CALL(fcntl64, fd, 13, &c);
	CALL(fcntl, fd, 1030, 50);
	CALL(fcntl64, fd, 77, 0);
}

static void directories(void)
{
	mkdir("d", 0755);
	close(open("d/name", O_CREAT, 0600));
	int fd = open("d", O_RDONLY | O_DIRECTORY), n;
	unsigned sum = 0;
	n = CALL(getdents, fd, b, 5);
	n = OKAY(getdents, fd, b, sizeof b);
	for (int at = 0; at < n; at += half(at + 8)) sum += half(at + 8), printf("%s", at ? "" : "records:");
	printf(" whole %d\n", sum == n);
	for (int at = 0; at < n; at += half(at + 8))
		if (!strcmp((char *)b + at + 10, "name")) printf("length %d type %d\n", half(at + 8), b[at + half(at + 8) - 1]);
	CALL(getdents, fd, b, sizeof b);
	lseek(fd, 0, SEEK_SET);
	n = OKAY(getdents64, fd, b, sizeof b);
	for (int at = 0; at < n; at += half(at + 16))
		if (!strcmp((char *)b + at + 19, "name")) printf("length %d type %d\n", half(at + 16), b[at + 18]);
	lseek(fd, 0, SEEK_SET);
	memset(b, 0, sizeof b);
	CALL(readdir, fd, b, 1);
	printf("%u %s\n", half(8), b + 10);
	CALL(readdir, fd, BAD, 1);
	CALL(readdir, 99, b, 1);
	int file = open("d/name", O_RDONLY);
	CALL(readdir, file, b, 1);
	CALL(getdents, fd, BAD, 4096);
}

static void file_systems(void)
{
	memset(b, 0xee, sizeof b);
	CALL(statfs, "/proc", b);
	printf("type %x block %u blocks %u names %u fragment %u spare %x after %x\n", word(0), word(4), word(8), word(36), word(40), word(48), word(64));
	memset(b, 0xee, sizeof b);
	CALL(statfs64, "/proc", 84, b);
	printf("type %x block %u blocks %u %u names %u fragment %u spare %x after %x\n", word(0), word(4), word(8), word(12), word(56), word(60),
	       word(68), word(84));
	CALL(statfs64, "/proc", 88, b);
	CALL(statfs64, "/proc", 80, b);
	CALL(statfs64, "none", 88, b);
	CALL(statfs64, "none", 84, b);
	CALL(statfs64, "/proc", 84, BAD);
	int fd = open("/proc", O_RDONLY);
	CALL(fstatfs, fd, b);
	CALL(fstatfs64, fd, 84, b);
	CALL(fstatfs64, fd, 1, b);
	CALL(fstatfs64, 99, 84, b);
}

PROBES({"stats", stats}, {"large", large}, {"locks", locks}, {"directories", directories}, {"file_systems", file_systems})
