/* User namespaces: ids by maps, capabilities inside, what may be mounted there. user_namespaces(7). */
#define _GNU_SOURCE
#include <endian.h>
#include "probe.h"
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef NS_GET_OWNER_UID
#define NS_GET_OWNER_UID 0xb704
#endif
#define P(what) (printf("%s: %ld\n", #what, (long)(what)), fflush(stdout))

/* As one who logged in: whose /proc/self is his own. */
#undef AS_USER
#define AS_USER(...) \
	IN_CHILD(setgroups(0, 0); setresgid(100, 100, 100); setresuid(1000, 1000, 1000); prctl(PR_SET_DUMPABLE, 1); __VA_ARGS__)

static const char *slurp(const char *path)
{
	static char text[8192];
	int f = open(path, O_RDONLY);
	if (f < 0) return errno_name(errno);
	ssize_t n = read(f, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	close(f);
	return text;
}

/* 0 or -1 with errno. */
static int put(const char *path, const char *text)
{
	int f = open(path, O_WRONLY);
	if (f < 0) return -1;
	int n = write(f, text, strlen(text)), error = errno;
	close(f);
	errno = error;
	return n < 0 ? -1 : 0;
}

#define UID_MAP(text) put("/proc/self/uid_map", text)
#define GID_MAP(text) put("/proc/self/gid_map", text)

/* The user 1000 becomes root of a namespace of his own, with more namespaces as said. */
static void enter(int flags)
{
	SHOW(unshare(CLONE_NEWUSER | flags));
	put("/proc/self/setgroups", "deny");
	UID_MAP("0 1000 1");
	GID_MAP("0 100 1");
}

static void open_up(void)
{
	umask(022);
	chmod(".", 0777);
}

static void show_line(const char *text, const char *name)
{
	char *line = strstr(text, name);
	if (line) printf("%.*s\n", (int)strcspn(line, "\n"), line);
}

static void show_stat(const char *path)
{
	struct stat st;
	if (lstat(path, &st)) printf("%s: %s\n", path, errno_name(errno));
	else printf("%s: %o %d:%d\n", path, st.st_mode, st.st_uid, st.st_gid);
}

static void show_caps(void)
{
	const char *text = slurp("/proc/self/status");
	show_line(text, "Uid:");
	show_line(text, "Gid:");
	show_line(text, "Groups:");
	show_line(text, "CapInh:");
	printf("%d %d\n", strstr(text, "CapPrm:\t0000000000000000") != 0, strstr(text, "CapEff:\t0000000000000000") != 0);
}

static void ids(void)
{
	open_up();
	AS_USER(
		SHOW(unshare(CLONE_NEWUSER)); P(getuid()); P(geteuid()); P(getgid()); show_caps(); show_stat("/"); show_stat(".");
		puts(slurp("/proc/self/uid_map")); puts(slurp("/proc/self/setgroups"));
		SHOW(setuid(0)); SHOW(setuid(1000)); SHOW(setuid(65534)); SHOW(setgid(0)); SHOW(setgroups(0, 0)); SHOW(open("f", O_CREAT | O_RDWR, 0600));
		SHOW(GID_MAP("0 100 1")); SHOW(put("/proc/self/setgroups", "deny")); SHOW(UID_MAP("0 1000 1")); SHOW(GID_MAP("0 100 1"));
		puts(slurp("/proc/self/uid_map")); puts(slurp("/proc/self/gid_map")); puts(slurp("/proc/self/setgroups"));
		P(getuid()); P(getegid()); show_caps(); SHOW(UID_MAP("0 1000 1")); SHOW(put("/proc/self/setgroups", "allow"));
		int f = open("f", O_CREAT | O_RDWR, 0600); P(f > 2); show_stat("f"); show_stat("."); show_stat("/");
		SHOW(chown("f", 0, 0)); SHOW(chown("f", 1, -1)); SHOW(chown("f", 65534, -1)); SHOW(chown(".", 0, 0)); SHOW(chmod(".", 0700));
		SHOW(setresuid(0, 0, 0)); SHOW(setresuid(-1, 5, -1)); SHOW(setreuid(0, 1)); SHOW(setgroups(0, 0)); gid_t g = 0; SHOW(setgroups(1, &g)); SHOW(setfsuid(9)); SHOW(setfsuid(-1));
		gid_t list[8]; SHOW(getgroups(8, list)); P(getauxval(AT_UID) == 1000););
	show_stat("f");
}

static void privileges(void)
{
	open_up();
	mkdir("closed", 0700);
	int secret = open("secret", O_CREAT | O_RDWR, 0600);
	AS_USER(
		open("mine", O_CREAT | O_RDWR, 0000); enter(CLONE_NEWUTS | CLONE_NEWIPC); SHOW(sethostname("inner", 5)); SHOW(open("secret", O_RDONLY)); SHOW(open("mine", O_RDWR) > 0); SHOW(access("closed/x", F_OK));
		SHOW(mknod("null", S_IFCHR | 0600, 0x103)); SHOW(mknod("fifo", S_IFIFO | 0600, 0)); SHOW(kill(getppid(), 0)); SHOW(chroot(".")); SHOW(unshare(CLONE_NEWUSER));
		struct rlimit r; getrlimit(RLIMIT_NOFILE, &r); r.rlim_max++; SHOW(setrlimit(RLIMIT_NOFILE, &r)); SHOW(setpriority(PRIO_PROCESS, 0, -5));
		struct timespec t = {1, 0}; SHOW(clock_settime(CLOCK_REALTIME, &t)); SHOW(setpriority(PRIO_USER, 77, 0)); SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL)););
	/* Its own names only. */
	AS_USER(enter(0); SHOW(sethostname("outer", 5)); SHOW(unshare(CLONE_NEWUTS)); SHOW(sethostname("own", 3)); SHOW(setpriority(PRIO_PROCESS, getppid(), 0)););
	/* Root's privilege goes, too, when it makes one. */
	IN_CHILD(SHOW(unshare(CLONE_NEWUSER)); P(getuid()); SHOW(UID_MAP("0 0 1")); P(getuid()); SHOW(sethostname("x", 1)); SHOW(open("secret", O_RDONLY) > 0); SHOW(open("/proc/sys/kernel/hostname", O_WRONLY) > 0););
}

