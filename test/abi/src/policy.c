/* sched_setscheduler(2), sched_setparam(2), sched_setattr(2), sched_setaffinity(2), their getters, sched_rr_get_interval(2). */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define NOBODY_PID 0x3ffffff0
#define RESET 0x40000000
#define SCHED_DEADLINE_ 6
#define setscheduler(pid, policy, param) SHOW(syscall(SYS_sched_setscheduler, pid, policy, param))
#define setparam(pid, param) SHOW(syscall(SYS_sched_setparam, pid, param))
#define getscheduler(pid) SHOW(syscall(SYS_sched_getscheduler, pid))
#define getparam(pid, param) SHOW(syscall(SYS_sched_getparam, pid, param))
#define setaffinity(pid, len, mask) SHOW(syscall(SYS_sched_setaffinity, pid, len, mask))
#define getaffinity(pid, len, mask) SHOW(syscall(SYS_sched_getaffinity, pid, len, mask))
#define setattr(pid, attr, flags) SHOW(syscall(SYS_sched_setattr, pid, attr, flags))
#define getattr(pid, attr, size, flags) SHOW(syscall(SYS_sched_getattr, pid, attr, size, flags))

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
	uint64_t more;
};

static void show(void)
{
	struct attr a;
	int p = -1;
	memset(&a, 0, sizeof a);
	long policy = syscall(SYS_sched_getscheduler, 0);
	syscall(SYS_sched_getparam, 0, &p);
	syscall(SYS_sched_getattr, 0, &a, sizeof a, 0);
	printf("policy %#lx priority %d; attr size %u policy %u flags %llu nice %d priority %u\n", policy, p, a.size, a.policy,
	       (unsigned long long)a.flags, a.nice, a.priority);
	fflush(stdout);
}

static void become_user(void)
{
	syscall(SYS_setresgid, 100, 100, 100);
	syscall(SYS_setresuid, 1000, 1000, 1000);
}

static void bounds(void)
{
	for (int policy = -1; policy < 7; policy++) {
		if (policy == 4) continue;
		printf("%d: ", policy);
		SHOW(syscall(SYS_sched_get_priority_min, policy));
		SHOW(syscall(SYS_sched_get_priority_max, policy));
	}
	SHOW(syscall(SYS_sched_get_priority_max, RESET | 1));
}

static void policies(void)
{
	int zero = 0, one = 1, most = 99, over = 100, minus = -1;
	show();
	setscheduler(0, SCHED_FIFO, &one);
	show();
	setscheduler(getpid(), SCHED_RR, &most);
	show();
	setscheduler(0, SCHED_RR, &over);
	setscheduler(0, SCHED_RR, &zero);
	setscheduler(0, SCHED_RR, &minus);
	setparam(0, &one);
	setparam(0, &zero);
	setparam(0, &over);
	show();
	setscheduler(0, SCHED_BATCH, &one);
	setscheduler(0, SCHED_BATCH, &zero);
	show();
	setparam(0, &one);
	setparam(0, &zero);
	setscheduler(0, SCHED_IDLE, &zero);
	show();
	setscheduler(0, SCHED_OTHER | RESET, &zero);
	show();
	setparam(0, &zero);
	show();
	setscheduler(0, SCHED_OTHER, &zero);
	show();
}

static void errors(void)
{
	int zero = 0, one = 1;
	setscheduler(0, -1, &zero);
	setscheduler(0, 4, &zero);
	setscheduler(0, 99, &zero);
	setscheduler(0, SCHED_DEADLINE_, &zero);
	setscheduler(0, 0, NULL);
	setscheduler(0, 0, (void *)8);
	setscheduler(-1, 0, &zero);
	setscheduler(-1, 99, &zero);
	setscheduler(NOBODY_PID, 0, &zero);
	setscheduler(NOBODY_PID, 99, &zero);
	setscheduler(NOBODY_PID, 0, (void *)8);
	setparam(0, NULL);
	setparam(0, (void *)8);
	setparam(-1, &zero);
	setparam(NOBODY_PID, &zero);
	getscheduler(-1);
	getscheduler(NOBODY_PID);
	getparam(0, NULL);
	getparam(0, (void *)8);
	getparam(-1, &zero);
	getparam(NOBODY_PID, &zero);
	getparam(NOBODY_PID, (void *)8);
	show();
}

