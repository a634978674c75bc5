/* Calls decided by a supervisor: seccomp_unotify(2). */
#define _GNU_SOURCE
#include "probe.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS 0x40082104
#endif
#define P(what) (printf("%s: %ld\n", #what, (long)(what)), fflush(stdout))

/* A filter that asks about one call and lets the others pass. */
static long install(int nr, unsigned action, unsigned flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

#define LISTEN(nr) install(nr, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER)

static void send_fd(int to, int fd)
{
	char control[CMSG_SPACE(4)] = {0}, byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(head), &fd, 4);
	sendmsg(to, &message, 0);
}

static int take_fd(int from)
{
	char control[CMSG_SPACE(4)], byte;
	int fd;
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	if (recvmsg(from, &message, 0) != 1) return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), 4);
	return fd;
}

static int target_pid;

/* What the target prints is shown at its end. */
static void apart(void)
{
	int fd = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	close(fd);
}

/* A child whose calls of a number we decide; `flags` besides. The listener. */
#define TARGET_WITH(nr, flags, ...)                                                          \
	({                                                                                   \
		int pair_[2];                                                                \
		socketpair(AF_UNIX, SOCK_STREAM, 0, pair_);                                  \
		fflush(stdout);                                                              \
		target_pid = fork();                                                         \
		if (!target_pid) {                                                           \
			close(pair_[0]);                                                     \
			apart();                                                             \
			int fd_ = install(nr, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER | (flags)); \
			send_fd(pair_[1], fd_);                                              \
			close(fd_);                                                          \
			close(pair_[1]);                                                     \
			__VA_ARGS__                                                          \
			fflush(stdout);                                                      \
			_exit(0);                                                            \
		}                                                                            \
		close(pair_[1]);                                                             \
		int listener_ = take_fd(pair_[0]);                                           \
		close(pair_[0]);                                                             \
		listener_;                                                                   \
	})
#define TARGET(nr, ...) TARGET_WITH(nr, 0, __VA_ARGS__)

static struct seccomp_notif request;

static int receive(int listener)
{
	memset(&request, 0, sizeof request);
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request);
}

static int answer(int listener, long long value, int error, unsigned flags)
{
	struct seccomp_notif_resp response = {request.id, value, error, flags};
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int id_valid(int listener)
{
	__u64 id = request.id;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static void ended(void)
{
	int s;
	waitpid(target_pid, &s, 0);
	char text[4096];
	int fd = open("said", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text);
	if (n > 0) fwrite(text, 1, n, stdout);
	close(fd);
	unlink("said");
	printf("%s %d\n", WIFSIGNALED(s) ? "signal" : "exit", WIFSIGNALED(s) ? WTERMSIG(s) : WEXITSTATUS(s));
	fflush(stdout);
}

static void answers(void)
{
	int listener = TARGET(SYS_getppid, for (int i = 0; i < 5; i++) SHOW(syscall(SYS_getppid, 1, 2, 3)); P(getppid() == 1););
	SHOW(receive(listener));
	P(request.pid == target_pid);
	P(request.flags);
	P(request.data.nr == SYS_getppid);
	P(request.data.args[0] * 100 + request.data.args[1] * 10 + request.data.args[2]);
	P(request.data.arch == 0xc000003e);
	P(request.data.instruction_pointer != 0);
	SHOW(id_valid(listener));
	SHOW(answer(listener, 42, 0, 0));
	__u64 before = request.id;
	receive(listener);
	P(request.id - before);
	SHOW(answer(listener, 0, -EPERM, 0));
	receive(listener);
	SHOW(answer(listener, 7, -ENOENT, 0));
	receive(listener);
	SHOW(answer(listener, 0, 5, 0));
	receive(listener);
	SHOW(answer(listener, -ENOTTY, 0, 0));
	receive(listener);
	SHOW(answer(listener, 1, 0, 0));
	SHOW(id_valid(listener));
	ended();
	SHOW(id_valid(listener));
	SHOW(answer(listener, 1, 0, 0));
}

static void goes_on(void)
{
	int listener = TARGET(SYS_nanosleep, struct timespec t = {0, 1000000}; SHOW(syscall(SYS_nanosleep, &t, 0)); t.tv_nsec = -1;
		SHOW(syscall(SYS_nanosleep, &t, 0)););
	receive(listener);
	SHOW(answer(listener, 1, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	SHOW(answer(listener, 0, -1, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	SHOW(answer(listener, 0, 0, 2));
	SHOW(answer(listener, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	receive(listener);
	SHOW(answer(listener, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
	ended();
}

static void errors(void)
{
	int listener = TARGET(SYS_getppid, syscall(SYS_getppid););
	request.id = 1;
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request));
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, 8));
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, 8));
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, 8));
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, 8));
	SHOW(ioctl(listener, 0x2105, 0));
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1));
	SHOW(ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 2));
	char byte;
	SHOW(read(listener, &byte, 1));
	SHOW(write(listener, &byte, 1));
	SHOW(fcntl(listener, F_GETFD));
	SHOW(fcntl(listener, F_GETFL) & O_ACCMODE);
	char name[64] = "", path[64];
	sprintf(path, "/proc/self/fd/%d", listener);
	readlink(path, name, 63);
	puts(name);
	SHOW(answer(listener, 0, 0, 0));
	receive(listener);
	__u64 id = request.id;
	SHOW(ioctl(listener, 0x80082102, &id));
	request.id = 5 + id;
	SHOW(answer(listener, 0, 0, 0));
	SHOW(id_valid(listener));
	request.id = id;
	SHOW(answer(listener, 0, 0, 0));
	ended();
}

