/* Capabilities: the sets of a task, who may change them, what they let it do, what setuid(2) and execve(2) do to them.
   Every case drops to a known set first: the kernel that records may lack some. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "capability.h"
#include "files.h"
#include "probe.h"

#define KNOWN (BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | BIT(CAP_SETFCAP))

static void headers(void)
{
	struct __user_cap_header_struct header = {0, 0};
	struct __user_cap_data_struct data[2] = {};
	known(KNOWN);
	SHOW(syscall(SYS_capget, &header, NULL));
	printf("version %x\n", header.version);
	header.version = 1;
	SHOW(syscall(SYS_capget, &header, data));
	printf("version %x\n", header.version);
	header.version = 1;
	SHOW(syscall(SYS_capset, &header, data));
	printf("version %x\n", header.version);
	static const unsigned versions[] = {_LINUX_CAPABILITY_VERSION_1, _LINUX_CAPABILITY_VERSION_2, _LINUX_CAPABILITY_VERSION_3};
	for (int i = 0; i < 3; i++) {
		memset(data, 0xee, sizeof data);
		header.version = versions[i];
		SHOW(syscall(SYS_capget, &header, NULL));
		SHOW(syscall(SYS_capget, &header, data));
		printf("%x %x %x; %x %x %x\n", data[0].effective, data[0].permitted, data[0].inheritable, data[1].effective,
		       data[1].permitted, data[1].inheritable);
	}
	SHOW(syscall(SYS_capget, NULL, data));
	SHOW(syscall(SYS_capget, (void *)8, NULL));
	SHOW(syscall(SYS_capget, &header, (void *)8));
	SHOW(syscall(SYS_capset, NULL, data));
	SHOW(syscall(SYS_capset, &header, (void *)8));
	SHOW(syscall(SYS_capset, &header, NULL));
	header.pid = -1;
	SHOW(syscall(SYS_capget, &header, data));
	SHOW(syscall(SYS_capset, &header, data));
	header.pid = 0x3fffffff;
	SHOW(syscall(SYS_capget, &header, data));
	SHOW(syscall(SYS_capget, &header, NULL));
	header.pid = getppid();
	SHOW(syscall(SYS_capset, &header, data));
	header.pid = getpid();
	header.version = _LINUX_CAPABILITY_VERSION_3;
	SHOW(syscall(SYS_capget, &header, data));
	SHOW(syscall(SYS_capset, &header, data));
	/* Version 1 has one word: the rest becomes empty. */
	header.version = _LINUX_CAPABILITY_VERSION_1;
	data[0].permitted = data[0].effective = BIT(CAP_KILL);
	SHOW(syscall(SYS_capset, &header, data));
	sets("one word");
}

static void another_task(void)
{
	known(KNOWN);
	int pid = WAITING_CHILD(capset_(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_FOWNER)););
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, pid};
	struct __user_cap_data_struct data[2];
	SHOW(syscall(SYS_capget, &header, data));
	printf("%x %x %x\n", data[0].effective, data[0].permitted, data[0].inheritable);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	SHOW(syscall(SYS_capget, &header, data));
}

static void changes(void)
{
	uint64_t some = BIT(CAP_KILL) | BIT(CAP_CHOWN);
	known(KNOWN);
	sets("known");
	SHOW(capset_(KNOWN, some, 0));
	SHOW(capset_(some, KNOWN, 0));
	sets("less effective");
	SHOW(capset_(KNOWN, KNOWN, 0));
	SHOW(capset_(KNOWN, KNOWN | BIT(CAP_SYS_ADMIN), 0));
	SHOW(capset_(KNOWN | BIT(CAP_SYS_ADMIN), KNOWN, 0));
	SHOW(capset_(KNOWN, KNOWN, BIT(CAP_SYS_ADMIN)));
	SHOW(capset_(KNOWN, KNOWN, some));
	sets("inheritable");
	SHOW(capset_(~0ull, ~0ull, ~0ull));
	SHOW(capset_(0, some, KNOWN));
	SHOW(capset_(0, some, some | BIT(CAP_FOWNER)));
	SHOW(capset_(0, 0, some | BIT(CAP_FOWNER)));
	sets("inheritable only");
	SHOW(capset_(0, 0, some));
	SHOW(capset_(0, 0, some | BIT(CAP_FOWNER)));
	SHOW(capset_(0, some, some));
	sets("end");
}

