/* madvise(2), process_madvise(2), msync(2) and mincore(2): what a program sees of them, and their errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define PAGE 4096
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

static char *pages(int count, int flags)
{
	return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static sigjmp_buf back;

static void fault(int signo)
{
	siglongjmp(back, signo);
}

/* The byte at an address, or the name of the signal that reading it makes. */
static void look(const char *what, volatile char *at)
{
	int signo = sigsetjmp(back, 1);
	if (signo) printf("%s: %s\n", what, signo == SIGBUS ? "SIGBUS" : "SIGSEGV");
	else printf("%s: %d\n", what, *at);
	fflush(stdout);
}

static void catch(void)
{
	signal(SIGSEGV, fault);
	signal(SIGBUS, fault);
}

static int file(const char *text, int size)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(fd, size);
	pwrite(fd, text, strlen(text), 0);
	return fd;
}

static void errors(void)
{
	char *a = pages(8, MAP_PRIVATE);
	munmap(a + 4 * PAGE, PAGE);
	SHOW(madvise(a + 1, PAGE, MADV_NORMAL));
	SHOW(madvise(a, 0, MADV_NORMAL));
	SHOW(madvise(a, 0, 999));
	SHOW(madvise(a + 1, 0, MADV_NORMAL));
	SHOW(madvise(a, -1, MADV_NORMAL));
	SHOW(madvise(a, -PAGE, MADV_NORMAL));
	SHOW(madvise(a, 1, MADV_NORMAL));
	static const int hints[] = {0, 1, 2, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
	for (int i = 0; i < sizeof hints / sizeof *hints; i++) {
		printf("advice %d\n", hints[i]);
		SHOW(madvise(a, 4 * PAGE, hints[i]));
		SHOW(madvise(a, 8 * PAGE, hints[i]));
		SHOW(madvise(a + 4 * PAGE, PAGE, hints[i]));
	}
	SHOW(madvise(a, PAGE, MADV_REMOVE));
	SHOW(madvise(a, PAGE, 999));
	SHOW(madvise(a, PAGE, -1));
	SHOW(madvise(a, PAGE, 5));
	SHOW(madvise((void *)-PAGE, PAGE, MADV_NORMAL));
	SHOW(madvise((void *)0x7ffffffff000, PAGE, MADV_NORMAL));
}

static void dont_need(void)
{
	char *a = pages(4, MAP_PRIVATE), *shared = pages(2, MAP_SHARED);
	memset(a, 7, 4 * PAGE);
	memset(shared, 7, 2 * PAGE);
	SHOW(madvise(a + PAGE, 2 * PAGE, MADV_DONTNEED));
	printf("%d %d %d %d\n", a[0], a[PAGE], a[3 * PAGE - 1], a[3 * PAGE]);
	SHOW(madvise(shared, PAGE, MADV_DONTNEED));
	printf("%d %d\n", shared[0], shared[PAGE]);
	SHOW(madvise(shared, PAGE, MADV_FREE));
	int fd = file("contents", 2 * PAGE);
	char *f = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	f[0] = 'X';
	pwrite(fd, "d", 1, 2);
	printf("%.8s\n", f);
	SHOW(madvise(f, PAGE, MADV_DONTNEED));
	printf("%.8s\n", f);
	SHOW(madvise(f, PAGE, MADV_FREE));
	char *m = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	m[1] = 'O';
	SHOW(madvise(m, PAGE, MADV_DONTNEED));
	printf("%.8s\n", m);
	mprotect(a, PAGE, PROT_READ);
	SHOW(madvise(a, PAGE, MADV_DONTNEED));
	look("read only", a);
	mprotect(a, PAGE, PROT_NONE);
	SHOW(madvise(a, 4 * PAGE, MADV_DONTNEED));
	printf("%d\n", a[3 * PAGE]);
	mlock(a + PAGE, PAGE);
	memset(a + PAGE, 9, 3 * PAGE);
	SHOW(madvise(a + PAGE, PAGE, MADV_DONTNEED));
	SHOW(madvise(a + PAGE, PAGE, MADV_FREE));
	SHOW(madvise(a + PAGE, PAGE, MADV_COLD));
	SHOW(madvise(a + PAGE, PAGE, MADV_PAGEOUT));
	SHOW(madvise(a + PAGE, PAGE, MADV_REMOVE));
	SHOW(madvise(a + PAGE, PAGE, 24));
	printf("%d\n", a[PAGE]);
	/* what comes before the locked area is dropped */
	munlock(a + PAGE, PAGE);
	memset(a + PAGE, 9, 3 * PAGE);
	mlock(a + 2 * PAGE, PAGE);
	SHOW(madvise(a + PAGE, 3 * PAGE, MADV_DONTNEED));
	printf("%d %d %d\n", a[PAGE], a[2 * PAGE], a[3 * PAGE]);
}

static void forks(void)
{
	char *a = pages(6, MAP_PRIVATE), *shared = pages(2, MAP_SHARED);
	catch();
	memset(a, 5, 6 * PAGE);
	memset(shared, 5, 2 * PAGE);
	SHOW(madvise(a, PAGE, MADV_DONTFORK));
	SHOW(madvise(a + PAGE, PAGE, MADV_WIPEONFORK));
	SHOW(madvise(a + 2 * PAGE, 2 * PAGE, MADV_DONTFORK));
	SHOW(madvise(a + 3 * PAGE, PAGE, MADV_DOFORK));
	SHOW(madvise(a + 4 * PAGE, 2 * PAGE, MADV_WIPEONFORK));
	SHOW(madvise(a + 5 * PAGE, PAGE, MADV_KEEPONFORK));
	SHOW(madvise(shared, PAGE, MADV_DONTFORK));
	SHOW(madvise(shared, PAGE, MADV_WIPEONFORK));
	SHOW(madvise(shared, PAGE, MADV_KEEPONFORK));
	IN_CHILD(look("not forked", a); look("wiped", a + PAGE); look("not forked", a + 2 * PAGE); look("forked again", a + 3 * PAGE);
		 look("wiped", a + 4 * PAGE); look("kept", a + 5 * PAGE); look("not forked", shared); look("kept", shared + PAGE);
		 a[PAGE] = 3; IN_CHILD(look("wiped again", a + PAGE);); SHOW(munmap(a, 6 * PAGE)););
	look("parent", a);
	look("parent", a + PAGE);
	int fd = file("text", PAGE);
	char *f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	SHOW(madvise(f, PAGE, MADV_WIPEONFORK));
	SHOW(madvise(f, PAGE, MADV_KEEPONFORK));
	SHOW(madvise(f, PAGE, MADV_DONTFORK));
	IN_CHILD(look("file", f););
}

static void removes(void)
{
	int fd = file("contents", 4 * PAGE);
	char *f = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), c;
	memset(f, 6, 4 * PAGE);
	SHOW(madvise(f + PAGE, 2 * PAGE, MADV_REMOVE));
	printf("%d %d %d %d\n", f[0], f[PAGE], f[3 * PAGE - 1], f[3 * PAGE]);
	pread(fd, &c, 1, PAGE);
	SHOW(c);
	SHOW(lseek(fd, 0, SEEK_END));
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	SHOW(madvise(p, PAGE, MADV_REMOVE));
	char *r = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	SHOW(madvise(r, PAGE, MADV_REMOVE));
	int reader = open("file", O_RDONLY);
	char *o = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
	SHOW(madvise(o, PAGE, MADV_REMOVE));
	char *a = pages(2, MAP_SHARED);
	memset(a, 6, 2 * PAGE);
	SHOW(madvise(a, PAGE, MADV_REMOVE));
	printf("%d %d\n", a[0], a[PAGE]);
	mlock(f, PAGE);
	SHOW(madvise(f, PAGE, MADV_REMOVE));
}