static void installing(void)
{
	struct seccomp_notif_sizes sizes = {0};
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
	printf("%d %d %d\n", sizes.seccomp_notif, sizes.seccomp_notif_resp, sizes.seccomp_data);
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 1, &sizes));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, 8));
	unsigned action = SECCOMP_RET_USER_NOTIF;
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
	unsigned listen = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	IN_CHILD(SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)););
	IN_CHILD(SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | listen) > 2););
	IN_CHILD(SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_TSYNC | listen)););
	IN_CHILD(SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH | listen) > 2););
	IN_CHILD(SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_TSYNC_ESRCH)););
	IN_CHILD(int fd = install(SYS_getppid, SECCOMP_RET_USER_NOTIF, listen); P(fd > 2); P(fcntl(fd, F_GETFD)); SHOW(install(SYS_getuid, SECCOMP_RET_USER_NOTIF, listen));
		/* Also when its descriptor is closed, */
		close(fd); SHOW(install(SYS_getuid, SECCOMP_RET_USER_NOTIF, listen)); SHOW(syscall(SYS_getppid));
		/* and without one. */
		SHOW(install(SYS_getuid, SECCOMP_RET_USER_NOTIF, 0)); SHOW(syscall(SYS_getuid)););
	IN_CHILD(struct rlimit none = {3, 3}; setrlimit(RLIMIT_NOFILE, &none); SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, listen)); P(prctl(PR_GET_SECCOMP)););
}

static void *idle(void *_) { install(SYS_getuid, SECCOMP_RET_ALLOW, 0); for (;;) pause(); return 0; }

static void threads(void)
{
	/* A thread with filters of its own cannot take over these. */
	IN_CHILD(pthread_t t; pthread_create(&t, 0, idle, 0); while (1) { char text[4096]; int f = open("/proc/self/status", O_RDONLY); read(f, text, 4095);
			close(f); usleep(1000); break; } usleep(20000);
		SHOW(install(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_NEW_LISTENER));
		P(prctl(PR_GET_SECCOMP)););
}

static void polls(void)
{
	int to[2];
	char c;
	pipe(to);
	int listener = TARGET(SYS_getppid, read(to[0], &c, 1); syscall(SYS_getppid); read(to[0], &c, 1););
	struct pollfd fd = {listener, POLLIN | POLLOUT | POLLHUP};
	P(poll(&fd, 1, 0));
	write(to[1], "x", 1);
	P(poll(&fd, 1, -1));
	P(fd.revents);
	receive(listener);
	P(poll(&fd, 1, 0));
	P(fd.revents);
	answer(listener, 0, 0, 0);
	write(to[1], "x", 1);
	fd.events = POLLIN;
	P(poll(&fd, 1, -1));
	P(fd.revents);
	ended();
	SHOW(receive(listener));
}

static volatile int handled;
static void handler(int signo) { handled++; }

static void with_handler(int flags)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
	sigaction(SIGUSR1, &act, 0);
}

static void signals(void)
{
	int listener = TARGET(SYS_getppid, with_handler(0); SHOW(syscall(SYS_getppid)); P(handled); with_handler(SA_RESTART); SHOW(syscall(SYS_getppid)); P(handled););
	receive(listener);
	__u64 first = request.id;
	kill(target_pid, SIGUSR1);
	while (id_valid(listener) == 0) sched_yield();
	SHOW(answer(listener, 1, 0, 0));
	receive(listener);
	kill(target_pid, SIGUSR1);
	/* Asked again, as another call. */
	receive(listener);
	P(request.id - first);
	SHOW(answer(listener, 9, 0, 0));
	ended();
	/* One that was broken off before anybody looked. */
	listener = TARGET(SYS_getppid, with_handler(0); syscall(SYS_getppid); syscall(SYS_getppid););
	struct pollfd fd = {listener, POLLIN};
	poll(&fd, 1, -1);
	kill(target_pid, SIGUSR1);
	kill(target_pid, SIGKILL);
	ended();
	SHOW(receive(listener));
}

static void killable(void)
{
	int to[2];
	pipe(to);
	int listener = TARGET_WITH(SYS_getppid, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, with_handler(0); SHOW(syscall(SYS_getppid)); P(handled); SHOW(syscall(SYS_getppid)););
	receive(listener);
	kill(target_pid, SIGUSR1);
	usleep(20000);
	SHOW(id_valid(listener));
	SHOW(answer(listener, 3, 0, 0));
	receive(listener);
	kill(target_pid, SIGKILL);
	ended();
	SHOW(id_valid(listener));
	SHOW(answer(listener, 3, 0, 0));
}

