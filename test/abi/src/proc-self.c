/* /proc/PID as programs read it: which files there are, their modes, and what does not depend on the machine. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static char b[65536];

static long slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	if (fd < 0) {
		printf("%s: %s\n", name, errno_name(errno));
		return -1;
	}
	long n = read(fd, b, sizeof b - 1);
	b[n < 0 ? 0 : n] = 0;
	close(fd);
	return n;
}

static void line(const char *name, const char *key)
{
	slurp(name);
	char *at = strstr(b, key);
	if (!at) printf("no %s\n", key);
	else printf("%.*s\n", (int)strcspn(at, "\n"), at);
	fflush(stdout);
}

static void modes(void)
{
	static const char *const names[] = {"attr", "auxv", "cgroup", "cmdline", "comm", "cwd", "environ", "exe", "fd", "fdinfo", "io",
					    "limits", "loginuid", "maps", "mem", "mountinfo", "mounts", "ns", "oom_adj", "oom_score",
					    "oom_score_adj", "pagemap", "personality", "root", "smaps_rollup", "stat", "statm",
					    "status", "task", "wchan"};
	for (int i = 1; i < sizeof names / sizeof *names; i++) {
		struct stat st;
		char path[64];
		snprintf(path, 64, "/proc/self/%s", names[i]);
		if (lstat(path, &st) < 0) printf("%s: %s\n", names[i], errno_name(errno));
		else printf("%s %o\n", names[i], st.st_mode);
	}
}

static void status(void)
{
	static const char *const keys[] = {"Name:", "Umask:", "State:", "Uid:", "Gid:", "Threads:", "SigPnd:", "ShdPnd:",
					   "SigBlk:", "SigIgn:", "SigCgt:", "CapInh:", "CapAmb:", "NoNewPrivs:", "Seccomp:",
					   "TracerPid:", "Ngid:"};
	prctl(PR_SET_NAME, "renamed");
	umask(027);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGHUP, exit);
	for (int i = 0; i < sizeof keys / sizeof *keys; i++) line("/proc/self/status", keys[i]);
	static const char *const present[] = {"Tgid:", "Pid:", "PPid:", "FDSize:", "VmPeak:", "VmSize:", "VmLck:", "VmPin:", "VmHWM:",
					      "VmRSS:", "RssAnon:", "RssFile:", "RssShmem:", "VmData:", "VmStk:", "VmExe:", "VmLib:",
					      "VmPTE:", "VmSwap:", "SigQ:", "CapPrm:", "CapEff:", "CapBnd:", "Cpus_allowed:",
					      "Cpus_allowed_list:", "Mems_allowed:", "voluntary_ctxt_switches:",
					      "nonvoluntary_ctxt_switches:", "NSpid:", "NStgid:", "NSpgid:", "NSsid:"};
	slurp("/proc/self/status");
	for (int i = 0; i < sizeof present / sizeof *present; i++) printf("%s %d\n", present[i], strstr(b, present[i]) != NULL);
}

static void names(void)
{
	int fd = open("/proc/self/comm", O_WRONLY);
	SHOW(write(fd, "another-name-that-is-long", 25));
	slurp("/proc/self/comm");
	printf("%s", b);
	SHOW(write(fd, "x", 1));
	slurp("/proc/thread-self/comm");
	printf("%s", b);
	char name[16] = "";
	prctl(PR_GET_NAME, name);
	puts(name);
	slurp("/proc/self/stat");
	printf("%s\n", strstr(b, "(x) R") ? "in stat" : b);
	long n = slurp("/proc/self/cmdline");
	printf("%s\n", b + strlen(b) + 1);
	SHOW(slurp("/proc/self/environ"));
}

static int to[2];

static void *thread(void *unused)
{
	prctl(PR_SET_NAME, "second");
	char path[64];
	snprintf(path, 64, "/proc/self/task/%d/comm", (int)syscall(SYS_gettid));
	slurp(path);
	printf("%s", b);
	snprintf(path, 64, "/proc/self/task/%d/status", (int)syscall(SYS_gettid));
	line(path, "Name:");
	line(path, "Threads:");
	snprintf(path, 64, "/proc/%d/comm", (int)syscall(SYS_gettid));
	slurp(path);
	printf("%s", b);
	slurp("/proc/thread-self/comm");
	printf("%s", b);
	slurp("/proc/self/comm");
	printf("%s", b);
	int count = 0;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.';
	printf("%d tasks\n", count);
	snprintf(path, 64, "/proc/%d/task/%d/stat", getpid(), (int)syscall(SYS_gettid));
	slurp(path);
	printf("%s\n", strstr(b, "(second) R") ? "in stat" : b);
	fflush(stdout);
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	prctl(PR_SET_NAME, "first");
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	SHOW(access("/proc/self/task/1", F_OK));
}

static void memory(void)
{
	static int value = 1234;
	int fd = open("/proc/self/mem", O_RDWR), got = 0;
	SHOW(pread(fd, &got, 4, (long)&value));
	SHOW(got);
	got = 77;
	SHOW(pwrite(fd, &got, 4, (long)&value));
	SHOW(value);
	SHOW(pread(fd, &got, 4, 8));
	SHOW(pwrite(fd, &got, 4, 8));
	SHOW(pwrite(fd, "\x90", 1, (long)&memory) == 1);
	SHOW(lseek(fd, (long)&value, SEEK_SET) == (long)&value);
	SHOW(read(fd, &got, 4));
	SHOW(got);
	unsigned long aux[2];
	fd = open("/proc/self/auxv", O_RDONLY);
	int pages = 0;
	while (read(fd, aux, 16) == 16 && aux[0]) if (aux[0] == 6) pages = aux[1];
	SHOW(pages);
}

static void others(void)
{
	fflush(stdout);
	int pid = getpid();
	if (!fork()) {
		char path[64];
		setresgid(1000, 1000, 1000);
		setresuid(1000, 1000, 1000);
		static const char *const names[] = {"environ", "maps", "mem", "auxv", "cmdline", "status", "stat", "comm", "limits", "io",
						    "mountinfo", "cgroup", "statm"};
		for (int i = 0; i < sizeof names / sizeof *names; i++) {
			snprintf(path, 64, "/proc/%d/%s", pid, names[i]);
			int fd = open(path, O_RDONLY);
			long n = fd < 0 ? fd : read(fd, b, 1);
			printf("%s %s %s\n", names[i], fd < 0 ? errno_name(errno) : "opened", n < 0 ? errno_name(errno) : "read");
		}
		snprintf(path, 64, "/proc/%d/fd", pid);
		SHOW(open(path, O_RDONLY));
		snprintf(path, 64, "/proc/%d/cwd", pid);
		SHOW(readlink(path, b, 10));
		snprintf(path, 64, "/proc/%d/exe", pid);
		SHOW(readlink(path, b, 10));
		SHOW(open(path, O_RDONLY));
		snprintf(path, 64, "/proc/%d/comm", pid);
		SHOW(open(path, O_WRONLY));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void small_files(void)
{
	slurp("/proc/self/oom_score_adj");
	printf("%s", b);
	int fd = open("/proc/self/oom_score_adj", O_RDWR);
	SHOW(write(fd, "100", 3));
	slurp("/proc/self/oom_score_adj");
	printf("%s", b);
	SHOW(write(fd, "1001", 4));
	SHOW(write(fd, "abc", 3));
	slurp("/proc/self/personality");
	printf("%s", b);
	slurp("/proc/self/io");
	printf("%d %d\n", !!strstr(b, "rchar: "), !!strstr(b, "cancelled_write_bytes: "));
	slurp("/proc/self/limits");
	printf("%.*s\n", (int)strcspn(b, "\n"), b);
	slurp("/proc/self/smaps_rollup");
	printf("%d %d\n", !!strstr(b, "[rollup]"), !!strstr(b, "\nRss: "));
	long n = readlink("/proc/self/ns/pid", b, 100);
	printf("%.5s\n", b);
	n = readlink("/proc/self/exe", b, 100);
	printf("%d\n", n > 0);
	SHOW(open("/proc/self/missing", O_RDONLY));
	SHOW(open("/proc/self/new", O_CREAT | O_RDWR, 0600));
	SHOW(mkdir("/proc/self/new", 0700));
	SHOW(unlink("/proc/self/comm"));
	SHOW(chmod("/proc/self/comm", 0600));
	SHOW(open("/proc/99999999/comm", O_RDONLY));
}

static void descriptors(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	write(fd, "abcdef", 6);
	char path[64];
	snprintf(path, 64, "/proc/self/fdinfo/%d", fd);
	slurp(path);
	printf("%.*s\n", (int)strcspn(b, "\n"), b);
	line(path, "flags:");
	printf("%d %d\n", !!strstr(b, "mnt_id:\t"), !!strstr(b, "ino:\t"));
	struct stat st;
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	lstat(path, &st);
	printf("%o %ld\n", st.st_mode, (long)st.st_size);
	int reader = open(path, O_RDONLY);
	SHOW(read(reader, b, 3));
	unlink("file");
	long n = readlink(path, b, 1000);
	printf("%s\n", n > 10 ? (b[n] = 0, b + n - 10) : "?");
	SHOW(open(path, O_RDONLY) >= 0);
	SHOW(open("/proc/self/fd/99", O_RDONLY));
	SHOW(readlink("/proc/self/fd/99", b, 10));
	SHOW(open("/dev/fd/0", O_PATH) >= 0);
}
PROBES({"modes", modes}, {"status", status}, {"names", names}, {"threads", threads}, {"memory", memory}, {"others", others},
       {"small_files", small_files}, {"descriptors", descriptors})
