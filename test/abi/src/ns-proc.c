/* /proc/PID/ns: what its links and files are, their ioctls, and binds of them, which keep a namespace. */
#include "ns.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#define NS_GET_USERNS 0xb701
#define NS_GET_PARENT 0xb702
#define NS_GET_NSTYPE 0xb703
#define NS_GET_OWNER_UID 0xb704

static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"};

static char *link_of(const char *kind)
{
	static char name[64], text[8][64];
	static int turn;
	char *to = text[turn++ % 8];
	sprintf(name, "/proc/self/ns/%s", kind);
	long n = readlink(name, to, 63);
	to[n < 0 ? 0 : n] = 0;
	return to;
}

static void stats(void)
{
	world();
	unsigned long dev = 0;
	for (int i = 0; i < 10; i++) {
		char name[64], *text = link_of(kinds[i]);
		struct stat s, l, f;
		struct statfs fs;
		sprintf(name, "/proc/self/ns/%s", kinds[i]);
		SHOW(stat(name, &s));
		SHOW(lstat(name, &l));
		unsigned long number = strtoul(strchr(text, '[') + 1, NULL, 10);
		*strchr(text, '[') = 0;
		printf("%s %s mode %o of %d size %ld links %ld, link %o\n", kinds[i], text, s.st_mode, s.st_uid, (long)s.st_size, (long)s.st_nlink, l.st_mode);
		printf("number %d dev %d\n", number == s.st_ino, dev == 0 || dev == s.st_dev);
		dev = s.st_dev;
		int fd = open(name, O_RDONLY);
		SHOW(fd >= 0);
		SHOW(fstat(fd, &f));
		SHOW(fstatfs(fd, &fs));
		printf("%d type %lx\n", f.st_ino == s.st_ino, (long)fs.f_type);
		close(fd);
	}
}

static void numbers(void)
{
	char own[3][64];
	const char *three[] = {"mnt", "uts", "ipc"};
	for (int i = 0; i < 3; i++) strcpy(own[i], link_of(three[i]));
	IN_CHILD(for (int i = 0; i < 3; i++) printf("%d", !strcmp(own[i], link_of(three[i]))); puts(""););
	for (int i = 0; i < 3; i++) printf("%d", !strcmp(own[i], link_of(three[i])));
	puts("");
	IN_CHILD(unshare(CLONE_NEWUTS); for (int i = 0; i < 3; i++) printf("%d", !strcmp(own[i], link_of(three[i]))); puts("");
		 char uts[64]; strcpy(uts, link_of("uts")); printf("%d\n", !strcmp(uts, link_of("uts")));
		 unshare(CLONE_NEWUTS); printf("%d\n", !strcmp(uts, link_of("uts")));
		 unshare(CLONE_NEWNS | CLONE_NEWIPC); for (int i = 0; i < 3; i++) printf("%d", !strcmp(own[i], link_of(three[i]))); puts(""););
	int pid = WAITING_CHILD(unshare(CLONE_NEWUTS););
	char name[64];
	sprintf(name, "/proc/%d/ns/uts", pid);
	printf("%d\n", same(name, "/proc/self/ns/uts"));
	sprintf(name, "/proc/%d/ns/ipc", pid);
	printf("%d\n", same(name, "/proc/self/ns/ipc"));
	sprintf(name, "/proc/%d/task/%d/ns/ipc", pid, pid);
	printf("%d\n", same(name, "/proc/thread-self/ns/ipc"));
	char text[64];
	AS_USER(SHOW(readlink(name, text, 63)); SHOW(open(name, O_RDONLY));
		SHOW(readlink("/proc/self/ns/mnt", text, 63) > 0); SHOW(open("/proc/self/ns/mnt", O_RDONLY) >= 0););
	kill(pid, SIGKILL);
	waitid(P_PID, pid, NULL, WEXITED | WNOWAIT);
	SHOW(readlink(name, text, 63));
	sprintf(name, "/proc/%d/ns/uts", pid);
	SHOW(readlink(name, text, 63));
	SHOW(open(name, O_RDONLY));
	waitpid(pid, NULL, 0);
}

static void files(void)
{
	world();
	char b[64], name[64], text[64] = "";
	int fd = open("/proc/self/ns/uts", O_RDONLY);
	SHOW(read(fd, b, 8));
	SHOW(write(fd, b, 8));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(pread(fd, b, 8, 0));
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED);
	SHOW(ftruncate(fd, 0));
	SHOW(fchmod(fd, 0600));
	SHOW(fchown(fd, 1, 1));
	SHOW(open("/proc/self/ns/uts", O_RDWR) >= 0);
	SHOW(open("/proc/self/ns/uts", O_WRONLY) >= 0);
	SHOW(open("/proc/self/ns/uts", O_RDONLY | O_NOFOLLOW));
	SHOW(open("/proc/self/ns/uts", O_RDONLY | O_DIRECTORY));
	SHOW(open("/proc/self/ns/uts", O_RDONLY | O_CREAT, 0600) >= 0);
	SHOW(open("/proc/self/ns/uts", O_RDONLY | O_TRUNC) >= 0);
	SHOW(open("/proc/self/ns/none", O_RDONLY));
	SHOW(chdir("/proc/self/ns/uts"));
	SHOW(unlink("/proc/self/ns/uts"));
	sprintf(name, "/proc/self/fd/%d", fd);
	readlink(name, text, 63);
	printf("%d\n", !strcmp(text, link_of("uts")));
	int again = open(name, O_RDONLY);
	SHOW(again >= 0);
	SHOW(ioctl(again, NS_GET_NSTYPE) == CLONE_NEWUTS);
	AS_USER(SHOW(open(name, O_RDONLY) >= 0); SHOW(open(name, O_RDWR)););
}

