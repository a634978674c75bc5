/* Signal handlers of i386: the old frame and the one with siginfo, how they return, and the calls that set them. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <stddef.h>
#include <ucontext.h>
#include <unistd.h>

#include "int80.h"

struct old_action {
	void *handler;
	uint32_t mask, flags;
	void *restorer;
};
struct rt_action {
	void *handler;
	uint32_t flags;
	void *restorer;
	uint32_t mask[2];
};
/* struct sigcontext. */
struct context {
	uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip, cs, eflags, esp_at, ss, fpstate, oldmask, cr2;
};
struct old_frame {
	uint32_t back;
	int signo;
	struct context c;
	char unused[112 + 512];
	uint32_t extramask;
	unsigned char code[8];
};
struct rt_frame {
	uint32_t back;
	int signo;
	uint32_t info_at, context_at;
	siginfo_t info;
	uint32_t uc_flags, uc_link, stack_at, stack_flags, stack_size;
	struct context c;
	uint32_t mask[2];
	unsigned char code[8];
};

__attribute__((used)) uint32_t entry[4];
__attribute__((used)) void *frame;
static int count;
/* What a handler finds: EAX, EDX, ECX, ESP; then C has the frame. */
#define ENTRY(name)                                                                                                    \
	extern char name[];                                                                                            \
	asm(#name ":\n mov %eax, entry\n mov %edx, entry + 4\n mov %ecx, entry + 8\n mov %esp, entry + 12\n"           \
		  "mov %esp, frame\n sub $12, %esp\n call " #name "_seen\n add $12, %esp\n ret\n")

static void code(const unsigned char *at)
{
	for (int i = 0; i < 8; i++) printf("%02x ", at[i]);
	puts("");
}

static void registers(const struct context *c)
{
	printf("gs %d fs %x es %x ds %x cs %x ss %x same %d trap %u err %u oldmask %x cr2 %x\n", c->gs == 0x63, c->fs, c->es, c->ds, c->cs, c->ss,
	       c->esp == c->esp_at, c->trapno, c->err, c->oldmask, c->cr2);
}

__attribute__((used)) void old_entry_seen(void)
{
	struct old_frame *f = frame;
	printf("eax %d edx %x ecx %x aligned %d argument %d\n", entry[0], entry[1], entry[2], (entry[3] + 4) % 16, f->signo);
	registers(&f->c);
	printf("ecx %x esi %x edi %x extra %x fpstate %d\n", f->c.ecx, f->c.esi, f->c.edi, f->extramask, f->c.fpstate > entry[3]);
	code(f->code);
	unsigned char *at = (void *)f->back;
	printf("returns to %02x %02x\n", at[0], at[1]);
	f->c.edi = 0x55;
	count++;
}
__attribute__((used)) void rt_entry_seen(void)
{
	struct rt_frame *f = frame;
	printf("eax %d info %d context %d aligned %d argument %d %d %d\n", entry[0], entry[1] == (uint32_t)&f->info, entry[2] == (uint32_t)&f->uc_flags,
	       (entry[3] + 4) % 16, f->signo, f->info_at == entry[1], f->context_at == entry[2]);
	printf("signo %d code %d flags %d link %x stack %d %x %d mask %x %x\n", f->info.si_signo, f->info.si_code, f->uc_flags & ~1, f->uc_link,
	       f->stack_at != 0, f->stack_flags, f->stack_size, f->mask[0], f->mask[1]);
	registers(&f->c);
	printf("ecx %x esi %x edi %x fpstate %d\n", f->c.ecx, f->c.esi, f->c.edi, f->c.fpstate > entry[3]);
	code(f->code);
	unsigned char *at = (void *)f->back;
	printf("returns to %02x %02x\n", at[0], at[1]);
	f->c.edi = 0x66;
	count++;
}
ENTRY(old_entry);
ENTRY(rt_entry);

/* kill(getpid(), signo) with known registers; what EDI is then. */
static int known_raise(int signo)
{
	int edi = 0x44, eax = 37;
	int pid = getpid();
	asm volatile("xchg %%ebx, %%esi; int $0x80; xchg %%ebx, %%esi" : "+a"(eax), "+D"(edi), "+S"(pid) : "c"(signo) : "memory");
	printf("kill %d\n", eax);
	return edi;
}

static void old_frames(void)
{
	struct old_action a = {old_entry, 0x8, 0, 0}, was = {(void *)1, 1, 1, (void *)1};
	CALL(sigaction, SIGUSR1, &a, &was);
	printf("%p %x %x\n", was.handler, was.mask, was.flags);
	printf("edi %x\n", known_raise(SIGUSR1));
	CALL(sigaction, SIGUSR1, 0, &was);
	printf("same %d %x %x\n", was.handler == (void *)old_entry, was.mask, was.flags);
	a.flags = SA_NODEFER | SA_RESETHAND;
	CALL(sigaction, SIGUSR1, &a, 0);
	printf("edi %x\n", known_raise(SIGUSR1));
	CALL(sigaction, SIGUSR1, 0, &was);
	printf("%p %x\n", was.handler, was.flags);
	CALL(sigaction, SIGKILL, &a, 0);
	CALL(sigaction, 0, &a, 0);
	CALL(sigaction, 64, 0, &was);
	CALL(sigaction, 65, 0, &was);
	CALL(sigaction, SIGUSR1, BAD, 0);
	CALL(sigaction, SIGUSR1, 0, BAD);
}

static void rt_frames(void)
{
	struct rt_action a = {rt_entry, SA_SIGINFO, 0, {0, 0x80000000}}, was;
	CALL(rt_sigaction, SIGUSR2, &a, 0, 8);
	printf("edi %x\n", known_raise(SIGUSR2));
	CALL(rt_sigaction, SIGUSR2, 0, &was, 8);
	printf("same %d %x mask %x %x\n", was.handler == (void *)rt_entry, was.flags, was.mask[0], was.mask[1]);
	CALL(rt_sigaction, SIGUSR2, &a, 0, 4);
	CALL(rt_sigaction, SIGUSR2, BAD, 0, 8);
	/* The old frame by the newer call. */
	a = (struct rt_action){old_entry, 0, 0, {0, 0}};
	CALL(rt_sigaction, SIGUSR2, &a, 0, 8);
	printf("edi %x\n", known_raise(SIGUSR2));
	uint32_t mask[2] = {0x200, 0x40000000}, none[2] = {0, 0};
	CALL(rt_sigprocmask, SIG_BLOCK, mask, 0, 8);
	printf("edi %x\n", known_raise(SIGUSR2));
	CALL(rt_sigprocmask, SIG_SETMASK, none, mask, 8);
	printf("was %x %x\n", mask[0], mask[1]);
	a = (struct rt_action){rt_entry, SA_SIGINFO, 0, {0, 0}};
	CALL(rt_sigaction, SIGRTMIN, &a, 0, 8);
	CALL(rt_sigqueueinfo, getpid(), SIGRTMIN, ((int[32]){0, 0, -1, 1, 2, 3}));
	printf("count %d\n", count);
}

static void alternate(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	uint32_t given[3] = {(uint32_t)stack, 0, sizeof stack}, got[3] = {1, 1, 1};
	CALL(sigaltstack, given, got);
	printf("%x %x %x\n", got[0], got[1], got[2]);
	struct rt_action a = {rt_entry, SA_SIGINFO | SA_ONSTACK, 0, {0, 0}};
	CALL(rt_sigaction, SIGUSR1, &a, 0, 8);
	known_raise(SIGUSR1);
	printf("on it %d\n", (char *)frame >= stack && (char *)frame < stack + sizeof stack);
	struct old_action o = {old_entry, 0, SA_ONSTACK, 0};
	CALL(sigaction, SIGUSR1, &o, 0);
	known_raise(SIGUSR1);
	printf("on it %d\n", (char *)frame >= stack && (char *)frame < stack + sizeof stack);
	given[2] = 100;
	CALL(sigaltstack, given, 0);
	given[1] = 2;
	CALL(sigaltstack, given, got);
	printf("%d %x %d\n", got[0] == (uint32_t)stack, got[1], got[2]);
	CALL(sigaltstack, BAD, 0);
	CALL(sigaltstack, 0, BAD);
}

/* x87 and SSE state of the moment, which a handler changes. */
static int deep;
static void meddle(int signo, siginfo_t *info, void *context)
{
	struct rt_frame *f = (void *)((char *)context - offsetof(struct rt_frame, uc_flags));
	uint32_t *state = (void *)f->c.fpstate;
	const unsigned char *fx = (unsigned char *)state + 112;
	printf("cw %x sw %x tag %x magic %x fcw %x fsw %x ftw %x st0 %08x%08x xmm1 %x mxcsr %x\n", state[0], state[1] & 0xffff3fff, state[2],
	       state[27] >> 16, *(uint16_t *)fx, *(uint16_t *)(fx + 2), fx[4], state[8], state[7], *(uint32_t *)(fx + 160 + 16),
	       *(uint32_t *)(fx + 24));
	asm volatile("fninit; fldz; pcmpeqd %xmm1, %xmm1");
	if (!deep++) raise(SIGUSR2);
	*(uint32_t *)(fx + 160 + 32) = 0x77;
}
static void floats(void)
{
	struct sigaction a = {.sa_sigaction = meddle, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &a, 0);
	sigaction(SIGUSR2, &a, 0);
	uint32_t one = 0x11111111, got[3] = {0};
	uint16_t control = 0x27f;
	double st = 0;
	int pid = getpid(), eax = 37;
	asm volatile("fninit; fldcw %5; fldpi; movd %4, %%xmm1; pxor %%xmm2, %%xmm2\n"
		     "xchg %%ebx, %%esi; int $0x80; xchg %%ebx, %%esi\n"
		     "fstpl %1; movd %%xmm1, %2; movd %%xmm2, %3; fninit"
		     : "+a"(eax), "=m"(st), "=m"(got[0]), "=m"(got[1]) : "m"(one), "m"(control), "S"(pid), "c"(SIGUSR1) : "memory", "xmm1", "xmm2");
	printf("after %d %.6f %x %x\n", eax, st, got[0], got[1]);
}

static void handler(int signo) { printf("caught %d\n", signo), fflush(stdout), count++; }
static void older(void)
{
	CALL(signal, SIGUSR1, 1);
	CALL(signal, SIGUSR1, 0);
	CALL(signal, SIGUSR1, handler) ;
	raise(SIGUSR1);
	CALL(signal, SIGUSR1, 1);
	CALL(signal, SIGKILL, 1);
	CALL(signal, 99, 1);
	CALL(sgetmask, 0);
	CALL(ssetmask, 0x200);
	CALL(ssetmask, 0x100);
	CALL(sgetmask, 0);
	uint32_t set = 0x800, old = 7;
	CALL(sigprocmask, SIG_BLOCK, &set, &old);
	printf("%x\n", old);
	CALL(sigprocmask, SIG_UNBLOCK, &set, &old);
	printf("%x\n", old);
	CALL(sigprocmask, 9, &set, &old);
	CALL(sigprocmask, 9, 0, &old);
	CALL(sigprocmask, SIG_SETMASK, BAD, 0);
	CALL(sigprocmask, SIG_SETMASK, 0, BAD);
	set = 1u << SIGUSR2 - 1;
	signal(SIGUSR2, handler);
	CALL(sigprocmask, SIG_SETMASK, &set, 0);
	raise(SIGUSR2);
	CALL(sigpending, &old);
	printf("%x\n", old);
	CALL(sigpending, BAD);
	CALL(sigsuspend, 0, 0, 0);
	CALL(sgetmask, 0);
	uint32_t pending[2] = {9, 9};
	CALL(rt_sigpending, pending, 8);
	printf("%x %x\n", pending[0], pending[1]);
	CALL(rt_sigpending, pending, 4);
	CALL(rt_sigpending, pending, 9);
}

static void broken(void)
{
	/* A stack that cannot take the frame. */
	struct old_action a = {old_entry, 0, 0, 0};
	CALL(sigaction, SIGUSR1, &a, 0);
	fflush(stdout);
	int eax = 37;
	asm volatile("mov %1, %%ebx; mov $8, %%esp; int $0x80" : "+a"(eax) : "r"(getpid()), "c"(SIGUSR1));
}
static void forged(void)
{
	fflush(stdout);
	asm volatile("mov $8, %%esp; mov $119, %%eax; int $0x80" ::: "eax");
}
static void forged_rt(void)
{
	fflush(stdout);
	asm volatile("mov $8, %%esp; mov $173, %%eax; int $0x80" ::: "eax");
}

PROBES({"old_frames", old_frames}, {"rt_frames", rt_frames}, {"alternate", alternate}, {"floats", floats}, {"older", older}, {"broken", broken},
       {"forged", forged}, {"forged_rt", forged_rt})
