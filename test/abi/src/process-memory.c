/* process_vm_readv(2), process_vm_writev(2), kcmp(2), mlock(2) and its like, membarrier(2), mremap(2) with MREMAP_DONTUNMAP. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define NOBODY_PID 0x3ffffff0
#define PAGE 4096
static char *pages(int count)
{
	return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int sleeper(void)
{
	return WAITING_CHILD();
}

static void transfers(void)
{
	char *there = pages(3), text[100] = "", more[20] = "";
	strcpy(there, "hello, process");
	strcpy(there + PAGE - 5, "across the border");
	int pid = sleeper();
	memset(there, 0, 2 * PAGE);
	struct iovec local[2] = {{text, 5}, {more, 9}}, remote[2] = {{there, 14}, {there + PAGE - 5, 17}};
	SHOW(process_vm_readv(pid, local, 2, remote, 1, 0));
	printf("%.5s|%s\n", text, more);
	local[0].iov_len = 90;
	SHOW(process_vm_readv(pid, local, 1, remote, 2, 0));
	printf("%.31s\n", text);
	strcpy(text, "written");
	local[0].iov_len = 8;
	SHOW(process_vm_writev(pid, local, 1, remote, 2, 0));
	memset(text, 0, sizeof text);
	SHOW(process_vm_readv(pid, local, 1, remote, 2, 0));
	puts(text);
	munmap(there + 2 * PAGE, PAGE);
	SHOW(process_vm_readv(pid, local, 1, remote, 1, 1));
	SHOW(process_vm_readv(NOBODY_PID, local, 1, remote, 1, 0));
	SHOW(process_vm_readv(NOBODY_PID, local, 0, remote, 1, 0));
	SHOW(process_vm_readv(NOBODY_PID, local, 1, remote, 0, 0));
	SHOW(process_vm_readv(pid, local, 1025, remote, 1, 0));
	SHOW(process_vm_readv(pid, local, 1, remote, 1025, 0));
	SHOW(process_vm_readv(pid, (void *)8, 1, remote, 1, 0));
	SHOW(process_vm_readv(pid, local, 1, (void *)8, 1, 0));
	remote[0] = (struct iovec){(void *)8, 8};
	SHOW(process_vm_readv(pid, local, 1, remote, 1, 0));
	SHOW(process_vm_writev(pid, local, 1, remote, 1, 0));
	remote[0] = (struct iovec){(char *)transfers, 8};
	SHOW(process_vm_writev(pid, local, 1, remote, 1, 0));
	remote[0] = (struct iovec){there + 3 * PAGE - 4, 8};
	SHOW(process_vm_readv(getpid(), local, 1, remote, 1, 0));
	remote[0] = (struct iovec){there + 2 * PAGE - 4, 8};
	SHOW(process_vm_readv(getpid(), local, 1, remote, 1, 0));
	IN_CHILD(syscall(SYS_setresgid, 100, 100, 100); syscall(SYS_setresuid, 1000, 1000, 1000);
		 SHOW(process_vm_readv(pid, local, 1, remote, 1, 0)); SHOW(process_vm_readv(getpid(), local, 1, remote, 1, 0)););
	kill(pid, SIGKILL);
}

static void compare(void)
{
	int pid = sleeper(), me = getpid(), fd = open("/dev/null", O_RDONLY), copy = dup(fd);
	SHOW(syscall(SYS_kcmp, me, me, 0, fd, copy));
	printf("differ %d\n", syscall(SYS_kcmp, me, me, 0, fd, 1) > 0);
	SHOW(syscall(SYS_kcmp, me, pid, 0, 1, 1));
	SHOW(syscall(SYS_kcmp, me, me, 0, fd, 99));
	for (int kind = 1; kind < 5; kind++) {
		SHOW(syscall(SYS_kcmp, me, me, kind, 0, 0));
		printf("differ %d\n", syscall(SYS_kcmp, me, pid, kind, 0, 0) > 0);
	}
	SHOW(syscall(SYS_kcmp, me, me, 99, 0, 0));
	SHOW(syscall(SYS_kcmp, me, NOBODY_PID, 1, 0, 0));
	IN_CHILD(syscall(SYS_setresuid, 1000, 1000, 1000); SHOW(syscall(SYS_kcmp, me, getpid(), 1, 0, 0)););
	kill(pid, SIGKILL);
}

static void locked(void)
{
	char line[200];
	FILE *f = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, f))
		if (!strncmp(line, "VmLck", 5)) fputs(line, stdout);
	fclose(f);
	fflush(stdout);
}

/* The allocator may have mapped something too. */
static void some_locked(void)
{
	char line[200];
	int kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, f)) sscanf(line, "VmLck: %d", &kib);
	fclose(f);
	printf("locked %d\n", kib >= 12);
}

