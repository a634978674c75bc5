/* Holes and sizes: lseek SEEK_DATA and SEEK_HOLE, fallocate(2), st_blocks, truncate(2), RLIMIT_FSIZE. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "probe.h"

#define FALLOC_FL_COLLAPSE_RANGE 8
#define FALLOC_FL_ZERO_RANGE 16
#define FALLOC_FL_INSERT_RANGE 32
#define FALLOC_FL_UNSHARE_RANGE 64

static char page[10000];

static void size(int fd)
{
	struct stat st;
	fstat(fd, &st);
	printf("size %ld blocks %ld\n", (long)st.st_size, (long)st.st_blocks);
	fflush(stdout);
}

static int file(void)
{
	memset(page, 'x', sizeof page);
	return open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
}

static void blocks(void)
{
	int fd = file();
	size(fd);
	write(fd, page, 1);
	size(fd);
	write(fd, page, 9999);
	size(fd);
	ftruncate(fd, 5000);
	size(fd);
	ftruncate(fd, 100000);
	size(fd);
	pwrite(fd, page, 2, 65535);
	size(fd);
	ftruncate(fd, 0);
	size(fd);
	struct stat st;
	stat(".", &st);
	printf("directory %ld %ld\n", (long)st.st_size, (long)st.st_blocks);
	mkdir("d", 0755);
	stat(".", &st);
	printf("directory %ld %ld %ld\n", (long)st.st_size, (long)st.st_blocks, (long)st.st_nlink);
	char name[201];
	memset(name, 'n', 200);
	name[200] = 0;
	symlink(name, "long");
	symlink("x", "short");
	lstat("long", &st);
	printf("symlink %ld %ld\n", (long)st.st_size, (long)st.st_blocks);
	lstat("short", &st);
	printf("symlink %ld %ld\n", (long)st.st_size, (long)st.st_blocks);
}

static void seeking(void)
{
	int fd = file();
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(lseek(fd, 0, SEEK_HOLE));
	ftruncate(fd, 300000);
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(lseek(fd, 5, SEEK_HOLE));
	pwrite(fd, page, 10, 150000);
	pwrite(fd, page, 10, 250000);
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(lseek(fd, 150000, SEEK_DATA));
	SHOW(lseek(fd, 150000, SEEK_HOLE));
	SHOW(lseek(fd, 160000, SEEK_DATA));
	SHOW(lseek(fd, 260000, SEEK_DATA));
	SHOW(lseek(fd, 299999, SEEK_HOLE));
	SHOW(lseek(fd, 300000, SEEK_HOLE));
	SHOW(lseek(fd, 300000, SEEK_DATA));
	SHOW(lseek(fd, -1, SEEK_DATA));
	SHOW(lseek(fd, 0, 5));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(lseek(fd, -1, SEEK_SET));
	ftruncate(fd, 250005);
	SHOW(lseek(fd, 250000, SEEK_HOLE));
}

static void allocate(void)
{
	int fd = file();
	SHOW(fallocate(fd, 0, 0, 10000));
	size(fd);
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 20000, 10000));
	size(fd);
	SHOW(fallocate(fd, 0, 5000, 100));
	size(fd);
	ftruncate(fd, 10000);
	size(fd);
	ftruncate(fd, 9999);
	size(fd);
	SHOW(fallocate(fd, 0, 100000, 1));
	size(fd);
}

static void punch(void)
{
	int fd = file();
	/* By pages: larger writes may make larger pages. */
	for (int i = 0; i < 13; i++) write(fd, page, 4096);
	ftruncate(fd, 50000);
	size(fd);
	char *map = mmap(0, 50000, PROT_READ, MAP_SHARED, fd, 0);
	printf("%c%c%c\n", map[5000], map[12000], map[20000]);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5000, 10000));
	size(fd);
	char b[3] = "ab";
	pread(fd, b, 2, 4999);
	printf("%d %d\n", b[0], b[1]);
	SHOW(lseek(fd, 0, SEEK_HOLE));
	SHOW(lseek(fd, 8192, SEEK_DATA));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 40000, 1000000));
	size(fd);
	/* A page that a mapping touches is there again, so this comes late. */
	printf("%d%d%d%d%d\n", map[4999], map[5000], map[12000], map[14999], map[15000]);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 50000));
	size(fd);
}

