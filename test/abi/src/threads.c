/* Threads: what pthreads does with them, and how groups of them end, exec, and take signals. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static void *add_one(void *at) { return (char *)at + 1; }
static void create_join(void)
{
	void *result = NULL;
	pthread_t threads[20];
	for (long i = 0; i < 20; i++) pthread_create(&threads[i], NULL, add_one, (void *)(i * 10));
	for (int i = 0; i < 20; i++) {
		pthread_join(threads[i], &result);
		printf("%ld ", (long)result);
	}
	puts("");
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter;
static void *count_up(void *n)
{
	for (long i = 0; i < (long)n; i++) {
		pthread_mutex_lock(&lock);
		long before = counter;
		if (i % 64 == 0) sched_yield();
		counter = before + 1;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}
static void mutex(void)
{
	pthread_t threads[8];
	for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, count_up, (void *)2000);
	for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
	printf("%ld\n", counter);
}

static int turn;
static void *take_turns(void *me)
{
	for (int i = 0; i < 5; i++) {
		pthread_mutex_lock(&lock);
		while (turn != (int)(long)me) pthread_cond_wait(&changed, &lock);
		printf("%ld", (long)me);
		turn = (turn + 1) % 3;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}
static void condition(void)
{
	pthread_t threads[3];
	for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, take_turns, (void *)i);
	for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
	puts("");
}

static pthread_barrier_t barrier;
static atomic_int arrived;
static void *meet(void *unused)
{
	long serial = 0, late = 0;
	for (int round = 1; round <= 10; round++) {
		atomic_fetch_add(&arrived, 1);
		serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
		late += atomic_load(&arrived) < round * 5;
	}
	return (void *)(serial + late * 1000);
}
static void barriers(void)
{
	pthread_t threads[5];
	long total = 0;
	void *result;
	pthread_barrier_init(&barrier, NULL, 5);
	for (int i = 0; i < 5; i++) pthread_create(&threads[i], NULL, meet, NULL);
	for (int i = 0; i < 5; i++) pthread_join(threads[i], &result), total += (long)result;
	printf("serial %ld arrived %d\n", total, arrived);
}

static volatile int flag;
static void *raise_flag(void *unused) { flag = 1; return NULL; }
static void spin(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, raise_flag, NULL);
	while (!flag) {}
	pthread_join(thread, NULL);
	puts("seen");
}

/* A thread that holds a semaphore nearly always, with four calls a turn while somebody waits for it. */
static sem_t held;
static volatile int released;
static void *hold_nearly_always(void *unused)
{
	while (!released) {
		sem_wait(&held);
		for (int i = 0; i < 3; i++) syscall(SYS_getppid);
		sem_post(&held);
	}
	return NULL;
}
static void periodic_holder(void)
{
	pthread_t thread;
	sem_init(&held, 0, 1);
	pthread_create(&thread, NULL, hold_nearly_always, NULL);
	usleep(20000);
	SHOW(sem_wait(&held));
	released = 1;
	sem_post(&held);
	pthread_join(thread, NULL);
}

static __thread int mine = 7;
static void *change_mine(void *to) { mine += (int)(long)to; return (void *)(long)mine; }
static void thread_local(void)
{
	pthread_t threads[3];
	void *result;
	for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, change_mine, (void *)(i * 100));
	for (int i = 0; i < 3; i++) pthread_join(threads[i], &result), printf("%ld ", (long)result);
	printf("%d\n", mine);
}

static void *ids_of(void *unused)
{
	printf("same process %d, other thread %d\n", getpid() == *(pid_t *)unused, syscall(SYS_gettid) != getpid());
	return NULL;
}
static void ids(void)
{
	pid_t pid = getpid();
	pthread_t thread;
	printf("leader %d\n", syscall(SYS_gettid) == pid);
	pthread_create(&thread, NULL, ids_of, &pid);
	pthread_join(thread, NULL);
}

