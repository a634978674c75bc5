/* What execve(2) does to who a program is: set-id bits, file capabilities, root, ambient capabilities, securebits,
   no_new_privs, nosuid mounts, AT_SECURE. The program executes copies of itself, which tell what they have become. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "capability.h"
#include <endian.h>

#include "probe.h"

#define KNOWN                                                                                                    \
	(BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | \
	 BIT(CAP_SETFCAP) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID))

/* The program, as a copy of it. */
static void became(void)
{
	int r, e, s, gr, ge, gs, signal = 0;
	struct stat st;
	syscall(SYS_getresuid, &r, &e, &s);
	syscall(SYS_getresgid, &gr, &ge, &gs);
	prctl(PR_GET_PDEATHSIG, &signal);
	printf("  %d %d %d, %d %d %d; secure %ld, dumpable %d, death signal %d, securebits %d, personality %x\n ", r, e, s, gr, ge, gs,
	       getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE), signal, prctl(PR_GET_SECUREBITS), personality(0xffffffff));
	sets("");
}

static void copy(const char *name, int mode, int uid, int gid)
{
	static char bytes[1 << 20];
	int from = open("/proc/self/exe", O_RDONLY), to;
	long n = read(from, bytes, sizeof bytes);
	close(from);
	unlink(name);
	to = open(name, O_WRONLY | O_CREAT, 0700);
	write(to, bytes, n);
	close(to);
	chown(name, uid, gid);
	chmod(name, mode);
}

static long capabilities(const char *name, uint32_t magic, uint64_t permitted, uint64_t inheritable, uint32_t root)
{
	uint32_t v[6] = {magic, permitted, inheritable, permitted >> 32, inheritable >> 32, root};
	for (int i = 0; i < 6; i++) v[i] = htole32(v[i]);
	return setxattr(name, "security.capability", v, magic >> 24 == 3 ? 24 : 20, 0);
}

static void run(const char *name)
{
	char *argv[] = {(char *)name, "became", NULL};
	printf("%s\n", name);
	fflush(stdout);
	if (!fork()) {
		execve(name, argv, NULL);
		printf("  %s\n", errno_name(errno));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void prepare(void)
{
	known(KNOWN);
	setgroups(0, NULL);
	chmod(".", 0755);
	copy("plain", 0755, 0, 0);
}

/* As user 1000, group 100. */
#define USER(...) IN_CHILD(syscall(SYS_setresgid, 100, 100, 100); syscall(SYS_setresuid, 1000, 1000, 1000); __VA_ARGS__)

static void set_ids(void)
{
	prepare();
	copy("setuid-root", 04755, 0, 0);
	copy("setuid-2000", 04755, 2000, 0);
	copy("setgid-200", 02755, 0, 200);
	copy("setgid-not-executable", 02745, 0, 200);
	copy("both", 06755, 2000, 200);
	copy("own", 06755, 1000, 100);
	copy("unreadable", 0711, 0, 0);
	run("plain");
	run("setuid-2000");
	run("both");
	USER(run("plain"); run("setuid-root"); run("setuid-2000"); run("setgid-200"); run("setgid-not-executable"); run("both"); run("own");
	     run("unreadable"););
	IN_CHILD(prctl(PR_SET_PDEATHSIG, SIGUSR1); personality(0x0040000); USER(prctl(PR_SET_PDEATHSIG, SIGUSR1); char *argv[] = {"x", "became", NULL};
		 if (!fork()) { prctl(PR_SET_PDEATHSIG, SIGUSR2); execve("plain", argv, NULL); } wait(NULL);
		 if (!fork()) { prctl(PR_SET_PDEATHSIG, SIGUSR2); execve("setuid-root", argv, NULL); } wait(NULL);););
	/* a saved or an effective id that is another's */
	IN_CHILD(syscall(SYS_setresuid, 1000, 2000, 3000); run("plain"); run("setuid-2000"); run("setuid-root"););
	IN_CHILD(syscall(SYS_setresuid, 1000, 0, 0); run("plain"););
	IN_CHILD(syscall(SYS_setresuid, 0, 1000, 1000); run("plain"); run("setuid-2000"););
	IN_CHILD(syscall(SYS_setresgid, 100, 200, 300); run("plain"); run("setgid-200"););
	IN_CHILD(int g = 200; setgroups(1, &g); USER(run("setgid-200");););
}

static void scripts(void)
{
	prepare();
	copy("setuid-root", 04755, 0, 0);
	int fd = open("script", O_WRONLY | O_CREAT, 0755);
	write(fd, "#! ./plain became\n", 18);
	close(fd);
	chown("script", 2000, 200);
	chmod("script", 06755);
	fd = open("second", O_WRONLY | O_CREAT, 0755);
	write(fd, "#! ./setuid-root became\n", 24);
	close(fd);
	USER(char *argv[] = {"x", NULL}; if (!fork()) execve("script", argv, NULL); wait(NULL); if (!fork()) execve("second", argv, NULL); wait(NULL););
}

static void no_new_privs(void)
{
	prepare();
	copy("setuid-root", 04755, 0, 0);
	copy("setgid-200", 02755, 0, 200);
	copy("caps", 0755, 0, 0);
	capabilities("caps", 0x02000001, BIT(CAP_KILL) | BIT(CAP_CHOWN), 0, 0);
	IN_CHILD(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); USER(run("setuid-root"); run("setgid-200"); run("caps");); run("caps"); run("setgid-200"););
	IN_CHILD(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); capset_(BIT(CAP_KILL), BIT(CAP_KILL), 0); run("plain"); run("caps"););
}