static void bounding(void)
{
	known(KNOWN);
	SHOW(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_READ, 41, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_READ, -1, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_READ, CAP_KILL, 1, 2, 3));
	SHOW(prctl(PR_CAPBSET_DROP, 41, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0));
	sets("dropped");
	SHOW(capset_(KNOWN, KNOWN, BIT(CAP_KILL)));
	IN_CHILD(SHOW(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0)););
	SHOW(capset_(BIT(CAP_KILL), KNOWN, 0));
	SHOW(prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
	SHOW(prctl(PR_CAPBSET_DROP, 41, 0, 0, 0));
}

static void ambient(void)
{
	known(KNOWN);
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	SHOW(capset_(KNOWN, KNOWN, BIT(CAP_KILL) | BIT(CAP_CHOWN)));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_FOWNER, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_FOWNER, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 41, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 1, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 1));
	SHOW(prctl(PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
	sets("raised");
	IN_CHILD(sets("child"););
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL, 0, 0));
	sets("lowered");
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	SHOW(capset_(KNOWN, KNOWN, BIT(CAP_CHOWN)));
	sets("inheritable lost");
	SHOW(capset_(KNOWN & ~BIT(CAP_CHOWN), KNOWN & ~BIT(CAP_CHOWN), BIT(CAP_CHOWN)));
	sets("permitted lost");
	SHOW(capset_(KNOWN & ~BIT(CAP_CHOWN), KNOWN & ~BIT(CAP_CHOWN), BIT(CAP_KILL)));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	sets("cleared");
	SHOW(prctl(PR_SET_SECUREBITS, 1 << 6, 0, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
}

static void securebits(void)
{
	known(KNOWN);
	SHOW(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 1 << 12, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, -1, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 5, 0, 0, 0));
	SHOW(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0));
	SHOW(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 7, 0, 0, 0));
	SHOW(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 5, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 6, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 3, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x23, 0, 0, 0));
	SHOW(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	SHOW(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
	IN_CHILD(SHOW(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0)););
	SHOW(capset_(0, KNOWN, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x23, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x123, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x323, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x23, 0, 0, 0));
	SHOW(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
}

static void leaving_root(void)
{
	known(KNOWN);
	IN_CHILD(SHOW(syscall(SYS_setuid, 1000)); sets("setuid"););
	IN_CHILD(SHOW(syscall(SYS_setresuid, -1, 1000, -1)); sets("effective"); SHOW(syscall(SYS_setresuid, -1, 0, -1)); sets("back"););
	IN_CHILD(SHOW(syscall(SYS_setresuid, 1000, 1000, 0)); sets("saved"); SHOW(syscall(SYS_setuid, 0)); sets("root again");
		 SHOW(syscall(SYS_setresuid, 1000, 1000, 1000)); sets("not any more"); SHOW(syscall(SYS_setuid, 0)););
	IN_CHILD(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); SHOW(syscall(SYS_setuid, 1000)); sets("kept"); SHOW(capset_(KNOWN, KNOWN, 0));
		 sets("raised"); SHOW(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0)); SHOW(syscall(SYS_setuid, 2000)); sets("another"););
	IN_CHILD(SHOW(prctl(PR_SET_SECUREBITS, 4, 0, 0, 0)); SHOW(syscall(SYS_setresuid, 1000, 1000, 1000)); sets("no fix-up");
		 SHOW(syscall(SYS_setresuid, 0, 0, 0)););
	IN_CHILD(capset_(KNOWN, KNOWN, KNOWN); prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
		 SHOW(syscall(SYS_setresuid, -1, 1000, -1)); sets("ambient stays"); SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
		 sets("ambient goes"););
	IN_CHILD(capset_(KNOWN, KNOWN, KNOWN); prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0); prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
		 SHOW(syscall(SYS_setuid, 1000)); sets("ambient goes, caps kept"););
	IN_CHILD(SHOW(syscall(SYS_setgid, 1000)); sets("groups change nothing"););
}

