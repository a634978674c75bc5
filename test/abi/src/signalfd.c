/* signalfd(2): which signals are read, in which order, with what information. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static sigset_t set_of(int a, int b, int c)
{
	sigset_t set;
	sigemptyset(&set);
	if (a) sigaddset(&set, a);
	if (b) sigaddset(&set, b);
	if (c) sigaddset(&set, c);
	return set;
}
static int make(int flags, int a, int b, int c)
{
	sigset_t set = set_of(a, b, c);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, flags);
}
static void take(int fd, int max)
{
	struct signalfd_siginfo info[4];
	memset(info, 0xff, sizeof info);
	long n = read(fd, info, max * sizeof *info);
	if (n < 0) printf("read = %s\n", errno_name(errno));
	for (long i = 0; i < n / (long)sizeof *info; i++) {
		struct signalfd_siginfo *s = info + i;
		int own = s->ssi_pid == getpid();
		printf("signal %u code %d errno %d %s uid %u status %d int %d ptr %#llx tid %u overrun %u\n", s->ssi_signo,
		       s->ssi_code, s->ssi_errno, own ? "own" : s->ssi_pid ? "other" : "none", s->ssi_uid, s->ssi_status,
		       s->ssi_int, (unsigned long long)s->ssi_ptr, s->ssi_tid, s->ssi_overrun);
	}
	fflush(stdout);
}

static void errors(void)
{
	sigset_t set = set_of(SIGUSR1, 0, 0);
	SHOW(syscall(SYS_signalfd4, -1, &set, 7, 0));
	SHOW(syscall(SYS_signalfd4, -1, &set, 128, 0));
	SHOW(syscall(SYS_signalfd4, -1, (void *)8, 8, 0));
	SHOW(syscall(SYS_signalfd4, -1, &set, 8, 4));
	SHOW(syscall(SYS_signalfd4, 99, &set, 8, 0));
	SHOW(syscall(SYS_signalfd4, 0, &set, 8, 0));
	SHOW(syscall(SYS_signalfd4, -2, &set, 8, 0));
	SHOW(syscall(SYS_signalfd4, -1, &set, 8, SFD_CLOEXEC | SFD_NONBLOCK));
	SHOW(syscall(SYS_signalfd, -1, &set, 8));
	SHOW(fcntl(3, F_GETFD));
	SHOW(fcntl(3, F_GETFL));
	char name[64] = "", buffer[200];
	readlink("/proc/self/fd/3", name, 63);
	puts(name);
	SHOW(read(3, buffer, 127));
	SHOW(read(3, buffer, 128));
	SHOW(write(3, buffer, 128));
}
static void simple(void)
{
	int fd = make(SFD_NONBLOCK, SIGUSR1, SIGUSR2, 0);
	take(fd, 1);
	raise(SIGUSR1);
	take(fd, 1);
	take(fd, 1);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR2);
	take(fd, 4);
	take(fd, 4);
}
static void order(void)
{
	int fd = make(SFD_NONBLOCK, SIGTERM, SIGRTMIN + 1, SIGHUP);
	union sigval v = {.sival_int = 5};
	sigqueue(getpid(), SIGRTMIN + 1, v);
	v.sival_ptr = (void *)0x123456789abcull;
	sigqueue(getpid(), SIGRTMIN + 1, v);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGUSR1 == 10 ? 0 : 0);
	take(fd, 3);
	take(fd, 3);
	take(fd, 3);
}
static void other_signals(void)
{
	int fd = make(SFD_NONBLOCK, SIGUSR1, 0, 0);
	sigset_t more = set_of(SIGUSR2, 0, 0), pending;
	sigprocmask(SIG_BLOCK, &more, NULL);
	raise(SIGUSR2);
	take(fd, 1);
	SHOW(signalfd(fd, &more, 0));
	take(fd, 1);
	raise(SIGUSR1);
	take(fd, 1);
	sigpending(&pending);
	printf("pending %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
}
static void kill_and_stop(void)
{
	int fd = make(SFD_NONBLOCK, SIGKILL, SIGSTOP, SIGUSR1);
	printf("%d\n", fd);
	raise(SIGUSR1);
	take(fd, 4);
}
static void child_status(void)
{
	int fd = make(0, SIGCHLD, 0, 0);
	if (!fork()) _exit(7);
	take(fd, 1);
	wait(NULL);
	int pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	kill(pid, SIGKILL);
	take(fd, 1);
	wait(NULL);
}
static void blocked_reader(void)
{
	int fd = make(0, SIGUSR1, 0, 0), parent = getpid();
	if (!fork()) {
		usleep(30000);
		kill(parent, SIGUSR1);
		_exit(0);
	}
	take(fd, 4);
	wait(NULL);
}
static void on_signal(int signo) { printf("handler %d\n", signo); fflush(stdout); }
static void interrupted(void)
{
	int fd = make(0, SIGUSR1, 0, 0);
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGALRM, &action, NULL);
	struct itimerval soon = {.it_value.tv_usec = 20000};
	setitimer(ITIMER_REAL, &soon, NULL);
	take(fd, 1);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	sigset_t set = set_of(SIGUSR1, 0, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	take(fd, 1);
}
static void polled(void)
{
	int fd = make(SFD_NONBLOCK, SIGUSR1, 0, 0), ep = epoll_create1(0);
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDNORM};
	SHOW(poll(&p, 1, 0));
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET}, out;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	raise(SIGUSR1);
	SHOW(poll(&p, 1, 0));
	printf("%#x\n", p.revents);
	SHOW(epoll_wait(ep, &out, 1, 0));
	SHOW(epoll_wait(ep, &out, 1, 0));
	take(fd, 1);
	raise(SIGUSR1);
	SHOW(epoll_wait(ep, &out, 1, 0));
}
static void in_child(void)
{
	int fd = make(SFD_NONBLOCK, SIGUSR1, 0, 0);
	raise(SIGUSR1);
	if (!fork()) {
		take(fd, 1);
		raise(SIGUSR1);
		take(fd, 1);
		_exit(0);
	}
	wait(NULL);
	take(fd, 1);
}
static void ignored(void)
{
	signal(SIGUSR1, SIG_IGN);
	int fd = make(SFD_NONBLOCK, SIGUSR1, SIGWINCH, 0);
	raise(SIGUSR1);
	raise(SIGWINCH);
	take(fd, 4);
}
PROBES(
    {"errors", errors}, {"simple", simple}, {"order", order}, {"other-signals", other_signals},
    {"kill-and-stop", kill_and_stop}, {"child-status", child_status}, {"blocked-reader", blocked_reader},
    {"interrupted", interrupted}, {"polled", polled}, {"in-child", in_child}, {"ignored", ignored})
