/* rseq(2): registration, and what interrupts a critical section. <linux/rseq.h>. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "probe.h"

struct area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t section;
	uint32_t flags, node_id, mm_cid, end;
} __attribute__((aligned(32)));
struct section {
	uint32_t version, flags;
	uint64_t start, length, abort;
} __attribute__((aligned(32)));

#define SIGNATURE 0x53053053
#define rseq(area, size, flags, signature) syscall(SYS_rseq, area, size, flags, signature)

static struct area area;
static struct section section;

static void errors(void)
{
	static struct area other;
	SHOW(rseq(&area, 32, 2, SIGNATURE));
	SHOW(rseq(&area, 16, 0, SIGNATURE));
	SHOW(rseq((char *)&area + 8, 32, 0, SIGNATURE));
	SHOW(rseq(&area, 32, 1, SIGNATURE));
	SHOW(rseq((void *)-4096, 32, 0, SIGNATURE));
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	SHOW(rseq(&other, 32, 0, SIGNATURE));
	SHOW(rseq(&area, 32, 0, SIGNATURE + 1));
	SHOW(rseq(&other, 32, 1, SIGNATURE));
	SHOW(rseq(&area, 32, 1, SIGNATURE + 1));
	SHOW(rseq(&area, 32, 3, SIGNATURE));
	SHOW(rseq(&area, 32, 1, SIGNATURE));
	SHOW(rseq(&area, 32, 1, SIGNATURE));
}

static void fields(void)
{
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof first, &first);
	area.cpu_id_start = area.cpu_id = 99;
	area.section = 0;
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	SHOW(area.cpu_id_start);
	SHOW(area.cpu_id);
	SHOW(area.section);
	SHOW(area.flags);
	SHOW(rseq(&area, 32, 1, SIGNATURE));
	SHOW(area.cpu_id_start);
	SHOW((int)area.cpu_id == -1 ? 1 : 0);
}

static void *in_thread(void *unused)
{
	SHOW(rseq(&area, 32, 1, SIGNATURE));
	return unused;
}

static void inherited(void)
{
	pthread_t thread;
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	IN_CHILD(SHOW(rseq(&area, 32, 1, SIGNATURE)););
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	SHOW(rseq(&area, 32, 0, SIGNATURE));
}

/* Spins in a section until something aborts it; `with` is the signature before the abort address. */
#ifdef __i386__
#define DESCRIBE "movl $1f, 8(%0); movl $2f-1f, 16(%0); movl $4f, 24(%0)\n"
#else
#define DESCRIBE                                               \
	"lea 1f(%%rip), %%rax; mov %%rax, 8(%0)\n"             \
	"lea 2f(%%rip), %%rcx; sub %%rax, %%rcx; mov %%rcx, 16(%0)\n" \
	"lea 4f(%%rip), %%rax; mov %%rax, 24(%0)\n"
#endif
#define SPIN(with)                                                                  \
	__asm__ volatile(                                                           \
	    DESCRIBE                                                                \
	    "mov %0, 8(%1)\n"                                                       \
	    "1: jmp 1b\n"                                                           \
	    "2: .long " with "\n"                                                   \
	    "4:\n"                                                                  \
	    : : "r"(&section), "r"(&area) : "eax", "ecx", "memory")

static volatile int signals;
static void on_alarm(int signo, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	int aborted = (uint64_t)at->uc_mcontext.gregs[REG_RIP] == section.abort;
	printf("signal %d: %s, section %d\n", signo, aborted ? "at the abort address" : "elsewhere", area.section != 0);
	(void)info;
	signals++;
}

static void alarm_soon(void)
{
	struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
	struct itimerval soon = {.it_value = {0, 20000}};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
}

static void aborted_by_signal(void)
{
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	alarm_soon();
	/* What it is preempted by comes back to here. */
	while (!signals) SPIN("0x53053053");
	SHOW(area.section);
}

static void aborted_by_preemption(void)
{
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof first, &first);
	int other = fork();
	if (!other)
		for (;;) {}
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	SPIN("0x53053053");
	SHOW(area.section);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

/* A signal outside of the section only takes the pointer away. */
static void outside(void)
{
	SHOW(rseq(&area, 32, 0, SIGNATURE));
	SPIN("0x53053053");
	area.section = (uint64_t)&section;
	alarm_soon();
	while (*(volatile uint64_t *)&area.section) {}
	puts("taken away");
}

static void ends(void)
{
	int status;
	wait(&status);
	printf("ends %s %d\n", WIFSIGNALED(status) ? "by signal" : "with", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

#define ENDS(...)                       \
	do {                            \
		fflush(stdout);         \
		if (!fork()) {          \
			__VA_ARGS__     \
			_exit(7);       \
		}                       \
		ends();                 \
	} while (0)

static void bad_sections(void)
{
	rseq(&area, 32, 0, SIGNATURE);
	/* Another signature before the abort address. */
	ENDS(alarm_soon(); SPIN("0x11111111"););
	section.version = 1;
	ENDS(alarm_soon(); SPIN("0x53053053"););
	section.version = 0;
	ENDS(area.section = 8; raise(SIGCHLD); alarm_soon(); pause(););
	ENDS(area.section = 1UL << 63; alarm_soon(); pause(););
}

static void area_gone(void)
{
	ENDS(void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	     SHOW(rseq(page, 32, 0, SIGNATURE)); munmap(page, 4096); alarm_soon(); pause(););
}

PROBES({"errors", errors}, {"fields", fields}, {"inherited", inherited}, {"aborted-by-signal", aborted_by_signal},
       {"aborted-by-preemption", aborted_by_preemption}, {"outside", outside}, {"bad-sections", bad_sections},
       {"area-gone", area_gone})