static void file_system_ids(void)
{
	uint64_t all = KNOWN | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FSETID) | BIT(CAP_MKNOD);
	known(all);
	IN_CHILD(SHOW(setfsuid(1000)); SHOW(setfsuid(-1)); sets("file system's gone"); SHOW(setfsuid(0)); sets("and come"););
	IN_CHILD(capset_(BIT(CAP_SETUID), all, 0); SHOW(setfsuid(1000)); sets("gone"); SHOW(setfsuid(0)); sets("come"););
	IN_CHILD(SHOW(setfsgid(1000)); SHOW(setfsgid(-1)); sets("groups change nothing"););
	IN_CHILD(prctl(PR_SET_SECUREBITS, 4, 0, 0, 0); SHOW(setfsuid(1000)); sets("no fix-up"););
	IN_CHILD(syscall(SYS_setresuid, 1000, 2000, 3000); SHOW(setfsuid(3000)); SHOW(setfsuid(4000)); SHOW(setfsuid(1000)); SHOW(setfsuid(-1)););
	IN_CHILD(syscall(SYS_setresgid, 1000, 2000, 3000); capset_(0, 0, 0); SHOW(setfsgid(3000)); SHOW(setfsgid(4000)); SHOW(setfsgid(-1)););
}

static void ids(const char *when)
{
	int r, e, s, gr, ge, gs;
	syscall(SYS_getresuid, &r, &e, &s);
	syscall(SYS_getresgid, &gr, &ge, &gs);
	printf("%s: %d %d %d %d, %d %d %d %d\n", when, r, e, s, setfsuid(-1), gr, ge, gs, setfsgid(-1));
	fflush(stdout);
}

static void saved_ids(void)
{
	known(KNOWN);
	IN_CHILD(SHOW(syscall(SYS_setreuid, 1000, 2000)); ids("both"); SHOW(syscall(SYS_setreuid, -1, 1000)); ids("effective");
		 SHOW(syscall(SYS_setreuid, 2000, -1)); ids("real"); SHOW(syscall(SYS_setreuid, 3000, -1)); SHOW(syscall(SYS_setreuid, -1, 3000)););
	IN_CHILD(syscall(SYS_setresuid, 1000, 2000, 3000); SHOW(syscall(SYS_setreuid, 3000, -1)); SHOW(syscall(SYS_setreuid, -1, 3000)); ids("saved");
		 SHOW(syscall(SYS_setuid, 2000)); SHOW(syscall(SYS_setuid, 1000)); ids("own"););
	IN_CHILD(SHOW(syscall(SYS_setreuid, -1, 1000)); ids("saved follows"); SHOW(syscall(SYS_setuid, 0)); ids("back");
		 SHOW(syscall(SYS_setuid, -1)); SHOW(syscall(SYS_setreuid, -1, -1)); SHOW(syscall(SYS_setresuid, -1, -1, -1)););
	IN_CHILD(capset_(0, 0, 0); SHOW(syscall(SYS_setregid, 100, -1)); SHOW(syscall(SYS_setgid, 100)); SHOW(syscall(SYS_setgid, 0));
		 SHOW(syscall(SYS_setresgid, 0, -1, 100)); SHOW(syscall(SYS_setgid, -1)););
	IN_CHILD(SHOW(syscall(SYS_setregid, 100, 200)); ids("groups"); SHOW(syscall(SYS_setregid, -1, 100)); ids("groups");
		 SHOW(syscall(SYS_setgid, 300)); ids("groups"););
	/* root without the capability is nobody */
	IN_CHILD(capset_(0, 0, 0); SHOW(syscall(SYS_setuid, 1000)); SHOW(syscall(SYS_setresuid, 1000, -1, -1)); SHOW(setgroups(0, NULL));
		 SHOW(syscall(SYS_setuid, 0)););
}

static void group_lists(void)
{
	known(KNOWN);
	int list[4] = {30, 10, 20, 10}, got[4] = {};
	SHOW(syscall(SYS_setgroups, 4, list));
	SHOW(syscall(SYS_getgroups, 0, NULL));
	SHOW(syscall(SYS_getgroups, 3, got));
	SHOW(syscall(SYS_getgroups, 4, got));
	printf("%d %d %d %d\n", got[0], got[1], got[2], got[3]);
	SHOW(syscall(SYS_getgroups, -1, got));
	SHOW(syscall(SYS_getgroups, 4, (void *)8));
	SHOW(syscall(SYS_setgroups, 65537, list));
	SHOW(syscall(SYS_setgroups, -1, list));
	SHOW(syscall(SYS_setgroups, 1, (void *)8));
	list[0] = -1;
	SHOW(syscall(SYS_setgroups, 1, list));
	SHOW(syscall(SYS_setgroups, 0, NULL));
	SHOW(syscall(SYS_getgroups, 0, NULL));
	capset_(BIT(CAP_SETUID), BIT(CAP_SETUID), 0);
	SHOW(syscall(SYS_setgroups, 65537, list));
}

static pthread_barrier_t both;

