/* getpriority(2), setpriority(2), ioprio_get(2), ioprio_set(2); prlimit(2) of others; getrusage(2)'s counts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define GET(which, who) SHOW(syscall(SYS_getpriority, which, who))
#define SET(which, who, nice) SHOW(syscall(SYS_setpriority, which, who, nice))
#define IOSET(which, who, prio) SHOW(syscall(SYS_ioprio_set, which, who, prio))
#define IOGET(which, who) SHOW(syscall(SYS_ioprio_get, which, who))

static int child;

static void become_user(int uid)
{
	setresgid(100, 100, 100);
	setresuid(uid, uid, uid);
}

/* A child that waits to be killed, of this user. */
static int other(int uid)
{
	return WAITING_CHILD(if (uid) become_user(uid););
}

static void end(int pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void own(void)
{
	GET(PRIO_PROCESS, 0);
	SET(PRIO_PROCESS, 0, 5);
	GET(PRIO_PROCESS, 0);
	SET(PRIO_PROCESS, 0, 100);
	GET(PRIO_PROCESS, 0);
	SET(PRIO_PROCESS, 0, -100);
	GET(PRIO_PROCESS, getpid());
	SET(PRIO_PROCESS, getpid(), -3);
	GET(PRIO_PROCESS, 0);
	SHOW(nice(4));
	SHOW(nice(1000));
	SHOW(getpriority(PRIO_PROCESS, 0));
}

static void errors(void)
{
	GET(3, 0);
	GET(-1, 0);
	SET(3, 0, 0);
	SET(-1, 0, 0);
	GET(PRIO_PROCESS, 99999);
	GET(PRIO_PROCESS, -1);
	SET(PRIO_PROCESS, 99999, 0);
	GET(PRIO_PGRP, 99999);
	SET(PRIO_PGRP, 99999, 0);
	GET(PRIO_USER, 4242);
	SET(PRIO_USER, 4242, 0);
}

static void inherited(void)
{
	SET(PRIO_PROCESS, 0, 7);
	IN_CHILD(GET(PRIO_PROCESS, 0); SET(PRIO_PROCESS, 0, 9); GET(PRIO_PROCESS, 0););
	GET(PRIO_PROCESS, 0);
	child = other(0);
	GET(PRIO_PROCESS, child);
	SET(PRIO_PROCESS, child, 12);
	GET(PRIO_PROCESS, child);
	GET(PRIO_PROCESS, 0);
	end(child);
	GET(PRIO_PROCESS, child);
}

static void groups(void)
{
	IN_CHILD(setpgid(0, 0); child = other(0); SET(PRIO_PROCESS, child, 10); GET(PRIO_PGRP, 0); GET(PRIO_PGRP, getpid());
		 SET(PRIO_PGRP, 0, 3); GET(PRIO_PROCESS, child); GET(PRIO_PROCESS, 0); SET(PRIO_PROCESS, 0, 5);
		 GET(PRIO_PGRP, 0); end(child););
	IN_CHILD(become_user(4000); child = other(0); GET(PRIO_USER, 0); GET(PRIO_USER, 4000); SET(PRIO_USER, 4000, 6);
		 GET(PRIO_PROCESS, child); SET(PRIO_USER, 0, 8); GET(PRIO_PROCESS, child); end(child););
}

static void permissions(void)
{
	int roots = other(0), users = other(1000), others = other(1001);
	IN_CHILD(become_user(1000); SET(PRIO_PROCESS, 0, 5); SET(PRIO_PROCESS, 0, 4); SET(PRIO_PROCESS, 0, 5);
		 SET(PRIO_PROCESS, 0, -1); SET(PRIO_PROCESS, roots, 5); SET(PRIO_PROCESS, roots, -5);
		 SET(PRIO_PROCESS, users, 5); SET(PRIO_PROCESS, users, 3); SET(PRIO_PROCESS, others, 5);
		 GET(PRIO_PROCESS, roots); GET(PRIO_PROCESS, others); SHOW(nice(-1)););
	IN_CHILD(setresuid(1000, 0, 0); SET(PRIO_PROCESS, others, -5););
	IN_CHILD(setresuid(1001, 1000, 1000); SET(PRIO_PROCESS, users, 10); SET(PRIO_PROCESS, others, 10););
	end(roots);
	end(users);
	end(others);
}

static void *thread(void *arg)
{
	GET(PRIO_PROCESS, 0);
	SET(PRIO_PROCESS, 0, 11);
	GET(PRIO_PROCESS, 0);
	GET(PRIO_PROCESS, getpid());
	GET(PRIO_PROCESS, syscall(SYS_gettid));
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	SET(PRIO_PROCESS, 0, 2);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	GET(PRIO_PROCESS, 0);
}

static void shown(void)
{
	char b[1000];
	SET(PRIO_PROCESS, 0, 13);
	int fd = open("/proc/self/stat", O_RDONLY);
	long n = read(fd, b, sizeof b - 1);
	b[n] = 0;
	char *at = strrchr(b, ')');
	for (int i = 0; i < 16; i++) at = strchr(at + 1, ' ');
	int priority, nice;
	sscanf(at, "%d %d", &priority, &nice);
	printf("%d %d\n", priority, nice);
}

static void io(void)
{
	int roots = other(0), users = other(1000);
	IOGET(1, 0);
	IOSET(1, 0, 2 << 13 | 3);
	IOGET(1, 0);
	IOSET(1, 0, 1 << 13 | 7);
	IOGET(1, 0);
	IOSET(1, 0, 3 << 13);
	IOGET(1, 0);
	IN_CHILD(IOGET(1, 0););
	IOSET(1, 0, 0);
	IOGET(1, 0);
	IOSET(1, 0, 5);
	IOSET(1, 0, 4 << 13);
	IOSET(1, 0, 7 << 13);
	IOSET(0, 0, 0);
	IOSET(4, 0, 0);
	IOGET(0, 0);
	IOGET(4, 0);
	IOGET(1, 99999);
	IOSET(1, 99999, 2 << 13);
	IOSET(1, roots, 2 << 13 | 1);
	IOGET(1, roots);
	IN_CHILD(become_user(1000); IOSET(1, 0, 1 << 13); IOSET(1, 0, 2 << 13); IOSET(1, 0, 3 << 13);
		 IOSET(1, roots, 2 << 13); IOSET(1, users, 2 << 13 | 6); IOGET(1, users); IOGET(1, roots););
	end(roots);
	end(users);
}

static void limits(void)
{
	struct rlimit old, new = {50, 60};
	int roots = other(0), users = other(1000);
	struct rlimit low = {10, 12};
	SHOW(prlimit(roots, RLIMIT_NOFILE, &low, &old));
	SHOW(prlimit(roots, RLIMIT_NOFILE, NULL, &old));
	printf("%ld %ld\n", (long)old.rlim_cur, (long)old.rlim_max);
	SHOW(prlimit(99999, RLIMIT_NOFILE, NULL, &old));
	SHOW(prlimit(99999, 16, NULL, &old));
	SHOW(prlimit(-1, RLIMIT_NOFILE, NULL, &old));
	IN_CHILD(become_user(1000); SHOW(prlimit(roots, RLIMIT_NOFILE, NULL, &old));
		 SHOW(prlimit(roots, RLIMIT_NOFILE, &new, NULL)); SHOW(prlimit(users, RLIMIT_NOFILE, NULL, &old));
		 new.rlim_cur = 40; new.rlim_max = 55; SHOW(prlimit(users, RLIMIT_NOFILE, &new, &old));
		 new.rlim_max = 60; SHOW(prlimit(users, RLIMIT_NOFILE, &new, &old)); new.rlim_cur = 70;
		 SHOW(prlimit(users, RLIMIT_NOFILE, &new, &old)); SHOW(prlimit(users, RLIMIT_NOFILE, (void *)8, NULL));
		 SHOW(prlimit(0, RLIMIT_NOFILE, NULL, (void *)8)););
	end(roots);
	end(users);
}

static void *touches(long size)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (long i = 0; i < size; i += 4096) at[i] = 1;
	return at;
}

