/* Segments of i386 programs: set_thread_area(2), get_thread_area(2), modify_ldt(2), and accesses through them. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "int80.h"

struct desc {
	uint32_t number, base, limit, bits;
};
/* In `bits`. */
#define SEG32 1
#define CONTENTS(n) ((n) << 1)
#define READ_ONLY 8
#define IN_PAGES 16
#define NOT_PRESENT 32
#define USEABLE 64
#define FLAT (SEG32 | IN_PAGES | USEABLE)

static uint32_t words[4] = {0x11, 0x22, 0x33, 0x44};
static sigjmp_buf back;

static void show(const struct desc *d, const char *name)
{
	printf("%s: number %d base %d limit %x bits %x\n", name, (int)d->number, d->base == (uint32_t)words ? 1 : (int)d->base, d->limit, d->bits);
}

static void caught(int signo, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	printf("signal %d code %d addr %lx trap %d err %x\n", signo, info->si_code, (long)info->si_addr, r[REG_TRAPNO], r[REG_ERR]);
	siglongjmp(back, 1);
}
static void catch_all(void)
{
	struct sigaction a = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
	for (int i = 0; i < 3; i++) sigaction((int[]){SIGSEGV, SIGBUS, SIGILL}[i], &a, 0);
}
#define TRY(text, ...)                               \
	do {                                         \
		printf("%s: ", text);                \
		if (!sigsetjmp(back, 1)) {           \
			__VA_ARGS__;                 \
		}                                    \
		asm volatile("mov %0, %%fs" ::"r"(0)); \
		fflush(stdout);                      \
	} while (0)
#define LOAD(selector) asm volatile("mov %0, %%fs" ::"r"(selector))
#define FS(at)                                                              \
	({                                                                  \
		uint32_t value_;                                            \
		asm volatile("mov %%fs:(%1), %0" : "=r"(value_) : "r"(at)); \
		value_;                                                     \
	})
#define SET_FS(at, value) asm volatile("mov %0, %%fs:(%1)" ::"r"(value), "r"(at) : "memory")

static void areas(void)
{
	struct desc d = {-1, (uint32_t)words, 0xfffff, FLAT}, got = {12};
	CALL(set_thread_area, &d), show(&d, "set");
	struct desc e = {-1, (uint32_t)words, 0xfffff, FLAT};
	CALL(set_thread_area, &e), show(&e, "set");
	e.number = -1;
	CALL(set_thread_area, &e), show(&e, "full");
	got.number = d.number;
	CALL(get_thread_area, &got), show(&got, "got");
	for (int i = 11; i < 16; i++) {
		got.number = i;
		long result = INT80(SYS_get_thread_area, &got);
		printf("%d: %ld limit %x bits %x\n", i, result, got.limit, got.bits & ~0x80);
	}
	struct desc odd[] = {{13, 0, 0, 0}, {13, 0, 0, READ_ONLY | NOT_PRESENT}, {13, 5, 0xfff, SEG32 | USEABLE}, {13, 5, 0xffff, USEABLE},
			     {13, 5, 0xffff, CONTENTS(2) | SEG32}, {13, 5, 0xffff, CONTENTS(3) | SEG32}, {13, 5, 0xffff, CONTENTS(1) | SEG32},
			     {13, 5, 0xffff, SEG32 | NOT_PRESENT}, {13, 5, 0x1fffff, SEG32}, {15, 5, 0xffff, SEG32}, {11, 5, 0xffff, SEG32},
			     {-2, 5, 0xffff, SEG32}};
	for (int i = 0; i < sizeof odd / sizeof *odd; i++) {
		printf("%d ", i), CALL(set_thread_area, &odd[i]);
		got.number = 13;
		INT80(SYS_get_thread_area, &got);
		show(&got, "  ");
	}
	CALL(set_thread_area, BAD);
	CALL(get_thread_area, BAD);
	got.number = 99;
	CALL(get_thread_area, &got);
}

static void accesses(void)
{
	catch_all();
	struct desc d = {-1, (uint32_t)words, 0xfffff, FLAT};
	CALL(set_thread_area, &d);
	int selector = d.number * 8 + 3;
	LOAD(selector);
	printf("%x %x below %d\n", FS(0), FS(4), FS((char *)&selector - (char *)words) == selector);
	SET_FS(8, 0x99);
	printf("%x\n", words[2]);
	TRY("null", LOAD(0); FS(0));
	TRY("null 3", LOAD(3); FS(0x1000));
	d.limit = 7, d.bits = SEG32 | USEABLE;
	CALL(set_thread_area, &d);
	TRY("short within", LOAD(selector); printf("%x\n", FS(4)));
	TRY("short beyond", LOAD(selector); FS(8));
	TRY("short across", LOAD(selector); FS(5));
	d.bits |= READ_ONLY;
	CALL(set_thread_area, &d);
	TRY("read only", LOAD(selector); printf("%x ", FS(0)); SET_FS(0, 1));
	d.bits = SEG32 | USEABLE | CONTENTS(1), d.limit = 3;
	CALL(set_thread_area, &d);
	TRY("grows down", LOAD(selector); printf("%x ", FS(4)); FS(0));
	d.bits = 8 | 32, d.limit = 0, d.base = 0;
	CALL(set_thread_area, &d);
	TRY("cleared", LOAD(selector));
	TRY("not in the table", LOAD(0x3fff));
	TRY("of the kernel", LOAD(0x10));
	TRY("empty LDT", LOAD(7));
	TRY("unmapped", d = ((struct desc){d.number, 0, 0xfffff, FLAT}); INT80(SYS_set_thread_area, &d); LOAD(selector); FS(0x10));
	TRY("stack segment null", asm volatile("mov %0, %%ss" ::"r"(0)));
	TRY("code into ds", asm volatile("mov %0, %%fs; movl $1, %%fs:0" ::"r"(0x23)));
}

