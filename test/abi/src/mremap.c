/* mremap(2) and remap_file_pages(2): moving, growing, shrinking, doubling, and their errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define PAGE 4096
#define BASE ((char *)0x40000000)
#define DONTUNMAP 4

static char *place(char *at, int count, int flags, int fd)
{
	char *a = mmap(at, count * PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0);
	for (int i = 0; i < count; i++) a[i * PAGE] = 'a' + i;
	return a;
}

#define ANONYMOUS(at, count) place(at, count, MAP_PRIVATE | MAP_ANONYMOUS, -1)

static sigjmp_buf back;

static void fault(int signo)
{
	siglongjmp(back, signo);
}

/* The first letters of pages, or what reading them makes. */
static void letters(char *at, int count)
{
	signal(SIGSEGV, fault);
	signal(SIGBUS, fault);
	for (volatile int i = 0; i < count; i++) {
		int signo = sigsetjmp(back, 1);
		if (signo) putchar(signo == SIGBUS ? '!' : '-');
		else putchar(*(volatile char *)(at + i * PAGE) ?: '0');
	}
	putchar('\n');
	fflush(stdout);
}

/* Where it is now, seen from BASE in pages; or the error. */
static void remap(const char *what, char *at, unsigned long old, unsigned long wanted, int flags, char *to)
{
	long result = syscall(SYS_mremap, at, old, wanted, flags, to);
	if (result == -1) printf("%s = %s\n", what, errno_name(errno));
	else if (result >= (long)BASE && result < (long)BASE + 256 * PAGE) printf("%s = page %ld\n", what, (result - (long)BASE) / PAGE);
	else printf("%s = elsewhere\n", what);
	fflush(stdout);
}

#define REMAP(at, old, wanted, flags, to) remap("mremap(" #at ", " #old ", " #wanted ", " #flags ", " #to ")", at, old, wanted, flags, to)

static void errors(void)
{
	ANONYMOUS(BASE, 4);
	REMAP(BASE, PAGE, PAGE, 8, 0);
	REMAP(BASE, PAGE, PAGE, MREMAP_FIXED, BASE + 16 * PAGE);
	REMAP(BASE, PAGE, PAGE, DONTUNMAP, 0);
	REMAP(BASE, PAGE, 2 * PAGE, DONTUNMAP | MREMAP_MAYMOVE, 0);
	REMAP(BASE + 1, PAGE, PAGE, 0, 0);
	REMAP(BASE, PAGE, 0, 0, 0);
	REMAP(BASE, 0, PAGE, MREMAP_MAYMOVE, 0);
	REMAP(BASE, 0, PAGE, 0, 0);
	REMAP(BASE, PAGE, -PAGE, MREMAP_MAYMOVE, 0);
	REMAP(BASE, PAGE, 1ul << 48, MREMAP_MAYMOVE, 0);
	REMAP(BASE + 8 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	REMAP(BASE + 8 * PAGE, PAGE, PAGE, 0, 0);
	REMAP(BASE + 2 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, 0);
	REMAP(BASE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 2 * PAGE);
	REMAP(BASE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE);
	REMAP(BASE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 1);
	REMAP(BASE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)-PAGE);
	REMAP(BASE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 2 * PAGE);
	REMAP(BASE + 4 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE);
	letters(BASE, 5);
}

static void in_place(void)
{
	ANONYMOUS(BASE, 4);
	REMAP(BASE, 4 * PAGE, 4 * PAGE, 0, 0);
	REMAP(BASE, 4 * PAGE, 2 * PAGE, 0, 0);
	letters(BASE, 5);
	REMAP(BASE, 2 * PAGE, 6 * PAGE, 0, 0);
	letters(BASE, 7);
	REMAP(BASE, 5 * PAGE + 1, 5 * PAGE + 2, 0, 0);
	REMAP(BASE + PAGE, PAGE, 2 * PAGE, 0, 0);
	ANONYMOUS(BASE + 8 * PAGE, 1);
	REMAP(BASE, 6 * PAGE, 8 * PAGE, 0, 0);
	REMAP(BASE, 8 * PAGE, 9 * PAGE, 0, 0);
	letters(BASE, 9);
	/* a shrink may cross areas */
	mprotect(BASE + 2 * PAGE, PAGE, PROT_READ);
	REMAP(BASE, 8 * PAGE, PAGE, 0, 0);
	letters(BASE, 9);
}

