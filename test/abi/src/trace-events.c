/* Calls about events, for the trace of them: what strace prints of it is recorded in traced/. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static void all(void)
{
	getppid();
	struct epoll_event ev = {EPOLLIN | EPOLLET | EPOLLRDHUP, {.u64 = 0x100000004}}, out[4];
	int ep = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
	epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
	epoll_ctl(ep, 7, fd, &ev);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, (void *)8);
	ev.events = EPOLLIN | EPOLLOUT | EPOLLONESHOT;
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	syscall(SYS_epoll_wait, ep, out, 4, 0);
	syscall(SYS_epoll_wait, ep, out, 4, 0);
	ev.events = 0;
	epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev);
	syscall(SYS_epoll_wait, ep, NULL, -1, 0);
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGCHLD);
	syscall(SYS_epoll_pwait, ep, out, 4, 1, &mask, 8);
	syscall(SYS_epoll_pwait, ep, out, 4, 1, NULL, 8);
	struct timespec ts = {0, 1000};
	syscall(SYS_epoll_pwait2, ep, out, 4, &ts, NULL, 0);
	syscall(SYS_epoll_create, 5);
	syscall(SYS_eventfd, 5);

	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec it = {{0, 5}, {0, 0}}, old;
	timerfd_settime(timer, 0, &it, &old);
	timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &it, NULL);
	timerfd_gettime(timer, &old);
	timerfd_gettime(ep, (void *)0);

	int sig = syscall(SYS_signalfd4, -1, &mask, 8, O_NONBLOCK | O_CLOEXEC);
	syscall(SYS_signalfd4, sig, &mask, 8, 0);
	syscall(SYS_signalfd, -1, &mask, 8);

	int self = syscall(SYS_pidfd_open, getpid(), 0);
	syscall(SYS_pidfd_open, getpid(), O_NONBLOCK);
	syscall(SYS_pidfd_send_signal, self, 0, NULL, 0);
	syscall(SYS_pidfd_getfd, self, 1, 0);
	syscall(SYS_waitid, 3, self, NULL, 4, NULL);

	int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	inotify_add_watch(in, ".", IN_ALL_EVENTS | IN_ONLYDIR | IN_ISDIR);
	inotify_add_watch(in, ".", IN_CREATE | IN_MASK_ADD);
	inotify_rm_watch(in, 1);
	inotify_rm_watch(in, 1);
	syscall(SYS_inotify_init);

	struct sigevent sv = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 7};
	int id = -1;
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &sv, &id);
	syscall(SYS_timer_create, CLOCK_REALTIME, NULL, &id);
	sv.sigev_notify = SIGEV_NONE;
	syscall(SYS_timer_create, CLOCK_BOOTTIME, &sv, &id);
	syscall(SYS_timer_create, 99, &sv, &id);
	it = (struct itimerspec){{0, 5}, {0, 0}};
	syscall(SYS_timer_settime, id, 0, &it, &old);
	syscall(SYS_timer_settime, id, TIMER_ABSTIME, &it, NULL);
	syscall(SYS_timer_gettime, 0, &old);
	syscall(SYS_timer_getoverrun, id);
	syscall(SYS_timer_delete, id);
	syscall(SYS_timer_delete, 99);
	struct itimerval iv = {{0, 0}, {0, 0}}, ov;
	syscall(SYS_setitimer, ITIMER_VIRTUAL, &iv, &ov);
	syscall(SYS_getitimer, ITIMER_PROF, &ov);

	struct pollfd pf = {fd, POLLIN | POLLOUT};
	syscall(SYS_ppoll, &pf, 1, NULL, &mask, 8);
	ts.tv_nsec = 0;
	syscall(SYS_ppoll, &pf, 0, &ts, &mask, 8);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fd, &set);
	struct {
		void *mask;
		long size;
	} sized = {&mask, 8};
	syscall(SYS_pselect6, fd + 1, NULL, &set, NULL, &ts, &sized);
	sized.mask = NULL;
	syscall(SYS_pselect6, 2, NULL, NULL, NULL, &ts, &sized);
	syscall(SYS_pselect6, 2, NULL, NULL, NULL, &ts, NULL);
	getppid();
}
PROBES({"all", all})