static void *dropper(void *unused)
{
	sets("thread");
	capset_(0, BIT(CAP_KILL), 0);
	sets("thread dropped");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	known(KNOWN);
	pthread_create(&t, NULL, dropper, NULL);
	pthread_join(t, NULL);
	sets("leader");
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	IN_CHILD(SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)););
}

#define WITH(set, ...) IN_CHILD(prctl(PR_SET_SECUREBITS, 4, 0, 0, 0); syscall(SYS_setresgid, 100, 100, 100); \
				syscall(SYS_setresuid, 1000, 1000, 1000); capset_((set), (set), 0); __VA_ARGS__)

static void files(void)
{
	chmod(".", 0755);
	setgroups(0, NULL);
	mkdir("d", 0700);
	make("d/f", 0600, 2000, 200);
	make("secret", 0600, 2000, 200);
	make("mine", 0644, 1000, 100);
	make("program", 0100, 2000, 200);
	make("text", 0600, 2000, 200);
	mkdir("sticky", 0777);
	chmod("sticky", 01777);
	make("sticky/f", 0600, 2000, 200);
	WITH(0, SHOW(open("secret", O_RDONLY)); SHOW(open("d/f", O_RDONLY)); SHOW(open("d", O_RDONLY)); SHOW(unlink("sticky/f"));
	     SHOW(chmod("secret", 0644)); SHOW(chown("mine", 2000, -1)); SHOW(chown("mine", -1, 300)); SHOW(chown("mine", 1000, 100));
	     SHOW(mknod("null", S_IFCHR | 0600, 0x103)); SHOW(chroot(".")););
	WITH(BIT(CAP_DAC_READ_SEARCH), SHOW(open("secret", O_RDONLY) >= 0); SHOW(open("secret", O_RDWR)); SHOW(open("d/f", O_RDONLY) >= 0);
	     SHOW(open("d", O_RDONLY) >= 0); SHOW(open("d/new", O_RDWR | O_CREAT, 0600)); SHOW(faccessat(AT_FDCWD, "secret", R_OK, AT_EACCESS));
	     SHOW(access("secret", R_OK)); SHOW(unlink("d/f")); SHOW(faccessat(AT_FDCWD, "program", X_OK, AT_EACCESS)););
	WITH(BIT(CAP_DAC_OVERRIDE), SHOW(open("secret", O_RDWR) >= 0); SHOW(open("d/new", O_RDWR | O_CREAT, 0600) >= 0); SHOW(unlink("d/new"));
	     SHOW(faccessat(AT_FDCWD, "program", X_OK, AT_EACCESS)); SHOW(faccessat(AT_FDCWD, "text", X_OK, AT_EACCESS));
	     SHOW(chmod("secret", 0640)); SHOW(unlink("sticky/f")););
	WITH(BIT(CAP_FOWNER), SHOW(chmod("secret", 0640)); SHOW(open("secret", O_RDONLY)); SHOW(utimensat(AT_FDCWD, "secret", (struct timespec[2]){}, 0));
	     SHOW(open("mine", O_RDONLY | O_NOATIME) >= 0); SHOW(unlink("sticky/f")); SHOW(chown("secret", 1000, -1)););
	make("sticky/f", 0600, 2000, 200);
	WITH(BIT(CAP_CHOWN), SHOW(chown("mine", 2000, 300)); SHOW(chown("mine", 1000, 100)); SHOW(chmod("secret", 0600)); SHOW(chown("secret", 2000, 200)););
	WITH(0, SHOW(chown("mine", 1000, -1)); SHOW(chown("secret", 2000, 200)););
	chown("mine", 1000, 300);
	WITH(0, SHOW(chown("mine", -1, 300)); SHOW(chmod("mine", 02755)); mode_of("mine"););
	WITH(BIT(CAP_FSETID), SHOW(chmod("mine", 02755)); mode_of("mine"); int fd = open("mine", O_WRONLY); write(fd, "x", 1); mode_of("mine"););
	WITH(0, int fd = open("mine", O_WRONLY); write(fd, "x", 1); mode_of("mine"););
	WITH(BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE), SHOW(mknod("null", S_IFCHR | 0600, 0x103)););
	WITH(BIT(CAP_SYS_CHROOT), SHOW(chroot(".")););
}

