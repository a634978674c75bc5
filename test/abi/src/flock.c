/* flock(2): whole-file locks of open file descriptions. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static int a, b;

static void two(void)
{
	a = open("file", O_RDWR | O_CREAT, 0644);
	b = open("file", O_RDONLY);
}

static void shared_and_exclusive(void)
{
	two();
	SHOW(flock(a, LOCK_SH | LOCK_NB));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(a, LOCK_EX | LOCK_NB));
	/* The conversion that failed lost the lock. */
	SHOW(flock(b, LOCK_EX | LOCK_NB));
	SHOW(flock(a, LOCK_SH | LOCK_NB));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(a, LOCK_SH | LOCK_NB));
	SHOW(flock(a, LOCK_UN));
	SHOW(flock(a, LOCK_UN));
	SHOW(flock(b, LOCK_EX));
}

static void errors(void)
{
	two();
	SHOW(flock(99, LOCK_SH));
	SHOW(flock(99, 77));
	SHOW(flock(a, 0));
	SHOW(flock(a, LOCK_SH | LOCK_EX));
	SHOW(flock(a, LOCK_NB));
	SHOW(flock(a, 16 | LOCK_SH));
	SHOW(flock(a, 32));
	SHOW(flock(open("file", O_PATH), LOCK_SH));
}

static void duplicates(void)
{
	two();
	int c = dup(a);
	SHOW(flock(a, LOCK_EX));
	SHOW(flock(c, LOCK_EX | LOCK_NB));
	close(a);
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(c, LOCK_SH));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(b, LOCK_UN));
	SHOW(flock(c, LOCK_EX | LOCK_NB));
	close(c);
	SHOW(flock(b, LOCK_EX | LOCK_NB));
}

static void forks(void)
{
	two();
	SHOW(flock(a, LOCK_EX));
	fflush(stdout);
	if (!fork()) {
		SHOW(flock(a, LOCK_EX | LOCK_NB));
		SHOW(flock(b, LOCK_EX | LOCK_NB));
		close(a);
		_exit(0);
	}
	wait(NULL);
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	if (!fork()) {
		SHOW(flock(a, LOCK_UN));
		_exit(0);
	}
	wait(NULL);
	SHOW(flock(b, LOCK_SH | LOCK_NB));
}

static void apart_from_records(void)
{
	two();
	struct flock l = {.l_type = F_WRLCK};
	SHOW(flock(b, LOCK_EX));
	SHOW(fcntl(a, F_SETLK, &l));
	struct flock o = {.l_type = F_WRLCK};
	SHOW(fcntl(a, F_OFD_GETLK, &o));
	printf("%d\n", o.l_type);
	SHOW(flock(a, LOCK_SH | LOCK_NB));
	/* Closing another descriptor drops record locks only. */
	close(open("file", O_RDONLY));
	SHOW(flock(a, LOCK_SH | LOCK_NB));
}

static void nothing(int signo)
{
}

static void waiting(void)
{
	two();
	SHOW(flock(a, LOCK_EX));
	fflush(stdout);
	int pid = fork();
	if (!pid) {
		long got = flock(b, LOCK_SH);
		usleep(30000);
		show_result("shared", got);
		_exit(0);
	}
	usleep(30000);
	puts("letting go");
	SHOW(flock(a, LOCK_UN));
	wait(NULL);
	SHOW(flock(b, LOCK_SH));
	struct sigaction act = {.sa_handler = nothing};
	sigaction(SIGALRM, &act, NULL);
	ualarm(20000, 0);
	SHOW(flock(a, LOCK_EX));
	SHOW(flock(b, LOCK_EX | LOCK_NB));
}

static void downgrade_wakes(void)
{
	two();
	SHOW(flock(a, LOCK_EX));
	fflush(stdout);
	if (!fork()) {
		long got = flock(b, LOCK_SH);
		usleep(30000);
		show_result("shared", got);
		_exit(0);
	}
	usleep(30000);
	puts("sharing");
	SHOW(flock(a, LOCK_SH));
	wait(NULL);
	SHOW(flock(b, LOCK_EX | LOCK_NB));
}

static void other_files(void)
{
	int to[2];
	pipe(to);
	SHOW(flock(to[0], LOCK_EX));
	SHOW(flock(to[1], LOCK_EX | LOCK_NB));
	close(to[0]);
	SHOW(flock(to[1], LOCK_EX | LOCK_NB));
	int d = open(".", O_RDONLY), e = open(".", O_RDONLY);
	SHOW(flock(d, LOCK_EX));
	SHOW(flock(e, LOCK_EX | LOCK_NB));
	close(d);
	SHOW(flock(e, LOCK_EX | LOCK_NB));
	SHOW(flock(open("/dev/null", O_RDONLY), LOCK_EX | LOCK_NB));
}
PROBES({"shared_and_exclusive", shared_and_exclusive}, {"errors", errors}, {"duplicates", duplicates},
       {"forks", forks}, {"apart_from_records", apart_from_records}, {"waiting", waiting},
       {"downgrade_wakes", downgrade_wakes}, {"other_files", other_files})
