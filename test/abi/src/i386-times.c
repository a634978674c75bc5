/* Calls with times of i386, in both widths: what they take, refuse and give. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "int80.h"

static void clocks(void)
{
	struct time32 a = {-1, -1};
	struct time64 b = {-1, -1, 77};
	OKAY(clock_gettime32, CLOCK_REALTIME, &a);
	OKAY(clock_gettime64, CLOCK_REALTIME, &b);
	printf("near %d small %d %d padding %u\n", b.sec - a.sec < 3, a.frac >= 0 && a.frac < 1000000000, b.frac < 1000000000, b.pad);
	CALL(clock_gettime32, 77, &a);
	CALL(clock_gettime32, 1, BAD);
	CALL(clock_gettime64, 1, BAD);
	CALL(clock_getres_time32, 1, &a);
	printf("%d %d\n", a.sec, a.frac);
	CALL(clock_getres_time64, 1, &b);
	printf("%lld %u %u\n", b.sec, b.frac, b.pad);
	CALL(clock_getres_time64, 1, 0);
	struct time32 day = {-1, -1}, zone[2] = {{-1, -1}};
	OKAY(gettimeofday_time32, &day, zone);
	printf("near %d small %d zone %d %d\n", a.sec - day.sec < 3, day.frac < 1000000, zone[0].sec, zone[0].frac);
	int seconds = -1;
	OKAY(time, &seconds);
	printf("near %d\n", seconds - day.sec < 3);
	CALL(time, BAD);
	CALL(gettimeofday_time32, BAD, 0);
}

static void sleeps(void)
{
	struct time32 a = {0, 1000000}, left = {-1, -1};
	CALL(nanosleep, &a, &left);
	printf("left %d %d\n", left.sec, left.frac);
	CALL(clock_nanosleep_time32, 1, 0, &a, &left);
	struct time64 b = {0, 1000000, 0xffffffff}, more = {-1, -1, -1};
	CALL(clock_nanosleep_time64, 1, 0, &b, &more);
	const struct time32 wrong[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
	for (int i = 0; i < 3; i++) {
		CALL(nanosleep, &wrong[i], 0);
		CALL(clock_nanosleep_time32, 0, 0, &wrong[i], 0);
	}
	const struct time64 bad[] = {{-1, 0, 0}, {0, -1, 0}, {0, 1000000000, 0}};
	for (int i = 0; i < 3; i++) CALL(clock_nanosleep_time64, 0, 0, &bad[i], 0);
	CALL(nanosleep, BAD, 0);
	CALL(clock_nanosleep_time64, 1, 0, BAD, 0);
	CALL(clock_nanosleep_time32, 1, 1, &a, 0);
	CALL(clock_nanosleep_time32, 99, 0, &a, 0);
}

static void show_times(const char *name)
{
	struct stat s;
	stat(name, &s);
	printf("%lld.%ld %lld.%ld\n", (long long)s.st_atim.tv_sec, s.st_atim.tv_nsec, (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

static void files(void)
{
	close(open("f", O_CREAT | O_RDWR, 0600));
	const int32_t seconds[] = {1000, -5};
	CALL(utime, "f", seconds);
	show_times("f");
	const struct time32 micro[] = {{1, 999999}, {2147483647, 1}};
	CALL(utimes, "f", micro);
	show_times("f");
	CALL(futimesat, AT_FDCWD, "f", micro);
	const struct time32 over[] = {{1, 1000000}, {0, 0}}, under[] = {{1, -1}, {0, 0}};
	CALL(utimes, "f", over);
	CALL(utimes, "f", under);
	const struct time32 nano[] = {{5, 999999999}, {0, UTIME_OMIT}};
	CALL(utimensat, AT_FDCWD, "f", nano, 0);
	show_times("f");
	const struct time64 large[] = {{5000000000ll, 7, 0xffffffff}, {-3000000000ll, 8, 0}};
	CALL(utimensat_time64, AT_FDCWD, "f", large, 0);
	show_times("f");
	uint32_t old[32] = {0};
	CALL(stat, "f", old);
	CALL(stat64, "f", old);
	printf("%d %u %d %u\n", (int)old[16], old[17], (int)old[18], old[19]);
	const struct time64 wrong[] = {{5, 1000000000, 0}, {0, 0, 0}};
	CALL(utimensat_time64, AT_FDCWD, "f", wrong, 0);
	CALL(utimensat, AT_FDCWD, "f", BAD, 0);
	CALL(utime, "f", BAD);
	CALL(utimes, "none", 0);
}

static void waits(void)
{
	int p[2], word = 5;
	pipe(p);
	struct pollfd one = {p[0], POLLIN};
	struct time32 a = {0, 1000000}, wrong = {0, 1000000000}, negative = {-1, 0};
	struct time64 b = {0, 1000000, 0xffffffff}, bad = {0, 1000000000, 0};
	CALL(ppoll, &one, 1, &a, 0, 8);
	printf("left %d %d\n", a.sec, a.frac);
	CALL(ppoll, &one, 1, &wrong, 0, 8);
	CALL(ppoll, &one, 1, &negative, 0, 8);
	CALL(ppoll_time64, &one, 1, &b, 0, 8);
	printf("left %lld %u\n", b.sec, b.frac);
	CALL(ppoll_time64, &one, 1, &bad, 0, 8);
	uint32_t set[32] = {1u << p[0]};
	a.frac = b.frac = 1000000;
	CALL(pselect6, p[0] + 1, set, 0, 0, &a, 0);
	set[0] = 1u << p[0];
	CALL(pselect6_time64, p[0] + 1, set, 0, 0, &b, 0);
	CALL(pselect6, p[0] + 1, set, 0, 0, &wrong, 0);
	uint32_t blocked[2] = {0x200, 0}, mask[2] = {(uint32_t)blocked, 4};
	CALL(pselect6, p[0] + 1, set, 0, 0, &negative, mask);
	a.frac = b.frac = 1000000;
	CALL(pselect6, p[0] + 1, set, 0, 0, &a, mask);
	mask[1] = 8;
	CALL(pselect6, p[0] + 1, set, 0, 0, &a, mask);
	a.frac = b.frac = 1000000;
	CALL(futex, &word, 0, 5, &a);
	CALL(futex, &word, 0, 4, &a);
	CALL(futex, &word, 0, 5, &wrong);
	CALL(futex_time64, &word, 0, 5, &b);
	CALL(futex_time64, &word, 0, 5, &bad);
	CALL(rt_sigtimedwait, blocked, 0, &a, 8);
	CALL(rt_sigtimedwait_time64, blocked, 0, &b, 8);
	CALL(rt_sigtimedwait, blocked, 0, &wrong, 8);
	CALL(rt_sigtimedwait, blocked, 0, &a, 4);
	struct time32 micro = {0, 1000};
	set[0] = 1u << p[0];
	CALL(_newselect, p[0] + 1, set, 0, 0, &micro);
	printf("left %d %d\n", micro.sec, micro.frac);
	CALL(_newselect, p[0] + 1, set, 0, 0, &negative);
}

static void timers(void)
{
	signal(SIGALRM, SIG_IGN);
	struct time32 a[2] = {{3, 4}, {1000, 5}}, got[2] = {{-1, -1}, {-1, -1}};
	CALL(setitimer, ITIMER_REAL, a, got);
	printf("%d %d %d %d\n", got[0].sec, got[0].frac, got[1].sec, got[1].frac);
	CALL(getitimer, ITIMER_REAL, got);
	printf("%d %d %d\n", got[0].sec, got[0].frac, got[1].sec >= 999);
	a[0].frac = 1000000;
	CALL(setitimer, ITIMER_REAL, a, 0);
	CALL(setitimer, ITIMER_REAL, BAD, 0);
	int id = -1;
	CALL(timer_create, CLOCK_MONOTONIC, 0, &id);
	struct time64 b[2] = {{3, 4, 0xffffffff}, {5000000000ll, 5, 0}}, large[2];
	CALL(timer_settime64, id, 0, b, 0);
	CALL(timer_gettime64, id, large);
	printf("%lld %u %lld\n", large[0].sec, large[0].frac, large[1].sec);
	a[0] = (struct time32){3, 4};
	CALL(timer_settime32, id, 0, a, got);
	printf("%d %d\n", got[0].sec, got[0].frac);
	CALL(timer_gettime32, id, got);
	printf("%d %d %d\n", got[0].sec, got[0].frac, got[1].sec);
	a[1].frac = 1000000000, b[1].frac = 1000000000;
	CALL(timer_settime32, id, 0, a, 0);
	CALL(timer_settime64, id, 0, b, 0);
	int fd = INT80(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	a[1].frac = b[1].frac = 5;
	CALL(timerfd_settime32, fd, 0, a, got);
	CALL(timerfd_gettime32, fd, got);
	printf("%d %d %d\n", got[0].sec, got[0].frac, got[1].sec);
	CALL(timerfd_settime64, fd, 0, b, large);
	CALL(timerfd_gettime64, fd, large);
	printf("%lld %u %lld\n", large[0].sec, large[0].frac, large[1].sec);
	struct time32 slice = {-1, -1};
	struct time64 longer = {-1, -1, -1};
	CALL(sched_rr_get_interval, 0, &slice);
	CALL(sched_rr_get_interval_time64, 0, &longer);
	printf("same %d\n", slice.sec == longer.sec && slice.frac == longer.frac);
	struct time32 usage[18];
	CALL(getrusage, 0, usage);
	printf("small %d\n", usage[0].sec < 10 && usage[0].frac < 1000000);
	int32_t ticks[4] = {-1, -1, -1, -1};
	OKAY(times, ticks);
	printf("children %d %d\n", ticks[2], ticks[3]);
	CALL(stime, BAD);
	CALL(ftime, 0);
}

PROBES({"clocks", clocks}, {"sleeps", sleeps}, {"files", files}, {"waits", waits}, {"timers", timers})