static void ldt(void)
{
	catch_all();
	unsigned char table[64];
	CALL(modify_ldt, 0, table, 64);
	CALL(modify_ldt, 2, table, 64);
	struct desc d = {2, (uint32_t)words, 0xfffff, FLAT};
	CALL(modify_ldt, 0x11, &d, 16);
	CALL(modify_ldt, 0, table, 64);
	for (int i = 16; i < 24; i++) printf("%02x ", i == 18 || i == 19 || i == 20 || i == 23 ? 0 : table[i]);
	puts("");
	LOAD(2 * 8 + 7);
	printf("%x\n", FS(4));
	TRY("next", LOAD(3 * 8 + 7));
	d.limit = 3, d.bits = SEG32;
	CALL(modify_ldt, 1, &d, 16);
	TRY("short", LOAD(2 * 8 + 7); printf("%x ", FS(0)); FS(4));
	d.bits = SEG32 | NOT_PRESENT;
	CALL(modify_ldt, 0x11, &d, 16);
	TRY("not present", LOAD(2 * 8 + 7));
	d = (struct desc){2, 0, 0, 0};
	CALL(modify_ldt, 1, &d, 16);
	TRY("cleared", LOAD(2 * 8 + 7));
	CALL(modify_ldt, 1, &d, 15);
	CALL(modify_ldt, 1, BAD, 16);
	d.number = 8192;
	CALL(modify_ldt, 1, &d, 16);
	d = (struct desc){8191, 0, 1, CONTENTS(3) | SEG32};
	CALL(modify_ldt, 1, &d, 16);
	CALL(modify_ldt, 0x11, &d, 16);
	d.bits |= NOT_PRESENT;
	CALL(modify_ldt, 0x11, &d, 16);
	CALL(modify_ldt, 5, &d, 16);
	CALL(modify_ldt, 0, BAD, 16);
	d = (struct desc){0, (uint32_t)words, 0xfffff, FLAT};
	CALL(modify_ldt, 0x11, &d, 16);
	IN_CHILD(LOAD(7); printf("child %x\n", FS(0)););
}

static void handler(int signo)
{
	int fs, gs;
	asm("mov %%fs, %0; mov %%gs, %1" : "=r"(fs), "=r"(gs));
	printf("in the handler fs %x gs %x\n", fs, gs);
	LOAD(0);
}
static void across(void)
{
	/* A handler keeps FS and GS, and what it changes is put back. */
	struct desc d = {-1, (uint32_t)words, 0xfffff, FLAT};
	CALL(set_thread_area, &d);
	signal(SIGUSR1, handler);
	LOAD(d.number * 8 + 3);
	raise(SIGUSR1);
	printf("after %x\n", FS(0));
	IN_CHILD(printf("child %x\n", FS(4)););
	fflush(stdout);
}

static char stack[16384] __attribute__((aligned(16)));
static uint32_t own[2] = {0x77, 0x88};
/* A thread with TLS of its own through descriptor `number`: clone, by hand. It stores %gs:0 and ends. */
static volatile uint32_t found;
static volatile int done;
static void raw_clone(void)
{
	struct desc d = {12, (uint32_t)own, 0xfffff, FLAT};
	int gs, flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS | CLONE_CHILD_CLEARTID;
	asm("mov %%gs, %0" : "=r"(gs));
	d.number = gs >> 3;
	done = 1;
	void *top = stack + sizeof stack;
	long tid;
	asm volatile("push %%ebx; push %%ebp; mov %%eax, %%ebx; mov $120, %%eax\n"
		     "int $0x80; test %%eax, %%eax; jnz 1f\n"
		     "mov %%gs:4, %%eax; mov %%eax, (%%edx); xor %%ebx, %%ebx; mov $1, %%eax; int $0x80\n"
		     "1: pop %%ebp; pop %%ebx"
		     : "=a"(tid)
		     : "0"(flags), "c"(top), "d"(&found), "S"(&d), "D"(&done)
		     : "memory");
	printf("thread %d\n", tid > 0);
	while (done) INT80(SYS_sched_yield, 0);
	printf("found %x\n", found);
	d.number = 3;
	CALL(clone, flags, top, 0, &d, 0);
	d.number = 12, d.bits = CONTENTS(2) | SEG32;
	CALL(clone, flags, top, 0, &d, 0);
	CALL(clone, flags, top, 0, BAD, 0);
}

static __thread int mine = 5;
static void *thread(void *at)
{
	mine += (long)at;
	return (void *)(long)mine;
}
static void threads(void)
{
	pthread_t t[3];
	for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, thread, (void *)(i + 1));
	for (int i = 0; i < 3; i++) {
		void *result;
		pthread_join(t[i], &result);
		printf("%ld\n", (long)result);
	}
	printf("%d\n", mine);
}

PROBES({"areas", areas}, {"accesses", accesses}, {"ldt", ldt}, {"across", across}, {"raw_clone", raw_clone}, {"threads", threads})