static void deaths(void)
{
	/* The supervisor's, while a call waits, and after. */
	int listener = TARGET(SYS_getppid, SHOW(syscall(SYS_getppid)); SHOW(syscall(SYS_getppid)); P(syscall(SYS_getpid) > 0););
	struct pollfd fd = {listener, POLLIN};
	poll(&fd, 1, -1);
	close(listener);
	ended();
	listener = TARGET(SYS_getppid, SHOW(syscall(SYS_getppid)););
	receive(listener);
	close(listener);
	ended();
	/* The target's, before its call was received, and after. */
	listener = TARGET(SYS_getppid, syscall(SYS_getppid););
	fd.fd = listener;
	poll(&fd, 1, -1);
	kill(target_pid, SIGKILL);
	ended();
	SHOW(receive(listener));
	SHOW(receive(listener));
	fd.events = POLLIN;
	P(poll(&fd, 1, 0));
	P(fd.revents);
	listener = TARGET(SYS_getppid, syscall(SYS_getppid););
	receive(listener);
	kill(target_pid, SIGTERM);
	ended();
	SHOW(id_valid(listener));
	SHOW(answer(listener, 0, 0, 0));
}

static int add_fd(int listener, int source, unsigned flags, unsigned number, unsigned fd_flags)
{
	struct seccomp_notif_addfd add = {request.id, flags, source, number, fd_flags};
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
}

static void descriptors(void)
{
	int pipe_[2];
	pipe(pipe_);
	write(pipe_[1], "hello", 5);
	int listener = TARGET(SYS_getppid, close(pipe_[0]); close(pipe_[1]); long fd = syscall(SYS_getppid); char text[8] = ""; P(read(fd, text, 5)); puts(text);
		P(fcntl(fd, F_GETFD)); P(fcntl(20, F_GETFD)); P(fcntl(0, F_GETFD)); fd = syscall(SYS_getppid); P(fd == 25); struct rlimit r = {4, 4}; setrlimit(RLIMIT_NOFILE, &r);
		while (dup(2) >= 0); P(syscall(SYS_getppid)););
	P(add_fd(listener, 0, 0, 0, 0));
	printf("%s\n", errno_name(errno));
	receive(listener);
	SHOW(add_fd(listener, 99, 0, 0, 0));
	SHOW(add_fd(listener, pipe_[0], 4, 0, 0));
	SHOW(add_fd(listener, pipe_[0], 0, 5, 0));
	SHOW(add_fd(listener, pipe_[0], 0, 0, 1));
	SHOW(add_fd(listener, pipe_[0], SECCOMP_ADDFD_FLAG_SETFD, 1 << 30, 0));
	SHOW(add_fd(listener, pipe_[0], SECCOMP_ADDFD_FLAG_SETFD, 20, O_CLOEXEC));
	struct { struct seccomp_notif_addfd add; __u64 more; } longer = {{request.id, 0, pipe_[0], 0, 0}, 1};
	SHOW(ioctl(listener, _IOC(_IOC_WRITE, '!', 3, 32), &longer));
	SHOW(ioctl(listener, _IOC(_IOC_WRITE, '!', 3, 16), &longer));
	longer.more = 0;
	int made = ioctl(listener, _IOC(_IOC_WRITE, '!', 3, 32), &longer);
	P(made > 2);
	SHOW(answer(listener, made, 0, 0));
	receive(listener);
	SHOW(add_fd(listener, pipe_[0], SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND, 25, 0));
	receive(listener);
	SHOW(add_fd(listener, pipe_[0], SECCOMP_ADDFD_FLAG_SEND, 0, 0));
	SHOW(id_valid(listener));
	SHOW(answer(listener, 1, 0, 0));
	ended();
}

static void chains(void)
{
	/* Of several filters the strictest answer counts, among equals the newest filter's. */
	int pair[2];
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fflush(stdout);
	target_pid = fork();
	if (!target_pid) {
		apart();
		int fd = LISTEN(SYS_getppid);
		send_fd(pair[1], fd);
		close(fd);
		install(SYS_getppid, SECCOMP_RET_LOG, 0);
		SHOW(syscall(SYS_getppid));
		fflush(stdout);
		if (!fork()) {
			SHOW(syscall(SYS_getppid));
			install(SYS_getppid, SECCOMP_RET_ERRNO | 5, 0);
			SHOW(syscall(SYS_getppid));
			_exit(0);
		}
		wait(NULL);
		install(SYS_getppid, SECCOMP_RET_USER_NOTIF, 0);
		SHOW(syscall(SYS_getppid));
		_exit(0);
	}
	int listener = take_fd(pair[0]);
	receive(listener), answer(listener, 11, 0, 0);
	receive(listener);
	P(request.pid != target_pid);
	answer(listener, 12, 0, 0);
	ended();
	SHOW(receive(listener));
}

PROBES({"answers", answers}, {"goes-on", goes_on}, {"errors", errors}, {"installing", installing}, {"threads", threads}, {"polls", polls},
	{"signals", signals}, {"killable", killable}, {"deaths", deaths}, {"descriptors", descriptors}, {"chains", chains})
