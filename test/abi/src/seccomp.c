/* seccomp(2): strict mode, filters, what they may say, who inherits them; prctl(2)'s common options. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

/* <linux/filter.h>, <linux/seccomp.h>: musl has neither. */
struct sock_filter {
	unsigned short code;
	unsigned char jt, jf;
	unsigned k;
};
struct sock_fprog {
	unsigned short len;
	struct sock_filter *filter;
};
struct seccomp_data {
	int nr;
	unsigned arch;
	unsigned long long instruction_pointer, args[6];
};
#define BPF_STMT(code, k) {(unsigned short)(code), 0, 0, k}
#define BPF_JUMP(code, k, jt, jf) {(unsigned short)(code), jt, jf, k}
enum { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC, BPF_W = 0, BPF_B = 0x10, BPF_IMM = 0, BPF_ABS = 0x20,
       BPF_MEM = 0x60, BPF_ADD = 0, BPF_SUB = 0x10, BPF_MUL = 0x20, BPF_DIV = 0x30, BPF_OR = 0x40, BPF_AND = 0x50, BPF_LSH = 0x60,
       BPF_RSH = 0x70, BPF_NEG = 0x80, BPF_MOD = 0x90, BPF_JA = 0, BPF_JEQ = 0x10, BPF_K = 0, BPF_X = 8, BPF_A = 0x10, BPF_TAX = 0 };
#define SECCOMP_MODE_STRICT 1
#define SECCOMP_MODE_FILTER 2
#define SECCOMP_SET_MODE_STRICT 0
#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_GET_ACTION_AVAIL 2
#define SECCOMP_FILTER_FLAG_TSYNC 1
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH 16
#define SECCOMP_RET_KILL_PROCESS 0x80000000u
#define SECCOMP_RET_KILL_THREAD 0
#define SECCOMP_RET_TRAP 0x30000
#define SECCOMP_RET_ERRNO 0x50000
#define SECCOMP_RET_TRACE 0x7ff00000
#define SECCOMP_RET_LOG 0x7ffc0000
#define SECCOMP_RET_ALLOW 0x7fff0000

#define ENDS(...)                                                                                   \
	do {                                                                                        \
		int status_;                                                                        \
		fflush(stdout);                                                                     \
		int pid_ = fork();                                                                  \
		if (!pid_) {                                                                        \
			__VA_ARGS__                                                                 \
			fflush(stdout);                                                             \
			_exit(7);                                                                   \
		}                                                                                   \
		waitpid(pid_, &status_, 0);                                                         \
		printf("ends %s %d\n", WIFSIGNALED(status_) ? "by signal" : "with",                 \
		       WIFSIGNALED(status_) ? WTERMSIG(status_) : WEXITSTATUS(status_));            \
		fflush(stdout);                                                                     \
	} while (0)

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RET(k) BPF_STMT(BPF_RET | BPF_K, k)
static long install(struct sock_filter *code, int count, int flags)
{
	struct sock_fprog prog = {count, code};
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}
#define INSTALL(code) install(code, sizeof code / sizeof *code, 0)

static long on(int number, unsigned action)
{
	struct sock_filter code[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), RET(action),
				     RET(SECCOMP_RET_ALLOW)};
	return INSTALL(code);
}

static void status(void)
{
	char line[200];
	FILE *f = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, f))
		if (!strncmp(line, "Seccomp", 7) || !strncmp(line, "NoNewPrivs", 10)) fputs(line, stdout);
	fclose(f);
}

static void strict(void)
{
	SHOW(prctl(PR_GET_SECCOMP));
	ENDS(SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)); syscall(SYS_write, 1, "works\n", 6); syscall(SYS_exit, 3););
	ENDS(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL); syscall(SYS_getpid););
	ENDS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); syscall(SYS_exit_group, 3););
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 8));
	SHOW(prctl(PR_SET_SECCOMP, 0));
	SHOW(prctl(PR_SET_SECCOMP, 3));
}

