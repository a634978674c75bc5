/* A world of its own for probes that mount: an empty tmpfs as the root, with /proc. They are recorded in a mount
   namespace of their own (unshare -m). */
#ifndef MOUNTS_H
#define MOUNTS_H
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe.h"

static void put(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
	write(fd, text, strlen(text));
	close(fd);
}

static void cat(const char *name)
{
	char b[4096];
	int fd = open(name, O_RDONLY);
	long n = fd < 0 ? -1 : read(fd, b, sizeof b - 1);
	if (n < 0) printf("%s: %s\n", name, errno_name(errno));
	else b[n] = 0, printf("%s: %s\n", name, b);
	fflush(stdout);
	close(fd);
}

static void world(void)
{
	mkdir("world", 0755);
	mount("world", "world", "tmpfs", 0, "mode=755");
	chdir("world");
	chroot(".");
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("a", 0755);
	mkdir("b", 0755);
	mkdir("c", 0755);
	put("a/file", "of a");
	put("f", "of f");
	put("g", "of g");
}

static long letter_of(long *known, int *count, long number)
{
	for (int i = 0; i < *count; i++)
		if (known[i] == number) return i;
	known[*count] = number;
	return (*count)++;
}

/* mountinfo, its numbers in the order in which they come; of the file system's options only whether it is read-only. */
static void info_of(const char *file)
{
	static long ids[64], devs[64];
	int id_count = 0, dev_count = 0;
	char line[1024];
	FILE *in = fopen(file, "r");
	if (!in) {
		SHOW(-1);
		return;
	}
	while (fgets(line, sizeof line, in)) {
		int id, parent, major, minor, at, fields;
		if (sscanf(line, "%d %d %d:%d %n", &id, &parent, &major, &minor, &at) != 4) continue;
		char *tail = strstr(line, " - "), type[64], source[128], options[256];
		*tail = 0;
		sscanf(tail + 3, "%63s %127s %255s", type, source, options);
		options[2] = 0;
		int known = 0;
		for (int i = 0; i < id_count; i++) known |= ids[i] == parent;
		printf("%ld in %ld dev %ld %s - %s %s %s\n", letter_of(ids, &id_count, id),
		       known ? letter_of(ids, &id_count, parent) : -1L,
		       letter_of(devs, &dev_count, major * 1000 + minor), line + at, type, source, options);
	}
	fclose(in);
	fflush(stdout);
}

static void info(void)
{
	info_of("/proc/self/mountinfo");
}

static void where(void)
{
	char b[4096];
	long n = syscall(SYS_getcwd, b, sizeof b);
	if (n < 0) printf("getcwd: %s\n", errno_name(errno));
	else printf("getcwd: %s\n", b);
	fflush(stdout);
}
#endif
