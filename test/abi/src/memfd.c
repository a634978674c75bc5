/* memfd_create(2) and seals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

#define memfd(name, flags) syscall(SYS_memfd_create, name, flags)
#define SEAL 1
#define SHRINK 2
#define GROW 4
#define WRITE 8
#define FUTURE 16
#define EXEC 32

static void *map(int fd, int prot, int flags)
{
	void *at = mmap(0, 4096, prot, flags, fd, 0);
	printf("map %d %d: %s\n", prot, flags, at == MAP_FAILED ? errno_name(errno) : "ok");
	fflush(stdout);
	return at;
}

static void making(void)
{
	char name[300], link[64];
	struct stat st;
	memset(name, 'n', 299);
	name[299] = 0;
	SHOW(memfd(name, 0));
	name[250] = 0;
	SHOW(memfd(name, 0));
	name[249] = 0;
	SHOW(memfd(name, 0));
	SHOW(memfd("", 0));
	SHOW(memfd((void *)8, 0));
	SHOW(memfd("x", 0x40));
	SHOW(memfd("x", 0x18));
	int fd = memfd("some/name", 1);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL));
	fstat(fd, &st);
	printf("%o %ld %ld\n", st.st_mode, (long)st.st_size, (long)st.st_nlink);
	snprintf(name, 64, "/proc/self/fd/%d", fd);
	long n = readlink(name, link, 64);
	printf("%.*s\n", (int)n, link);
	SHOW(write(fd, "abc", 3));
	int again = open(name, O_RDONLY);
	SHOW(read(again, link, 10));
	SHOW(lseek(fd, 0, SEEK_CUR));
	fd = memfd("noexec", 8 | 2);
	fstat(fd, &st);
	printf("%o\n", st.st_mode);
	SHOW(fcntl(fd, F_GET_SEALS));
}

static void sealing(void)
{
	int plain = memfd("plain", 0), fd = memfd("sealed", 2);
	SHOW(fcntl(plain, F_GET_SEALS));
	SHOW(fcntl(plain, F_ADD_SEALS, WRITE));
	SHOW(fcntl(fd, F_GET_SEALS));
	SHOW(fcntl(fd, F_ADD_SEALS, 0x100));
	SHOW(fcntl(fd, F_ADD_SEALS, GROW));
	SHOW(fcntl(fd, F_GET_SEALS));
	SHOW(fcntl(fd, F_ADD_SEALS, SEAL));
	SHOW(fcntl(fd, F_ADD_SEALS, SHRINK));
	SHOW(fcntl(fd, F_ADD_SEALS, 0));
	SHOW(fcntl(fd, F_GET_SEALS));
	int file = open("f", O_CREAT | O_RDWR, 0600);
	SHOW(fcntl(file, F_GET_SEALS));
	SHOW(fcntl(file, F_ADD_SEALS, WRITE));
	SHOW(fcntl(1, F_GET_SEALS));
	SHOW(fcntl(1, F_ADD_SEALS, 1));
	SHOW(fcntl(99, F_GET_SEALS));
}

static void sizes(void)
{
	int fd = memfd("x", 2);
	write(fd, "0123456789", 10);
	SHOW(fcntl(fd, F_ADD_SEALS, SHRINK));
	SHOW(ftruncate(fd, 5));
	SHOW(ftruncate(fd, 10));
	SHOW(ftruncate(fd, 5000));
	SHOW(fcntl(fd, F_ADD_SEALS, GROW));
	SHOW(ftruncate(fd, 6000));
	SHOW(pwrite(fd, "abc", 3, 4998));
	SHOW(pwrite(fd, "abc", 3, 4996));
	SHOW(pwrite(fd, "abc", 3, 9000));
	SHOW(fallocate(fd, 0, 0, 6000));
	SHOW(fallocate(fd, 0, 0, 3000));
	SHOW(fallocate(fd, 1, 0, 9000));
	SHOW(fallocate(fd, 3, 0, 4096));
	SHOW(lseek(fd, 0, SEEK_END));
}

static void writes(void)
{
	int fd = memfd("x", 2);
	write(fd, "0123456789", 10);
	char *at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
	SHOW(munmap(at, 4096));
	SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
	SHOW(write(fd, "x", 1));
	SHOW(write(fd, "x", 0));
	SHOW(pwrite(fd, "x", 1, 0));
	SHOW(fallocate(fd, 3, 0, 4096));
	SHOW(fallocate(fd, 0, 0, 5));
	SHOW(ftruncate(fd, 5));
	at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	at = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	at[0] = 'p';
	at = map(fd, PROT_READ, MAP_SHARED);
	SHOW(mprotect(at, 4096, PROT_READ | PROT_WRITE));
	char b[10];
	SHOW(pread(fd, b, 1, 0));
	printf("%c\n", b[0]);
}

static void future_writes(void)
{
	int fd = memfd("x", 2);
	write(fd, "0123456789", 10);
	char *at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	SHOW(fcntl(fd, F_ADD_SEALS, FUTURE));
	at[1] = 'w';
	char b[10];
	SHOW(pread(fd, b, 2, 0));
	printf("%.2s\n", b);
	SHOW(pwrite(fd, "x", 1, 0));
	map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	at = map(fd, PROT_READ, MAP_SHARED);
	SHOW(mprotect(at, 4096, PROT_READ | PROT_WRITE));
	SHOW(fcntl(fd, F_GET_SEALS));
}

static void readers(void)
{
	int fd = memfd("x", 2);
	char name[64];
	write(fd, "0123456789", 10);
	snprintf(name, 64, "/proc/self/fd/%d", fd);
	int reader = open(name, O_RDONLY);
	SHOW(fcntl(reader, F_ADD_SEALS, WRITE));
	SHOW(fcntl(reader, F_GET_SEALS));
	char *at = map(reader, PROT_READ, MAP_SHARED);
	SHOW(fcntl(fd, F_ADD_SEALS, WRITE));
	SHOW(fcntl(reader, F_GET_SEALS));
	SHOW(fchmod(fd, 0600));
	SHOW(fcntl(fd, F_ADD_SEALS, EXEC));
	SHOW(fchmod(fd, 0700));
	SHOW(fchmod(fd, 0400));
	SHOW(fcntl(fd, F_GET_SEALS));
}

static void shared(void)
{
	int fd = memfd("x", 0);
	ftruncate(fd, 8192);
	char *a = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *b = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	a[5] = 'q';
	printf("%c\n", b[5]);
	write(fd, "zz", 2);
	printf("%.2s\n", a);
	struct stat st;
	fstat(fd, &st);
	printf("%ld %ld\n", (long)st.st_size, (long)st.st_blocks);
}

static void several_seals(void)
{
	int fd = memfd("x", 2);
	SHOW(fcntl(fd, F_ADD_SEALS, SEAL | SHRINK | GROW | WRITE));
	SHOW(fcntl(fd, F_GET_SEALS));
	SHOW(write(fd, "x", 1));
	SHOW(ftruncate(fd, 0));
	SHOW(ftruncate(fd, 1));
	SHOW(close(fd));
}
PROBES({"making", making}, {"sealing", sealing}, {"sizes", sizes}, {"writes", writes}, {"future_writes", future_writes},
       {"readers", readers}, {"shared", shared}, {"several_seals", several_seals})
