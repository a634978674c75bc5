/* Processes of i386: limits, sysinfo, personality, numbers without a call, sysenter, and jumps to where no code is. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "int80.h"

static void limits(void)
{
	uint32_t a[2] = {5, 5};
	CALL(prlimit64, 0, RLIMIT_CORE, (uint64_t[]){100, -1}, 0);
	CALL(getrlimit, RLIMIT_CORE, a);
	printf("%x %x\n", a[0], a[1]);
	CALL(ugetrlimit, RLIMIT_CORE, a);
	printf("%x %x\n", a[0], a[1]);
	CALL(prlimit64, 0, RLIMIT_CORE, (uint64_t[]){0x90000000, 0x100000000}, 0);
	CALL(getrlimit, RLIMIT_CORE, a);
	printf("%x %x\n", a[0], a[1]);
	CALL(ugetrlimit, RLIMIT_CORE, a);
	printf("%x %x\n", a[0], a[1]);
	a[0] = 7, a[1] = 0xf0000000;
	CALL(setrlimit, RLIMIT_CORE, a);
	uint64_t large[2];
	CALL(prlimit64, 0, RLIMIT_CORE, 0, large);
	printf("%llx %llx\n", large[0], large[1]);
	a[0] = 9, a[1] = 8;
	CALL(setrlimit, RLIMIT_CORE, a);
	CALL(setrlimit, RLIMIT_CORE, BAD);
	CALL(getrlimit, RLIMIT_CORE, BAD);
	CALL(getrlimit, 99, a);
	CALL(ugetrlimit, 99, a);
}

static void system_(void)
{
	uint32_t b[24];
	memset(b, 0xee, sizeof b);
	CALL(sysinfo, b);
	printf("unit %d processes %d pad %x after %x\n", b[13] >= 1, (b[10] & 0xffff) > 0, b[10] >> 16, b[16]);
	CALL(sysinfo, BAD);
	char old[5][65], older[5][9];
	struct utsname u;
	uname(&u);
	CALL(olduname, old);
	printf("%s %d %s\n", old[0], !strncmp(old[2], u.release, 64), old[4]);
	CALL(oldolduname, older);
	printf("%s %d %s\n", older[0], !strncmp(older[2], u.release, 8), older[4]);
	CALL(olduname, BAD);
	printf("%s\n", u.machine);
	CALL(personality, 0xffffffff);
	CALL(personality, 8);
	uname(&u);
	printf("%s\n", u.machine);
	CALL(personality, 0);
	uname(&u);
	printf("%s\n", u.machine);
	CALL(personality, 0xffffffff);
	CALL(nice, 3);
	CALL(nice, 100);
	CALL(getpriority, 0, 0);
	CALL(nice, -5);
	CALL(getpriority, 0, 0);
	int status = -1;
	if (!fork()) _exit(3);
	OKAY(waitpid, -1, &status, 0);
	printf("%x\n", status);
	CALL(waitpid, -1, 0, 0);
	if (!fork()) _exit(4);
	uint32_t usage[18];
	OKAY(wait4, -1, &status, 0, usage);
	printf("%x small %d\n", status, usage[0] < 10);
	unsigned info[32] = {0};
	if (!fork()) _exit(5);
	CALL(waitid, 0, 0, info, 4, usage);
	printf("%d %d status %d\n", info[0], info[2], info[5]);
	printf("platform %s page %ld\n", (char *)getauxval(AT_PLATFORM), getauxval(AT_PAGESZ));
}

static void missing(void)
{
	CALL(vm86, 1, BAD);
	CALL(vm86old, BAD);
	const int none[] = {17, 31, 32, 35, 44, 53, 56, 58, 98, 127, 130, 137, 167, 222, 223, 251, 285, 387, 388, 389, 390, 391, 392, 415, 600, 5000, -1};
	for (int i = 0; i < sizeof none / sizeof *none; i++) printf("%d: %s\n", none[i], errno_name(-INT80(none[i], 0)));
	/* x32 and the upper half do not count. */
	CALL(getpid + 0x40000000, 0);
	CALL(arch_prctl, 0x1003, BAD);
	CALL(arch_prctl, 0x1002, 5);
	CALL(iopl, 0);
	CALL(create_module, 0);
	CALL(get_kernel_syms, 0);
	CALL(query_module, 0);
	CALL(nfsservctl, 0);
	CALL(uselib, BAD);
}