static void populates(void)
{
	unsigned char vec[4];
	int fd = file("contents", 2 * PAGE);
	char *a = pages(4, MAP_PRIVATE), *f = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	SHOW(madvise(a, 4 * PAGE, MADV_POPULATE_WRITE));
	SHOW(mincore(a, 4 * PAGE, vec));
	printf("%d %d\n", vec[0] & 1, vec[3] & 1);
	SHOW(madvise(f, 2 * PAGE, MADV_POPULATE_READ));
	SHOW(madvise(f, 4 * PAGE, MADV_POPULATE_READ));
	SHOW(madvise(f + 2 * PAGE, PAGE, MADV_POPULATE_WRITE));
	mprotect(a, PAGE, PROT_READ);
	SHOW(madvise(a, PAGE, MADV_POPULATE_READ));
	SHOW(madvise(a, PAGE, MADV_POPULATE_WRITE));
	mprotect(a, PAGE, PROT_NONE);
	SHOW(madvise(a, PAGE, MADV_POPULATE_READ));
	SHOW(madvise(a, PAGE, MADV_POPULATE_WRITE));
	SHOW(madvise(a + PAGE, 0, MADV_POPULATE_READ));
	SHOW(madvise(a + PAGE + 1, PAGE, MADV_POPULATE_READ));
	munmap(a + 2 * PAGE, PAGE);
	SHOW(madvise(a + PAGE, 3 * PAGE, MADV_POPULATE_READ));
	SHOW(madvise(a + 2 * PAGE, PAGE, MADV_POPULATE_WRITE));
}

/* Advice divides areas: how many lines of /proc/self/maps lie in the range. */
static int areas(char *from, char *to)
{
	char line[300];
	int count = 0;
	unsigned long start, end;
	FILE *f = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start < (unsigned long)to && end > (unsigned long)from) count++;
	fclose(f);
	return count;
}