static void actions(void)
{
	ENDS(SHOW(on(SYS_getuid, SECCOMP_RET_ERRNO | EDOM)); SHOW(syscall(SYS_getuid)); SHOW(syscall(SYS_getgid)); status();
	     SHOW(prctl(PR_GET_SECCOMP)););
	ENDS(on(SYS_getuid, SECCOMP_RET_ERRNO); SHOW(syscall(SYS_getuid)););
	ENDS(on(SYS_getuid, SECCOMP_RET_ERRNO | 0xffff); SHOW(syscall(SYS_getuid)); printf("%d\n", errno););
	ENDS(on(SYS_getuid, SECCOMP_RET_KILL_PROCESS); syscall(SYS_getuid););
	ENDS(on(SYS_getuid, SECCOMP_RET_KILL_THREAD); syscall(SYS_getuid););
	ENDS(on(SYS_getuid, SECCOMP_RET_TRAP); syscall(SYS_getuid););
	ENDS(on(SYS_getuid, SECCOMP_RET_TRACE); SHOW(syscall(SYS_getuid)););
	ENDS(on(SYS_getuid, SECCOMP_RET_LOG); SHOW(syscall(SYS_getuid)););
	ENDS(on(SYS_getuid, 0x12340000); syscall(SYS_getuid););
	ENDS(on(SYS_getuid, SECCOMP_RET_ERRNO | EDOM); on(SYS_getuid, SECCOMP_RET_LOG); SHOW(syscall(SYS_getuid));
	     on(SYS_getuid, SECCOMP_RET_ERRNO | ERANGE); SHOW(syscall(SYS_getuid)); status(); on(SYS_getuid, SECCOMP_RET_KILL_PROCESS);
	     syscall(SYS_getuid););
	ENDS(on(SYS_exit_group, SECCOMP_RET_ERRNO | 1); on(SYS_exit, SECCOMP_RET_KILL_PROCESS););
	ENDS(on(-1, SECCOMP_RET_ERRNO | EDOM); SHOW(syscall(-1)); SHOW(syscall(1000)););
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
	printf("signal %d code %d errno %d call %d arch %#x at %d\n", sig, info->si_code, info->si_errno, info->si_syscall,
	       info->si_arch, info->si_call_addr != NULL);
	fflush(stdout);
}

static void trap(void)
{
	struct sigaction sa = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGSYS, &sa, NULL);
	on(SYS_getuid, SECCOMP_RET_TRAP | 55);
	long result;
#ifdef __powerpc__
	register long number asm("r0") = SYS_getuid;
	register long first asm("r3") = SYS_getuid;
	asm volatile("sc" : "+r"(number), "+r"(first) : : "cr0", "memory");
	result = first;
#else
	asm volatile(SYSCALL_INSTRUCTION : "=a"(result) : "a"(SYS_getuid) : SYSCALL_CLOBBERS);
#endif
	printf("rax %ld\n", result);
	fflush(stdout);
	sigset_t all;
	sigfillset(&all);
	ENDS(sigprocmask(SIG_BLOCK, &all, NULL); syscall(SYS_getuid););
	signal(SIGSYS, SIG_IGN);
	ENDS(syscall(SYS_getuid););
}

static void arguments(void)
{
	struct sock_filter low[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 4),
				    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4),
				    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345678, 0, 2), RET(SECCOMP_RET_ERRNO | EDOM),
				    RET(SECCOMP_RET_KILL_PROCESS), RET(SECCOMP_RET_ALLOW)};
	SHOW(INSTALL(low));
	SHOW(syscall(SYS_kill, 0, 0x1234567800000000));
	SHOW(syscall(SYS_kill, 0, 0));
	/* The low half of an argument comes back as an errno, through all there is: memory, X, arithmetic. */
	struct sock_filter sums[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 14),
				     LOAD(args[0]),
				     BPF_STMT(BPF_ST, 3),
				     BPF_STMT(BPF_MISC | BPF_TAX, 0),
				     BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
				     BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 6),
				     BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 4),
				     BPF_STMT(BPF_LDX | BPF_MEM, 3),
				     BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
				     BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
				     BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
				     BPF_STMT(BPF_ALU | BPF_NEG, 0),
				     BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
				     BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
				     BPF_STMT(BPF_RET | BPF_A, 0),
				     RET(SECCOMP_RET_ALLOW)};
	SHOW(INSTALL(sums));
	for (int i = 1; i < 2000; i += 700) {
		long r = syscall(SYS_getpgid, i);
		printf("%ld %d\n", r, errno);
	}
	struct sock_filter zero[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 3), LOAD(args[0]),
				     BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
				     RET(SECCOMP_RET_ALLOW)};
	SHOW(INSTALL(zero));
	SHOW(syscall(SYS_getsid, 0x3ffffff0));
	ENDS(syscall(SYS_getsid, 0););
}

static void refused(void)
{
	struct sock_filter none[] = {RET(SECCOMP_RET_ALLOW)}, open[] = {BPF_STMT(BPF_LD | BPF_IMM, 1)},
			   far[] = {BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), RET(0)}, wide[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), RET(0)},
			   odd[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RET(0)}, behind[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RET(0)},
			   byte[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RET(0)}, zero[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0)},
			   mod[] = {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET(0)}, shift[] = {BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0)},
			   cell[] = {BPF_STMT(BPF_ST, 16), RET(0)}, unset[] = {BPF_STMT(BPF_LD | BPF_MEM, 1), RET(0)},
			   perhaps[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LD | BPF_MEM, 1), RET(0)},
			   retx[] = {BPF_STMT(BPF_RET | BPF_X, 0)}, code[] = {{0x1234}, RET(0)};
	SHOW(INSTALL(open));
	SHOW(INSTALL(far));
	SHOW(INSTALL(wide));
	SHOW(INSTALL(odd));
	SHOW(INSTALL(behind));
	SHOW(INSTALL(byte));
	SHOW(INSTALL(zero));
	SHOW(INSTALL(mod));
	SHOW(INSTALL(shift));
	SHOW(INSTALL(cell));
	SHOW(INSTALL(unset));
	SHOW(INSTALL(perhaps));
	SHOW(INSTALL(retx));
	SHOW(INSTALL(code));
	SHOW(install(none, 0, 0));
	SHOW(install(none, 4097, 0));
	SHOW(install((void *)8, 1, 0));
	SHOW(install(none, 1, 0x100));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
	SHOW(syscall(SYS_seccomp, 99, 0, NULL));
	unsigned action = SECCOMP_RET_TRAP;
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
	action = 0x12340000;
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &action));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 8));
	status();
	struct sock_filter *big = calloc(4096, sizeof *big);
	for (int i = 0; i < 4096; i++) big[i] = none[0];
	for (int i = 0; i < 9; i++) SHOW(install(big, 4096, 0));
	ENDS(on(SYS_getuid, SECCOMP_RET_LOG); SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)););
}

