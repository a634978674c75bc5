/* What every probe has: `PROGRAM` lists its cases, `PROGRAM CASE` runs one. What a case prints is what Linux did, so it
   prints nothing that differs from run to run: no pids, times or addresses that the kernel chose. */
#ifndef PROBE_H
#define PROBE_H
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __i386__
/* musl's times are 64 bits wide here, too, so the calls by number are those that take such. */
#define SYS_timer_settime SYS_timer_settime64
#define SYS_timer_gettime SYS_timer_gettime64
#define SYS_clock_gettime SYS_clock_gettime64
#define SYS_newfstatat SYS_fstatat64
#define SYS_semtimedop SYS_semtimedop_time64
/* Ids of 32 bits. */
#define SYS_setuid SYS_setuid32
#define SYS_setgid SYS_setgid32
#define SYS_setreuid SYS_setreuid32
#define SYS_setregid SYS_setregid32
#define SYS_setresuid SYS_setresuid32
#define SYS_setresgid SYS_setresgid32
#define SYS_getresuid SYS_getresuid32
#define SYS_getresgid SYS_getresgid32
#define SYS_setfsuid SYS_setfsuid32
#define SYS_setfsgid SYS_setfsgid32
#define SYS_getuid SYS_getuid32
#define SYS_geteuid SYS_geteuid32
#define SYS_getgid SYS_getgid32
#define SYS_getegid SYS_getegid32
#define SYS_getgroups SYS_getgroups32
#define SYS_setgroups SYS_setgroups32
#define SYS_chown SYS_chown32
#define SYS_lchown SYS_lchown32
#define SYS_fchown SYS_fchown32
#define REG_RAX REG_EAX
#define REG_RIP REG_EIP
#define SYSCALL_INSTRUCTION "int $0x80"
#define SYSCALL_CLOBBERS "memory"
#elif defined(__powerpc__)
/* glibc's names for what musl calls otherwise, and calls that powerpc has in their newer form only. */
#include <signal.h>
#include <time.h>
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#ifndef __powerpc64__
#define SYS_newfstatat SYS_fstatat64
#define SYS_semtimedop SYS_semtimedop_time64
#define SYS_timer_settime SYS_timer_settime64
#define SYS_timer_gettime SYS_timer_gettime64
#define SYS_clock_gettime SYS_clock_gettime64
#define SYS_mq_timedsend SYS_mq_timedsend_time64
#define SYS_mq_timedreceive SYS_mq_timedreceive_time64
#define SYS_utimensat SYS_utimensat_time64
#define SYS_pselect6 SYS_pselect6_time64
#define SYS_ppoll SYS_ppoll_time64
#define SYS_recvmmsg SYS_recvmmsg_time64
#define SYS_rt_sigtimedwait SYS_rt_sigtimedwait_time64
#define SYS_futex SYS_futex_time64
#define SYS_sched_rr_get_interval SYS_sched_rr_get_interval_time64
#endif
#else
#define SYSCALL_INSTRUCTION "syscall"
#define SYSCALL_CLOBBERS "rcx", "r11", "memory"
#endif

/* The ids' addresses among clone's arguments, without a thread's pointer, which older ISAs have between them. */
#if defined(__powerpc__)
#define CLONE_TIDS(parent, child) parent, 0, child
#else
#define CLONE_TIDS(parent, child) parent, child, 0
#endif

#ifdef __powerpc__
/* A union goes by reference there, or has an int in its upper half: what semctl's last argument is must be said. */
#include <sys/sem.h>
static inline int semctl_(int id, int number, int command, long value)
{
	union { int number; long all; } given = {0};
	if (command == SETVAL) given.number = value;
	else given.all = value;
	return semctl(id, number, command, given);
}
#define semctl(id, number, command, ...) semctl_(id, number, command, (long)(0, ##__VA_ARGS__))
#endif

struct probe_case {
	const char *name;
	void (*run)(void);
};

/* Statements in a child; what it prints comes before what follows. The probe includes sys/wait.h and unistd.h. */
#define IN_CHILD(...)                   \
	do {                            \
		fflush(stdout);         \
		if (!fork()) {          \
			__VA_ARGS__     \
			fflush(stdout); \
			_exit(0);       \
		}                       \
		wait(NULL);             \
	} while (0)

/* The pid of a child that has run the statements and waits to be killed. */
#define WAITING_CHILD(...)                 \
	({                                 \
		int to_[2], pid_;          \
		char c_;                   \
		pipe(to_);                 \
		fflush(stdout);            \
		pid_ = fork();             \
		if (!pid_) {               \
			__VA_ARGS__        \
			write(to_[1], "x", 1); \
			for (;;) pause();  \
		}                          \
		read(to_[0], &c_, 1);      \
		close(to_[0]);             \
		close(to_[1]);             \
		pid_;                      \
	})

