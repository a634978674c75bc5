/* pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2), waitid(P_PIDFD), CLONE_PIDFD. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define P_PIDFD_ 3
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define pidfd_open(pid, flags) syscall(SYS_pidfd_open, pid, flags)
#define pidfd_send_signal(fd, sig, info, flags) syscall(SYS_pidfd_send_signal, fd, sig, info, flags)
#define pidfd_getfd(fd, target, flags) syscall(SYS_pidfd_getfd, fd, target, flags)

static int sleeper(void)
{
	int pid = fork();
	if (!pid) {
		for (;;) pause();
	}
	return pid;
}
static void waited(int fd, int options)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	int n = waitid(P_PIDFD_, fd, &info, options);
	if (n < 0) printf("waitid = %s\n", errno_name(errno));
	else printf("waitid = %d signo %d code %d status %d\n", n, info.si_signo, info.si_code, info.si_status);
	fflush(stdout);
}
static void ready(int fd, int timeout)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDNORM};
	int n = poll(&p, 1, timeout);
	printf("poll %d %#x\n", n, p.revents);
	fflush(stdout);
}

static void open_errors(void)
{
	SHOW(pidfd_open(0, 0));
	SHOW(pidfd_open(-1, 0));
	SHOW(pidfd_open(getpid(), 1));
	SHOW(pidfd_open(0x7ffffff0, 0));
	SHOW(pidfd_open(getpid(), 0));
	SHOW(pidfd_open(getpid(), O_NONBLOCK));
	SHOW(fcntl(3, F_GETFD));
	SHOW(fcntl(3, F_GETFL));
	SHOW(fcntl(4, F_GETFL));
	char name[64] = "", c;
	readlink("/proc/self/fd/3", name, 63);
	puts(name);
	SHOW(read(3, &c, 1));
	SHOW(write(3, &c, 1));
	SHOW(pidfd_open(1, 0));
}
static void ends(void)
{
	int pid = fork();
	if (!pid) {
		usleep(50000);
		_exit(3);
	}
	int fd = pidfd_open(pid, 0);
	ready(fd, 0);
	ready(fd, 5000);
	SHOW(pidfd_send_signal(fd, 0, NULL, 0));
	int again = pidfd_open(pid, 0);
	ready(again, 0);
	waited(fd, WEXITED);
	ready(fd, 0);
	ready(again, 0);
	SHOW(pidfd_send_signal(fd, 0, NULL, 0));
	waited(fd, WEXITED);
	SHOW(pidfd_getfd(fd, 0, 0));
}
static void in_epoll(void)
{
	int pid = sleeper(), fd = pidfd_open(pid, 0), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET}, out;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	SHOW(epoll_wait(ep, &out, 1, 0));
	kill(pid, SIGKILL);
	SHOW(epoll_wait(ep, &out, 1, 5000));
	printf("%#x\n", out.events);
	wait(NULL);
	SHOW(epoll_wait(ep, &out, 1, 5000));
	printf("%#x\n", out.events);
}
static void send_signal(void)
{
	int pid = sleeper(), fd = pidfd_open(pid, 0);
	SHOW(pidfd_send_signal(fd, 65, NULL, 0));
	SHOW(pidfd_send_signal(fd, -1, NULL, 0));
	SHOW(pidfd_send_signal(fd, 0, NULL, 8));
	SHOW(pidfd_send_signal(fd, 0, NULL, 3));
	SHOW(pidfd_send_signal(99, 0, NULL, 0));
	SHOW(pidfd_send_signal(0, 0, NULL, 0));
	siginfo_t info;
	memset(&info, 0, sizeof info);
	SHOW(pidfd_send_signal(fd, SIGUSR1, &info, 0));
	info.si_signo = SIGUSR1;
	SHOW(pidfd_send_signal(fd, SIGUSR1, &info, 0));
	SHOW(pidfd_send_signal(fd, SIGUSR1, (void *)8, 0));
	SHOW(pidfd_send_signal(fd, 0, NULL, 2));
	SHOW(pidfd_send_signal(fd, 0, NULL, 4));
	SHOW(pidfd_send_signal(fd, SIGTERM, NULL, 0));
	waited(fd, WEXITED);
}
static void on_info(int signo, siginfo_t *info, void *context)
{
	printf("signal %d code %d own %d value %d\n", signo, info->si_code, info->si_pid == getpid(), info->si_value.sival_int);
	fflush(stdout);
}
static void send_to_self(void)
{
	struct sigaction action = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &action, NULL);
	int fd = pidfd_open(getpid(), 0);
	SHOW(pidfd_send_signal(fd, SIGUSR1, NULL, 0));
	SHOW(pidfd_send_signal(fd, SIGUSR1, NULL, 1));
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_signo = SIGUSR1;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_value.sival_int = 44;
	SHOW(pidfd_send_signal(fd, SIGUSR1, &info, 0));
}
static void getfd(void)
{
	int p[2];
	pipe(p);
	int ready_pipe[2];
	pipe(ready_pipe);
	int pid = fork();
	if (!pid) {
		int q[2];
		pipe(q);
		dup2(q[0], 20);
		write(q[1], "from child", 10);
		write(ready_pipe[1], "x", 1);
		for (;;) pause();
	}
	char buffer[16] = "";
	read(ready_pipe[0], buffer, 1);
	int fd = pidfd_open(pid, 0);
	SHOW(pidfd_getfd(fd, 20, 1));
	SHOW(pidfd_getfd(fd, 99, 0));
	SHOW(pidfd_getfd(fd, -1, 0));
	SHOW(pidfd_getfd(p[0], 20, 0));
	SHOW(pidfd_getfd(99, 20, 0));
	int got = SHOW(pidfd_getfd(fd, 20, 0));
	SHOW(fcntl(got, F_GETFD));
	SHOW(read(got, buffer, 16));
	puts(buffer);
	kill(pid, SIGKILL);
	ready(fd, 5000);
	SHOW(pidfd_getfd(fd, 20, 0));
	wait(NULL);
	SHOW(pidfd_getfd(fd, 20, 0));
}
static void wait_errors(void)
{
	int pid = sleeper(), fd = pidfd_open(pid, 0), slow = pidfd_open(pid, O_NONBLOCK), self = pidfd_open(getpid(), 0);
	waited(-1, WEXITED);
	waited(99, WEXITED);
	waited(0, WEXITED);
	waited(self, WEXITED);
	waited(slow, WEXITED);
	waited(slow, WEXITED | WNOHANG);
	waited(fd, WEXITED | WNOHANG);
	kill(pid, SIGSTOP);
	waited(fd, WSTOPPED);
	kill(pid, SIGCONT);
	waited(fd, WCONTINUED);
	kill(pid, SIGKILL);
	waited(fd, WEXITED | WNOWAIT);
	waited(fd, WEXITED);
	waited(fd, WEXITED);
}
static void grandchild(void)
{
	int p[2];
	pipe(p);
	int pid = fork();
	if (!pid) {
		int deeper = sleeper();
		write(p[1], &deeper, sizeof deeper);
		pause();
	}
	int deeper;
	read(p[0], &deeper, sizeof deeper);
	int fd = pidfd_open(deeper, 0);
	waited(fd, WEXITED);
	SHOW(pidfd_send_signal(fd, SIGKILL, NULL, 0));
	ready(fd, 5000);
	kill(pid, SIGKILL);
	wait(NULL);
}
static void clone_pidfd(void)
{
	int fd = -1, other = 0;
	SHOW(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, &other, 0));
	SHOW(syscall(SYS_clone, CLONE_PIDFD | 0x400000 | SIGCHLD, 0, &fd, &other, 0));
	SHOW(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, (void *)8, 0, 0));
	int pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
	if (!pid) {
		printf("in the child: %d\n", fcntl(3, F_GETFD));
		fflush(stdout);
		_exit(5);
	}
	printf("fd %d\n", fd);
	waited(fd, WEXITED);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(pidfd_send_signal(fd, 0, NULL, 0));
}
static void clone_vfork(void)
{
	int fd = -1;
	int pid = syscall(SYS_clone, CLONE_PIDFD | CLONE_VFORK | SIGCHLD, 0, &fd, 0, 0);
	if (!pid) _exit(6);
	printf("fd %d\n", fd);
	waited(fd, WEXITED);
}
/* What /proc/PID is taken for, and what not. */
static void proc_directory(void)
{
	int pid = sleeper();
	char name[64];
	snprintf(name, sizeof name, "/proc/%d", pid);
	int fd = open(name, O_RDONLY | O_DIRECTORY);
	SHOW(pidfd_send_signal(fd, 0, NULL, 0));
	SHOW(pidfd_getfd(fd, 0, 0));
	snprintf(name, sizeof name, "/proc/%d/task/%d", pid, pid);
	SHOW(pidfd_send_signal(open(name, O_RDONLY | O_DIRECTORY), 0, NULL, 0));
	snprintf(name, sizeof name, "/proc/%d/fd", pid);
	SHOW(pidfd_send_signal(open(name, O_RDONLY | O_DIRECTORY), 0, NULL, 0));
	snprintf(name, sizeof name, "/proc/%d", pid);
	SHOW(pidfd_send_signal(open(name, O_PATH), 0, NULL, 0));
	SHOW(pidfd_send_signal(open("/proc", O_RDONLY), 0, NULL, 0));
	SHOW(pidfd_send_signal(fd, SIGTERM, NULL, 0));
	waitpid(pid, NULL, 0);
	SHOW(pidfd_send_signal(fd, 0, NULL, 0));
}
static void clone3_pidfd(void)
{
	int fd = -1, tid = -1;
	unsigned long args[11] = {CLONE_PIDFD | CLONE_PARENT_SETTID, (long)&fd, 0, (long)&tid, SIGCHLD};
	int pid = syscall(435, args, 64);
	if (!pid) {
		printf("in the child: %d\n", fcntl(3, F_GETFD));
		fflush(stdout);
		_exit(4);
	}
	printf("fd %d tid %d\n", fd, tid == pid);
	waited(fd, WEXITED);
	args[1] = 8;
	SHOW(syscall(435, args, 64));
}
PROBES(
    {"open-errors", open_errors}, {"ends", ends}, {"in-epoll", in_epoll}, {"send-signal", send_signal},
    {"send-to-self", send_to_self}, {"getfd", getfd}, {"wait-errors", wait_errors}, {"grandchild", grandchild},
    {"clone-pidfd", clone_pidfd}, {"clone-vfork", clone_vfork},
    {"clone3-pidfd", clone3_pidfd},
    {"proc-directory", proc_directory})