static void ioctls(void)
{
	for (int i = 0; i < 10; i++) {
		char name[64];
		unsigned uid = 77;
		sprintf(name, "/proc/self/ns/%s", kinds[i]);
		int fd = open(name, O_RDONLY);
		printf("%s %x\n", kinds[i], ioctl(fd, NS_GET_NSTYPE));
		int user = ioctl(fd, NS_GET_USERNS);
		SHOW(user < 0 ? user : 0);
		if (user >= 0) {
			struct stat s, t;
			fstat(user, &s);
			stat("/proc/self/ns/user", &t);
			printf("%d %d %x\n", s.st_ino == t.st_ino, fcntl(user, F_GETFD), ioctl(user, NS_GET_NSTYPE));
			close(user);
		}
		SHOW(ioctl(fd, NS_GET_PARENT));
		SHOW(ioctl(fd, NS_GET_OWNER_UID, &uid));
		SHOW(ioctl(fd, NS_GET_OWNER_UID, NULL));
		SHOW(ioctl(fd, TIOCGWINSZ, &uid));
		close(fd);
	}
}

static void binds(void)
{
	world();
	put("uts", "");
	put("mnt", "");
	put("of-child", "");
	sethostname("outer", 5);
	SHOW(mount("/proc/self/ns/uts", "uts", NULL, MS_BIND, NULL));
	struct stat s, t;
	stat("uts", &s);
	stat("/proc/self/ns/uts", &t);
	printf("%d %d\n", s.st_ino == t.st_ino, s.st_dev == t.st_dev);
	SHOW(mount("/proc/self/ns/mnt", "mnt", NULL, MS_BIND, NULL));
	SHOW(mount("/proc/self/ns/uts", "a", NULL, MS_BIND, NULL));
	SHOW(mount("/proc/self/ns/uts", "mnt", NULL, MS_MOVE, NULL));
	int pid = WAITING_CHILD(unshare(CLONE_NEWUTS); sethostname("inner", 5););
	char name[64];
	sprintf(name, "/proc/%d/ns/uts", pid);
	SHOW(mount(name, "of-child", NULL, MS_BIND, NULL));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	int fd = open("of-child", O_RDONLY);
	IN_CHILD(SHOW(setns(fd, CLONE_NEWUTS)); names(););
	char text[64] = "";
	sprintf(name, "/proc/self/fd/%d", fd);
	readlink(name, text, 63);
	puts(text);
	SHOW(umount("of-child"));
	close(fd);
	fd = open("of-child", O_RDONLY);
	SHOW(setns(fd, 0));
	close(fd);
	fd = open("uts", O_RDONLY);
	SHOW(setns(fd, CLONE_NEWUTS));
	names();
	SHOW(umount("uts"));
	close(fd);
	SHOW(umount("uts"));
}

/* Without the numbers, which differ. */
static void shown(void)
{
	world();
	put("uts", "");
	put("mnt", "");
	mount("/proc/self/ns/uts", "uts", NULL, MS_BIND, NULL);
	char line[1024];
	FILE *in = fopen("/proc/self/mountinfo", "r");
	while (fgets(line, sizeof line, in)) {
		char *at = strstr(line, "uts:[");
		if (!at) continue;
		char *behind = strchr(at, ']');
		at[5] = 0;
		printf("%s...%s", at, behind);
	}
	fclose(in);
	in = fopen("/proc/self/mounts", "r");
	while (fgets(line, sizeof line, in))
		if (strstr(line, "nsfs")) fputs(line, stdout);
	fclose(in);
}

/* A mount namespace is kept by a bind in an older one, and is not copied along with it. */
static void bound_tree(void)
{
	world();
	put("tree", "");
	put("uts", "");
	int to[2];
	char c;
	int pid = WAITING_CHILD(unshare(CLONE_NEWNS); mount("t", "c", "tmpfs", 0, NULL); put("c/inside", "of the child"););
	char name[64];
	sprintf(name, "/proc/%d/ns/mnt", pid);
	SHOW(mount(name, "tree", NULL, MS_BIND, NULL));
	mount("/proc/self/ns/uts", "uts", NULL, MS_BIND, NULL);
	sprintf(name, "/proc/%d/root", pid);
	int root = open(name, O_PATH | O_DIRECTORY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	int fd = open("tree", O_RDONLY);
	int own = open("/proc/self/ns/mnt", O_RDONLY);
	IN_CHILD(SHOW(setns(fd, CLONE_NEWNS)); fchdir(root); chroot("."); cat("/c/inside");
		 SHOW(mount("/proc/self/ns/mnt", "tree", NULL, MS_BIND, NULL));
		 char own_name[64]; sprintf(own_name, "/proc/self/fd/%d", own); SHOW(mount(own_name, "tree", NULL, MS_BIND, NULL)););
	IN_CHILD(struct stat s; struct statfs fs; SHOW(unshare(CLONE_NEWNS)); statfs("tree", &fs); printf("%lx\n", (long)fs.f_type);
		 statfs("uts", &fs); printf("%lx\n", (long)fs.f_type););
	close(fd);
	close(root);
	SHOW(umount("tree"));
}

PROBES({"stats", stats}, {"numbers", numbers}, {"files", files}, {"ioctls", ioctls}, {"binds", binds}, {"shown", shown},
       {"bound_tree", bound_tree})
