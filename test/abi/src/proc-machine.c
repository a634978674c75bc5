/* /proc and /sys as programs read them: names, formats and order; no value that is the machine's. */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capability.h"
#include "probe.h"

static char b[1 << 20];

static long slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	if (fd < 0) {
		printf("%s: %s\n", name, errno_name(errno));
		b[0] = 0;
		return -1;
	}
	long n = 0, got;
	while ((got = read(fd, b + n, sizeof b - 1 - n)) > 0) n += got;
	b[n] = 0;
	close(fd);
	return n;
}

/* Numbers become 9, hexadecimal addresses and runs of blanks stay what they are. */
static void shape(const char *name, int lines)
{
	slurp(name);
	printf("%s:\n", name);
	for (char *at = b; *at && lines; at++) {
		if (isdigit(*at)) {
			while (isdigit(at[1])) at++;
			putchar('9');
		} else if (*at == ' ') {
			while (at[1] == ' ') at++;
			putchar(' ');
		} else putchar(*at);
		if (*at == '\n') lines--;
	}
	fflush(stdout);
}

/* Where the colons and the units of the first line stand. */
static void columns(const char *name, const char *key)
{
	slurp(name);
	char *at = strstr(b, key);
	if (!at) printf("no %s\n", key);
	else {
		int length = strcspn(at, "\n");
		for (int i = 0; i < length; i++)
			if (isdigit(at[i])) at[i] = isdigit(at[i + 1]) || at[i + 1] != ' ' ? ' ' : '9';
		printf("%s|%.*s|\n", name, length, at);
	}
	fflush(stdout);
}

static void machine(void)
{
	shape("/proc/uptime", 1);
	shape("/proc/loadavg", 1);
	shape("/proc/swaps", 1);
	shape("/proc/partitions", 2);
	shape("/proc/cgroups", 1);
	shape("/proc/execdomains", 9);
	shape("/proc/sysvipc/msg", 1);
	columns("/proc/meminfo", "MemTotal");
	columns("/proc/meminfo", "SwapTotal");
	columns("/proc/meminfo", "Hugepagesize");
	columns("/proc/meminfo", "HugePages_Total");
	columns("/proc/meminfo", "Active(anon)");
	static const char *const keys[] = {
		"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive", "Unevictable", "Mlocked", "SwapTotal",
		"SwapFree", "Dirty", "Writeback", "AnonPages", "Mapped", "Shmem", "KReclaimable", "Slab", "SReclaimable", "SUnreclaim",
		"KernelStack", "PageTables", "CommitLimit", "Committed_AS", "VmallocTotal", "VmallocUsed", "Percpu", "HugePages_Total",
		"Hugepagesize", "DirectMap4k"};
	slurp("/proc/meminfo");
	char *at = b;
	for (int i = 0; i < sizeof keys / sizeof *keys; i++) {
		char *found = strstr(at, keys[i]);
		printf("%s %d\n", keys[i], found != NULL);
		if (found) at = found;
	}
	slurp("/proc/stat");
	static const char *const stats[] = {"cpu  ", "\ncpu0 ", "\nintr ", "\nctxt ", "\nbtime ", "\nprocesses ", "\nprocs_running ", "\nprocs_blocked ",
					    "\nsoftirq "};
	for (int i = 0; i < sizeof stats / sizeof *stats; i++) printf("%d", strstr(b, stats[i]) != NULL);
	int fields = 0;
	for (char *p = b; *p != '\n'; p++) fields += *p == ' ' && p[1] != ' ';
	printf(" %d fields\n", fields);
	static const char *const counters[] = {"nr_free_pages ", "\nnr_mapped ", "\nnr_file_pages ", "\nnr_dirty ", "\nnr_writeback ", "\npgpgin ",
					       "\npgpgout ", "\npswpin ", "\npswpout ", "\npgfault ", "\npgmajfault ", "\noom_kill "};
	slurp("/proc/vmstat");
	for (int i = 0; i < sizeof counters / sizeof *counters; i++) printf("%d", strstr(b, counters[i]) != NULL);
	static const char *const cpu[] = {"processor\t: 0\n", "vendor_id\t: ", "cpu family\t: ", "model\t\t: ", "model name\t: ", "stepping\t: ",
					  "cpu MHz\t\t: ", "cache size\t: ", "siblings\t: ", "cpu cores\t: ", "fpu\t\t: yes\n", "flags\t\t: ",
					  "bogomips\t: ", "address sizes\t: ", "power management:"};
	slurp("/proc/cpuinfo");
	for (int i = 0; i < sizeof cpu / sizeof *cpu; i++) printf("%d", strstr(b, cpu[i]) != NULL);
	putchar('\n');
}