static void own_files(void)
{
	struct stat st;
	known(KNOWN | BIT(CAP_SYS_ADMIN));
	chmod(".", 0777);
	make("mine", 0600, 1000, 100);
	/* root without capabilities is an ordinary user */
	IN_CHILD(capset_(0, 0, 0); SHOW(open("mine", O_RDONLY)); SHOW(chmod("mine", 0644)); SHOW(chown("mine", 0, 0)); SHOW(sethostname("x", 1)););
	IN_CHILD(capset_(BIT(CAP_SYS_ADMIN), BIT(CAP_SYS_ADMIN), 0); SHOW(setxattr("mine", "trusted.x", "1", 1, 0));
		 SHOW(setxattr("mine", "security.x", "1", 1, 0)); SHOW(setxattr("mine", "user.x", "1", 1, 0)););
	IN_CHILD(capset_(0, 0, 0); SHOW(getxattr("mine", "trusted.x", NULL, 0)); SHOW(getxattr("mine", "security.x", NULL, 0));
		 SHOW(setxattr("mine", "security.x", "1", 1, 0)); SHOW(removexattr("mine", "security.x")););
}

static void others(void)
{
	int to[2];
	char c;
	known(KNOWN | BIT(CAP_SYS_NICE) | BIT(CAP_SYS_PTRACE));
	pipe(to);
	fflush(stdout);
	int pid = fork();
	if (!pid) {
		capset_(BIT(CAP_CHOWN), BIT(CAP_CHOWN), 0);
		write(to[1], "x", 1);
		for (;;) pause();
	}
	read(to[0], &c, 1);
	char path[64], buf[8];
	snprintf(path, 64, "/proc/%d/environ", pid);
	WITH(0, SHOW(kill(pid, 0)); SHOW(open(path, O_RDONLY)); SHOW(setpriority(PRIO_PROCESS, pid, 5)); SHOW(setpriority(PRIO_PROCESS, 0, -5));
	     SHOW(syscall(SYS_kcmp, getpid(), pid, 1, 0, 0)); struct sched_param p = {1}; SHOW(sched_setscheduler(pid, SCHED_FIFO, &p)););
	WITH(BIT(CAP_KILL), SHOW(kill(pid, 0)););
	WITH(BIT(CAP_SYS_NICE), SHOW(setpriority(PRIO_PROCESS, pid, 5)); SHOW(setpriority(PRIO_PROCESS, 0, -5)); SHOW(getpriority(PRIO_PROCESS, 0)););
	void *head;
	size_t length;
	WITH(0, SHOW(syscall(SYS_get_robust_list, pid, &head, &length)););
	SHOW(syscall(SYS_get_robust_list, pid, &head, &length));
	/* to look at it one must have what it has */
	IN_CHILD(capset_(BIT(CAP_CHOWN), BIT(CAP_CHOWN), 0); SHOW(open(path, O_RDONLY) >= 0););
	IN_CHILD(capset_(0, BIT(CAP_CHOWN), 0); SHOW(open(path, O_RDONLY)); SHOW(syscall(SYS_kcmp, pid, pid, 1, 0, 0)););
	IN_CHILD(capset_(0, 0, 0); SHOW(open(path, O_RDONLY)); SHOW(syscall(SYS_kcmp, pid, pid, 1, 0, 0)););
	IN_CHILD(capset_(BIT(CAP_SYS_PTRACE), BIT(CAP_SYS_PTRACE), 0); SHOW(open(path, O_RDONLY) >= 0);
		 SHOW(syscall(SYS_kcmp, pid, pid, 1, 0, 0)););
	kill(pid, SIGKILL);
}