static void divides(void)
{
	static const int hints[][2] = {{MADV_RANDOM, MADV_NORMAL}, {MADV_SEQUENTIAL, MADV_NORMAL}, {MADV_DONTFORK, MADV_DOFORK},
				       {MADV_WIPEONFORK, MADV_KEEPONFORK}, {MADV_DONTDUMP, MADV_DODUMP}, {MADV_COLD, MADV_COLD},
				       {MADV_NOHUGEPAGE, MADV_HUGEPAGE}};
	for (int i = 0; i < sizeof hints / sizeof *hints; i++) {
		char *a = mmap((void *)0x40000000, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		SHOW(madvise(a + PAGE, PAGE, hints[i][0]));
		SHOW(areas(a, a + 3 * PAGE));
		SHOW(madvise(a, 3 * PAGE, hints[i][1]));
		SHOW(areas(a, a + 3 * PAGE));
	}
}

static void syncs(void)
{
	int fd = file("contents", 4 * PAGE);
	char *f = mmap((void *)0x40000000, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0), c;
	f[0] = 'C';
	SHOW(msync(f, PAGE, MS_SYNC));
	pread(fd, &c, 1, 0);
	SHOW(c);
	SHOW(msync(f + 1, PAGE, MS_SYNC));
	SHOW(msync(f, PAGE, MS_SYNC | MS_ASYNC));
	SHOW(msync(f, PAGE, 8));
	SHOW(msync(f, PAGE, 0));
	SHOW(msync(f, 0, MS_SYNC));
	SHOW(msync(f, PAGE, MS_ASYNC | MS_INVALIDATE));
	SHOW(msync((void *)8, PAGE, 8));
	SHOW(msync(f, -1, MS_SYNC));
	SHOW(msync(f, -PAGE, MS_SYNC));
	munmap(f + PAGE, PAGE);
	SHOW(msync(f, 3 * PAGE, MS_SYNC));
	SHOW(msync(f, 3 * PAGE, MS_ASYNC));
	SHOW(msync(f + PAGE, PAGE, MS_SYNC));
	SHOW(msync(f + PAGE, PAGE, MS_ASYNC));
	mlock(f + 2 * PAGE, PAGE);
	SHOW(msync(f, 4 * PAGE, MS_SYNC | MS_INVALIDATE));
	SHOW(msync(f, 4 * PAGE, MS_ASYNC | MS_INVALIDATE));
	SHOW(msync(f + 3 * PAGE, PAGE, MS_SYNC | MS_INVALIDATE));
}

static void resident(void)
{
	unsigned char vec[8];
	char *a = mmap((void *)0x40000000, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(a, 1, 4 * PAGE);
	SHOW(mincore(a, 4 * PAGE, vec));
	printf("%d %d\n", vec[0] & 1, vec[3] & 1);
	SHOW(mincore(a, 1, vec));
	SHOW(mincore(a, 0, vec));
	SHOW(mincore(a + 1, PAGE, vec));
	SHOW(mincore(a, PAGE, (void *)8));
	SHOW(mincore(a, -1, vec));
	SHOW(mincore(a + 1, -1, vec));
	SHOW(mincore(a + 1, PAGE, (void *)8));
	munmap(a + 2 * PAGE, PAGE);
	SHOW(mincore(a, 4 * PAGE, vec));
	SHOW(mincore(a + 2 * PAGE, PAGE, vec));
}

static void from_outside(void)
{
	char *a = pages(4, MAP_PRIVATE);
	memset(a, 4, 4 * PAGE);
	fflush(stdout);
	int pid = fork(), own = syscall(SYS_pidfd_open, getpid(), 0);
	if (!pid)
		for (;;) pause();
	int other = syscall(SYS_pidfd_open, pid, 0);
	struct iovec { void *at; size_t size; } iov[2] = {{a, PAGE}, {a + PAGE, 2 * PAGE}};
#define ADVISE(fd, iov, count, advice, flags) SHOW(syscall(SYS_process_madvise, fd, iov, count, advice, flags))
	ADVISE(other, iov, 2, MADV_COLD, 0);
	ADVISE(other, iov, 2, MADV_PAGEOUT, 0);
	ADVISE(other, iov, 2, MADV_WILLNEED, 0);
	ADVISE(other, iov, 2, MADV_DONTNEED, 0);
	ADVISE(other, iov, 2, 999, 0);
	ADVISE(other, iov, 2, MADV_COLD, 1);
	ADVISE(-1, iov, 2, MADV_COLD, 0);
	ADVISE(1, iov, 2, MADV_COLD, 0);
	ADVISE(other, iov, 1025, MADV_COLD, 0);
	ADVISE(other, (void *)8, 1, MADV_COLD, 0);
	ADVISE(other, iov, 0, MADV_COLD, 0);
	iov[1].at = a + 1;
	ADVISE(other, iov, 2, MADV_COLD, 0);
	iov[0].at = a + 1;
	ADVISE(other, iov, 2, MADV_COLD, 0);
	AS_USER(ADVISE(other, iov, 1, MADV_COLD, 0););
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	iov[0].at = a;
	ADVISE(other, iov, 1, MADV_COLD, 0);
}

PROBES({"errors", errors}, {"dont_need", dont_need}, {"forks", forks}, {"removes", removes}, {"populates", populates},
       {"divides", divides}, {"syncs", syncs}, {"resident", resident}, {"from_outside", from_outside})
