/* futex(2) with priority inheritance: locks, and waits that end with the lock taken (FUTEX_WAIT_REQUEUE_PI). */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define WAKE 1
#define CMP_REQUEUE 4
#define LOCK 6
#define UNLOCK 7
#define TRYLOCK 8
#define WAIT_BITSET 9
#define WAIT_REQUEUE 11
#define CMP_REQUEUE_PI 12
#define REALTIME 256
#define WAITERS 0x80000000
#define futex(...) syscall(SYS_futex, __VA_ARGS__)

static uint32_t cond, lock, other;

static int tid(void)
{
	return syscall(SYS_gettid);
}

static void owner(const char *who)
{
	printf("%s: owner %s%s\n", who, (lock & 0x3fffffff) == 0 ? "none" : (lock & 0x3fffffff) == tid() ? "me" : "other",
	       lock & WAITERS ? ", waiters" : "");
	fflush(stdout);
}

static struct timespec in(long ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void *waiter(void *name)
{
	long r = futex(&cond, WAIT_REQUEUE, 0, NULL, &lock);
	printf("%s woke: %ld %s\n", (char *)name, r, r < 0 ? errno_name(errno) : "");
	owner(name);
	if (r == 0) SHOW(futex(&lock, UNLOCK));
	return NULL;
}

static pthread_t start(void *(*run)(void *), char *name)
{
	pthread_t t;
	pthread_create(&t, NULL, run, name);
	usleep(30000);
	return t;
}

static void errors(void)
{
	struct timespec wrong = {0, -1}, soon = in(10);
	SHOW(futex(&cond, WAIT_REQUEUE, 1, NULL, &lock));
	SHOW(futex(&cond, WAIT_REQUEUE, 0, NULL, &cond));
	SHOW(futex(&cond, WAIT_REQUEUE, 0, NULL, 8));
	SHOW(futex(&cond, WAIT_REQUEUE, 0, NULL, (char *)&lock + 1));
	SHOW(futex((char *)&cond + 1, WAIT_REQUEUE, 0, NULL, &lock));
	SHOW(futex(&cond, WAIT_REQUEUE, 0, &wrong, &lock));
	SHOW(futex(&cond, WAIT_REQUEUE, 0, 8, &lock));
	SHOW(futex(8, WAIT_REQUEUE, 0, NULL, &lock));
	SHOW(futex(&cond, WAIT_REQUEUE, 0, &soon, &lock));
	soon.tv_sec = 1;
	SHOW(futex(&cond, WAIT_REQUEUE | REALTIME, 0, &soon, &lock));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 1));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 0, 1, &lock, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 2, 1, &lock, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, -1, &lock, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &cond, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, 8, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI | REALTIME, 1, 1, &lock, 0));
	owner("nobody");
}

static void free_lock(void)
{
	pthread_t a = start(waiter, "a");
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 0x7fffffff, &lock, 0));
	pthread_join(a, NULL);
	owner("main");
}

static void held_lock(void)
{
	pthread_t a = start(waiter, "a"), b = start(waiter, "b"), c = start(waiter, "c");
	SHOW(futex(&lock, LOCK, 0, NULL));
	owner("main");
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	owner("main");
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 5, &lock, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 5, &lock, 0));
	SHOW(futex(&lock, UNLOCK));
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	pthread_join(c, NULL);
	owner("main");
	SHOW(futex(&lock, UNLOCK));
}

static void free_for_many(void)
{
	pthread_t a = start(waiter, "a"), b = start(waiter, "b");
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 0x7fffffff, &lock, 0));
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	owner("main");
}

static void not_paired(void)
{
	pthread_t a = start(waiter, "a");
	SHOW(futex(&cond, WAKE, 1));
	SHOW(futex(&cond, CMP_REQUEUE, 1, 1, &other, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &other, 0));
	lock = 0x3ffffff0;
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	lock = 0;
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	pthread_join(a, NULL);
}

static void *plain(void *name)
{
	SHOW(futex(&cond, 0, 0, NULL));
	return NULL;
}

static void plain_waiter(void)
{
	pthread_t a = start(plain, "a");
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	owner("main");
	SHOW(futex(&cond, WAKE, 1));
	pthread_join(a, NULL);
}

static void *locker(void *name)
{
	SHOW(futex(&lock, LOCK, 0, NULL));
	owner(name);
	SHOW(futex(&lock, UNLOCK));
	return NULL;
}

static void waked_lock(void)
{
	SHOW(futex(&lock, LOCK, 0, NULL));
	pthread_t a = start(locker, "a");
	SHOW(futex(&lock, WAKE, 1));
	SHOW(futex(&lock, TRYLOCK));
	SHOW(futex(&lock, UNLOCK));
	pthread_join(a, NULL);
}

static void *timed(void *name)
{
	struct timespec t = in(100);
	long r = futex(&cond, WAIT_REQUEUE, 0, &t, &lock);
	printf("%s woke: %ld %s\n", (char *)name, r, r < 0 ? errno_name(errno) : "");
	owner(name);
	return NULL;
}

static void timed_out_after_requeue(void)
{
	SHOW(futex(&lock, LOCK, 0, NULL));
	pthread_t a = start(timed, "a");
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	pthread_join(a, NULL);
	SHOW(futex(&lock, UNLOCK));
	owner("main");
	a = start(timed, "again");
	pthread_join(a, NULL);
}

static void handler(int signo)
{
	write(1, "handler\n", 8);
}

static void interrupted(void)
{
	struct sigaction act = {.sa_handler = handler};
	sigaction(SIGUSR1, &act, NULL);
	pthread_t a = start(waiter, "a");
	pthread_kill(a, SIGUSR1);
	usleep(30000);
	SHOW(futex(&lock, LOCK, 0, NULL));
	SHOW(futex(&cond, CMP_REQUEUE_PI, 1, 1, &lock, 0));
	pthread_kill(a, SIGUSR1);
	pthread_join(a, NULL);
	SHOW(futex(&lock, UNLOCK));
	owner("main");
}

static void between_processes(void)
{
	uint32_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	if (!fork()) {
		long r = futex(shared, WAIT_REQUEUE, 0, NULL, shared + 1);
		printf("%ld %d\n", r, (shared[1] & 0x3fffffff) == tid());
		SHOW(futex(shared + 1, UNLOCK));
		_exit(0);
	}
	usleep(30000);
	SHOW(futex(shared, CMP_REQUEUE_PI, 1, 1, shared + 1, 0));
	wait(NULL);
	printf("%x\n", shared[1]);
}

PROBES({"errors", errors}, {"free_lock", free_lock}, {"held_lock", held_lock}, {"free_for_many", free_for_many},
       {"not_paired", not_paired}, {"plain_waiter", plain_waiter}, {"waked_lock", waked_lock},
       {"timed_out_after_requeue", timed_out_after_requeue}, {"interrupted", interrupted},
       {"between_processes", between_processes})