/* IN_CHILD as an ordinary user. */
#define AS_USER(...) IN_CHILD(setresgid(100, 100, 100); setresuid(1000, 1000, 1000); __VA_ARGS__)

/* The result of a call as Linux gives it: a number or the error's name. */
#define SHOW(call) show_result(#call, (long)(call))

static const char *errno_name(int error)
{
	static const char *const names[] = {
		[EPERM] = "EPERM", [ENOENT] = "ENOENT", [ESRCH] = "ESRCH", [EINTR] = "EINTR", [EIO] = "EIO",
		[ENXIO] = "ENXIO", [E2BIG] = "E2BIG", [ENOEXEC] = "ENOEXEC", [EBADF] = "EBADF", [ECHILD] = "ECHILD",
		[EAGAIN] = "EAGAIN", [ENOMEM] = "ENOMEM", [EACCES] = "EACCES", [EFAULT] = "EFAULT",
		[ENOTBLK] = "ENOTBLK", [EBUSY] = "EBUSY", [EEXIST] = "EEXIST", [EXDEV] = "EXDEV", [ENODEV] = "ENODEV",
		[ENOTDIR] = "ENOTDIR", [EISDIR] = "EISDIR", [EINVAL] = "EINVAL", [ENFILE] = "ENFILE",
		[EMFILE] = "EMFILE", [ENOTTY] = "ENOTTY", [ETXTBSY] = "ETXTBSY", [EFBIG] = "EFBIG",
		[ENOSPC] = "ENOSPC", [ESPIPE] = "ESPIPE", [EROFS] = "EROFS", [EMLINK] = "EMLINK", [EPIPE] = "EPIPE",
		[EDOM] = "EDOM", [ERANGE] = "ERANGE", [EDEADLK] = "EDEADLK", [ENAMETOOLONG] = "ENAMETOOLONG",
		[ENOSYS] = "ENOSYS", [ENOTEMPTY] = "ENOTEMPTY", [ELOOP] = "ELOOP", [ENODATA] = "ENODATA",
		[EOVERFLOW] = "EOVERFLOW", [ENOTSOCK] = "ENOTSOCK", [EDESTADDRREQ] = "EDESTADDRREQ",
		[EMSGSIZE] = "EMSGSIZE", [EPROTOTYPE] = "EPROTOTYPE", [ENOPROTOOPT] = "ENOPROTOOPT",
		[EPROTONOSUPPORT] = "EPROTONOSUPPORT", [ESOCKTNOSUPPORT] = "ESOCKTNOSUPPORT",
		[EOPNOTSUPP] = "EOPNOTSUPP", [EAFNOSUPPORT] = "EAFNOSUPPORT", [EADDRINUSE] = "EADDRINUSE",
		[ECONNABORTED] = "ECONNABORTED", [ECONNRESET] = "ECONNRESET", [ENOBUFS] = "ENOBUFS",
		[EISCONN] = "EISCONN", [ENOTCONN] = "ENOTCONN", [ETIMEDOUT] = "ETIMEDOUT",
		[ECONNREFUSED] = "ECONNREFUSED", [EALREADY] = "EALREADY", [EINPROGRESS] = "EINPROGRESS",
		[EADDRNOTAVAIL] = "EADDRNOTAVAIL",
		[ENETUNREACH] = "ENETUNREACH", [EHOSTUNREACH] = "EHOSTUNREACH", [EPROTO] = "EPROTO",
		[ECANCELED] = "ECANCELED", [EOWNERDEAD] = "EOWNERDEAD", [ENOTRECOVERABLE] = "ENOTRECOVERABLE",
	};
	if (error > 0 && error < (int)(sizeof names / sizeof *names) && names[error]) return names[error];
	static char number[16];
	snprintf(number, sizeof number, "errno %d", error);
	return number;
}

static long show_result(const char *what, long result)
{
	if (result == -1) printf("%s = %s\n", what, errno_name(errno));
	else printf("%s = %ld\n", what, result);
	fflush(stdout);
	return result;
}

static int probe_main(int argc, char **argv, const struct probe_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (argc < 2) puts(cases[i].name);
		else if (!strcmp(argv[1], cases[i].name)) return cases[i].run(), 0;
	}
	return argc < 2 ? 0 : 2;
}

#define PROBES(...)                                                                                    \
	static const struct probe_case CASES[] = {__VA_ARGS__};                                        \
	int main(int argc, char **argv)                                                                \
	{                                                                                              \
		return probe_main(argc, argv, CASES, sizeof CASES / sizeof *CASES);                    \
	}
#endif