static void file_capabilities(void)
{
	prepare();
	uint64_t some = BIT(CAP_KILL) | BIT(CAP_CHOWN);
	copy("permitted", 0755, 0, 0);
	SHOW(capabilities("permitted", 0x02000000, some, 0, 0));
	copy("effective", 0755, 0, 0);
	SHOW(capabilities("effective", 0x02000001, some, 0, 0));
	copy("inheritable", 0755, 0, 0);
	SHOW(capabilities("inheritable", 0x02000001, 0, some, 0));
	copy("empty", 0755, 0, 0);
	SHOW(capabilities("empty", 0x02000000, 0, 0, 0));
	copy("too-much", 0755, 0, 0);
	SHOW(capabilities("too-much", 0x02000000, some | BIT(CAP_SYS_ADMIN), 0, 0));
	copy("insists", 0755, 0, 0);
	SHOW(capabilities("insists", 0x02000001, some | BIT(CAP_SYS_ADMIN), 0, 0));
	copy("version-3", 0755, 0, 0);
	SHOW(capabilities("version-3", 0x03000001, some, 0, 0));
	copy("another-root", 0755, 0, 0);
	SHOW(capabilities("another-root", 0x03000001, some, 0, 1000));
	copy("setuid-root", 04755, 0, 0);
	SHOW(capabilities("setuid-root", 0x02000001, BIT(CAP_KILL), 0, 0));
	copy("setuid-2000", 04755, 2000, 0);
	SHOW(capabilities("setuid-2000", 0x02000001, BIT(CAP_KILL), 0, 0));
	USER(run("permitted"); run("effective"); run("inheritable"); run("empty"); run("too-much"); run("insists"); run("version-3");
	     run("another-root"); run("setuid-root"); run("setuid-2000"););
	run("permitted");
	run("setuid-root");
	run("insists");
	run("empty");
	IN_CHILD(capset_(KNOWN, KNOWN, BIT(CAP_KILL)); USER(run("inheritable"); run("permitted"); run("plain"););
		 run("plain"););
	IN_CHILD(capset_(KNOWN, KNOWN, BIT(CAP_KILL)); prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0); run("plain"); USER(run("effective"); run("inheritable");););
}

static void values(void)
{
	unsigned char v[32] = {};
	prepare();
	SHOW(setxattr("plain", "security.capability", v, 20, 0));
	SHOW(setxattr("plain", "security.capability", v, 0, 0));
	SHOW(getxattr("plain", "security.capability", v, 32));
	run("plain");
	SHOW(removexattr("plain", "security.capability"));
	v[3] = 1;
	SHOW(setxattr("plain", "security.capability", v, 12, 0));
	v[3] = 2;
	SHOW(setxattr("plain", "security.capability", v, 24, 0));
	SHOW(setxattr("plain", "security.capability", v, 19, 0));
	v[3] = 3;
	SHOW(setxattr("plain", "security.capability", v, 20, 0));
	v[0] = 1;
	SHOW(setxattr("plain", "security.capability", v, 24, 0));
	SHOW(getxattr("plain", "security.capability", v, 0));
	SHOW(getxattr("plain", "security.capability", v, 10));
	SHOW(getxattr("plain", "security.capability", v, 32));
	printf("%d %d\n", v[3], v[0]);
	SHOW(capabilities("plain", 0x03000001, BIT(CAP_KILL), 0, 1000));
	SHOW(getxattr("plain", "security.capability", v, 32));
	printf("%d %d %d\n", v[3], v[0], v[20] | v[21] << 8);
	SHOW(capabilities("plain", 0x04000000, 0, 0, 0));
	SHOW(setxattr("plain", "security.capability", v, 24, XATTR_CREATE));
	USER(SHOW(capabilities("plain", 0x02000000, 0, 0, 0)); SHOW(capabilities("plain", 0x04000000, 0, 0, 0));
	     SHOW(removexattr("plain", "security.capability")); SHOW(getxattr("plain", "security.capability", v, 32)););
	SHOW(removexattr("plain", "security.capability"));
	SHOW(removexattr("plain", "security.capability"));
	SHOW(capabilities("missing", 0x02000000, 0, 0, 0));
	SHOW(getxattr("plain", "security.capability", v, 32));
}

