/* Propagation of mounts between peers and to slaves, also across namespaces, and what /proc shows of it.
   mount_namespaces(7). */
#include "ns.h"
#include <signal.h>

/* Numbers of groups in the order in which they come. */
static void peers(void)
{
	static long ids[64], groups[64];
	int id_count = 0, group_count = 0;
	char line[1024];
	FILE *in = fopen("/proc/self/mountinfo", "r");
	while (fgets(line, sizeof line, in)) {
		int id, parent, at;
		char root[256], place[256], options[256];
		if (sscanf(line, "%d %d %*s %255s %255s %255s %n", &id, &parent, root, place, options, &at) != 5) continue;
		if (!strcmp(place, "/proc")) continue;
		printf("%s %s", root, place);
		char *tail = strstr(line + at, "- ");
		*tail = 0;
		for (char *tag = strtok(line + at, " "); tag; tag = strtok(NULL, " ")) {
			char *colon = strchr(tag, ':');
			if (!colon) printf(" %s", tag);
			else *colon = 0, printf(" %s:%ld", tag, letter_of(groups, &group_count, atol(colon + 1)));
		}
		puts("");
	}
	fclose(in);
	puts("--");
	fflush(stdout);
}

static void tree(void)
{
	world();
	mkdir("s", 0755);
	mkdir("t", 0755);
	mkdir("u", 0755);
	mount("s", "s", "tmpfs", 0, NULL);
	mkdir("s/x", 0755);
	mkdir("s/y", 0755);
	put("s/file", "of s");
}

static void types(void)
{
	tree();
	SHOW(mount(NULL, "s", NULL, MS_SHARED, NULL));
	peers();
	SHOW(mount(NULL, "s", NULL, MS_SHARED, NULL));
	SHOW(mount(NULL, "s/x", NULL, MS_SHARED, NULL));
	SHOW(mount(NULL, "s", NULL, MS_SHARED | MS_PRIVATE, NULL));
	SHOW(mount(NULL, "s", NULL, MS_SHARED | MS_RDONLY, NULL));
	SHOW(mount(NULL, "s", NULL, MS_SLAVE, NULL));
	peers();
	SHOW(mount(NULL, "s", NULL, MS_SHARED | MS_SILENT, NULL));
	SHOW(mount(NULL, "s", NULL, MS_UNBINDABLE, NULL));
	SHOW(mount("s", "t", NULL, MS_BIND, NULL));
	peers();
	SHOW(mount(NULL, "s", NULL, MS_SHARED, NULL));
	SHOW(mount("s", "t", NULL, MS_BIND, NULL));
	peers();
	SHOW(mount(NULL, "t", NULL, MS_SLAVE, NULL));
	peers();
	SHOW(mount(NULL, "t", NULL, MS_SHARED, NULL));
	SHOW(mount("t", "u", NULL, MS_BIND, NULL));
	peers();
	SHOW(mount(NULL, "t", NULL, MS_PRIVATE, NULL));
	peers();
	SHOW(mount(NULL, "s", NULL, MS_PRIVATE, NULL));
	peers();
	SHOW(mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL));
	peers();
	SHOW(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL));
	peers();
}

static void binding(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	SHOW(mount("s", "t", NULL, MS_BIND, NULL));
	SHOW(mount("s/x", "u", NULL, MS_BIND, NULL));
	SHOW(mount("v", "s/x", "tmpfs", 0, NULL));
	put("s/x/inside", "x");
	peers();
	SHOW(access("t/x/inside", F_OK));
	SHOW(access("u/inside", F_OK));
	SHOW(mount("w", "u", "tmpfs", 0, NULL));
	peers();
	SHOW(umount("u"));
	peers();
	SHOW(umount("t/x"));
	peers();
	SHOW(mkdir("u/deep", 0755));
	SHOW(mount("v", "u/deep", "tmpfs", 0, NULL));
	SHOW(access("t/x/deep", F_OK));
	peers();
	SHOW(umount("s/x/deep"));
	SHOW(mount("a", "t/y", NULL, MS_BIND, NULL));
	cat("s/y/file");
	SHOW(umount("t"));
	peers();
	SHOW(umount("s/y"));
	peers();
}