static void sysenter(void)
{
	uint32_t entry = getauxval(AT_SYSINFO);
	printf("there %d\n", entry != 0);
	long result, ebx, ecx, edx, ebp;
	asm volatile("push %%ebx; push %%ebp; mov $199, %%eax; mov $0x11, %%ebx; mov $0x22, %%ecx; mov $0x33, %%edx; mov $0x66, %%ebp\n"
		     "call *%%esi; mov %%ebp, %%esi; mov %%ebx, %%edi; pop %%ebp; pop %%ebx"
		     : "=a"(result), "=c"(ecx), "=d"(edx), "=S"(ebp), "=D"(ebx) : "3"(entry) : "memory");
	printf("getuid32 %ld ebx %lx ecx %lx edx %lx ebp %lx\n", result, ebx, ecx, edx, ebp);
	/* Six arguments: mmap2. */
	asm volatile("push %%ebx; push %%ebp; mov $192, %%eax; mov $0x10000000, %%ebx; mov $4096, %%ecx; mov $3, %%edx\n"
		     "mov %%esi, %%edi; mov $0x32, %%esi; push %%edi; mov $-1, %%edi; mov $0, %%ebp; call *(%%esp); pop %%edi\n"
		     "pop %%ebp; pop %%ebx"
		     : "=a"(result) : "S"(entry) : "edi", "ecx", "edx", "memory");
	printf("mmap2 %lx\n", result);
}

static sigjmp_buf back;
static void caught(int signo, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	printf("signal %d code %d addr %lx trap %d err %x eip %x\n", signo, info->si_code, (long)info->si_addr, r[REG_TRAPNO], r[REG_ERR] & ~1,
	       (unsigned)r[REG_EIP] < 0x400000 || (unsigned)r[REG_EIP] >= 0x10000000 ? (unsigned)r[REG_EIP] : 1);
	fflush(stdout);
	siglongjmp(back, 1);
}
#define JUMP(to) (printf(#to ": "), sigsetjmp(back, 1) ? 0 : (((void (*)(void))(to))(), puts("came back"), fflush(stdout), 0))
static unsigned char data[64] = {0xc3};
static void jumps(void)
{
	struct sigaction a = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
	for (int i = 0; i < 5; i++) sigaction((int[]){SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}[i], &a, 0);
	unsigned char *page = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	page[0] = 0xc3;
	JUMP(0x10000000);
	JUMP(0);
	JUMP(0x20);
	JUMP(0xfffff000);
	JUMP(0xffffe000);
	JUMP(0x30000000);
	mprotect(page, 8192, PROT_READ | PROT_EXEC);
	JUMP(0x10000000);
	mprotect(page, 8192, PROT_EXEC);
	JUMP(0x10000000);
	mprotect(page, 8192, PROT_NONE);
	JUMP(0x10000000);
	mprotect(page, 8192, PROT_READ | PROT_WRITE);
	const struct {
		const char *name;
		unsigned char code[8];
	} codes[] = {{"ud2", {0x0f, 0x0b}}, {"hlt", {0xf4}}, {"int3", {0xcc, 0xc3}}, {"int 5", {0xcd, 5}}, {"into", {0x70, 0, 0xce, 0xc3}},
		     {"in", {0xec}}, {"cli", {0xfa}}, {"div", {0x31, 0xc9, 0xf7, 0xf1}},
		     {"far jump", {0xea, 0, 0, 0, 0, 0, 0}}, {"lgdt", {0x0f, 0x01, 0x10}}, {"int 81", {0xcd, 0x81}}, {"salc", {0xd6, 0xc3}}};
	for (int i = 0; i < sizeof codes / sizeof *codes; i++) {
		mprotect(page, 8192, PROT_READ | PROT_WRITE);
		memcpy(page, codes[i].code, 8);
		mprotect(page, 8192, PROT_READ | PROT_EXEC);
		printf("%s ", codes[i].name);
		JUMP(0x10000000);
	}
	/* The last instruction runs off the end of what may be executed. */
	mprotect(page, 8192, PROT_READ | PROT_WRITE);
	page[4095] = 0xb8;
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	JUMP(0x10000fff);
}

PROBES({"limits", limits}, {"system", system_}, {"missing", missing}, {"sysenter", sysenter}, {"jumps", jumps})