/* How the group ends. */
static void report(pid_t child)
{
	int status;
	waitpid(child, &status, 0);
	if (WIFEXITED(status)) printf("exit %d\n", WEXITSTATUS(status));
	else printf("signal %d\n", WTERMSIG(status));
}
static void *sleep_long(void *unused) { for (;;) pause(); return NULL; }
static void *leave_group(void *unused) { _exit(42); }
static void *leave_late(void *unused) { usleep(20000); syscall(SYS_exit, 9); return NULL; }
static void *fault(void *unused) { *(volatile int *)16 = 1; return NULL; }
static void *run_true(void *unused)
{
	char *argv[] = {"/proc/self/exe", "ids", NULL};
	usleep(10000);
	execv("/proc/self/exe", argv);
	return NULL;
}
static void in_child(void *(*first)(void *), void *(*second)(void *), int leader_exits)
{
	fflush(stdout);
	pid_t child = fork();
	if (child) {
		report(child);
		return;
	}
	pthread_t thread;
	pthread_create(&thread, NULL, first, NULL);
	if (second) pthread_create(&thread, NULL, second, NULL);
	if (leader_exits) syscall(SYS_exit, 5);
	sleep_long(NULL);
}
static void group_exit(void) { in_child(sleep_long, leave_group, 0); }
static void leader_first(void) { in_child(leave_late, NULL, 1); }
static void leader_first_group_exit(void) { in_child(leave_late, leave_group, 1); }
static void fatal(void) { in_child(sleep_long, fault, 0); }
static void exec_in_thread(void) { in_child(sleep_long, run_true, 0); }
static void killed(void)
{
	int ready[2];
	char byte;
	pipe(ready);
	pid_t child = fork();
	if (!child) {
		pthread_t thread;
		pthread_create(&thread, NULL, sleep_long, NULL);
		write(ready[1], "x", 1);
		while (1) {}
	}
	read(ready[0], &byte, 1);
	kill(child, SIGKILL);
	report(child);
}

