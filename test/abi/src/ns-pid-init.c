/* Process 1 of a PID namespace: what reaches it, whom it adopts, what its end does. pid_namespaces(7). */
#define _GNU_SOURCE
#include "probe.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define P(what) (printf("%s: %ld\n", #what, (long)(what)), fflush(stdout))

static long clone_with(unsigned long flags)
{
	fflush(stdout);
	return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

/* Waits for a pid and says how it ended. */
static void ended(long pid)
{
	int s;
	if (waitpid(pid, &s, 0) != pid) printf("%s\n", errno_name(errno));
	else if (WIFSIGNALED(s)) printf("signal %d\n", WTERMSIG(s));
	else printf("exit %d\n", WEXITSTATUS(s));
	fflush(stdout);
}

static volatile int seen;
static void note(int signo) { seen = signo; }
static int to[2];
static void say(void) { write(to[1], "x", 1); }
static void hear(void) { char c; read(to[0], &c, 1); }

/* Waits for another parent, which then says when to go on. */
static int on[2];
static void go_on(void) { write(on[1], "x", 1); }
static void adopted(int former)
{
	char c;
	while (getppid() == former) sched_yield();
	read(on[0], &c, 1);
	P(getppid());
}

static void signals_inside(void)
{
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		signal(SIGUSR1, note);
		long q = fork();
		if (!q) {
			SHOW(kill(1, SIGKILL));
			SHOW(kill(1, SIGSTOP));
			SHOW(kill(1, SIGTERM));
			SHOW(syscall(SYS_tgkill, 1, 1, SIGSEGV));
			SHOW(syscall(SYS_tkill, 1, SIGKILL));
			SHOW(kill(1, SIGUSR1));
			_exit(0);
		}
		ended(q);
		P(seen);
		SHOW(kill(1, SIGTERM));
		SHOW(kill(1, SIGKILL));
		/* Blocked, it stays; without a handler it does nothing once it may come. */
		sigset_t set;
		sigemptyset(&set), sigaddset(&set, SIGTERM);
		sigprocmask(SIG_BLOCK, &set, 0);
		kill(1, SIGTERM);
		sigpending(&set);
		P(sigismember(&set, SIGTERM));
		sigprocmask(SIG_UNBLOCK, &set, 0);
		sigpending(&set);
		P(sigismember(&set, SIGTERM));
		puts("alive");
		fflush(stdout);
		_exit(5);
	}
	ended(p);
}

static void signals_outside(void)
{
	pipe(to);
	long p = clone_with(CLONE_NEWPID);
	if (!p) { say(); for (;;) pause(); }
	hear();
	SHOW(kill(p, SIGTERM));
	SHOW(kill(p, SIGSEGV));
	int s;
	P(waitpid(p, &s, WNOHANG));
	SHOW(kill(p, SIGSTOP));
	P(waitpid(p, &s, WUNTRACED) == p && WIFSTOPPED(s));
	SHOW(kill(p, SIGCONT));
	P(waitpid(p, &s, WCONTINUED) == p && WIFCONTINUED(s));
	SHOW(kill(p, SIGKILL));
	ended(p);
	/* From a namespace between. */
	p = clone_with(CLONE_NEWPID);
	if (!p) {
		long q = clone_with(CLONE_NEWPID);
		if (!q) { say(); for (;;) pause(); }
		hear();
		kill(q, SIGTERM);
		kill(q, SIGKILL);
		ended(q);
		_exit(0);
	}
	ended(p);
}

static void faults(void)
{
	long p = clone_with(CLONE_NEWPID);
	if (!p) { *(volatile int *)8 = 1; _exit(0); }
	ended(p);
	p = clone_with(CLONE_NEWPID);
	if (!p) abort();
	ended(p);
}

static void orphans(void)
{
	pipe(to), pipe(on);
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		if (!fork()) {
			if (!fork()) { say(); adopted(2); _exit(4); }
			hear();
			_exit(3);
		}
		ended(2);
		go_on();
		ended(3);
		/* A subreaper comes before process 1, */
		if (!fork()) {
			prctl(PR_SET_CHILD_SUBREAPER, 1);
			if (!fork()) { if (!fork()) { adopted(5); _exit(6); } _exit(0); }
			ended(5), go_on(), ended(6);
			_exit(0);
		}
		ended(4);
		/* one outside does not. */
		_exit(0);
	}
	ended(p);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	p = clone_with(CLONE_NEWPID);
	if (!p) {
		if (!fork()) { if (!fork()) { adopted(2); _exit(0); } _exit(0); }
		ended(2), go_on(), ended(3);
		_exit(0);
	}
	ended(p);
	SHOW(wait(NULL));
}