static void intervals(void)
{
	struct timespec t = {-1, -1};
	int one = 1;
	SHOW(syscall(SYS_sched_rr_get_interval, 0, &t));
	printf("sec %ld\n", (long)t.tv_sec);
	SHOW(syscall(SYS_sched_rr_get_interval, -1, &t));
	SHOW(syscall(SYS_sched_rr_get_interval, NOBODY_PID, &t));
	SHOW(syscall(SYS_sched_rr_get_interval, 0, (void *)8));
	setscheduler(0, SCHED_FIFO, &one);
	SHOW(syscall(SYS_sched_rr_get_interval, 0, &t));
	printf("%ld %ld\n", (long)t.tv_sec, t.tv_nsec);
	setscheduler(0, SCHED_RR, &one);
	SHOW(syscall(SYS_sched_rr_get_interval, 0, &t));
	printf("%ld %ld\n", (long)t.tv_sec, t.tv_nsec);
}

static void affinity(void)
{
	unsigned long mask[32] = {1}, empty[32] = {0}, far[32] = {0};
	far[15] = 1ul << 63;
	setaffinity(0, sizeof mask, mask);
	setaffinity(0, 8, mask);
	setaffinity(0, 1, mask);
	setaffinity(0, 0, mask);
	setaffinity(0, 0, NULL);
	setaffinity(0, 8, NULL);
	setaffinity(0, 8, empty);
	setaffinity(0, sizeof far, far);
	setaffinity(getpid(), 8, mask);
	setaffinity(NOBODY_PID, 8, mask);
	setaffinity(-1, 8, mask);
	setaffinity(NOBODY_PID, 8, empty);
	setaffinity(NOBODY_PID, 8, NULL);
	memset(mask, 0, sizeof mask);
	SHOW(syscall(SYS_sched_getaffinity, 0, 8, mask));
	printf("%lx\n", mask[0]);
	getaffinity(0, 4, mask);
	getaffinity(0, 0, mask);
	getaffinity(0, 12, mask);
	getaffinity(0, 8, NULL);
	getaffinity(-1, 8, mask);
	getaffinity(NOBODY_PID, 8, mask);
	unsigned cpu = 9, node = 9;
	SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
	printf("cpu %u node %u\n", cpu, node);
	SHOW(syscall(SYS_getcpu, 8, NULL, NULL));
}

static void attributes(void)
{
	struct attr a = {.size = 48, .policy = SCHED_OTHER, .nice = 5};
	setattr(0, &a, 0);
	show();
	a.nice = 100;
	setattr(0, &a, 0);
	show();
	a.nice = -3, a.flags = 1;
	setattr(0, &a, 0);
	show();
	a.policy = SCHED_RR, a.priority = 7;
	setattr(0, &a, 0);
	show();
	a.flags = 8, a.policy = 0, a.priority = 9;
	setattr(0, &a, 0);
	show();
	a.flags = 16, a.policy = SCHED_FIFO, a.priority = 0;
	setattr(0, &a, 0);
	show();
	a.flags = 0, a.policy = SCHED_BATCH, a.nice = 1;
	setattr(0, &a, 0);
	show();
	a.priority = 1;
	setattr(0, &a, 0);
	a.priority = 0;
	a.flags = 0x80;
	setattr(0, &a, 0);
	a.flags = 0x20;
	setattr(0, &a, 0);
	a.flags = 0;
	a.policy = 99;
	setattr(0, &a, 0);
	a.policy = -1;
	setattr(0, &a, 0);
	a.policy = SCHED_DEADLINE_;
	setattr(0, &a, 0);
	a.runtime = 10000000, a.deadline = 5000000, a.period = 0;
	setattr(0, &a, 0);
	a.runtime = 1000, a.deadline = 5000000;
	setattr(0, &a, 0);
	a.runtime = 10000, a.deadline = 50000;
	setattr(0, &a, 0);
	show();
}