static void modes(void)
{
	static const char *const names[] = {
		"/proc/buddyinfo", "/proc/bus", "/proc/cgroups", "/proc/consoles", "/proc/cpuinfo", "/proc/crypto",
		"/proc/devices", "/proc/diskstats", "/proc/driver", "/proc/execdomains", "/proc/filesystems", "/proc/fs", "/proc/interrupts",
		"/proc/iomem", "/proc/ioports", "/proc/irq", "/proc/kallsyms", "/proc/key-users", "/proc/loadavg", "/proc/locks",
		"/proc/meminfo", "/proc/misc", "/proc/partitions", "/proc/slabinfo", "/proc/softirqs", "/proc/stat",
		"/proc/swaps", "/proc/sys", "/proc/sysvipc", "/proc/tty", "/proc/tty/drivers", "/proc/uptime", "/proc/version",
		"/proc/vmstat", "/proc/zoneinfo", "/proc/self/smaps", "/proc/self/sched", "/proc/self/schedstat", "/proc/self/stack",
		"/proc/self/syscall", "/proc/self/uid_map", "/proc/self/setgroups", "/proc/self/coredump_filter", "/proc/self/timerslack_ns",
		"/proc/self/timers", "/proc/self/clear_refs", "/proc/self/sessionid", "/proc/self/cpuset", "/proc/sys/kernel",
		"/proc/sys/kernel/hostname", "/proc/sys/kernel/pid_max", "/proc/sys/kernel/ostype", "/proc/sys/kernel/random/uuid",
		"/proc/sys/vm/drop_caches", "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/file-nr", "/proc/sys/fs/pipe-max-size", "/sys", "/sys/kernel",
		"/sys/devices/system/cpu/online", "/sys/class/tty/tty", "/sys/devices/system/cpu/cpu0/topology/core_id"};
	for (int i = 0; i < sizeof names / sizeof *names; i++) {
		struct stat st;
		if (lstat(names[i], &st) < 0) printf("%s: %s\n", names[i], errno_name(errno));
		else printf("%s %o %ld %d\n", names[i], st.st_mode, (long)st.st_size, (int)(st.st_mode >> 12 == 4 ? 0 : st.st_nlink));
	}
}

/* The names and the units of the limits: values are the machine's. */
static void limits(void)
{
	slurp("/proc/self/limits");
	for (char *line = strtok(b, "\n"); line; line = strtok(NULL, "\n"))
		printf("%.26s|%s|\n", line, strlen(line) > 68 ? line + 68 : "");
}

static void memory(void)
{
	static const char *const flags[] = {"rd wr mr mw me ac"};
	char *a = mmap((void *)0x40000000, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(a, 1, 3 * 4096);
	slurp("/proc/self/smaps");
	char *at = strstr(b, "40000000-40003000"), *next = at ? strstr(at, "VmFlags:") : NULL;
	if (!at || !next) return (void)puts("no area");
	for (char *line = at; line < next; line = strchr(line, '\n') + 1) {
		int length = strcspn(line, "\n");
		if (strstr(line, "THPeligible") == line || strstr(line, "ProtectionKey") == line) continue;
		printf("%.*s\n", length, line);
	}
	printf("%d\n", strstr(next, flags[0]) != NULL);
	slurp("/proc/self/smaps_rollup");
	printf("%s\n", strstr(b, "[rollup]") ? "rollup" : b);
	for (char *line = strchr(b, '\n') + 1; *line; line = strchr(line, '\n') + 1) printf("%.*s\n", (int)strcspn(line, ":"), line);
	int fields[7];
	slurp("/proc/self/statm");
	printf("%d\n", sscanf(b, "%d %d %d %d %d %d %d", fields, fields + 1, fields + 2, fields + 3, fields + 4, fields + 5, fields + 6));
	printf("%d %d\n", fields[4], fields[6]);
	slurp("/proc/self/stat");
	int count = 1;
	for (char *p = strrchr(b, ')'); *p; p++) count += *p == ' ';
	SHOW(count);
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);
	long n = fd < 0 ? fd : write(fd, text, strlen(text));
	printf("%s < \"%.*s\" = %s", name, (int)strcspn(text, "\n"), text, n < 0 ? errno_name(errno) : "");
	if (n >= 0) printf("%ld", n);
	putchar('\n');
	fflush(stdout);
	close(fd);
}

