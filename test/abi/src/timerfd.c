/* timerfd_create(2): settings, expiries, readiness. Times are printed only where they are 0 or whole periods. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#ifdef __i386__
/* musl looks at the times itself: a bad address would be its own fault. */
#define timerfd_settime(...) syscall(SYS_timerfd_settime64, __VA_ARGS__)
#define timerfd_gettime(...) syscall(SYS_timerfd_gettime64, __VA_ARGS__)
#endif

#define MS 1000000L

static void sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * MS};
	while (nanosleep(&ts, &ts)) {}
}
static void take(int fd)
{
	uint64_t n = 0;
	long done = read(fd, &n, 8);
	if (done < 0) printf("read = %s\n", errno_name(errno));
	else printf("read = %ld: %llu\n", done, (unsigned long long)n);
	fflush(stdout);
}
static int set(int fd, int flags, long value_ms, long interval_ms)
{
	struct itimerspec it = {{interval_ms / 1000, interval_ms % 1000 * MS}, {value_ms / 1000, value_ms % 1000 * MS}};
	return timerfd_settime(fd, flags, &it, NULL);
}
static void ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDNORM};
	int n = poll(&p, 1, 0);
	printf("poll %d %#x\n", n, p.revents);
}

static void create(void)
{
	SHOW(timerfd_create(CLOCK_MONOTONIC, 4));
	SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	SHOW(timerfd_create(CLOCK_MONOTONIC_RAW, 0));
	SHOW(timerfd_create(99, 0));
	SHOW(timerfd_create(-1, 0));
	SHOW(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	SHOW(timerfd_create(CLOCK_BOOTTIME, 0));
	SHOW(timerfd_create(CLOCK_REALTIME, 0));
	SHOW(fcntl(3, F_GETFD));
	SHOW(fcntl(3, F_GETFL));
	char name[64] = "";
	readlink("/proc/self/fd/3", name, 63);
	puts(name);
	char buffer[16];
	SHOW(write(3, buffer, 8));
	SHOW(read(3, buffer, 7));
	SHOW(read(3, buffer, 8));
}
static void errors(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec it = {{0, 0}, {1, 1000000000}}, ok = {{0, 0}, {1, 0}};
	SHOW(timerfd_settime(fd, 0, &it, NULL));
	it.it_value.tv_nsec = -1;
	SHOW(timerfd_settime(fd, 0, &it, NULL));
	it = (struct itimerspec){{-1, 0}, {1, 0}};
	SHOW(timerfd_settime(fd, 0, &it, NULL));
	SHOW(timerfd_settime(fd, 4, &ok, NULL));
	SHOW(timerfd_settime(fd, 0, NULL, NULL));
	SHOW(timerfd_settime(99, 0, &ok, NULL));
	SHOW(timerfd_settime(0, 0, &ok, NULL));
	SHOW(timerfd_settime(fd, 0, &ok, (void *)8));
	SHOW(timerfd_gettime(fd, (void *)8));
	SHOW(timerfd_gettime(99, &it));
	SHOW(timerfd_gettime(0, &it));
	SHOW(timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET, &ok, NULL));
	SHOW(timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET | TFD_TIMER_ABSTIME, &ok, NULL));
}
static void once(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec it;
	take(fd);
	SHOW(set(fd, 0, 50, 0));
	ready(fd);
	take(fd);
	sleep_ms(120);
	ready(fd);
	SHOW(timerfd_gettime(fd, &it));
	printf("left %ld %ld\n", (long)it.it_value.tv_sec, it.it_value.tv_nsec);
	take(fd);
	take(fd);
	ready(fd);
}
static void periods(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec it;
	SHOW(set(fd, 0, 100, 200));
	sleep_ms(600);
	take(fd);
	take(fd);
	timerfd_gettime(fd, &it);
	printf("interval %ld %ld armed %d\n", (long)it.it_interval.tv_sec, it.it_interval.tv_nsec,
	       it.it_value.tv_sec || it.it_value.tv_nsec);
	sleep_ms(200);
	take(fd);
	sleep_ms(400);
	timerfd_gettime(fd, &it);
	take(fd);
	SHOW(set(fd, 0, 0, 0));
	sleep_ms(300);
	take(fd);
	timerfd_gettime(fd, &it);
	printf("interval %ld left %ld\n", it.it_interval.tv_nsec, it.it_value.tv_nsec);
}
static void blocking(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, 0);
	SHOW(set(fd, 0, 50, 0));
	take(fd);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	SHOW(set(fd, 0, 50, 0));
	SHOW(poll(&p, 1, 5000));
	SHOW(poll(&p, 1, 0));
	take(fd);
	SHOW(poll(&p, 1, 20));
}
static void absolute(void)
{
	for (int i = 0; i < 2; i++) {
		int clock = i ? CLOCK_REALTIME : CLOCK_MONOTONIC, fd = timerfd_create(clock, 0);
		struct timespec now;
		clock_gettime(clock, &now);
		struct itimerspec it = {.it_value = {now.tv_sec, now.tv_nsec}};
		SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL));
		take(fd);
		/* A monotonic clock may have begun just now. */
		it.it_value = (struct timespec){0, 1};
		SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL));
		ready(fd);
		take(fd);
		it.it_value = now;
		if (clock == CLOCK_REALTIME) it.it_value.tv_sec -= 9;
		it.it_interval.tv_sec = 3;
		SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL));
		take(fd);
		clock_gettime(clock, &now);
		now.tv_nsec += 50 * MS;
		if (now.tv_nsec >= 1000 * MS) now.tv_nsec -= 1000 * MS, now.tv_sec++;
		it = (struct itimerspec){.it_value = now};
		SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &it, NULL));
		take(fd);
	}
}
static void old_value(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec it = {{7, 8}, {100, 0}}, old;
	memset(&old, 0xff, sizeof old);
	SHOW(timerfd_settime(fd, 0, &it, &old));
	printf("%ld %ld %ld %ld\n", (long)old.it_interval.tv_sec, old.it_interval.tv_nsec, (long)old.it_value.tv_sec,
	       old.it_value.tv_nsec);
	SHOW(timerfd_settime(fd, 0, &(struct itimerspec){{3, 4}, {0, 0}}, &old));
	printf("%ld %ld %ld\n", (long)old.it_interval.tv_sec, old.it_interval.tv_nsec, (long)old.it_value.tv_sec);
	SHOW(timerfd_gettime(fd, &old));
	printf("%ld %ld %ld %ld\n", (long)old.it_interval.tv_sec, old.it_interval.tv_nsec, (long)old.it_value.tv_sec,
	       old.it_value.tv_nsec);
	SHOW(set(fd, 0, 50, 0));
	sleep_ms(100);
	SHOW(timerfd_settime(fd, 0, &(struct itimerspec){{0, 0}, {10, 0}}, &old));
	printf("%ld %ld\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec);
	take(fd);
}
static void in_epoll(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET}, out;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	SHOW(set(fd, 0, 50, 100));
	SHOW(epoll_wait(ep, &out, 1, 5000));
	printf("%#x\n", out.events);
	SHOW(epoll_wait(ep, &out, 1, 300));
	take(fd);
	SHOW(epoll_wait(ep, &out, 1, 5000));
}
static void forked(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	set(fd, 0, 100, 0);
	if (!fork()) {
		take(fd);
		_exit(0);
	}
	wait(NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	take(fd);
}
static void closed(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), copy = dup(fd);
	set(fd, 0, 50, 50);
	close(fd);
	take(copy);
	close(copy);
	sleep_ms(100);
	puts("done");
}
PROBES(
    {"create", create}, {"errors", errors}, {"once", once}, {"periods", periods}, {"blocking", blocking},
    {"absolute", absolute}, {"old-value", old_value}, {"in-epoll", in_epoll}, {"forked", forked}, {"closed", closed})