static void attribute_sizes(void)
{
	struct attr a = {.policy = SCHED_OTHER};
	setattr(0, &a, 0);
	a.size = 1;
	setattr(0, &a, 0);
	printf("size %u\n", a.size);
	a.size = 5000;
	setattr(0, &a, 0);
	printf("size %u\n", a.size);
	a.size = 64;
	setattr(0, &a, 0);
	a.more = 1;
	setattr(0, &a, 0);
	printf("size %u\n", a.size);
	setattr(0, NULL, 0);
	setattr(0, (void *)8, 0);
	setattr(0, &a, 1);
	setattr(-1, &a, 0);
	a.size = 48;
	setattr(NOBODY_PID, &a, 0);
	getattr(0, &a, 47, 0);
	getattr(0, &a, 48, 0);
	printf("size %u\n", a.size);
	getattr(0, &a, 56, 0);
	printf("size %u\n", a.size);
	getattr(0, &a, 64, 0);
	printf("size %u more %d\n", a.size, (int)a.more);
	getattr(0, &a, 4097, 0);
	getattr(0, &a, 48, 1);
	getattr(0, NULL, 48, 0);
	getattr(0, (void *)8, 48, 0);
	getattr(-1, &a, 48, 0);
	getattr(NOBODY_PID, &a, 48, 0);
}

static void fork_resets(void)
{
	int three = 3, zero = 0;
	setscheduler(0, SCHED_RR, &three);
	IN_CHILD(show(););
	setscheduler(0, SCHED_RR | RESET, &three);
	IN_CHILD(show(););
	setscheduler(0, SCHED_OTHER | RESET, &zero);
	setpriority(PRIO_PROCESS, 0, -5);
	show();
	IN_CHILD(show(););
	setpriority(PRIO_PROCESS, 0, 6);
	IN_CHILD(show(););
	setscheduler(0, SCHED_BATCH | RESET, &zero);
	IN_CHILD(show(););
}

static void as_user(void)
{
	int to[2], zero = 0, one = 1;
	char c;
	pipe(to);
	int other = fork();
	if (!other) {
		write(to[1], "x", 1);
		pause();
	}
	read(to[0], &c, 1);
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_RTPRIO, &none);
	IN_CHILD(become_user(); setscheduler(0, SCHED_FIFO, &one); setscheduler(0, SCHED_BATCH, &zero);
		 setscheduler(0, SCHED_IDLE, &zero); setscheduler(0, SCHED_OTHER, &zero); show(););
	IN_CHILD(become_user(); setscheduler(0, SCHED_OTHER | RESET, &zero); setscheduler(0, SCHED_OTHER, &zero); show(););
	IN_CHILD(become_user(); unsigned long mask = 1; printf("of another's\n");
		 printf("%ld\n", syscall(SYS_sched_setscheduler, other, SCHED_OTHER, &zero)); puts(errno_name(errno));
		 printf("%ld\n", syscall(SYS_sched_setaffinity, other, 8, &mask)); puts(errno_name(errno));
		 printf("%ld\n", syscall(SYS_sched_getscheduler, other)););
	IN_CHILD(become_user(); struct attr a = {.size = 48, .nice = -1}; setattr(0, &a, 0); a.nice = 2; setattr(0, &a, 0); show(););
	kill(other, SIGKILL);
}

PROBES({"bounds", bounds}, {"policies", policies}, {"errors", errors}, {"intervals", intervals}, {"affinity", affinity},
       {"attributes", attributes}, {"attribute-sizes", attribute_sizes}, {"fork-resets", fork_resets}, {"as-user", as_user})
