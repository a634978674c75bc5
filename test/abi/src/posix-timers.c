/* timer_create(2) and its family, setitimer(2). */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define MS 1000000L
#define timer_create_(clock, ev, id) syscall(SYS_timer_create, clock, ev, id)
#define timer_settime_(id, flags, new, old) syscall(SYS_timer_settime, id, flags, new, old)
#define timer_gettime_(id, cur) syscall(SYS_timer_gettime, id, cur)
#define timer_delete_(id) syscall(SYS_timer_delete, id)
#define timer_getoverrun_(id) syscall(SYS_timer_getoverrun, id)

static volatile int caught;

static void sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * MS};
	while (nanosleep(&ts, &ts)) {}
}
static void on_info(int signo, siginfo_t *info, void *context)
{
	caught++;
	printf("signal %d code %d timer %d overrun %d value %d\n", signo, info->si_code, info->si_timerid, info->si_overrun,
	       info->si_value.sival_int);
	fflush(stdout);
}
static void count_only(int signo) { caught++; }
static void handle(int signo)
{
	struct sigaction action = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};
	sigaction(signo, &action, NULL);
}
static void block(int how, int signo)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(how, &set, NULL);
}
static int make(int clock, int notify, int signo, int value)
{
	struct sigevent ev = {.sigev_notify = notify, .sigev_signo = signo, .sigev_value.sival_int = value};
	int id = -1;
	long made = timer_create_(clock, &ev, &id);
	if (made < 0) printf("timer_create = %s\n", errno_name(errno));
	return id;
}
static long set(int id, int flags, long value_ms, long interval_ms)
{
	struct itimerspec it = {{interval_ms / 1000, interval_ms % 1000 * MS}, {value_ms / 1000, value_ms % 1000 * MS}};
	return timer_settime_(id, flags, &it, NULL);
}