static void locks(void)
{
	char *a = pages(8);
	unsigned char vec[8];
	locked();
	SHOW(mlock(a, 2 * PAGE));
	locked();
	SHOW(mincore(a, 2 * PAGE, vec));
	printf("%d %d\n", vec[0] & 1, vec[1] & 1);
	SHOW(mlock(a + PAGE + 1, PAGE));
	locked();
	SHOW(syscall(SYS_mlock2, a + 4 * PAGE, PAGE, 1));
	SHOW(syscall(SYS_mlock2, a + 4 * PAGE, PAGE, 2));
	locked();
	SHOW(munlock(a + PAGE, PAGE));
	locked();
	IN_CHILD(locked(););
	SHOW(madvise(a, PAGE, MADV_DONTNEED));
	SHOW(madvise(a, PAGE, MADV_FREE));
	SHOW(msync(a, PAGE, MS_INVALIDATE));
	munmap(a + 3 * PAGE, PAGE);
	SHOW(mlock(a, 8 * PAGE));
	SHOW(munlock(a, 8 * PAGE));
	SHOW(mlock(a + 3 * PAGE, PAGE));
	SHOW(mlock(a, 0));
	SHOW(mlock(a, -1));
	mprotect(a + 6 * PAGE, PAGE, PROT_NONE);
	SHOW(mlock(a + 6 * PAGE, PAGE));
	SHOW(mlockall(0));
	SHOW(mlockall(8));
	SHOW(mlockall(4));
	SHOW(munlockall());
	locked();
	SHOW(mlockall(MCL_FUTURE));
	pages(3);
	some_locked();
	IN_CHILD(pages(3); locked(););
	SHOW(munlockall());
	locked();
	struct rlimit one = {2 * PAGE, 2 * PAGE}, none = {0, 0};
	setrlimit(RLIMIT_MEMLOCK, &one);
	a = pages(8);
	IN_CHILD(syscall(SYS_setresuid, 1000, 1000, 1000); SHOW(mlock(a, PAGE)); SHOW(mlock(a, 2 * PAGE)); SHOW(mlock(a, 3 * PAGE));
		 SHOW(mlockall(MCL_CURRENT)); setrlimit(RLIMIT_MEMLOCK, &none); SHOW(mlock(a, PAGE)); SHOW(mlockall(MCL_CURRENT));
		 SHOW(munlock(a, PAGE)););
}

static void barriers(void)
{
	SHOW(syscall(SYS_membarrier, 0, 0, 0) & 511);
	SHOW(syscall(SYS_membarrier, 1, 0, 0));
	SHOW(syscall(SYS_membarrier, 8, 0, 0));
	SHOW(syscall(SYS_membarrier, 16, 0, 0));
	SHOW(syscall(SYS_membarrier, 8, 0, 0));
	SHOW(syscall(SYS_membarrier, 32, 0, 0));
	SHOW(syscall(SYS_membarrier, 64, 0, 0));
	SHOW(syscall(SYS_membarrier, 32, 0, 0));
	SHOW(syscall(SYS_membarrier, 2, 0, 0));
	SHOW(syscall(SYS_membarrier, 4, 0, 0));
	SHOW(syscall(SYS_membarrier, 2, 0, 0));
	SHOW(syscall(SYS_membarrier, 128, 0, 0));
	SHOW(syscall(SYS_membarrier, 256, 1, 0));
	SHOW(syscall(SYS_membarrier, 256, 0, 0));
	SHOW(syscall(SYS_membarrier, 128, 0, 0));
	SHOW(syscall(SYS_membarrier, 128, 1, 0));
	SHOW(syscall(SYS_membarrier, 128, 2, 0));
	SHOW(syscall(SYS_membarrier, 8, 1, 0));
	SHOW(syscall(SYS_membarrier, 3, 0, 0));
	SHOW(syscall(SYS_membarrier, 0, 1, 0));
	SHOW(syscall(SYS_membarrier, -1, 0, 0));
	IN_CHILD(SHOW(syscall(SYS_membarrier, 8, 0, 0)););
}

static void moved(void)
{
	char *a = pages(4);
	strcpy(a, "first");
	strcpy(a + PAGE, "second");
	char *b = mremap(a, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | 4);
	printf("moved %d; %s %s; left \"%s\"\n", b != a && b != (void *)-1, b, b + PAGE, a);
	strcpy(a, "anew");
	printf("%s %s %s\n", a, b, b + PAGE);
	SHOW((long)mremap(a, 2 * PAGE, PAGE, MREMAP_MAYMOVE | 4));
	SHOW((long)mremap(a, 2 * PAGE, 2 * PAGE, 4));
	SHOW((long)mremap(a, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | 8));
	printf("fixed %d\n", mremap(b, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | 4, a + 3 * PAGE) == a + 3 * PAGE);
	printf("%s \"%s\"\n", a + 3 * PAGE, b);
}

PROBES({"transfers", transfers}, {"compare", compare}, {"locks", locks}, {"barriers", barriers}, {"moved", moved})