static void making(void)
{
	open_up();
	AS_USER(SHOW(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)););
	AS_USER(SHOW(unshare(CLONE_NEWNS)););
	AS_USER(SHOW(unshare(CLONE_NEWUSER)); SHOW(unshare(CLONE_NEWNS)); SHOW(unshare(CLONE_NEWUSER)););
	SHOW(syscall(SYS_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
	SHOW(syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0));
	AS_USER(int s; long p = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0); if (!p) { P(getpid()); P(getuid()); _exit(0); } waitpid(p, &s, 0);
		/* Its maker may all in it. */
		int to[2]; pipe(to); p = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); if (!p) { char c; read(to[0], &c, 1); P(getuid()); P(getgid()); _exit(0); }
		char path[64]; sprintf(path, "/proc/%ld/uid_map", p); SHOW(put(path, "7 1000 1")); sprintf(path, "/proc/%ld/gid_map", p); SHOW(put(path, "7 100 1"));
		SHOW(kill(p, 0)); write(to[1], "x", 1); waitpid(p, &s, 0););
	int depth = 0;
	IN_CHILD(while (unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny") == 0 && UID_MAP("0 0 1") == 0 && GID_MAP("0 0 1") == 0) depth++; P(depth > 20); puts(errno_name(errno)););
	IN_CHILD(mkdir("root", 0755); chroot("root"); SHOW(unshare(CLONE_NEWUSER)););
}

static void maps(void)
{
	open_up();
	/* As root, who may map what it likes. */
	static const char *const wrong[] = {"", "0", "0 0", "a b c", "0 0 0", "-1 0 1", "0 0 1 1", "0 0 4294967295", "0 4294967295 1", "5 5 10\n10 30 1", "5 5 10\n30 10 1", "0 0 1\n\n", 0};
	for (int i = 0; wrong[i]; i++) IN_CHILD(unshare(CLONE_NEWUSER); P(i); SHOW(UID_MAP(wrong[i])););
	IN_CHILD(int to[2]; pipe(to); fflush(stdout); long p = fork(); if (!p) { unshare(CLONE_NEWUSER); write(to[1], "x", 1); pause(); } char c; read(to[0], &c, 1);
		char path[64]; sprintf(path, "/proc/%ld/uid_map", p); SHOW(put(path, "0 1000 10\n100 0 1\n200 5000 50")); printf("%s", slurp(path)); SHOW(put(path, "0 0 1"));
		sprintf(path, "/proc/%ld/gid_map", p); SHOW(put(path, "0 1000 10\n")); sprintf(path, "/proc/%ld/setgroups", p); SHOW(put(path, "deny")); SHOW(put(path, "allow")); SHOW(put(path, "maybe"));
		printf("%s", slurp(path)); kill(p, 9); wait(NULL););
	IN_CHILD(setgroups(0, 0); unshare(CLONE_NEWUSER); SHOW(UID_MAP("0 1000 10\n100 0 1\n200 5000 50")); SHOW(GID_MAP("0 0 1\n1 1000 5")); printf("%s", slurp("/proc/self/uid_map")); P(getuid()); P(getgid());
		SHOW(setresuid(205, 100, 3)); P(getuid()); uid_t r; uid_t e; uid_t s; getresuid(&r, &e, &s); printf("%d %d %d\n", r, e, s); SHOW(setresuid(-1, 99, -1)); gid_t g[] = {3, 1}; SHOW(setgroups(2, g));
		gid_t got[4] = {0}; P(getgroups(4, got)); printf("%d %d\n", got[0], got[1]); g[0] = 77; SHOW(setgroups(1, g)););
	IN_CHILD(int to[2]; int back[2]; pipe(to); pipe(back); fflush(stdout); long p = fork(); char c; if (!p) { setgroups(0, 0); unshare(CLONE_NEWUSER); write(to[1], "x", 1); read(back[0], &c, 1);
		SHOW(setresuid(205, 100, 3)); uid_t r; uid_t e; uid_t s; getresuid(&r, &e, &s); printf("%d %d %d\n", r, e, s); SHOW(setresuid(-1, 99, -1)); SHOW(seteuid(3)); SHOW(setuid(4));
		gid_t g[] = {3, 1}; SHOW(setgroups(2, g)); gid_t got[4] = {0}; P(getgroups(4, got)); printf("%d %d\n", got[0], got[1]); fflush(stdout); _exit(0); }
		read(to[0], &c, 1); char path[64]; sprintf(path, "/proc/%ld/uid_map", p); SHOW(put(path, "0 1000 10\n100 0 1\n200 5000 50")); sprintf(path, "/proc/%ld/gid_map", p); SHOW(put(path, "0 1000 10\n100 0 1\n"));
		write(back[1], "x", 1); waitpid(p, 0, 0););
	IN_CHILD(int to[2]; int back[2]; pipe(to); pipe(back); fflush(stdout); long p = fork(); char c; if (!p) { setgroups(0, 0); unshare(CLONE_NEWUSER); write(to[1], "x", 1); read(back[0], &c, 1);
		SHOW(setresgid(0, 0, 0)); gid_t g[] = {3, 1}; SHOW(setgroups(2, g)); gid_t got[4] = {0}; P(getgroups(4, got)); printf("%d %d\n", got[0], got[1]); g[0] = 77; SHOW(setgroups(1, g)); SHOW(setresuid(0, 0, 0)); show_caps();
		int f = open("of-root", O_CREAT | O_RDWR, 0640); SHOW(fchown(f, 5, 6)); show_stat("of-root"); SHOW(fchown(f, 10, -1)); SHOW(open("of-root", O_RDWR) > 0); SHOW(setuid(3)); show_caps(); SHOW(open("of-root", O_RDWR)); fflush(stdout); _exit(0); }
		read(to[0], &c, 1); char path[64]; sprintf(path, "/proc/%ld/uid_map", p); SHOW(put(path, "0 1000 10\n")); sprintf(path, "/proc/%ld/gid_map", p); SHOW(put(path, "0 1000 10\n"));
		write(back[1], "x", 1); waitpid(p, 0, 0); show_stat("of-root"););
	/* As nobody in particular: oneself alone. */
	AS_USER(unshare(CLONE_NEWUSER); SHOW(UID_MAP("0 0 1")); SHOW(UID_MAP("0 1000 2")); SHOW(UID_MAP("0 1001 1")); SHOW(GID_MAP("0 100 1")); SHOW(UID_MAP("5 1000 1")); P(getuid()););
	/* Below another one: by its numbers. */
	AS_USER(enter(0); unshare(CLONE_NEWUSER); SHOW(UID_MAP("3 1000 1")); SHOW(UID_MAP("3 0 1")); printf("%s", slurp("/proc/self/uid_map")); P(getuid()); SHOW(GID_MAP("3 0 1")); P(getgid()););
	SHOW(put("/proc/self/uid_map", "0 0 1"));
	puts(slurp("/proc/self/uid_map"));
	SHOW(put("/proc/self/setgroups", "deny"));
}

static void mounts(void)
{
	open_up();
	mkdir("a", 0755), mkdir("a/b", 0755), mkdir("m", 0777), mkdir("n", 0777);
	mount("", "/", 0, MS_REC | MS_PRIVATE, 0);
	mount("under", "a/b", "tmpfs", MS_NOSUID | MS_NODEV, 0);
	mount("ro", "n", "tmpfs", MS_RDONLY, 0);
	close(open("a/b/file", O_CREAT, 0600));
	AS_USER(
		enter(CLONE_NEWNS); SHOW(mount("t", "m", "tmpfs", 0, "")); SHOW(open("m/f", O_CREAT | O_RDWR, 0600) > 0); show_stat("m"); show_stat("m/f"); SHOW(umount("m"));
		SHOW(mount("p", "m", "proc", 0, 0)); SHOW(mount("s", "m", "sysfs", 0, 0)); SHOW(mount("d", "m", "devtmpfs", 0, 0));
		SHOW(umount("a/b")); SHOW(umount2("a/b", MNT_DETACH)); SHOW(mount("a/b", "m", 0, MS_MOVE, 0)); SHOW(mount("a", "m", 0, MS_BIND, 0)); SHOW(mount("a", "m", 0, MS_BIND | MS_REC, 0));
		SHOW(access("m/b/file", F_OK)); SHOW(umount("m/b")); SHOW(umount2("m", MNT_DETACH)); SHOW(mount(0, "a/b", 0, MS_REMOUNT | MS_BIND | MS_NOSUID, 0)); SHOW(mount(0, "a/b", 0, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
		SHOW(mount(0, "n", 0, MS_REMOUNT | MS_BIND, 0)); SHOW(mount("a/b", "m", 0, MS_BIND, 0)); SHOW(umount("m")); SHOW(mount("t", "a", "tmpfs", 0, 0)); SHOW(umount("a")); SHOW(mknod("m/null", S_IFCHR | 0600, 0x103)););
	AS_USER(
		enter(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC); int s; long p = fork(); if (!p) { SHOW(mount("p", "m", "proc", 0, 0)); char link[8] = ""; readlink("m/self", link, 7); puts(link); show_stat("m/self/"); _exit(0); } waitpid(p, &s, 0););
	/* Not without being root there. */
	AS_USER(unshare(CLONE_NEWUSER | CLONE_NEWNS); setresuid(-1, -1, -1); SHOW(mount("t", "m", "tmpfs", 0, "")););
	umount("a/b"), umount("n");
}

static void entering(void)
{
	open_up();
	int to[2];
	char path[64], c;
	pipe(to);
	fflush(stdout);
	long p = fork();
	if (!p) {
		setresgid(100, 100, 100), setresuid(1000, 1000, 1000);
		prctl(PR_SET_DUMPABLE, 1);
		unshare(CLONE_NEWUSER | CLONE_NEWUTS);
		put("/proc/self/setgroups", "deny"), UID_MAP("0 1000 1"), GID_MAP("0 100 1");
		write(to[1], "x", 1);
		pause();
	}
	read(to[0], &c, 1);
	sprintf(path, "/proc/%ld/ns/user", p);
	int user = open(path, O_RDONLY), mine = open("/proc/self/ns/user", O_RDONLY);
	sprintf(path, "/proc/%ld/ns/uts", p);
	int uts = open(path, O_RDONLY);
	struct stat a, b;
	P(ioctl(user, NS_GET_NSTYPE) == CLONE_NEWUSER);
	uid_t owner = 5;
	SHOW(ioctl(user, NS_GET_OWNER_UID, &owner));
	P(owner);
	SHOW(ioctl(uts, NS_GET_OWNER_UID, &owner));
	fstat(user, &a), fstat(ioctl(uts, NS_GET_USERNS), &b);
	P(a.st_ino == b.st_ino);
	fstat(mine, &a), fstat(ioctl(user, NS_GET_PARENT), &b);
	P(a.st_ino == b.st_ino);
	SHOW(ioctl(mine, NS_GET_PARENT));
	SHOW(ioctl(mine, NS_GET_USERNS));
	SHOW(setns(mine, CLONE_NEWUSER));
	IN_CHILD(SHOW(setns(user, CLONE_NEWUTS)); SHOW(setns(user, CLONE_NEWUSER)); P(getuid()); P(getgid()); SHOW(setns(user, CLONE_NEWUSER)); SHOW(setns(mine, CLONE_NEWUSER)); SHOW(setns(uts, 0));
		SHOW(sethostname("in", 2)); P(ioctl(uts, NS_GET_PARENT)); int up = ioctl(user, NS_GET_PARENT); puts(up < 0 ? errno_name(errno) : "open"); SHOW(setuid(0)); P(getuid()););
	int pidfd = syscall(SYS_pidfd_open, p, 0);
	IN_CHILD(SHOW(setns(pidfd, CLONE_NEWUSER | CLONE_NEWUTS)); SHOW(sethostname("in", 2)););
	/* Its maker, and another user. */
	IN_CHILD(setresgid(100, 100, 100); setresuid(1000, 1000, 1000); SHOW(setns(user, 0)); P(getuid()); SHOW(setns(uts, 0)););
	IN_CHILD(setresgid(100, 100, 100); setresuid(1001, 1001, 1001); SHOW(setns(user, 0)); SHOW(setns(uts, 0)););
	IN_CHILD(setresgid(100, 100, 100); setresuid(1000, 1000, 1000); SHOW(setns(uts, 0)); SHOW(kill(p, 0)););
	kill(p, 9);
	wait(NULL);
}

static volatile int from_uid;
static void on_info(int signo, siginfo_t *info, void *context) { from_uid = info->si_uid; }

static void shown(void)
{
	open_up();
	int pair[2], q = msgget(IPC_PRIVATE, 0666);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	struct sigaction act = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &act, 0);
	AS_USER(
		enter(0); struct ucred peer; socklen_t n = sizeof peer; getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &n); printf("%d %d\n", peer.uid, peer.gid);
		struct msqid_ds ds; msgctl(q, IPC_STAT, &ds); printf("%d %d\n", ds.msg_perm.uid, ds.msg_perm.cgid); int mine = msgget(IPC_PRIVATE, 0600); msgctl(mine, IPC_STAT, &ds);
		printf("%d %d\n", ds.msg_perm.uid, ds.msg_perm.gid); ds.msg_perm.uid = 5; SHOW(msgctl(mine, IPC_SET, &ds)); msgctl(mine, IPC_RMID, 0); int own[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, own);
		getsockopt(own[0], SOL_SOCKET, SO_PEERCRED, &peer, &n); printf("%d %d\n", peer.uid, peer.gid); syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1); P(from_uid);
		SHOW(getpriority(PRIO_USER, 0) >= 0); SHOW(getpriority(PRIO_USER, 5)); SHOW(syscall(SYS_ioprio_get, 3, 5)););
	msgctl(q, IPC_RMID, 0);
}

