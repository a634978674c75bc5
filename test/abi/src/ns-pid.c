/* PID namespaces: who has which number where. pid_namespaces(7). */
#define _GNU_SOURCE
#include "probe.h"
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define P(what) (printf("%s: %ld\n", #what, (long)(what)), fflush(stdout))

/* A child with these clone flags; 0 in it. */
static long clone_with(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }

/* Statements as process 1 of a new namespace; its status. */
#define AS_INIT(...)                                              \
	({                                                        \
		int s_;                                           \
		fflush(stdout);                                   \
		long p_ = clone_with(CLONE_NEWPID);               \
		if (!p_) {                                        \
			__VA_ARGS__                               \
			fflush(stdout);                           \
			_exit(0);                                 \
		}                                                 \
		waitpid(p_, &s_, 0);                              \
		s_;                                               \
	})

static char *slurp(const char *path)
{
	static char text[8192];
	int f = open(path, O_RDONLY);
	if (f < 0) return strcpy(text, errno_name(errno));
	ssize_t n = read(f, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	close(f);
	return text;
}

static int count_fields(const char *text, const char *name)
{
	char *line = strstr(text, name);
	int n = 0;
	if (!line) return -1;
	for (; *line && *line != '\n'; line++) n += *line == '\t';
	return n;
}

static void show_line(const char *text, const char *name)
{
	char *line = strstr(text, name);
	if (line) printf("%.*s\n", (int)strcspn(line, "\n"), line);
	else printf("no %s\n", name);
}

static void numbers(void)
{
	AS_INIT(P(getpid()); P(syscall(SYS_gettid)); P(getppid()); P(getpgrp()); P(getsid(0)); P(getpgid(1));
		P(syscall(SYS_set_tid_address, 0)); SHOW(getpgid(2)); SHOW(getsid(1)); SHOW(kill(getppid(), 0));
		long c = fork(); if (!c) { P(getpid()); P(getppid()); _exit(7); } int s; P(c); P(waitpid(-1, &s, 0)); P(s);
		P(setsid()); P(getpgrp()); P(getsid(0)); P(getpgid(1)););
	unsigned tids[2] = {0, 0};
	long p = syscall(SYS_clone, CLONE_NEWPID | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, CLONE_TIDS(&tids[0], &tids[1]));
	if (!p) { P(tids[1]); P(tids[0] != 1); _exit(0); }
	waitpid(p, 0, 0);
	P(tids[0] == p);
}

static void unshare_pid(void)
{
	int before = getpid();
	SHOW(unshare(CLONE_NEWPID));
	P(getpid() == before);
	SHOW(unshare(CLONE_NEWPID));
	char a[64] = "", b[64] = "";
	ssize_t n = readlink("/proc/self/ns/pid_for_children", b, 63);
	if (n < 0) printf("pid_for_children: %s\n", errno_name(errno));
	SHOW(open("/proc/self/ns/pid_for_children", O_RDONLY));
	int said[2];
	pipe(said);
	long p = fork();
	if (!p) {
		P(getpid());
		P(getppid());
		write(said[1], "", 1);
		pause();
	}
	read(said[0], a, 1);
	readlink("/proc/self/ns/pid", a, 63);
	readlink("/proc/self/ns/pid_for_children", b, 63);
	P(strncmp(a, "pid:[", 5));
	P(strcmp(a, b) != 0);
	long q = fork();
	if (!q) { P(getpid()); P(getppid()); _exit(0); }
	waitpid(q, 0, 0);
	SHOW(syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0));
	kill(p, SIGKILL);
	waitpid(p, 0, 0);
	/* Process 1 has ended. */
	SHOW(fork());
	SHOW(vfork());
	n = readlink("/proc/self/ns/pid_for_children", b, 63);
	P(n > 0);
}

static void clone_errors(void)
{
	SHOW(clone_with(CLONE_NEWPID | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD));
	AS_USER(SHOW(clone_with(CLONE_NEWPID)); SHOW(unshare(CLONE_NEWPID)););
	AS_INIT(SHOW(clone_with(CLONE_PARENT)););
	struct clone_args args = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
	long p = syscall(SYS_clone3, &args, sizeof args);
	if (!p) { P(getpid()); _exit(0); }
	waitpid(p, 0, 0);
}

static void levels(void)
{
	int to[2], depth = 0;
	pipe(to);
	fflush(stdout);
	if (!fork()) {
		for (;; depth++) {
			long p = clone_with(CLONE_NEWPID);
			if (p == 0) continue;
			if (p < 0) {
				int made[2] = {depth, errno};
				write(to[1], made, 8);
				_exit(0);
			}
			waitpid(p, 0, 0);
			_exit(0);
		}
	}
	int made[2] = {-1, 0};
	read(to[0], made, 8);
	wait(NULL);
	/* However deep this one is. */
	P(made[0] > 20);
	printf("%s\n", errno_name(made[1]));
}

static void setns_pid(void)
{
	int mine = open("/proc/self/ns/pid", O_RDONLY);
	long p = clone_with(CLONE_NEWPID);
	if (!p) { pause(); _exit(0); }
	char path[64];
	sprintf(path, "/proc/%ld/ns/pid", p);
	int theirs = open(path, O_RDONLY);
	P(ioctl(theirs, NS_GET_NSTYPE) == CLONE_NEWPID);
	int parent = ioctl(theirs, NS_GET_PARENT);
	struct stat a, b;
	fstat(parent, &a), fstat(mine, &b);
	P(a.st_ino == b.st_ino);
	SHOW(ioctl(mine, NS_GET_PARENT) >= -1);
	SHOW(setns(theirs, CLONE_NEWUTS));
	SHOW(setns(theirs, CLONE_NEWPID));
	long q = fork();
	if (!q) {
		P(getpid());
		P(getppid());
		SHOW(setns(mine, CLONE_NEWPID));
		SHOW(setns(theirs, 0));
		int up = ioctl(theirs, NS_GET_PARENT);
		printf("parent from inside: %s\n", up < 0 ? errno_name(errno) : "open");
		_exit(0);
	}
	waitpid(q, 0, 0);
	SHOW(setns(mine, 0));
	q = fork();
	if (!q) { P(getpid() > 2); _exit(0); }
	waitpid(q, 0, 0);
	int fd = syscall(SYS_pidfd_open, p, 0);
	SHOW(setns(fd, CLONE_NEWPID | CLONE_NEWUTS));
	q = fork();
	if (!q) { P(getpid()); SHOW(kill(1, 0)); SHOW(kill(1, SIGKILL)); _exit(0); }
	waitpid(q, 0, 0);
	SHOW(kill(p, 0));
	AS_USER(SHOW(setns(theirs, 0)););
	kill(p, SIGKILL);
	waitpid(p, 0, 0);
	SHOW(fork());
}

static void procfs(void)
{
	AS_INIT(
		unshare(CLONE_NEWNS); mount("", "/", 0, MS_REC | MS_PRIVATE, 0);
		P(!strcmp(slurp("/proc/self/comm"), "ENOENT") || getpid() == 1);
		char link[64] = ""; ssize_t n = readlink("/proc/self", link, 63); P(n > 0 && strcmp(link, "1"));
		P(count_fields(slurp("/proc/self/status"), "NSpid:") >= 2);
		mkdir("p", 0755); SHOW(mount("proc", "p", "proc", 0, 0));
		memset(link, 0, 64); readlink("p/self", link, 63); puts(link);
		memset(link, 0, 64); readlink("p/thread-self", link, 63); puts(link);
		char *t = slurp("p/self/status"); show_line(t, "Tgid:"); show_line(t, "\nPid:"+0); show_line(t, "PPid:");
		show_line(t, "NStgid:"); show_line(t, "NSpid:"); show_line(t, "NSpgid:"); show_line(t, "NSsid:");
		int pid; int ppid; int pgrp; int session; char state; char name[32];
		sscanf(slurp("p/1/stat"), "%d (%31[^)]) %c %d %d %d", &pid, name, &state, &ppid, &pgrp, &session);
		printf("%d %c %d %d %d\n", pid, state, ppid, pgrp, session);
		long c = WAITING_CHILD(); printf("%ld\n", c); P(access("p/2/comm", F_OK)); P(access("p/3/comm", F_OK));
		puts(slurp("p/1/task/1/children"));
		SHOW(access("p/self/ns/pid_for_children", F_OK));
		int fd = syscall(SYS_pidfd_open, 2, 0); char path[64]; sprintf(path, "p/self/fdinfo/%d", fd);
		t = slurp(path); show_line(t, "Pid:"); show_line(t, "NSpid:");
		sprintf(path, "/proc/self/fdinfo/%d", fd); P(count_fields(slurp(path), "NSpid:") >= 2);
		/* A namespace below: a procfs of this one has it, with a number of its own. */
		int s = AS_INIT(P(getpid()); show_line(slurp("p/self/status"), "NSpid:"); show_line(slurp("p/self/status"), "PPid:");
			mkdir("q", 0755); mount("proc", "q", "proc", 0, 0); P(access("q/2", F_OK)); puts(slurp("q/self/stat") [0] == '1' ? "1" : "?"););
		P(s); kill(c, 9);
	);
	/* From outside, the numbers of one inside are in both. */
	long p = clone_with(CLONE_NEWPID);
	if (!p) { pause(); _exit(0); }
	char path[64], want[64], got[64];
	sprintf(path, "/proc/%ld/status", p);
	char *line = strstr(slurp(path), "NSpid:");
	long own = 0;
	for (char *at = line; *at && *at != '\n'; at++) if (*at == '\t') own = atol(at + 1);
	P(own);
	kill(p, 9);
	wait(NULL);
	/* A reader from elsewhere is nobody there. */
	unshare(CLONE_NEWNS);
	mount("", "/", 0, MS_REC | MS_PRIVATE, 0);
	mkdir("r", 0755);
	int to[2];
	pipe(to);
	p = clone_with(CLONE_NEWPID);
	if (!p) { mount("proc", "r", "proc", 0, 0); write(to[1], "x", 1); pause(); }
	read(to[0], path, 1);
	SHOW(readlink("r/self", path, 64));
	SHOW(access("r/1", F_OK));
	SHOW(access("r/2", F_OK));
	kill(p, 9);
	wait(NULL);
	SHOW(access("r/1", F_OK));
	SHOW(access("r/uptime", F_OK));
}

static volatile int from_pid, from_code;
static void on_info(int signo, siginfo_t *info, void *context) { from_pid = info->si_pid, from_code = info->si_code; }

static void catch(int signo)
{
	struct sigaction act = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};
	sigaction(signo, &act, 0);
}

static void senders(void)
{
	int to[2];
	pipe(to);
	/* From outside: nobody. */
	long p = clone_with(CLONE_NEWPID);
	if (!p) {
		sigset_t set;
		sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
		sigprocmask(SIG_BLOCK, &set, 0);
		write(to[1], "x", 1);
		siginfo_t info;
		sigwaitinfo(&set, &info);
		printf("%d %d\n", info.si_code, info.si_pid);
		sigwaitinfo(&set, &info);
		printf("%d %d\n", info.si_code, info.si_pid);
		fflush(stdout);
		_exit(0);
	}
	char c;
	read(to[0], &c, 1);
	kill(p, SIGUSR1);
	union sigval value = {.sival_int = 5};
	sigqueue(p, SIGUSR2, value);
	waitpid(p, 0, 0);
	/* Among themselves, and what ends. */
	catch(SIGCHLD);
	p = clone_with(CLONE_NEWPID);
	if (!p) {
		catch(SIGUSR1);
		long q = fork();
		if (!q) { kill(1, SIGUSR1); _exit(3); }
		while (from_pid == 0) sched_yield();
		P(from_pid);
		siginfo_t info = {0};
		waitid(P_PID, q, &info, WEXITED | WNOWAIT);
		printf("%d %d %d\n", info.si_pid, info.si_code, info.si_status);
		waitid(P_PGID, getpgrp(), &info, WEXITED | WNOHANG);
		SHOW(waitid(P_PID, 9, &info, WEXITED));
		SHOW(wait4(-5, 0, 0, 0));
		P(wait4(q, 0, 0, 0));
		_exit(0);
	}
	waitpid(p, 0, 0);
	P(from_pid == p);
}

static void groups(void)
{
	AS_INIT(
		long a = WAITING_CHILD(setpgid(0, 0);); P(a); SHOW(getpgid(a)); SHOW(kill(-a, 0)); SHOW(kill(-9, 0));
		SHOW(setpgid(a, 9)); long b = WAITING_CHILD(); SHOW(setpgid(b, a)); P(getpgid(b));
		/* All but the sender and process 1. */
		long c = fork(); if (!c) { SHOW(kill(-1, SIGTERM)); _exit(0); }
		int s; waitpid(c, &s, 0); waitpid(a, &s, 0); P(WTERMSIG(s)); waitpid(b, &s, 0); P(WTERMSIG(s));
		SHOW(kill(-1, 0)); SHOW(setpgid(0, 0)); P(getpgrp()); SHOW(kill(-1 * getpgrp(), 0)); SHOW(setpgid(0, 1)););
}

static void lookups(void)
{
	int outside = getpid();
	AS_INIT(
		int far = 1 << 20; long c = WAITING_CHILD(); P(c); struct rlimit limit; struct sched_param param;
		SHOW(syscall(SYS_prlimit64, c, RLIMIT_NOFILE, 0, &limit)); SHOW(syscall(SYS_prlimit64, far, RLIMIT_NOFILE, 0, &limit));
		SHOW(syscall(SYS_sched_getscheduler, c)); SHOW(syscall(SYS_sched_getscheduler, far));
		SHOW(getpriority(PRIO_PROCESS, c)); SHOW(getpriority(PRIO_PROCESS, far));
		SHOW(syscall(SYS_kcmp, 1, c, KCMP_VM, 0, 0) > 0); SHOW(syscall(SYS_kcmp, 1, far, KCMP_VM, 0, 0));
		SHOW(syscall(SYS_pidfd_open, c, 0) > 0); SHOW(syscall(SYS_pidfd_open, far, 0)); 
		char x; struct iovec iov; SHOW(syscall(SYS_process_vm_readv, far, 0, 0, 0, 0, 0));
		void *head; size_t size; SHOW(syscall(SYS_get_robust_list, c, &head, &size)); SHOW(syscall(SYS_get_robust_list, far, &head, &size));
		SHOW(syscall(SYS_tgkill, c, c, 0)); SHOW(syscall(SYS_tgkill, 1, c, 0)); SHOW(syscall(SYS_tkill, c, 0)); SHOW(syscall(SYS_tkill, far, 0));
		struct timespec ts; clockid_t clock; SHOW(clock_getcpuclockid(c, &clock)); SHOW(clock_gettime(clock, &ts));
		SHOW(syscall(SYS_ioprio_get, 1, c)); SHOW(syscall(SYS_ioprio_get, 1, far)); SHOW(syscall(SYS_ioprio_get, 2, far));
		struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1}; event.sigev_notify_thread_id = 1;
		timer_t timer; SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
		event.sigev_notify_thread_id = c; SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer)););
}