static void refused(void)
{
	int fd = file(), to[2], reader = open("file", O_RDONLY);
	pipe(to);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
	SHOW(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 1));
	SHOW(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 1));
	SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
	SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 4096));
	SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	SHOW(fallocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, 4096));
	SHOW(fallocate(fd, 0x100, 0, 4096));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 1));
	SHOW(fallocate(fd, 0, -1, 1));
	SHOW(fallocate(fd, 0, 0, 0));
	SHOW(fallocate(fd, 0, 0, -1));
	SHOW(fallocate(fd, 0, 0x7fffffffffffffff, 1));
	SHOW(fallocate(reader, 0, 0, 1));
	SHOW(fallocate(reader, 0, 0, 0));
	SHOW(fallocate(reader, 0x100, 0, 1));
	SHOW(fallocate(99, 0, 0, 0));
	SHOW(fallocate(to[1], 0, 0, 1));
	SHOW(fallocate(to[0], 0, 0, 1));
	SHOW(fallocate(open(".", O_RDONLY), 0, 0, 1));
	SHOW(fallocate(open("/dev/null", O_RDWR), 0, 0, 1));
	SHOW(fallocate(open("file", O_PATH), 0, 0, 1));
}

static void truncating(void)
{
	int fd = file(), reader = open("file", O_RDONLY), to[2];
	pipe(to);
	SHOW(ftruncate(fd, -1));
	SHOW(ftruncate(reader, 1));
	SHOW(ftruncate(to[1], 1));
	SHOW(ftruncate(99, 1));
	SHOW(ftruncate(open(".", O_RDONLY), 1));
	SHOW(ftruncate(open("file", O_PATH), 1));
	SHOW(truncate(".", 1));
	SHOW(truncate("missing", 1));
	SHOW(truncate("missing", -1));
	SHOW(truncate("/dev/null", 1));
	SHOW(truncate("file", 12345));
	size(fd);
	write(fd, page, 10000);
	ftruncate(fd, 100);
	ftruncate(fd, 200);
	char c = 'a';
	SHOW(pread(fd, &c, 1, 150));
	printf("%d\n", c);
	SHOW(pread(fd, &c, 1, 99));
	printf("%d\n", c);
}

static volatile int signals;

static void count(int signo)
{
	signals++;
}

static void file_size_limit(void)
{
	int fd = file(), append = open("file", O_WRONLY | O_APPEND), to[2];
	struct rlimit limit = {5000, RLIM_INFINITY};
	setrlimit(RLIMIT_FSIZE, &limit);
	struct sigaction act = {.sa_handler = count};
	sigaction(SIGXFSZ, &act, NULL);
	SHOW(write(fd, page, 10000));
	SHOW(signals);
	SHOW(write(fd, page, 1));
	SHOW(signals);
	SHOW(write(fd, page, 0));
	SHOW(pwrite(fd, page, 10, 4995));
	SHOW(pwrite(fd, page, 10, 5000));
	SHOW(signals);
	SHOW(write(append, page, 1));
	SHOW(signals);
	struct iovec v[2] = {{page, 3}, {page, 3}};
	SHOW(pwritev(fd, v, 2, 4996));
	SHOW(ftruncate(fd, 5001));
	SHOW(truncate("file", 5001));
	SHOW(ftruncate(fd, 5000));
	SHOW(signals);
	SHOW(fallocate(fd, 0, 0, 6000));
	SHOW(signals);
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 6000));
	pipe(to);
	SHOW(write(to[1], page, 6000));
	SHOW(write(open("/dev/null", O_WRONLY), page, 6000));
	limit.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &limit);
	SHOW(ftruncate(fd, 4000));
	SHOW(signals);
	signal(SIGXFSZ, SIG_IGN);
	SHOW(write(fd, page, 1));
}

static void file_size_limit_kills(void)
{
	int fd = file();
	struct rlimit limit = {0, 0};
	setrlimit(RLIMIT_FSIZE, &limit);
	setrlimit(RLIMIT_CORE, &limit);
	fflush(stdout);
	write(fd, page, 1);
	puts("not reached");
}

static void beyond_the_end(void)
{
	int fd = file();
	char b[8] = "zzzzzzz";
	SHOW(pwrite(fd, "ab", 2, 4095));
	SHOW(pread(fd, b, 8, 4092));
	for (int i = 0; i < 8; i++) printf("%d ", b[i]);
	puts("");
	SHOW(lseek(fd, 1000000, SEEK_SET));
	SHOW(read(fd, b, 8));
	SHOW(write(fd, "c", 1));
	size(fd);
	SHOW(pwrite(fd, "c", 1, 0x7fffffffffffffff));
	SHOW(pwrite(fd, "c", 1, -1));
	SHOW(lseek(fd, 0x7fffffffffffffff, SEEK_CUR));
}
PROBES({"blocks", blocks}, {"seeking", seeking}, {"allocate", allocate}, {"punch", punch}, {"refused", refused},
       {"truncating", truncating}, {"file_size_limit", file_size_limit}, {"file_size_limit_kills", file_size_limit_kills},
       {"beyond_the_end", beyond_the_end})