static void slaves(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mount("s", "t", NULL, MS_BIND, NULL);
	SHOW(mount(NULL, "t", NULL, MS_SLAVE, NULL));
	SHOW(mount("v", "s/x", "tmpfs", 0, NULL));
	SHOW(mount("w", "t/y", "tmpfs", 0, NULL));
	peers();
	/* A slave that is shared passes on. */
	SHOW(umount("t/x"));
	SHOW(mount(NULL, "t", NULL, MS_SHARED, NULL));
	SHOW(mount("t", "u", NULL, MS_BIND, NULL));
	SHOW(umount("s/x"));
	SHOW(mount("v", "s/x", "tmpfs", 0, NULL));
	peers();
	SHOW(umount("s/x"));
	peers();
	/* The master goes: its slaves have none. */
	SHOW(umount("s"));
	peers();
}

static void slave_of_two(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mount("s", "t", NULL, MS_BIND, NULL);
	mount("s", "u", NULL, MS_BIND, NULL);
	SHOW(mount(NULL, "u", NULL, MS_SLAVE, NULL));
	peers();
	SHOW(umount("s"));
	peers();
	SHOW(mount("v", "t/x", "tmpfs", 0, NULL));
	peers();
	SHOW(mount(NULL, "t", NULL, MS_PRIVATE, NULL));
	peers();
}

static void out_of_reach(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mkdir("s/jail", 0755);
	mkdir("s/jail/proc", 0755);
	mkdir("s/jail/m", 0755);
	mount("s", "t", NULL, MS_BIND, NULL);
	mount(NULL, "t", NULL, MS_SLAVE | MS_SHARED, NULL);
	mount(NULL, "t", NULL, MS_SLAVE, NULL);
	mount(NULL, "t", NULL, MS_SHARED, NULL);
	/* The root is a bind of a slave of a slave: the nearest master that is reachable is shown. */
	mkdir("j", 0755);
	mount("t", "j", NULL, MS_BIND, NULL);
	mount(NULL, "j", NULL, MS_SLAVE, NULL);
	mkdir("s/m", 0755);
	mount("s", "j/m", NULL, MS_BIND, NULL);
	mount("proc", "j/jail/proc", "proc", 0, NULL);
	peers();
	IN_CHILD(chroot("j"); chdir("/"); mkdir("/proc", 0755); mount("proc", "/proc", "proc", 0, NULL); peers(););
}

static void moving(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mount("s", "t", NULL, MS_BIND, NULL);
	mount("v", "u", "tmpfs", 0, NULL);
	put("u/inside", "x");
	SHOW(mount("u", "s/x", NULL, MS_MOVE, NULL));
	SHOW(access("t/x/inside", F_OK));
	peers();
	/* What is on a shared mount cannot be moved away from it. */
	SHOW(mount("s/x", "u", NULL, MS_MOVE, NULL));
	/* Nor can a tree with something unbindable go to a shared one. */
	mount("v", "u", "tmpfs", 0, NULL);
	mkdir("u/z", 0755);
	mount("z", "u/z", "tmpfs", 0, NULL);
	mount(NULL, "u/z", NULL, MS_UNBINDABLE, NULL);
	SHOW(mount("u", "s/y", NULL, MS_MOVE, NULL));
	SHOW(mount("u", "s/y", NULL, MS_BIND | MS_REC, NULL));
	peers();
	SHOW(umount2("s", MNT_DETACH));
	peers();
}

static void busy(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mount("s", "t", NULL, MS_BIND, NULL);
	mount("v", "s/x", "tmpfs", 0, NULL);
	mkdir("s/x/sub", 0755);
	int fd = open("t/x", O_RDONLY);
	SHOW(umount("s/x"));
	close(fd);
	mount("w", "t/x/sub", "tmpfs", 0, NULL);
	SHOW(umount("s/x"));
	peers();
	SHOW(umount("s/x/sub"));
	peers();
	mount(NULL, "t/x", NULL, MS_PRIVATE, NULL);
	mount("w", "t/x/sub", "tmpfs", 0, NULL);
	peers();
	SHOW(umount("s/x"));
	peers();
	mount("v", "s/x", "tmpfs", 0, NULL);
	SHOW(umount2("s/x", MNT_DETACH));
	peers();
}

/* What is there already lies on top of what comes. */
static void tucked(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mount("s", "t", NULL, MS_BIND, NULL);
	mount(NULL, "t", NULL, MS_SLAVE, NULL);
	SHOW(mount("own", "t/x", "tmpfs", 0, NULL));
	put("t/x/own", "x");
	SHOW(mount("v", "s/x", "tmpfs", 0, NULL));
	put("s/x/came", "x");
	SHOW(access("t/x/own", F_OK));
	peers();
	SHOW(umount("t/x"));
	SHOW(access("t/x/came", F_OK));
	SHOW(mount("own", "t/x", "tmpfs", 0, NULL));
	SHOW(umount("s/x"));
	peers();
	SHOW(umount("t/x"));
	peers();
}