static void files(void)
{
	AS_INIT(
		int f = open("f", O_RDWR | O_CREAT, 0600); struct flock lock = {.l_type = F_WRLCK}; fcntl(f, F_SETLK, &lock);
		struct f_owner_ex owner; int pair[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
		SHOW(fcntl(pair[0], F_SETOWN, 1)); SHOW(fcntl(pair[0], F_GETOWN)); SHOW(fcntl(pair[0], F_SETOWN, 9)); SHOW(fcntl(pair[0], F_GETOWN));
		SHOW(fcntl(pair[0], F_SETOWN, -9)); struct ucred peer; socklen_t n = sizeof peer; getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &n);
		P(peer.pid);
		IN_CHILD(struct flock other = {.l_type = F_WRLCK}; fcntl(f, F_GETLK, &other); P(other.l_pid););
		int s = AS_INIT(struct flock other = {.l_type = F_WRLCK}; fcntl(f, F_GETLK, &other); P(other.l_type == F_WRLCK); P(other.l_pid);
			P(fcntl(pair[0], F_GETOWN)); getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &n); P(peer.pid);); P(s););
	int made = open("f", O_RDWR);
	int pair[2], to[2];
	pipe(to);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	int on = 1;
	setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	fflush(stdout);
	long p = clone_with(CLONE_NEWPID);
	char body[8], control[128];
	struct iovec iov = {body, 8};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	if (!p) {
		write(pair[1], "hi", 2);
		recvmsg(pair[1], &message, 0);
		struct ucred *who = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
		P(who->pid);
		/* One that there is not. */
		struct ucred other = {.pid = 9};
		memset(control, 0, sizeof control);
		message.msg_controllen = CMSG_SPACE(sizeof other);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_CREDENTIALS, head->cmsg_len = CMSG_LEN(sizeof other);
		memcpy(CMSG_DATA(head), &other, sizeof other);
		SHOW(sendmsg(pair[1], &message, 0));
		_exit(0);
	}
	recvmsg(pair[0], &message, 0);
	struct ucred *who = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
	P(who->pid == p);
	write(pair[0], "hi", 2);
	waitpid(p, 0, 0);
}