static void moves(void)
{
	ANONYMOUS(BASE, 4);
	ANONYMOUS(BASE + 4 * PAGE, 1);
	mprotect(BASE + 4 * PAGE, PAGE, PROT_READ);
	REMAP(BASE, 4 * PAGE, 6 * PAGE, 0, 0);
	char *b = mremap(BASE, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	printf("%d\n", b != MAP_FAILED && b != BASE);
	letters(b, 6);
	letters(BASE, 5);
	REMAP(b, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 16 * PAGE);
	letters(BASE + 16 * PAGE, 6);
	/* smaller and elsewhere; the rest goes */
	REMAP(BASE + 16 * PAGE, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 32 * PAGE);
	letters(BASE + 32 * PAGE, 3);
	letters(BASE + 16 * PAGE, 6);
	/* larger and over something */
	ANONYMOUS(BASE + 48 * PAGE, 8);
	REMAP(BASE + 32 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 50 * PAGE);
	letters(BASE + 48 * PAGE, 8);
	/* part of an area, whose protection goes along */
	ANONYMOUS(BASE + 64 * PAGE, 4);
	mprotect(BASE + 64 * PAGE, 4 * PAGE, PROT_READ);
	REMAP(BASE + 65 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 80 * PAGE);
	letters(BASE + 64 * PAGE, 4);
	letters(BASE + 80 * PAGE, 1);
	SHOW(read(open("/dev/zero", O_RDONLY), BASE + 80 * PAGE, 1));
}

static void doubled(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 4 * PAGE);
	place(BASE, 4, MAP_SHARED, fd);
	REMAP(BASE, 0, 2 * PAGE, 0, 0);
	REMAP(BASE + PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 16 * PAGE);
	letters(BASE, 4);
	letters(BASE + 16 * PAGE, 2);
	BASE[16 * PAGE] = 'X';
	BASE[2 * PAGE] = 'Y';
	letters(BASE, 4);
	letters(BASE + 16 * PAGE, 2);
	char *b = mremap(BASE, 0, 6 * PAGE, MREMAP_MAYMOVE);
	letters(b, 6);
	place(BASE + 32 * PAGE, 2, MAP_SHARED | MAP_ANONYMOUS, -1);
	REMAP(BASE + 32 * PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 48 * PAGE);
	BASE[33 * PAGE] = 'Z';
	letters(BASE + 48 * PAGE, 2);
	place(BASE + 64 * PAGE, 2, MAP_PRIVATE, fd);
	REMAP(BASE + 64 * PAGE, 0, PAGE, MREMAP_MAYMOVE, 0);
}

static void left_behind(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 4 * PAGE);
	ANONYMOUS(BASE, 2);
	REMAP(BASE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | DONTUNMAP, BASE + 16 * PAGE);
	letters(BASE, 2);
	letters(BASE + 16 * PAGE, 2);
	REMAP(BASE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, BASE + 32 * PAGE);
	place(BASE + 48 * PAGE, 2, MAP_SHARED, fd);
	REMAP(BASE + 48 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | DONTUNMAP, BASE + 64 * PAGE);
	letters(BASE + 48 * PAGE, 2);
	letters(BASE + 64 * PAGE, 2);
	place(BASE + 80 * PAGE, 2, MAP_PRIVATE, fd);
	BASE[80 * PAGE] = 'P';
	REMAP(BASE + 80 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | DONTUNMAP, BASE + 96 * PAGE);
	letters(BASE + 80 * PAGE, 2);
	letters(BASE + 96 * PAGE, 2);
	REMAP(BASE, 0, 0, MREMAP_MAYMOVE | DONTUNMAP, 0);
	ANONYMOUS(BASE + 112 * PAGE, 3);
	REMAP(BASE + 113 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | DONTUNMAP, BASE + 128 * PAGE);
	letters(BASE + 112 * PAGE, 3);
	letters(BASE + 128 * PAGE, 1);
}

static void files(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 4 * PAGE);
	place(BASE, 4, MAP_SHARED, fd);
	munmap(BASE + 2 * PAGE, 2 * PAGE);
	REMAP(BASE, 2 * PAGE, 4 * PAGE, 0, 0);
	letters(BASE, 4);
	REMAP(BASE + PAGE, PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 16 * PAGE);
	letters(BASE + 16 * PAGE, 6);
	letters(BASE, 4);
	BASE[17 * PAGE] = 'Q';
	letters(BASE, 4);
	mmap(BASE + 32 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 2 * PAGE);
	BASE[32 * PAGE] = 'R';
	REMAP(BASE + 32 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 48 * PAGE);
	letters(BASE + 48 * PAGE, 2);
}

static void limits(void)
{
	ANONYMOUS(BASE, 1);
	struct rlimit limit = {64 << 20, 64 << 20};
	setrlimit(RLIMIT_AS, &limit);
	REMAP(BASE, PAGE, 128ul << 20, MREMAP_MAYMOVE, 0);
	REMAP(BASE, PAGE, 2 * PAGE, 0, 0);
}

static void nonlinear(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 4 * PAGE);
	place(BASE, 4, MAP_SHARED, fd);
#define PAGES(at, size, prot, page, flags) SHOW(syscall(SYS_remap_file_pages, at, size, prot, page, flags))
	PAGES(BASE, PAGE, 0, 3, 0);
	PAGES(BASE + 2 * PAGE, 2 * PAGE, 0, 0, 0);
	letters(BASE, 4);
	BASE[0] = 'X';
	pread(fd, BASE + 3 * PAGE, 0, 0);
	letters(BASE, 4);
	PAGES(BASE, PAGE, PROT_READ, 0, 0);
	PAGES(BASE, 0, 0, 0, 0);
	PAGES(BASE + 8 * PAGE, PAGE, 0, 0, 0);
	PAGES(BASE, PAGE, 0, -1L, 0);
	PAGES(BASE, -PAGE, 0, 0, 0);
	PAGES(BASE + 1, PAGE, 0, 1, 0);
	letters(BASE, 4);
	ANONYMOUS(BASE + 16 * PAGE, 2);
	PAGES(BASE + 16 * PAGE, PAGE, 0, 0, 0);
	place(BASE + 32 * PAGE, 2, MAP_PRIVATE, fd);
	PAGES(BASE + 32 * PAGE, PAGE, 0, 0, 0);
}

PROBES({"errors", errors}, {"in_place", in_place}, {"moves", moves}, {"doubled", doubled}, {"left_behind", left_behind},
       {"files", files}, {"limits", limits}, {"nonlinear", nonlinear})