static void tell(const char *name)
{
	slurp(name);
	printf("%s: %s%s", name, b, *b && b[strlen(b) - 1] == '\n' ? "" : "\n");
	fflush(stdout);
}

static void settings(void)
{
	tell("/proc/self/coredump_filter");
	put("/proc/self/coredump_filter", "0x7f\n");
	tell("/proc/self/coredump_filter");
	put("/proc/self/coredump_filter", "010");
	tell("/proc/self/coredump_filter");
	put("/proc/self/coredump_filter", "zz");
	put("/proc/self/coredump_filter", "-1");
	IN_CHILD(tell("/proc/self/coredump_filter"););
	tell("/proc/self/timerslack_ns");
	put("/proc/self/timerslack_ns", "1234\n");
	tell("/proc/self/timerslack_ns");
	SHOW(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	put("/proc/self/timerslack_ns", "x");
	put("/proc/self/timerslack_ns", "0");
	tell("/proc/self/timerslack_ns");
	put("/proc/self/clear_refs", "1\n");
	put("/proc/self/clear_refs", "9\n");
	put("/proc/self/clear_refs", "x\n");
	tell("/proc/self/setgroups");
	tell("/proc/self/uid_map");
	tell("/proc/self/gid_map");
	put("/proc/self/uid_map", "0 0 1\n");
	put("/proc/self/setgroups", "deny");
	tell("/proc/self/wchan");
	tell("/proc/self/timers");
	tell("/proc/self/personality");
	tell("/proc/self/sessionid");
	/* lower than it was is for CAP_SYS_RESOURCE */
	known(BIT(CAP_KILL));
	put("/proc/self/oom_score_adj", "500");
	put("/proc/self/oom_score_adj", "300");
	put("/proc/self/oom_score_adj", "0");
	put("/proc/self/oom_score_adj", "-1");
	put("/proc/self/oom_score_adj", "1001");
	put("/proc/self/oom_score_adj", "");
	IN_CHILD(tell("/proc/self/oom_score_adj"););
	put("/proc/self/oom_score_adj", "17");
	IN_CHILD(tell("/proc/self/oom_score_adj"););
}

static void children(void)
{
	char path[64];
	int pid = fork();
	if (!pid)
		for (;;) pause();
	snprintf(path, 64, "/proc/self/task/%d/children", getpid());
	slurp(path);
	printf("%d\n", atoi(b) == pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	SHOW(slurp(path));
	SHOW(open("/proc/self/children", O_RDONLY));
}

static void calls(void)
{
	char path[64];
	int to[2];
	pipe(to);
	int pid = fork();
	if (!pid) {
		read(to[0], path, 1);
		_exit(0);
	}
	usleep(100000);
	snprintf(path, 64, "/proc/%d/syscall", pid);
	slurp(path);
	int words = 0;
	for (char *p = b; *p; p++) words += *p == ' ';
	printf("%.2s%d words\n", b, words + 1);
	snprintf(path, 64, "/proc/%d/stack", pid);
	SHOW(open(path, O_RDONLY) >= 0);
	AS_USER(SHOW(open(path, O_RDONLY)););
	write(to[1], "x", 1);
	wait(NULL);
}

/* Only what is there already, or is refused, is written: this is the recording machine's own. */
static void sysctls(void)
{
	static const char *const names[] = {"kernel/ostype", "kernel/overflowuid", "kernel/overflowgid", "kernel/ngroups_max", "kernel/cap_last_cap",
					    "fs/overflowuid", "fs/pipe-max-size", "fs/nr_open", "vm/max_map_count",
					    "kernel/sysctl_writes_strict", "fs/suid_dumpable", "fs/protected_hardlinks", "kernel/arch"};
	char path[64];
	for (int i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, 64, "/proc/sys/%s", names[i]);
		tell(path);
	}
	put("/proc/sys/vm/overcommit_memory", "3\n");
	put("/proc/sys/vm/overcommit_memory", "-1\n");
	put("/proc/sys/vm/overcommit_memory", "abc\n");
	put("/proc/sys/vm/overcommit_memory", "\n");
	put("/proc/sys/vm/overcommit_memory", "");
	put("/proc/sys/vm/swappiness", "60x\n");
	put("/proc/sys/vm/swappiness", "201\n");
	put("/proc/sys/vm/swappiness", "0x3c\n");
	put("/proc/sys/vm/swappiness", "074\n");
	put("/proc/sys/vm/swappiness", " 60 \n");
	put("/proc/sys/vm/swappiness", "99999999999999999999\n");
	tell("/proc/sys/vm/swappiness");
	put("/proc/sys/kernel/pid_max", "1\n");
	put("/proc/sys/kernel/pid_max", "4194305\n");
	put("/proc/sys/kernel/ostype", "x\n");
	put("/proc/sys/kernel/printk", "a\n");
	put("/proc/sys/fs/pipe-max-size", "1048575\n");
	tell("/proc/sys/fs/pipe-max-size");
	put("/proc/sys/vm/drop_caches", "x\n");
	put("/proc/sys/vm/drop_caches", "0\n");
	SHOW(open("/proc/sys/kernel/missing", O_RDONLY));
	SHOW(open("/proc/sys/kernel/new", O_CREAT | O_RDWR, 0600));
	SHOW(mkdir("/proc/sys/kernel/new", 0600));
	AS_USER(SHOW(open("/proc/sys/vm/swappiness", O_WRONLY)); SHOW(open("/proc/sys/vm/drop_caches", O_RDONLY));
		SHOW(open("/proc/sys/vm/swappiness", O_RDONLY) >= 0););
}

static void sys(void)
{
	struct statfs fs;
	static const char *const names[] = {"online", "present", "possible", "cpu0/topology/core_id", "cpu0/topology/physical_package_id",
					    "cpu0/topology/thread_siblings_list", "isolated", "smt/active"};
	char path[128], target[128];
	statfs("/sys", &fs);
	printf("%lx %ld\n", (long)fs.f_type, (long)fs.f_bsize);
	for (int i = 3; i < sizeof names / sizeof *names; i++) {
		snprintf(path, 128, "/sys/devices/system/cpu/%s", names[i]);
		tell(path);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(path, 128, "/sys/devices/system/cpu/%s", names[i]);
		slurp(path);
		printf("%c\n", b[0]);
	}
	tell("/sys/devices/system/node/online");
	tell("/sys/devices/system/node/node0/distance");
	tell("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	tell("/sys/class/net/lo/address");
	tell("/sys/class/net/lo/type");
	tell("/sys/class/net/lo/ifindex");
	tell("/sys/class/tty/tty/dev");
	tell("/sys/class/tty/tty/uevent");
	tell("/sys/dev/char/1:3/uevent");
	static const char *const links[] = {"/sys/class/tty/tty", "/sys/class/net/lo", "/sys/dev/char/1:3", "/sys/class/tty/tty/subsystem",
					    "/sys/devices/system/cpu/cpu0/subsystem"};
	for (int i = 0; i < sizeof links / sizeof *links; i++) {
		long n = readlink(links[i], target, 127);
		target[n < 0 ? 0 : n] = 0;
		printf("%s -> %s\n", links[i], target);
	}
	SHOW(access("/sys/class/tty/tty/subsystem/console/dev", R_OK));
	SHOW(access("/sys/fs/cgroup", F_OK));
	SHOW(open("/sys/missing", O_RDONLY));
	AS_USER(SHOW(open("/sys/devices/system/cpu/online", O_WRONLY)););
}

static void namespaces(void)
{
	static const char *const names[] = {"cgroup", "ipc", "mnt", "pid", "pid_for_children", "time", "user", "uts"};
	char path[64], target[64];
	struct stat st;
	for (int i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, 64, "/proc/self/ns/%s", names[i]);
		long n = readlink(path, target, 63), number = 0;
		target[n < 0 ? 0 : n] = 0;
		sscanf(strchr(target, '[') ?: "", "[%ld]", &number);
		printf("%.*s %d\n", (int)strcspn(target, "["), target, stat(path, &st) == 0 && st.st_ino == number);
		printf("%o\n", st.st_mode);
	}
	/* what programs know the first user and UTS namespace by */
	printf("%ld\n", (stat("/proc/self/ns/user", &st), (long)st.st_ino));
}

PROBES({"machine", machine}, {"modes", modes}, {"limits", limits}, {"memory", memory}, {"settings", settings}, {"children", children},
       {"calls", calls}, {"sysctls", sysctls}, {"sys", sys}, {"namespaces", namespaces})