static void namespaces(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	int to[2], back[2];
	char c;
	pipe(to);
	pipe(back);
	fflush(stdout);
	int pid = fork();
	if (!pid) {
		unshare(CLONE_NEWNS);
		peers();
		write(back[1], "x", 1);
		read(to[0], &c, 1);
		SHOW(access("s/x/from-outside", F_OK));
		SHOW(access("u/outside", F_OK));
		peers();
		mount("v", "s/y", "tmpfs", 0, NULL);
		put("s/y/from-inside", "x");
		mount("v", "u", "tmpfs", 0, NULL);
		write(back[1], "x", 1);
		read(to[0], &c, 1);
		peers();
		SHOW(mount(NULL, "s", NULL, MS_SLAVE | MS_REC, NULL));
		peers();
		SHOW(umount("s/y"));
		write(back[1], "x", 1);
		read(to[0], &c, 1);
		peers();
		write(back[1], "x", 1);
		_exit(0);
	}
	read(back[0], &c, 1);
	mount("v", "s/x", "tmpfs", 0, NULL);
	put("s/x/from-outside", "x");
	mount("v", "u", "tmpfs", 0, NULL);
	put("u/outside", "x");
	write(to[1], "x", 1);
	read(back[0], &c, 1);
	SHOW(access("s/y/from-inside", F_OK));
	peers();
	SHOW(umount("s/x"));
	write(to[1], "x", 1);
	read(back[0], &c, 1);
	peers();
	mount("w", "s/x", "tmpfs", 0, NULL);
	write(to[1], "x", 1);
	read(back[0], &c, 1);
	waitpid(pid, NULL, 0);
	peers();
}

/* The end of a namespace is not an unmount that others see. */
static void ending(void)
{
	tree();
	mount(NULL, "s", NULL, MS_SHARED, NULL);
	mount("v", "s/x", "tmpfs", 0, NULL);
	IN_CHILD(unshare(CLONE_NEWNS); mount("w", "s/y", "tmpfs", 0, NULL); peers(););
	peers();
	IN_CHILD(unshare(CLONE_NEWNS); mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL); peers();
		 IN_CHILD(unshare(CLONE_NEWNS); peers();); mount(NULL, "s", NULL, MS_SHARED, NULL); IN_CHILD(unshare(CLONE_NEWNS); peers(););
		 SHOW(umount2("s", MNT_DETACH)); peers(););
	peers();
}

static void pivoting(void)
{
	tree();
	mkdir("s/old", 0755);
	SHOW(mount(NULL, "s", NULL, MS_SHARED, NULL));
	SHOW(syscall(SYS_pivot_root, "s", "s/old"));
	SHOW(mount(NULL, "s", NULL, MS_PRIVATE, NULL));
	SHOW(mount(NULL, "/", NULL, MS_SHARED, NULL));
	SHOW(syscall(SYS_pivot_root, "s", "s/old"));
	SHOW(mount(NULL, "/", NULL, MS_PRIVATE, NULL));
	SHOW(syscall(SYS_pivot_root, "s", "s/old"));
}

/* What is mounted from below a shared mount, or in it. */
static void recursive(void)
{
	tree();
	mount("v", "s/x", "tmpfs", 0, NULL);
	mkdir("s/x/in", 0755);
	SHOW(mount(NULL, "s", NULL, MS_SHARED | MS_REC, NULL));
	SHOW(mount("s", "t", NULL, MS_BIND | MS_REC, NULL));
	peers();
	SHOW(mount("w", "t/x/in", "tmpfs", 0, NULL));
	peers();
	SHOW(mount("s", "s/y", NULL, MS_BIND, NULL));
	peers();
	SHOW(umount("t/y"));
	peers();
	SHOW(mount("s", "s/y", NULL, MS_BIND | MS_REC, NULL));
	peers();
	SHOW(umount2("s/y", MNT_DETACH));
	peers();
	SHOW(mount(NULL, "t", NULL, MS_SLAVE | MS_REC, NULL));
	peers();
}

PROBES({"types", types}, {"binding", binding}, {"slaves", slaves}, {"slave_of_two", slave_of_two},
       {"out_of_reach", out_of_reach}, {"moving", moving}, {"busy", busy}, {"tucked", tucked}, {"namespaces", namespaces},
       {"ending", ending}, {"pivoting", pivoting}, {"recursive", recursive})
