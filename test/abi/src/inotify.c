/* inotify(7): which events come for what, in which order, and what ends a watch. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <dirent.h>
#include <unistd.h>

#include "probe.h"

static int in;
static char events[65536];

static void show_event(const struct inotify_event *e)
{
	static const struct { unsigned bit; const char *name; } names[] = {
	    {IN_ACCESS, "ACCESS"}, {IN_MODIFY, "MODIFY"}, {IN_ATTRIB, "ATTRIB"}, {IN_CLOSE_WRITE, "CLOSE_WRITE"},
	    {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"}, {IN_OPEN, "OPEN"}, {IN_MOVED_FROM, "MOVED_FROM"}, {IN_MOVED_TO, "MOVED_TO"},
	    {IN_CREATE, "CREATE"}, {IN_DELETE, "DELETE"}, {IN_DELETE_SELF, "DELETE_SELF"}, {IN_MOVE_SELF, "MOVE_SELF"},
	    {IN_UNMOUNT, "UNMOUNT"}, {IN_Q_OVERFLOW, "Q_OVERFLOW"}, {IN_IGNORED, "IGNORED"}, {IN_ISDIR, "ISDIR"}};
	static unsigned first_cookie;
	printf("  %d", e->wd);
	unsigned rest = e->mask;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (rest & names[i].bit) printf(" %s", names[i].name), rest &= ~names[i].bit;
	if (rest) printf(" %#x", rest);
	if (e->cookie && !first_cookie) first_cookie = e->cookie;
	if (e->cookie) printf(" cookie %u", e->cookie - first_cookie + 1);
	if (e->len) printf(" len %u \"%s\"", e->len, e->name);
	putchar('\n');
}
static void drain(const char *what)
{
	printf("%s:\n", what);
	long n;
	while ((n = read(in, events, sizeof events)) > 0)
		for (char *p = events; p < events + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len)
			show_event((void *)p);
	fflush(stdout);
}
static void start(void) { in = inotify_init1(IN_NONBLOCK); }
static void touch(const char *name) { close(open(name, O_WRONLY | O_CREAT, 0600)); }

static void init(void)
{
	SHOW(inotify_init1(1));
	SHOW(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	SHOW(syscall(SYS_inotify_init));
	SHOW(fcntl(3, F_GETFD));
	SHOW(fcntl(3, F_GETFL));
	SHOW(fcntl(4, F_GETFL));
	char name[64] = "";
	readlink("/proc/self/fd/3", name, 63);
	puts(name);
	SHOW(read(3, events, 100));
	SHOW(write(3, events, 100));
	SHOW(lseek(3, 0, SEEK_SET));
}
static void add_errors(void)
{
	start();
	touch("file");
	SHOW(inotify_add_watch(in, ".", 0));
	SHOW(inotify_add_watch(in, ".", 0x1000));
	SHOW(inotify_add_watch(99, ".", 0));
	SHOW(inotify_add_watch(99, ".", IN_OPEN));
	SHOW(inotify_add_watch(0, ".", IN_OPEN));
	SHOW(inotify_add_watch(in, "none", IN_OPEN));
	SHOW(inotify_add_watch(in, "", IN_OPEN));
	SHOW(inotify_add_watch(in, (void *)8, IN_OPEN));
	SHOW(inotify_add_watch(in, "file", IN_OPEN | IN_ONLYDIR));
	SHOW(inotify_add_watch(in, ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
	SHOW(inotify_add_watch(in, ".", IN_OPEN | IN_MASK_CREATE));
	SHOW(inotify_add_watch(in, ".", IN_OPEN | IN_MASK_CREATE));
	SHOW(inotify_add_watch(in, ".", IN_CLOSE | IN_MASK_ADD));
	SHOW(inotify_add_watch(in, "file", IN_OPEN));
	SHOW(inotify_rm_watch(in, 1));
	SHOW(inotify_rm_watch(in, 1));
	SHOW(inotify_rm_watch(in, -1));
	SHOW(inotify_rm_watch(99, 1));
	SHOW(inotify_rm_watch(0, 1));
	SHOW(inotify_add_watch(in, ".", IN_OPEN));
	symlink("none", "dangling");
	SHOW(inotify_add_watch(in, "dangling", IN_OPEN));
	SHOW(inotify_add_watch(in, "dangling", IN_OPEN | IN_DONT_FOLLOW));
	drain("events");
}
static void directory(void)
{
	start();
	inotify_add_watch(in, ".", IN_ALL_EVENTS);
	touch("a");
	drain("created");
	int fd = open("a", O_RDWR);
	write(fd, "hello", 5);
	write(fd, "world", 5);
	pread(fd, events, 3, 0);
	ftruncate(fd, 2);
	fchmod(fd, 0644);
	close(fd);
	drain("written and read");
	close(open("a", O_RDONLY));
	close(open("a", O_WRONLY | O_TRUNC));
	truncate("a", 10);
	chmod("a", 0600);
	chown("a", 1, 1);
	utimes("a", NULL);
	drain("changed");
	mkdir("d", 0700);
	symlink("a", "l");
	link("a", "h");
	mknod("p", S_IFIFO | 0600, 0);
	drain("made");
	unlink("h");
	unlink("a");
	rmdir("d");
	unlink("l");
	drain("removed");
	closedir(opendir("."));
	DIR *dir = opendir(".");
	readdir(dir);
	closedir(dir);
	drain("listed");
}
static void file(void)
{
	start();
	touch("a");
	SHOW(inotify_add_watch(in, "a", IN_ALL_EVENTS));
	int fd = open("a", O_RDWR);
	write(fd, "x", 1);
	lseek(fd, 0, SEEK_SET);
	read(fd, events, 10);
	read(fd, events, 10);
	drain("used");
	link("a", "b");
	unlink("b");
	drain("linked");
	rename("a", "c");
	drain("renamed");
	unlink("c");
	drain("unlinked while open");
	write(fd, "y", 1);
	drain("still written");
	close(fd);
	drain("closed");
	SHOW(inotify_rm_watch(in, 1));
}
static void both(void)
{
	start();
	touch("a");
	inotify_add_watch(in, ".", IN_MODIFY | IN_DELETE | IN_ATTRIB);
	inotify_add_watch(in, "a", IN_MODIFY | IN_DELETE_SELF | IN_ATTRIB);
	truncate("a", 5);
	chmod("a", 0640);
	unlink("a");
	drain("both");
	mkdir("d", 0700);
	inotify_add_watch(in, "d", IN_DELETE_SELF | IN_ATTRIB);
	rmdir("d");
	drain("a directory");
	touch("x");
	touch("y");
	inotify_add_watch(in, "y", IN_DELETE_SELF | IN_ATTRIB);
	inotify_add_watch(in, ".", IN_MOVED_FROM | IN_MOVED_TO);
	rename("x", "y");
	drain("replaced");
}
static void moves(void)
{
	start();
	mkdir("one", 0700);
	mkdir("two", 0700);
	inotify_add_watch(in, "one", IN_ALL_EVENTS);
	inotify_add_watch(in, "two", IN_ALL_EVENTS);
	touch("one/a");
	touch("two/b");
	drain("made");
	rename("one/a", "one/c");
	drain("in one directory");
	rename("one/c", "two/c");
	drain("to another");
	inotify_add_watch(in, "two/b", IN_ALL_EVENTS);
	rename("two/c", "two/b");
	drain("over another");
	rename("two/b", "outside");
	drain("away");
	mkdir("one/d", 0700);
	inotify_add_watch(in, "one/d", IN_MOVE_SELF | IN_DELETE_SELF);
	rename("one/d", "two/d");
	drain("a directory");
	touch("one/x");
	touch("two/y");
	drain("made");
	syscall(SYS_renameat2, AT_FDCWD, "one/x", AT_FDCWD, "two/y", 2);
	drain("exchanged");
}
static void directory_gone(void)
{
	start();
	mkdir("d", 0700);
	SHOW(inotify_add_watch(in, "d", IN_ALL_EVENTS));
	touch("d/a");
	unlink("d/a");
	drain("inside");
	rename("d", "e");
	chmod("e", 0755);
	drain("itself");
	rmdir("e");
	drain("gone");
	mkdir("d", 0700);
	SHOW(inotify_add_watch(in, "d", IN_ALL_EVENTS));
}
static void oneshot(void)
{
	start();
	SHOW(inotify_add_watch(in, ".", IN_CREATE | IN_ONESHOT));
	touch("a");
	touch("b");
	drain("once");
	SHOW(inotify_rm_watch(in, 1));
	SHOW(inotify_add_watch(in, ".", IN_CREATE));
}
static void masks(void)
{
	start();
	SHOW(inotify_add_watch(in, ".", IN_CREATE));
	SHOW(inotify_add_watch(in, ".", IN_DELETE));
	touch("a");
	unlink("a");
	drain("replaced");
	SHOW(inotify_add_watch(in, ".", IN_CREATE | IN_MASK_ADD));
	touch("a");
	unlink("a");
	drain("added");
	SHOW(inotify_rm_watch(in, 1));
	touch("a");
	drain("removed");
}
static void unlinked(void)
{
	start();
	mkdir("d", 0700);
	for (int i = 0; i < 2; i++) {
		int wd = inotify_add_watch(in, "d", IN_MODIFY | IN_CLOSE | (i ? IN_EXCL_UNLINK : 0));
		int fd = open("d/a", O_RDWR | O_CREAT, 0600);
		unlink("d/a");
		write(fd, "x", 1);
		close(fd);
		drain(i ? "without the unlinked" : "with the unlinked");
		inotify_rm_watch(in, wd);
		drain("ended");
	}
}
static void reading(void)
{
	start();
	inotify_add_watch(in, ".", IN_CREATE);
	touch("a");
	touch("a-name-of-more-than-sixteen-bytes");
	struct pollfd p = {.fd = in, .events = POLLIN | POLLOUT | POLLRDNORM};
	SHOW(poll(&p, 1, 0));
	printf("%#x\n", p.revents);
	int n;
	SHOW(ioctl(in, FIONREAD, &n));
	printf("%d\n", n);
	SHOW(read(in, events, 15));
	SHOW(read(in, events, 31));
	SHOW(read(in, events, 40));
	SHOW(read(in, events, 40));
	SHOW(read(in, events, 100));
	SHOW(read(in, events, 100));
	SHOW(poll(&p, 1, 0));
	fcntl(in, F_SETFL, 0);
	if (!fork()) {
		usleep(20000);
		touch("late");
		_exit(0);
	}
	SHOW(read(in, events, 100));
	wait(NULL);
}
static void coalesced(void)
{
	start();
	inotify_add_watch(in, ".", IN_MODIFY | IN_ATTRIB);
	int a = open("a", O_RDWR | O_CREAT, 0600), b = open("b", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 3; i++) write(a, "x", 1);
	write(b, "x", 1);
	write(a, "x", 1);
	fchmod(a, 0644);
	fchmod(a, 0600);
	write(a, "x", 1);
	drain("runs of equal events are one");
}
static void overflow(void)
{
	start();
	inotify_add_watch(in, ".", IN_CREATE | IN_DELETE);
	for (int i = 0; i < 8200; i++) {
		touch("a");
		unlink("a");
	}
	long total = 0, n;
	struct inotify_event last;
	while ((n = read(in, events, sizeof events)) > 0)
		for (char *p = events; p < events + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len)
			total++, memcpy(&last, p, sizeof last);
	printf("%ld, the last: %d %#x %u\n", total, last.wd, last.mask, last.len);
}
static void path_only(void)
{
	start();
	touch("a");
	inotify_add_watch(in, ".", IN_ALL_EVENTS);
	close(open("a", O_PATH));
	drain("O_PATH");
	int fd = open("a", O_RDONLY), copy = dup(fd);
	close(fd);
	drain("a duplicate is left");
	close(copy);
	drain("closed");
}
PROBES(
    {"init", init}, {"add-errors", add_errors}, {"directory", directory}, {"file", file}, {"both", both},
    {"moves", moves}, {"directory-gone", directory_gone}, {"oneshot", oneshot}, {"masks", masks}, {"unlinked", unlinked},
    {"reading", reading}, {"coalesced", coalesced}, {"overflow", overflow}, {"path-only", path_only})
