/* What handlers see and change of PowerPC's registers, and what they leave alone: sigaction(2), sigreturn(2), makecontext(3).
   Recorded under qemu's user emulation, which lays frames out as Linux does. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "probe.h"

#ifdef __powerpc64__
#define NIP(uc) (uc)->uc_mcontext.gp_regs[32]
#define R(uc, n) (uc)->uc_mcontext.gp_regs[n]
#define CCR(uc) (uc)->uc_mcontext.gp_regs[38]
#define FPR(uc, n) (uc)->uc_mcontext.fp_regs[n]
#else
#define NIP(uc) (uc)->uc_mcontext.uc_regs->gregs[32]
#define R(uc, n) (uc)->uc_mcontext.uc_regs->gregs[n]
#define CCR(uc) (uc)->uc_mcontext.uc_regs->gregs[38]
#define FPR(uc, n) (uc)->uc_mcontext.uc_regs->fpregs.fpregs[n]
#endif

static volatile int handled;

static void on(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
	sigaction(signo, &action, NULL);
}

static void show(int signo, siginfo_t *info, void *context)
{
	printf("signal %d code %d\n", signo, info->si_code);
	fflush(stdout);
	handled++;
}

static void skip(int signo, siginfo_t *info, void *context)
{
	show(signo, info, context);
	printf("at it %d\n", (long)info->si_addr == (long)NIP((ucontext_t *)context));
	NIP((ucontext_t *)context) += 4;
}

static void illegal(void)
{
	on(SIGILL, skip, 0);
	__asm__ volatile(".long 0");
	printf("handled %d\n", handled);
}

static void trap(void)
{
	on(SIGTRAP, skip, 0);
	__asm__ volatile("trap");
	printf("handled %d\n", handled);
}

static void fault(int signo, siginfo_t *info, void *context)
{
	show(signo, info, context);
	printf("address %lx r5 %lx\n", (long)info->si_addr, (long)R((ucontext_t *)context, 5));
	R((ucontext_t *)context, 5) = 77;
	NIP((ucontext_t *)context) += 4;
}

static void store(void)
{
	mmap((void *)0x20000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	on(SIGSEGV, fault, 0);
	register long five __asm__("r5") = 55;
	__asm__ volatile("stw 5, 8(%1)" : "+r"(five) : "b"(0x20000000) : "memory");
	printf("r5 %ld\n", five);
	five = 56;
	__asm__ volatile("lwz 5, 8(%1)" : "+r"(five) : "b"(0x30000000) : "memory");
	printf("r5 %ld\n", five);
}

static void spoil(int signo)
{
	handled++;
	__asm__ volatile("fmr 14, 1; li 14, 9; mtctr 14; cmpwi 7, 14, 3; addic 14, 14, -1" : : : "r14", "ctr", "cr7", "fr14", "xer");
	volatile double d = 3.5;
	__asm__ volatile("lfd 1, 0(%0); fmr 20, 1" : : "b"(&d) : "fr1", "fr20");
}

/* Registers of a program that a signal interrupts in its calls. */
static void kept(void)
{
	struct sigaction action = {.sa_handler = spoil};
	sigaction(SIGUSR1, &action, NULL);
	double d = 1.25, after;
	long fourteen;
	int cr;
	pid_t me = getpid();
	register long number __asm__("r0");
	register long first __asm__("r3");
	number = 37, first = me;
	register long second __asm__("r4") = SIGUSR1;
	__asm__ volatile("lfd 20, 0(%6); li 14, 1234; cmpwi 4, 14, 1234; sc; mr %2, 14; stfd 20, 0(%7); mfcr %3"
			 : "+r"(number), "+r"(first), "=&r"(fourteen), "=&r"(cr), "+r"(second)
			 : "0"(number), "b"(&d), "b"(&after)
			 : "r14", "fr20", "cr0", "cr4", "memory", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr");
	printf("handled %d result %ld r14 %ld f20 %g cr4 %x\n", handled, first, fourteen, after, cr >> 12 & 15);
}

static void plain(int signo) { handled += signo; }

static void masks(void)
{
	struct sigaction action = {.sa_handler = plain}, old;
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, SIGRTMAX);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR1, NULL, &old);
	printf("%d %d %d %d\n", old.sa_handler == plain, sigismember(&old.sa_mask, SIGUSR2), sigismember(&old.sa_mask, SIGRTMAX),
	       sigismember(&old.sa_mask, SIGTERM));
	raise(SIGUSR1);
	sigset_t set, before;
	sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, NULL, &before);
	raise(SIGUSR1);
	sigset_t waiting;
	sigpending(&waiting);
	printf("handled %d blocked %d %d pending %d %d\n", handled, sigismember(&before, SIGUSR1), sigismember(&before, SIGRTMAX),
	       sigismember(&waiting, SIGUSR1), sigismember(&waiting, SIGRTMAX));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("handled %d\n", handled);
}

static sigjmp_buf back;
static void jump(int signo) { siglongjmp(back, signo); }
static char alternate[65536] __attribute__((aligned(16)));
static volatile int inside;
static void where(int signo)
{
	char here;
	inside = &here >= alternate && &here < alternate + sizeof alternate;
	siglongjmp(back, 5);
}

static void jumps(void)
{
	signal(SIGUSR1, jump);
	int got = sigsetjmp(back, 1);
	if (!got) raise(SIGUSR1);
	printf("jumped %d\n", got);
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
	SHOW(sigaltstack(&stack, NULL));
	struct sigaction action = {.sa_handler = where, .sa_flags = SA_ONSTACK};
	sigaction(SIGSEGV, &action, NULL);
	got = sigsetjmp(back, 1);
	if (!got) *(volatile int *)8 = 1;
	SHOW(sigaltstack(NULL, &old));
	printf("jumped %d inside %d flags %d size %d\n", got, inside, (int)old.ss_flags, (int)old.ss_size);
}

static void alarmed(int signo) { handled++; }

/* The first argument's register is where the result goes: a call that is made again needs it. */
static void restarts(void)
{
	int to[2];
	char c = 0;
	pipe(to);
	pid_t parent = getpid();
	struct sigaction action = {.sa_handler = alarmed, .sa_flags = SA_RESTART};
	for (int again = 1; again >= 0; again--) {
		action.sa_flags = again ? SA_RESTART : 0;
		sigaction(SIGUSR1, &action, NULL);
		pid_t child = fork();
		if (!child) {
			usleep(20000);
			kill(parent, SIGUSR1);
			usleep(20000);
			write(to[1], "x", 1);
			_exit(0);
		}
		long n = read(to[0], &c, 1);
		printf("read %s handled %d\n", n == 1 ? "1" : errno_name(errno), handled);
		int status;
		while (waitpid(child, &status, 0) < 0) {}
	}
}

static ucontext_t home, away;
static char other_stack[65536] __attribute__((aligned(16)));
static int steps;
static void elsewhere(int a, int b)
{
	steps += a + b;
	swapcontext(&away, &home);
	steps += 100;
}

static void contexts(void)
{
	getcontext(&away);
	away.uc_stack.ss_sp = other_stack, away.uc_stack.ss_size = sizeof other_stack, away.uc_link = &home;
	makecontext(&away, (void (*)(void))elsewhere, 2, 3, 4);
	swapcontext(&home, &away);
	printf("steps %d\n", steps);
	swapcontext(&home, &away);
	printf("steps %d\n", steps);
}

PROBES({"illegal", illegal}, {"trap", trap}, {"store", store}, {"kept", kept}, {"masks", masks}, {"jumps", jumps},
       {"restarts", restarts}, {"contexts", contexts})