static void inherited(void)
{
	ENDS(syscall(SYS_setresuid, 1000, 1000, 1000); SHOW(on(SYS_getuid, SECCOMP_RET_ERRNO | EDOM));
	     SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); SHOW(on(SYS_getuid, SECCOMP_RET_ERRNO | EDOM)); status();
	     ENDS(SHOW(syscall(SYS_getuid)); status();););
	char *args[] = {"program", "after-exec", NULL};
	on(SYS_getuid, SECCOMP_RET_ERRNO | EDOM);
	ENDS(execve("/proc/self/exe", args, args + 2););
}

static void after_exec(void)
{
	SHOW(syscall(SYS_getuid) == -1);
	SHOW(prctl(PR_GET_SECCOMP));
}

static pthread_barrier_t barrier;
static void *thread(void *own)
{
	if (own) on(SYS_getgid, SECCOMP_RET_LOG);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	SHOW(syscall(SYS_getuid));
	SHOW(prctl(PR_GET_SECCOMP));
	return NULL;
}

static void threads(void)
{
	struct sock_filter code[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getuid, 0, 1),
				     RET(SECCOMP_RET_ERRNO | EDOM), RET(SECCOMP_RET_ALLOW)};
	pthread_t t;
	pthread_barrier_init(&barrier, NULL, 2);
	for (long own = 0; own < 2; own++) {
		pthread_create(&t, NULL, thread, (void *)own);
		pthread_barrier_wait(&barrier);
		printf("sync %d\n", install(code, 4, SECCOMP_FILTER_FLAG_TSYNC) > 0);
		SHOW(install(code, 4, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
		fflush(stdout);
		pthread_barrier_wait(&barrier);
		pthread_join(t, NULL);
	}
}

static void options(void)
{
	char name[17] = "";
	int n = -1;
	SHOW(prctl(PR_SET_NAME, "a name longer than that"));
	SHOW(prctl(PR_GET_NAME, name));
	puts(name);
	SHOW(prctl(PR_SET_NAME, 8));
	SHOW(prctl(PR_GET_NAME, 8));
	SHOW(prctl(PR_SET_PDEATHSIG, 65));
	SHOW(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	SHOW(prctl(PR_GET_PDEATHSIG, &n));
	printf("%d\n", n);
	SHOW(prctl(PR_GET_PDEATHSIG, 8));
	ENDS(prctl(PR_GET_PDEATHSIG, &n); printf("%d\n", n););
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(prctl(PR_SET_DUMPABLE, 0));
	ENDS(SHOW(prctl(PR_GET_DUMPABLE)););
	SHOW(prctl(PR_SET_DUMPABLE, 2));
	SHOW(prctl(PR_SET_DUMPABLE, 1));
	SHOW(prctl(PR_GET_KEEPCAPS));
	SHOW(prctl(PR_SET_KEEPCAPS, 1));
	SHOW(prctl(PR_GET_KEEPCAPS));
	SHOW(prctl(PR_SET_KEEPCAPS, 2));
	SHOW(prctl(PR_GET_TIMERSLACK));
	SHOW(prctl(PR_SET_TIMERSLACK, 1234));
	SHOW(prctl(PR_GET_TIMERSLACK));
	ENDS(SHOW(prctl(PR_GET_TIMERSLACK)););
	SHOW(prctl(PR_SET_CHILD_SUBREAPER, 5));
	SHOW(prctl(PR_GET_CHILD_SUBREAPER, &n));
	printf("%d\n", n);
	ENDS(prctl(PR_GET_CHILD_SUBREAPER, &n); printf("%d\n", n););
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_READ, 0));
	SHOW(prctl(PR_CAPBSET_READ, 41));
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
	SHOW(prctl(0x53564d41, 0, 0x1000, 0x1000, "x"));
	SHOW(prctl(9999, 0));
}

PROBES({"strict", strict}, {"actions", actions}, {"trap", trap}, {"arguments", arguments}, {"refused", refused},
       {"inherited", inherited}, {"after-exec", after_exec}, {"threads", threads}, {"options", options})