static void ipc(void)
{
	int q = msgget(IPC_PRIVATE, 0600), s = semget(IPC_PRIVATE, 1, 0600), m = shmget(IPC_PRIVATE, 4096, 0600);
	struct { long type; char text[4]; } message = {1, "x"};
	msgsnd(q, &message, 1, 0);
	shmat(m, 0, 0);
	semctl(s, 0, SETVAL, 1);
	struct msqid_ds queue;
	struct shmid_ds segment;
	AS_INIT(msgctl(q, IPC_STAT, &queue); P(queue.msg_lspid); P(queue.msg_lrpid); shmctl(m, IPC_STAT, &segment); P(segment.shm_cpid);
		P(semctl(s, 0, GETPID)); msgrcv(q, &message, 1, 0, 0); msgctl(q, IPC_STAT, &queue); P(queue.msg_lrpid);
		struct sembuf op = {0, -1, 0}; semop(s, &op, 1); P(semctl(s, 0, GETPID)););
	/* Whoever it was is gone. */
	msgctl(q, IPC_STAT, &queue);
	P(queue.msg_lspid == getpid());
	shmctl(m, IPC_STAT, &segment);
	P(segment.shm_cpid == getpid());
	msgctl(q, IPC_RMID, 0), semctl(s, 0, IPC_RMID), shmctl(m, IPC_RMID, 0);
}

static void terminals(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0;
	ioctl(master, 0x40045431, &unlock);
	AS_INIT(setsid(); int slave = ioctl(master, 0x5441, O_RDWR | O_NOCTTY); SHOW(ioctl(slave, 0x540E, 0)); P(tcgetpgrp(slave));
		int sid = -1; ioctl(slave, 0x5429, &sid); P(sid); long c = WAITING_CHILD(setpgid(0, 0);); SHOW(tcsetpgrp(slave, c)); P(tcgetpgrp(slave));
		SHOW(tcsetpgrp(slave, 9)); IN_CHILD(AS_INIT(P(tcgetpgrp(slave));););
		kill(c, 9););
}

PROBES({"numbers", numbers}, {"unshare", unshare_pid}, {"clone-errors", clone_errors}, {"levels", levels}, {"setns", setns_pid},
	{"procfs", procfs}, {"senders", senders}, {"groups", groups}, {"lookups", lookups}, {"files", files}, {"ipc", ipc},
	{"terminals", terminals})
