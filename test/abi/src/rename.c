/* renameat2(2): its flags and the order of its errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define NOREPLACE 1
#define EXCHANGE 2
#define WHITEOUT 4

static long move(const char *from, const char *to, int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void show(const char *name)
{
	struct stat st;
	if (lstat(name, &st) < 0) printf("%s: %s\n", name, errno_name(errno));
	else printf("%s: %o %ld %ld\n", name, st.st_mode, (long)st.st_nlink, (long)st.st_rdev);
	fflush(stdout);
}

static void tree(void)
{
	chmod(".", 0755);
	mkdir("d", 0755);
	mkdir("e", 0755);
	mkdir("full", 0755);
	close(open("full/x", O_CREAT | O_RDWR, 0600));
	close(open("f", O_CREAT | O_RDWR, 0600));
	close(open("g", O_CREAT | O_RDWR, 0644));
}

static void flags(void)
{
	tree();
	SHOW(move("f", "h", 8));
	SHOW(move("f", "h", NOREPLACE | EXCHANGE));
	SHOW(move("f", "h", WHITEOUT | EXCHANGE));
	SHOW(move("f", "g", NOREPLACE));
	SHOW(move("f", "h", EXCHANGE));
	SHOW(move("f", "g", EXCHANGE));
	show("f");
	show("g");
	SHOW(move("f", "h", NOREPLACE));
	show("h");
	SHOW(move("missing", "h", NOREPLACE));
}

static void exchanging(void)
{
	tree();
	SHOW(move("f", "full", EXCHANGE));
	show("f");
	show("full");
	show("f/x");
	SHOW(move("f", "f/x", EXCHANGE));
	SHOW(move("f/x", "f", EXCHANGE));
	SHOW(move("d", "e", EXCHANGE));
	SHOW(move("g", "g", EXCHANGE));
	SHOW(move("g/", "d", EXCHANGE));
}

static void whiteouts(void)
{
	tree();
	SHOW(move("f", "h", WHITEOUT));
	show("f");
	show("h");
	SHOW(move("d", "e", WHITEOUT));
	show("d");
	show("e");
	SHOW(move("g", "h", WHITEOUT | NOREPLACE));
	SHOW(unlink("f"));
	fflush(stdout);
	if (!fork()) {
		chmod(".", 0777);
		setresuid(1000, 1000, 1000);
		SHOW(move("g", "n", WHITEOUT));
		_exit(0);
	}
	wait(NULL);
}

static void kinds(void)
{
	tree();
	SHOW(rename("f", "d"));
	SHOW(rename("d", "f"));
	SHOW(rename("d", "full"));
	SHOW(rename("full", "d"));
	show("d/x");
	SHOW(rename("d", "d/sub"));
	SHOW(rename("d/x", "d"));
	SHOW(rename("f", "f/x"));
	SHOW(rename("f/", "h"));
	SHOW(rename("f", "h/"));
	SHOW(rename("d", "h/"));
	show("h");
}

static void same_file(void)
{
	tree();
	link("f", "l");
	SHOW(rename("f", "l"));
	show("f");
	show("l");
	SHOW(rename("f", "f"));
	SHOW(rename("d", "d"));
}

static void dots(void)
{
	tree();
	SHOW(rename(".", "x"));
	SHOW(rename("..", "x"));
	SHOW(rename("f", "."));
	SHOW(rename("f", ".."));
	SHOW(rename("d/.", "x"));
	SHOW(rename("f", "/proc/x"));
	SHOW(rename("/proc/version", "x"));
}

static void arguments(void)
{
	tree();
	char name[5000];
	SHOW(rename("missing", "x"));
	SHOW(rename("missing/x", "x"));
	SHOW(rename("f", "missing/x"));
	SHOW(rename("f/x", "x"));
	SHOW(rename("f", "g/x"));
	SHOW(rename("", "x"));
	SHOW(rename("f", ""));
	SHOW(rename((char *)8, "x"));
	SHOW(rename("f", (char *)8));
	memset(name, 'n', sizeof name);
	name[256] = 0;
	SHOW(rename("f", name));
	SHOW(rename(name, "x"));
	name[255] = 0;
	SHOW(rename("f", name));
	SHOW(rename(name, "f"));
	name[255] = 'n';
	name[4999] = 0;
	SHOW(rename("f", name));
	SHOW(rename("d/..", "x"));
	SHOW(rename("f", "d/.."));
	SHOW(syscall(SYS_renameat2, 99, "f", AT_FDCWD, "x", 0));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "f", 99, "x", 0));
	SHOW(syscall(SYS_renameat2, open("g", O_RDONLY), "f", AT_FDCWD, "x", 0));
}

static void links(void)
{
	tree();
	symlink("f", "to-f");
	symlink("d", "to-d");
	symlink("nowhere", "dangling");
	SHOW(rename("to-f", "moved"));
	show("moved");
	show("f");
	SHOW(rename("dangling", "still"));
	show("still");
	SHOW(rename("f", "moved"));
	show("moved");
	SHOW(rename("to-d/", "x"));
	SHOW(rename("e", "to-d"));
	SHOW(rename("e", "to-d/"));
	SHOW(rename("e", "to-d/in"));
	show("d/in");
	SHOW(rename("to-d", "full"));
	SHOW(move("to-d", "full", EXCHANGE));
	show("to-d");
	show("full");
}

static void across(void)
{
	tree();
	SHOW(rename("f", "/proc/f"));
	SHOW(move("f", "/proc/f", NOREPLACE));
	SHOW(move("f", "/proc/version", EXCHANGE));
	SHOW(move("f", "/proc/missing/x", 0));
	SHOW(rename("/proc/self", "x"));
	SHOW(rename("/proc/self/status", "/proc/self/x"));
	SHOW(rename("d", "/proc/d"));
	SHOW(rename("missing", "/proc/x"));
	SHOW(rename("/proc/missing", "x"));
}

static void permissions(void)
{
	tree();
	mkdir("closed", 0755);
	close(open("closed/f", O_CREAT | O_RDWR, 0666));
	mkdir("open", 0777);
	chmod("open", 0777);
	close(open("open/f", O_CREAT | O_RDWR, 0600));
	mkdir("sticky", 01777);
	chmod("sticky", 01777);
	close(open("sticky/f", O_CREAT | O_RDWR, 0666));
	mkdir("sticky/d", 0777);
	fflush(stdout);
	if (!fork()) {
		setresgid(100, 100, 100);
		setresuid(1000, 1000, 1000);
		SHOW(rename("closed/f", "open/g"));
		SHOW(rename("open/f", "closed/g"));
		SHOW(rename("open/f", "open/g"));
		SHOW(rename("open/g", "sticky/g"));
		SHOW(rename("sticky/f", "sticky/h"));
		SHOW(rename("sticky/f", "open/h"));
		close(open("sticky/own", O_CREAT | O_RDWR, 0600));
		SHOW(rename("sticky/own", "sticky/mine"));
		SHOW(rename("sticky/mine", "sticky/f"));
		SHOW(move("sticky/mine", "sticky/f", EXCHANGE));
		SHOW(rename("sticky/d", "open/d"));
		SHOW(rename("closed/missing", "open/x"));
		mkdir("open/mine", 0500);
		SHOW(rename("open/mine", "sticky/mine-too"));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void while_open(void)
{
	tree();
	int f = open("f", O_RDWR), g = open("g", O_RDWR), d = open("full", O_RDONLY);
	write(f, "of f", 4);
	write(g, "of g", 4);
	SHOW(rename("f", "g"));
	struct stat st;
	fstat(g, &st);
	printf("%ld\n", (long)st.st_nlink);
	fstat(f, &st);
	printf("%ld\n", (long)st.st_nlink);
	char b[10];
	SHOW(pread(g, b, 10, 0));
	SHOW(rename("full", "elsewhere"));
	SHOW(openat(d, "x", O_RDONLY) >= 0);
	SHOW(rename("d", "elsewhere/d"));
	SHOW(faccessat(d, "d", F_OK, 0));
	chdir("elsewhere/d");
	SHOW(rename("../d", "../../d"));
	SHOW(access("../elsewhere", F_OK));
	SHOW(rename("../elsewhere", "here"));
	SHOW(rename("..", "here"));
	SHOW(rename("here", "../e"));
	SHOW(rename("../e", "here/e"));
	show("here");
}

PROBES({"flags", flags}, {"exchanging", exchanging}, {"whiteouts", whiteouts}, {"kinds", kinds}, {"same_file", same_file},
       {"dots", dots}, {"arguments", arguments}, {"links", links}, {"across", across},
       {"permissions", permissions}, {"while_open", while_open})
