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
PROBES({"flags", flags}, {"exchanging", exchanging}, {"whiteouts", whiteouts}, {"kinds", kinds}, {"same_file", same_file},
       {"dots", dots})