static void exec(void)
{
	open_up();
	char *words[] = {"/proc/self/exe", "shows-itself", 0};
	AS_USER(enter(0); fflush(stdout); execv(words[0], words););
	/* Who is no root there has nothing after it. */
	AS_USER(unshare(CLONE_NEWUSER); UID_MAP("7 1000 1"); fflush(stdout); execv(words[0], words););
	/* A program of an owner that is not mapped gives nothing. */
	int in = open("/proc/self/exe", O_RDONLY), out = open("program", O_CREAT | O_WRONLY, 0755);
	char buffer[4096];
	for (int n; (n = read(in, buffer, 4096)) > 0;) write(out, buffer, n);
	close(out);
	chmod("program", 04755);
	words[0] = "program";
	AS_USER(enter(0); fflush(stdout); execv(words[0], words););
	chown("program", 1000, 100);
	chmod("program", 04755);
	AS_USER(enter(0); fflush(stdout); execv(words[0], words););
}

/* Capabilities of files, which a namespace's root gives for those inside. */
static void file_capabilities(void)
{
	open_up();
	umask(0);
	struct vfs_ns_cap_data v2 = {htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE), {{htole32(1 << CAP_KILL), 0}}}, v3 = v2;
	v3.magic_etc = htole32(VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE);
	int in = open("/proc/self/exe", O_RDONLY), out = open("outer", O_CREAT | O_WRONLY, 0755);
	char buffer[4096];
	for (int n; (n = read(in, buffer, 4096)) > 0;) write(out, buffer, n);
	close(out);
	close(open("by-root", O_CREAT | O_WRONLY, 0755));
	SHOW(setxattr("by-root", "security.capability", &v2, 20, 0));
	AS_USER(
		close(open("mine", O_CREAT | O_WRONLY, 0755)); SHOW(setxattr("mine", "security.capability", &v2, 20, 0)); enter(0); struct vfs_ns_cap_data got; 
		SHOW(setxattr("mine", "security.capability", &v2, 20, 0)); SHOW(getxattr("mine", "security.capability", &got, sizeof got)); P(got.magic_etc == v2.magic_etc);
		SHOW(setxattr("by-root", "security.capability", &v2, 20, 0)); SHOW(getxattr("by-root", "security.capability", &got, sizeof got)); v3.rootid = htole32(5); SHOW(setxattr("mine", "security.capability", &v3, 24, 0));
		v3.rootid = 0; SHOW(setxattr("mine", "security.capability", &v3, 24, 0)); SHOW(getxattr("mine", "security.capability", &got, sizeof got)); SHOW(setxattr("mine", "security.other", "x", 1, 0)););
	struct vfs_ns_cap_data got;
	SHOW(getxattr("mine", "security.capability", &got, sizeof got));
	P(got.magic_etc == v3.magic_etc);
	got.rootid = le32toh(got.rootid);
	P(got.rootid);
}

static void shows_itself(void)
{
	if (getppid() == 0 || prctl(PR_GET_SECCOMP) != 0) return;
	if (access("program", F_OK) && getuid() == 0 && !strstr(slurp("/proc/self/uid_map"), "1000")) return;
	P(getuid());
	P(geteuid());
	show_caps();
}

PROBES({"ids", ids}, {"privileges", privileges}, {"making", making}, {"maps", maps}, {"mounts", mounts}, {"entering", entering}, {"shown", shown}, {"exec", exec},
	{"file-capabilities", file_capabilities}, {"shows-itself", shows_itself})