static void limits(void)
{
	struct rlimit limit;
	known(KNOWN);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max = 256;
	SHOW(setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = 300;
	SHOW(setrlimit(RLIMIT_NOFILE, &limit));
	SHOW(sethostname("x", 1));
	SHOW(mount("x", "/tmp", "tmpfs", 0, ""));
	SHOW(umount2("/proc", 0));
	SHOW(chroot("/"));
	SHOW(mknod("null", S_IFCHR | 0600, 0x103));
	SHOW(open("/proc/self/oom_score_adj", O_WRONLY) >= 0);
}

static void try_fork(const char *who)
{
	fflush(stdout);
	int pid = fork();
	if (!pid) _exit(0);
	printf("%s: %s\n", who, pid < 0 ? errno_name(errno) : "forked");
	fflush(stdout);
	if (pid > 0) waitpid(pid, NULL, 0);
}

/* RLIMIT_NPROC holds for users; the capability to exceed it is not everywhere to be had. */
static void processes(void)
{
	struct rlimit one = {1, 1}, two = {2, 2};
	known(KNOWN);
	IN_CHILD(setrlimit(RLIMIT_NPROC, &one); capset_(0, 0, 0); try_fork("root"););
	IN_CHILD(setrlimit(RLIMIT_NPROC, &one); syscall(SYS_setresuid, 54321, 54321, 54321); try_fork("user"););
	IN_CHILD(setrlimit(RLIMIT_NPROC, &two); syscall(SYS_setresuid, 54321, 54321, 54321); try_fork("user of two"););
	/* the real user counts */
	IN_CHILD(setrlimit(RLIMIT_NPROC, &one); syscall(SYS_setresuid, 54321, 0, 0); try_fork("real user"););
	IN_CHILD(setrlimit(RLIMIT_NPROC, &one); syscall(SYS_setresuid, 0, 54321, 0); try_fork("effective user"););
}

static void zombies(void)
{
	struct stat st;
	char path[64], text[4096], *at;
	siginfo_t info;
	known(KNOWN);
	fflush(stdout);
	int pid = fork();
	if (!pid) {
		syscall(SYS_setresgid, 100, 100, 100);
		syscall(SYS_setresuid, 1000, 1000, 1000);
		_exit(0);
	}
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	printf("uid %d\n", info.si_uid);
	snprintf(path, 64, "/proc/%d", pid);
	stat(path, &st);
	printf("directory %d %d\n", st.st_uid, st.st_gid);
	snprintf(path, 64, "/proc/%d/status", pid);
	int fd = open(path, O_RDONLY);
	long n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	at = strstr(text, "Uid:");
	printf("%.*s\n", at ? (int)strcspn(at, "\n") : 0, at);
	at = strstr(text, "State:");
	printf("%.*s\n", at ? (int)strcspn(at, "\n") : 0, at);
	waitpid(pid, NULL, 0);
}

static void dumpable(void)
{
	struct stat st;
	known(KNOWN);
	IN_CHILD(SHOW(prctl(PR_GET_DUMPABLE)); prctl(PR_SET_PDEATHSIG, SIGUSR1); syscall(SYS_setresuid, 0, 0, 0); SHOW(prctl(PR_GET_DUMPABLE));
		 syscall(SYS_setresuid, -1, 1000, -1); SHOW(prctl(PR_GET_DUMPABLE)); int s = 7; prctl(PR_GET_PDEATHSIG, &s); SHOW(s);
		 SHOW(prctl(PR_SET_DUMPABLE, 2)); SHOW(prctl(PR_SET_DUMPABLE, 1)); SHOW(prctl(PR_GET_DUMPABLE)););
	IN_CHILD(setfsuid(1000); SHOW(prctl(PR_GET_DUMPABLE)););
	IN_CHILD(syscall(SYS_setgid, 5); SHOW(prctl(PR_GET_DUMPABLE)););
	IN_CHILD(capset_(0, KNOWN, 0); SHOW(prctl(PR_GET_DUMPABLE)); capset_(0, 0, 0); SHOW(prctl(PR_GET_DUMPABLE)););
	IN_CHILD(prctl(PR_SET_PDEATHSIG, SIGUSR1); if (!fork()) { int s = 7; prctl(PR_GET_PDEATHSIG, &s); SHOW(s); _exit(0); } wait(NULL););
	IN_CHILD(syscall(SYS_setresuid, 1000, 1000, 1000); stat("/proc/self", &st); printf("directory %d\n", st.st_uid);
		 stat("/proc/self/status", &st); printf("file %d\n", st.st_uid); stat("/proc/self/fd", &st); printf("fd %d\n", st.st_uid);
		 stat("/proc/self/task", &st); printf("task %d\n", st.st_uid);
		 SHOW(open("/proc/self/environ", O_RDONLY)); prctl(PR_SET_DUMPABLE, 1);
		 stat("/proc/self/status", &st); printf("dumpable file %d\n", st.st_uid); SHOW(open("/proc/self/environ", O_RDONLY) >= 0););
}

PROBES({"headers", headers}, {"another_task", another_task}, {"changes", changes}, {"bounding", bounding}, {"ambient", ambient},
       {"securebits", securebits}, {"leaving_root", leaving_root}, {"file_system_ids", file_system_ids}, {"saved_ids", saved_ids},
       {"group_lists", group_lists}, {"threads", threads}, {"files", files}, {"own_files", own_files}, {"others", others},
       {"limits", limits}, {"dumpable", dumpable}, {"processes", processes}, {"zombies", zombies})