static void usage(void)
{
	struct rusage u, v;
	SHOW(getrusage(RUSAGE_SELF, &u));
	printf("%d %d %d\n", u.ru_maxrss > 0, u.ru_minflt > 0, u.ru_nvcsw >= 0);
	char *at = touches(8 << 20);
	getrusage(RUSAGE_SELF, &v);
	printf("%d\n", v.ru_minflt - u.ru_minflt >= 1);
	munmap(at, 8 << 20);
	getrusage(RUSAGE_SELF, &u);
	printf("%d\n", u.ru_maxrss >= v.ru_maxrss);
	usleep(1000);
	usleep(1000);
	getrusage(RUSAGE_SELF, &v);
	printf("%d\n", v.ru_nvcsw - u.ru_nvcsw >= 2);
	getrusage(RUSAGE_CHILDREN, &u);
	printf("%ld %ld %ld\n", (long)u.ru_maxrss, (long)u.ru_minflt, (long)u.ru_nvcsw);
	IN_CHILD(touches(4 << 20); usleep(1000););
	getrusage(RUSAGE_CHILDREN, &u);
	printf("%d %d %d\n", u.ru_maxrss >= 4096, u.ru_minflt > 0, u.ru_nvcsw >= 1);
	fflush(stdout);
	if (!fork()) touches(2 << 20), _exit(0);
	wait4(-1, NULL, 0, &v);
	printf("%d %d\n", v.ru_maxrss >= 2048, v.ru_minflt > 0);
	SHOW(getrusage(RUSAGE_THREAD, &u));
	printf("%d\n", u.ru_maxrss > 0);
	SHOW(getrusage(2, &u));
	SHOW(getrusage(-2, &u));
	SHOW(getrusage(RUSAGE_SELF, (void *)8));
	printf("%ld %ld %ld\n", (long)u.ru_nswap, (long)u.ru_msgsnd, (long)u.ru_nsignals);
}

PROBES({"own", own}, {"errors", errors}, {"inherited", inherited}, {"groups", groups}, {"permissions", permissions},
       {"threads", threads}, {"shown", shown}, {"io", io}, {"limits", limits}, {"usage", usage})