static void create_errors(void)
{
	int id;
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	SHOW(timer_create_(CLOCK_MONOTONIC, &ev, (void *)8));
	SHOW(timer_create_(CLOCK_MONOTONIC, (void *)8, &id));
	SHOW(timer_create_(99, &ev, &id));
	SHOW(timer_create_(CLOCK_MONOTONIC_RAW, &ev, &id));
	SHOW(timer_create_(CLOCK_REALTIME_COARSE, &ev, &id));
	ev.sigev_signo = 0;
	SHOW(timer_create_(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_signo = 65;
	SHOW(timer_create_(CLOCK_MONOTONIC, &ev, &id));
	ev = (struct sigevent){.sigev_notify = 3, .sigev_signo = 10};
	SHOW(timer_create_(CLOCK_MONOTONIC, &ev, &id));
	ev = (struct sigevent){.sigev_notify = 4, .sigev_signo = 10};
	((int *)&ev)[4] = 1;
	SHOW(timer_create_(CLOCK_MONOTONIC, &ev, &id));
	SHOW(timer_delete_(77));
	SHOW(timer_gettime_(77, (void *)8));
	SHOW(timer_getoverrun_(77));
	struct itimerspec it = {{0, 0}, {1, 0}};
	SHOW(timer_settime_(77, 0, &it, NULL));
	SHOW(timer_settime_(77, 0, NULL, NULL));
	SHOW(timer_settime_(77, 0, (void *)8, NULL));
}
static void numbers(void)
{
	int base = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0), first = make(CLOCK_REALTIME, SIGEV_SIGNAL, 10, 0);
	int second = make(CLOCK_BOOTTIME, SIGEV_THREAD, 10, 0);
	printf("%d %d\n", first - base, second - base);
	SHOW(timer_delete_(first));
	SHOW(timer_delete_(first));
	printf("%d\n", make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, 10, 0) - base);
}
static void settime_errors(void)
{
	int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
	struct itimerspec it = {{0, 0}, {1, 1000000000}};
	SHOW(timer_settime_(id, 0, &it, NULL));
	it = (struct itimerspec){{0, -1}, {1, 0}};
	SHOW(timer_settime_(id, 0, &it, NULL));
	it = (struct itimerspec){{0, 0}, {-1, 0}};
	SHOW(timer_settime_(id, 0, &it, NULL));
	it = (struct itimerspec){{0, 0}, {100, 0}};
	SHOW(timer_settime_(id, 0, &it, (void *)8));
	SHOW(timer_gettime_(id, (void *)8));
	SHOW(timer_gettime_(id, &it));
	printf("%ld\n", (long)it.it_value.tv_sec);
	it = (struct itimerspec){{5, 6}, {200, 0}};
	struct itimerspec old;
	SHOW(timer_settime_(id, 0, &it, &old));
	printf("%ld\n", (long)old.it_value.tv_sec);
	SHOW(set(id, 0, 0, 7000));
	SHOW(timer_gettime_(id, &it));
	printf("%ld %ld %ld\n", (long)it.it_interval.tv_sec, (long)it.it_value.tv_sec, it.it_value.tv_nsec);
}
static void once(void)
{
	handle(SIGUSR1);
	int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 42);
	SHOW(set(id, 0, 30, 0));
	while (!caught) sleep_ms(100);
	sleep_ms(100);
	struct itimerspec it;
	timer_gettime_(id, &it);
	printf("left %ld %ld overrun %ld\n", (long)it.it_value.tv_sec, it.it_value.tv_nsec, timer_getoverrun_(id));
}
static void default_event(void)
{
	handle(SIGALRM);
	int id = -1;
	SHOW(timer_create_(CLOCK_REALTIME, NULL, &id));
	SHOW(set(id, 0, 20, 0));
	while (!caught) sleep_ms(50);
}
static void to_thread(void)
{
	handle(SIGUSR2);
	struct sigevent ev = {.sigev_notify = 4, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 9};
	((int *)&ev)[2 + sizeof(void *) / 4] = getpid();
	int id = -1;
	SHOW(timer_create_(CLOCK_REALTIME, &ev, &id));
	SHOW(set(id, 0, 20, 0));
	while (!caught) sleep_ms(50);
}
static void overruns(void)
{
	handle(SIGUSR1);
	block(SIG_BLOCK, SIGUSR1);
	int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 1);
	SHOW(set(id, 0, 100, 200));
	sleep_ms(1000);
	SHOW(timer_getoverrun_(id));
	block(SIG_UNBLOCK, SIGUSR1);
	SHOW(timer_getoverrun_(id));
	sleep_ms(200);
	printf("caught %d\n", caught);
	SHOW(timer_getoverrun_(id));
	SHOW(timer_delete_(id));
	sleep_ms(300);
	printf("caught %d\n", caught);
}
static void waited_for(void)
{
	block(SIG_BLOCK, SIGUSR1);
	int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 5);
	SHOW(set(id, 0, 20, 0));
	sigset_t set_;
	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR1);
	siginfo_t info;
	memset(&info, 0, sizeof info);
	int signo = sigwaitinfo(&set_, &info);
	printf("%d code %d value %d\n", signo, info.si_code, info.si_value.sival_int);
}
static void deleted_while_pending(void)
{
	handle(SIGUSR1);
	block(SIG_BLOCK, SIGUSR1);
	int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 5);
	set(id, 0, 10, 0);
	sleep_ms(100);
	sigset_t pending;
	sigpending(&pending);
	printf("pending %d\n", sigismember(&pending, SIGUSR1));
	SHOW(timer_delete_(id));
	block(SIG_UNBLOCK, SIGUSR1);
	printf("caught %d\n", caught);
}
static void none(void)
{
	int id = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
	struct itimerspec it;
	set(id, 0, 30, 0);
	sleep_ms(100);
	timer_gettime_(id, &it);
	printf("left %ld %ld\n", (long)it.it_value.tv_sec, it.it_value.tv_nsec);
	set(id, 0, 10, 100000);
	sleep_ms(100);
	timer_gettime_(id, &it);
	printf("left %ld interval %ld overrun %ld\n", (long)it.it_value.tv_sec, (long)it.it_interval.tv_sec,
	       timer_getoverrun_(id));
}
static void absolute(void)
{
	handle(SIGUSR1);
	int id = make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 3);
	struct itimerspec it = {{0, 0}, {0, 0}};
	clock_gettime(CLOCK_REALTIME, &it.it_value);
	it.it_value.tv_sec -= 5;
	SHOW(timer_settime_(id, TIMER_ABSTIME, &it, NULL));
	while (!caught) sleep_ms(10);
	it.it_value.tv_sec += 1000;
	SHOW(timer_settime_(id, TIMER_ABSTIME, &it, NULL));
	timer_gettime_(id, &it);
	printf("%d\n", it.it_value.tv_sec > 900 && it.it_value.tv_sec < 1000);
}
static void processor_time(void)
{
	handle(SIGUSR1);
	int id = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 4);
	SHOW(set(id, 0, 5, 0));
	sleep_ms(50);
	printf("asleep %d\n", caught);
	struct timespec ts;
	while (!caught) syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
}
static void not_inherited(void)
{
	int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 4);
	set(id, 0, 60000, 0);
	struct itimerval iv = {.it_value.tv_sec = 100};
	setitimer(ITIMER_REAL, &iv, NULL);
	if (!fork()) {
		struct itimerspec it;
		SHOW(timer_gettime_(id, &it));
		SHOW(getitimer(ITIMER_REAL, &iv));
		printf("%ld\n", (long)iv.it_value.tv_sec);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	getitimer(ITIMER_REAL, &iv);
	printf("%ld\n", (long)iv.it_value.tv_sec);
	SHOW(alarm(50));
	SHOW(alarm(0));
	SHOW(alarm(0));
}
static void itimers(void)
{
	struct itimerval iv = {{0, 0}, {0, 1000000}}, old;
	SHOW(setitimer(3, &iv, NULL));
	SHOW(syscall(SYS_setitimer, ITIMER_REAL, &iv, NULL));
	iv.it_value.tv_usec = 0;
	SHOW(setitimer(3, &iv, NULL));
	SHOW(syscall(SYS_setitimer, ITIMER_PROF, (void *)8, NULL));
	SHOW(syscall(SYS_getitimer, 7, &old));
	SHOW(syscall(SYS_getitimer, ITIMER_PROF, (void *)8));
	signal(SIGVTALRM, count_only);
	signal(SIGPROF, count_only);
	int which[] = {ITIMER_VIRTUAL, ITIMER_PROF};
	for (int i = 0; i < 2; i++) {
		caught = 0;
		iv = (struct itimerval){{0, 5000}, {0, 5000}};
		SHOW(setitimer(which[i], &iv, NULL));
		/* Processor time in user mode: both clocks run. */
		struct timespec ts;
		while (caught < 2) {
			syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
			for (volatile int k = 0; k < 100; k++) {}
		}
		iv = (struct itimerval){0};
		SHOW(setitimer(which[i], &iv, &old));
		printf("interval %ld\n", (long)old.it_interval.tv_usec);
	}
}
static void alarm_periods(void)
{
	handle(SIGALRM);
	struct itimerval iv = {{0, 100000}, {0, 50000}};
	setitimer(ITIMER_REAL, &iv, NULL);
	while (caught < 3) sleep_ms(20);
}
PROBES(
    {"create-errors", create_errors}, {"numbers", numbers}, {"settime-errors", settime_errors}, {"once", once},
    {"default-event", default_event}, {"to-thread", to_thread}, {"overruns", overruns}, {"waited-for", waited_for},
    {"deleted-while-pending", deleted_while_pending}, {"none", none}, {"absolute", absolute},
    {"processor-time", processor_time}, {"not-inherited", not_inherited}, {"itimers", itimers},
    {"alarm-periods", alarm_periods})