/* What takes a file's capabilities away. */
static void lost(void)
{
	prepare();
	close(open("f", O_RDWR | O_CREAT, 0666));
	chmod("f", 0666);
	int fd = open("f", O_RDWR);
#define GIVE SHOW(capabilities("f", 0x02000001, BIT(CAP_KILL), 0, 0))
#define LEFT SHOW(getxattr("f", "security.capability", NULL, 0))
	GIVE;
	SHOW(write(fd, "", 0));
	LEFT;
	SHOW(write(fd, "x", 1));
	LEFT;
	GIVE;
	SHOW(ftruncate(fd, 10));
	LEFT;
	GIVE;
	SHOW(truncate("f", 5));
	LEFT;
	GIVE;
	SHOW(chown("f", 1000, -1));
	LEFT;
	GIVE;
	SHOW(chown("f", -1, -1));
	LEFT;
	GIVE;
	SHOW(chmod("f", 04777));
	LEFT;
	SHOW(open("f", O_RDWR | O_TRUNC) >= 0);
	LEFT;
	SHOW(rename("f", "g"));
	SHOW(rename("g", "f"));
	GIVE;
	SHOW(link("f", "g"));
	LEFT;
}

static void ambient(void)
{
	prepare();
	copy("setuid-2000", 04755, 2000, 0);
	copy("own", 04755, 1000, 0);
	copy("caps", 0755, 0, 0);
	capabilities("caps", 0x02000000, BIT(CAP_CHOWN), 0, 0);
	prctl(PR_SET_SECUREBITS, 4, 0, 0, 0);
	uint64_t two = BIT(CAP_KILL) | BIT(CAP_SETUID);
	USER(capset_(two, two, two); prctl(PR_CAP_AMBIENT, 2, CAP_KILL, 0, 0); run("plain"); run("caps"); run("setuid-2000"); run("own");
	     prctl(PR_CAP_AMBIENT, 2, CAP_SETUID, 0, 0); run("plain"); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); run("plain"); run("setuid-2000"););
	IN_CHILD(capset_(two, two, two); prctl(PR_CAP_AMBIENT, 2, CAP_KILL, 0, 0); run("plain"););
}

static void securebits(void)
{
	prepare();
	copy("setuid-root", 04755, 0, 0);
	IN_CHILD(prctl(PR_SET_SECUREBITS, 1, 0, 0, 0); run("plain"); USER(run("setuid-root");););
	IN_CHILD(prctl(PR_SET_SECUREBITS, 3, 0, 0, 0); capset_(KNOWN, KNOWN, BIT(CAP_KILL)); prctl(PR_CAP_AMBIENT, 2, CAP_KILL, 0, 0); run("plain"););
	IN_CHILD(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); run("plain"); USER(run("plain");););
	IN_CHILD(prctl(PR_SET_SECUREBITS, 0x30, 0, 0, 0); run("plain"););
	/* root without capabilities gets them back */
	IN_CHILD(capset_(0, 0, 0); run("plain"););
	IN_CHILD(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0); run("plain"););
}

/* Another process with the same root and working directory, as long as this one lives. */
static int to[2];

static int sleeps(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write(to[1], "x", 1);
	for (;;) pause();
}

static void shared_fs(void)
{
	static char stack[65536], c;
	static const char *const names[] = {"setuid-root", "setuid-2000", "caps"};
	prepare();
	copy("setuid-root", 04755, 0, 0);
	copy("setuid-2000", 04755, 2000, 0);
	copy("caps", 0755, 0, 0);
	capabilities("caps", 0x02000001, BIT(CAP_KILL), 0, 0);
	pipe2(to, O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		for (int privileged = 0; privileged < 2; privileged++) {
			char *argv[] = {"x", "became", NULL};
			puts(names[i]);
			fflush(stdout);
			if (!fork()) {
				syscall(SYS_setresgid, 100, 100, 100);
				prctl(PR_SET_SECUREBITS, 4, 0, 0, 0);
				syscall(SYS_setresuid, 1000, 1000, 1000);
				if (privileged) capset_(BIT(CAP_SETUID), BIT(CAP_SETUID), 0);
				else capset_(0, 0, 0);
				clone(sleeps, stack + sizeof stack, CLONE_FS | SIGCHLD, NULL);
				read(to[0], &c, 1);
				execve(names[i], argv, NULL);
			}
			wait(NULL);
		}
}

/* A mount without set-id programs: neither the bits nor the file's capabilities count. */
static void nosuid(void)
{
	chmod(".", 0755);
	mkdir("m", 0755);
	SHOW(mount("none", "m", "tmpfs", MS_NOSUID, "mode=0755"));
	IN_CHILD(known(KNOWN); setgroups(0, NULL); copy("m/setuid-root", 04755, 0, 0); copy("m/setgid-200", 02755, 0, 200);
		 copy("m/caps", 0755, 0, 0); capabilities("m/caps", 0x02000001, BIT(CAP_KILL), 0, 0);
		 USER(run("m/setuid-root"); run("m/setgid-200"); run("m/caps"););
		 run("m/caps"););
	SHOW(umount2("m", 0));
}

static const struct probe_case cases[] = {
	{"set_ids", set_ids}, {"scripts", scripts}, {"no_new_privs", no_new_privs}, {"file_capabilities", file_capabilities},
	{"values", values}, {"lost", lost}, {"ambient", ambient}, {"securebits", securebits}, {"shared_fs", shared_fs}, {"nosuid", nosuid},
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "became")) return became(), 0;
	return probe_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