static void end_of_all(void)
{
	int held[2], alive[2];
	char c;
	pipe(to), pipe(held);
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		close(held[0]);
		signal(SIGTERM, SIG_IGN);
		/* A child, a grandchild, one in a namespace below, one that is stopped, a zombie. */
		if (!fork()) { if (!fork()) { say(); for (;;) pause(); } say(); for (;;) pause(); }
		if (!clone_with(CLONE_NEWPID)) { if (!fork()) { say(); for (;;) pause(); } say(); for (;;) pause(); }
		if (!fork()) { say(); kill(getpid(), SIGSTOP); for (;;) pause(); }
		if (!fork()) _exit(0);
		for (int i = 0; i < 5; i++) hear();
		_exit(9);
	}
	close(held[1]);
	ended(p);
	/* Nobody holds the other end any more. */
	P(read(held[0], &c, 1));
	SHOW(wait(NULL));
}

static void injected(void)
{
	pipe(to), pipe(on);
	long p = clone_with(CLONE_NEWPID);
	if (!p) { say(); for (;;) pause(); }
	hear();
	char path[64];
	sprintf(path, "/proc/%ld/ns/pid", p);
	setns(open(path, O_RDONLY), CLONE_NEWPID);
	fflush(stdout);
	long q = fork();
	if (!q) {
		if (!fork()) { adopted(2); say(); for (;;) pause(); }
		_exit(2);
	}
	ended(q);
	go_on();
	hear();
	long r = fork();
	if (!r) { say(); for (;;) pause(); }
	hear();
	kill(p, SIGKILL);
	int s;
	/* It ends when the one that entered it has been waited for. */
	struct pollfd poll_fd = {syscall(SYS_pidfd_open, p, 0), POLLIN};
	P(poll(&poll_fd, 1, 50));
	ended(r);
	P(poll(&poll_fd, 1, -1));
	ended(p);
	SHOW(fork());
}

static void *in_thread(void *_) { P(syscall(SYS_gettid)); say(); return 0; }

static void threads(void)
{
	pipe(to);
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		pthread_t thread;
		pthread_create(&thread, 0, in_thread, 0);
		hear();
		/* musl's fork does not stand a thread that is about to end. */
		pthread_join(thread, 0);
		long q = fork();
		if (!q) { P(getpid()); _exit(0); }
		ended(q);
		_exit(0);
	}
	ended(p);
}

static void *in_exec(void *name)
{
	P(syscall(SYS_gettid));
	char *words[] = {"/proc/self/exe", "print", 0};
	fflush(stdout);
	execv(words[0], words);
	return 0;
}

/* What `exec` becomes. */
static void print(void)
{
	if (getpid() != 1) return;
	P(getpid());
	P(syscall(SYS_gettid));
	P(getppid());
	long q = fork();
	if (!q) { P(getpid()); _exit(0); }
	if (q > 0) ended(q);
}

static void exec(void)
{
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		pthread_t thread;
		pthread_create(&thread, 0, in_exec, 0);
		for (;;) pause();
	}
	ended(p);
}

static void death_signal(void)
{
	pipe(to), pipe(on);
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		long q = fork();
		if (!q) {
			if (!fork()) {
				sigset_t set;
				siginfo_t info;
				sigemptyset(&set), sigaddset(&set, SIGUSR1);
				sigprocmask(SIG_BLOCK, &set, 0);
				prctl(PR_SET_PDEATHSIG, SIGUSR1);
				say();
				sigwaitinfo(&set, &info);
				char c;
				read(on[0], &c, 1);
				printf("%d %d\n", info.si_code, info.si_pid);
				fflush(stdout);
				_exit(0);
			}
			hear();
			_exit(0);
		}
		ended(2), go_on(), ended(3);
		_exit(0);
	}
	ended(p);
}

PROBES({"signals-inside", signals_inside}, {"signals-outside", signals_outside}, {"faults", faults}, {"orphans", orphans},
	{"end-of-all", end_of_all}, {"injected", injected}, {"threads", threads}, {"exec", exec}, {"print", print},
	{"death-signal", death_signal})