/* Signals. */
static atomic_int handled_by_main, handled_by_thread;
static pthread_t main_thread;
static void note(int signo)
{
	if (pthread_equal(pthread_self(), main_thread)) handled_by_main++;
	else handled_by_thread++;
}
static sem_t started;
static volatile int finish;
static void *take_signals(void *unused)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	sem_post(&started);
	while (!finish) usleep(1000);
	return NULL;
}
static void directed_signals(void)
{
	pthread_t thread;
	sigset_t set;
	struct sigaction action = {.sa_handler = note};
	main_thread = pthread_self();
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_init(&started, 0, 0);
	pthread_create(&thread, NULL, take_signals, NULL);
	sem_wait(&started);
	kill(getpid(), SIGUSR1);
	while (!handled_by_thread) usleep(1000);
	pthread_kill(thread, SIGUSR2);
	while (handled_by_thread < 2) usleep(1000);
	pthread_kill(main_thread, SIGUSR2);
	finish = 1;
	pthread_join(thread, NULL);
	printf("main %d thread %d\n", handled_by_main, handled_by_thread);
}
static void *wait_for_signal(void *set)
{
	int signo;
	sem_post(&started);
	sigwait(set, &signo);
	return (void *)(long)signo;
}
static void sigwait_thread(void)
{
	pthread_t thread;
	sigset_t set;
	void *result;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_init(&started, 0, 0);
	pthread_create(&thread, NULL, wait_for_signal, &set);
	sem_wait(&started);
	kill(getpid(), SIGTERM);
	pthread_join(thread, &result);
	printf("got %ld\n", (long)result);
}
static void *stopped_worker(void *unused) { for (;;) counter++; return NULL; }
static void stop_all(void)
{
	fflush(stdout);
	pid_t child = fork();
	int status;
	if (!child) {
		pthread_t thread;
		pthread_create(&thread, NULL, stopped_worker, NULL);
		sleep_long(NULL);
	}
	usleep(20000);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	printf("continued %d\n", WIFCONTINUED(status));
	kill(child, SIGTERM);
	report(child);
}
static void *cancel_me(void *unused)
{
	for (;;) usleep(1000000);
	return NULL;
}
static void cancel(void)
{
	pthread_t thread;
	void *result;
	pthread_create(&thread, NULL, cancel_me, NULL);
	usleep(1000);
	SHOW(pthread_cancel(thread));
	pthread_join(thread, &result);
	printf("cancelled %d\n", result == PTHREAD_CANCELED);
}
static void *hold(void *mutex) { pthread_mutex_lock(mutex); return NULL; }
static void dead_owner(int protocol)
{
	pthread_mutex_t mutex;
	pthread_mutexattr_t attr;
	pthread_t thread;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (protocol) printf("protocol %d\n", pthread_mutexattr_setprotocol(&attr, protocol));
	pthread_mutex_init(&mutex, &attr);
	pthread_create(&thread, NULL, hold, &mutex);
	pthread_join(thread, NULL);
	printf("lock %s\n", errno_name(pthread_mutex_lock(&mutex)));
	printf("consistent %d\n", pthread_mutex_consistent(&mutex));
	printf("unlock %d\n", pthread_mutex_unlock(&mutex));
	printf("lock %d\n", pthread_mutex_lock(&mutex));
}
static void robust(void) { dead_owner(0); }
static void *chdir_usr(void *unused) { chdir("/"); umask(0123); return NULL; }
static void shared_context(void)
{
	char name[64];
	pthread_t thread;
	pthread_create(&thread, NULL, chdir_usr, NULL);
	pthread_join(thread, NULL);
	printf("%s %o\n", getcwd(name, sizeof name), umask(0));
}
static void *close_three(void *fd) { close(*(int *)fd); return NULL; }
static void shared_files(void)
{
	pthread_t thread;
	int fd = dup(1);
	pthread_create(&thread, NULL, close_three, &fd);
	pthread_join(thread, NULL);
	SHOW(write(fd, "", 0));
}
static void *fork_and_wait(void *unused)
{
	pid_t child = fork();
	if (!child) _exit(3);
	report(child);
	return NULL;
}
static void fork_in_thread(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, fork_and_wait, NULL);
	pthread_join(thread, NULL);
	SHOW(wait(NULL));
}
static void bad_flags(void)
{
	SHOW(syscall(SYS_clone, 0x10000, 0, 0, 0, 0));
	SHOW(syscall(SYS_clone, 0x10000 | 0x800, 0, 0, 0, 0));
	SHOW(syscall(SYS_clone, 0x800, 0, 0, 0, 0));
	SHOW(syscall(SYS_tgkill, getpid(), 999999, 0));
	SHOW(syscall(SYS_tgkill, getpid() + 1, getpid(), 0));
	SHOW(syscall(SYS_tkill, getpid(), 0));
	SHOW(syscall(SYS_tkill, 0, 0));
	SHOW(syscall(SYS_tgkill, getpid(), getpid(), 65));
}

PROBES({"create-join", create_join}, {"mutex", mutex}, {"condition", condition}, {"barriers", barriers}, {"spin", spin},
       {"periodic-holder", periodic_holder},
       {"thread-local", thread_local}, {"ids", ids}, {"group-exit", group_exit}, {"leader-first", leader_first},
       {"leader-first-group-exit", leader_first_group_exit}, {"fatal", fatal}, {"exec-in-thread", exec_in_thread},
       {"killed", killed}, {"directed-signals", directed_signals}, {"sigwait-thread", sigwait_thread},
       {"stop-all", stop_all}, {"cancel", cancel}, {"robust", robust}, {"shared-context", shared_context},
       {"shared-files", shared_files}, {"fork-in-thread", fork_in_thread}, {"bad-flags", bad_flags})
