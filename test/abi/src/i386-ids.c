/* Ids of 16 bits: what calls of i386 take of them, and how larger ones are told. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "int80.h"

static void told(void)
{
	CALL(getuid, 0);
	CALL(geteuid, 0);
	CALL(getgid, 0);
	CALL(getegid, 0);
	CALL(getuid32, 0);
	uint16_t narrow[3] = {1, 1, 1};
	CALL(getresuid, narrow, narrow + 1, narrow + 2);
	printf("%u %u %u\n", narrow[0], narrow[1], narrow[2]);
	CALL(getresgid, narrow, narrow + 1, narrow + 2);
	printf("%u %u %u\n", narrow[0], narrow[1], narrow[2]);
}

static void taken(void)
{
	IN_CHILD(CALL(setresgid32, 70000, 65535, 65536); CALL(setresuid32, 70000, 100, 65534); told(););
	IN_CHILD(CALL(setresuid, 0x10005, 0xffff, 7); told(););
	IN_CHILD(CALL(setreuid, -1, 5); told(););
	IN_CHILD(CALL(setregid, 6, -1); told(););
	IN_CHILD(CALL(setuid, 0xffff); CALL(setgid, 0xffff); CALL(setuid32, -1); told(););
	IN_CHILD(CALL(setgid, 70000); CALL(setuid, 70000); told(););
	IN_CHILD(CALL(setfsuid, 70000); CALL(setfsuid, -1); CALL(setfsuid32, 70001); CALL(setfsuid, -1); CALL(setfsgid, 5); CALL(setfsgid32, -1););
	CALL(getresuid, BAD, BAD, BAD);
}

static void lists(void)
{
	const uint16_t narrow[] = {1, 65534, 65535};
	const uint32_t wide[] = {1, 70000, 65535};
	uint16_t got[4] = {9, 9, 9, 9};
	uint32_t more[4] = {9, 9, 9, 9};
	CALL(setgroups, 2, narrow);
	CALL(getgroups, 0, 0);
	CALL(getgroups, 4, got);
	printf("%u %u %u\n", got[0], got[1], got[2]);
	CALL(setgroups32, 3, wide);
	CALL(getgroups, 4, got);
	printf("%u %u %u\n", got[0], got[1], got[2]);
	CALL(getgroups32, 4, more);
	printf("%u %u %u\n", more[0], more[1], more[2]);
	CALL(getgroups, 1, got);
	CALL(getgroups, 4, BAD);
	CALL(setgroups, 4, BAD);
	CALL(setgroups, 65537, narrow);
	CALL(setgroups, -1, narrow);
}

static void owners(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	struct stat s;
	symlink("f", "l");
#define OWNER(name) (lstat(name, &s), printf("%s %u %u\n", name, s.st_uid, s.st_gid))
	CALL(chown, "f", 0x10001, 2), OWNER("f");
	CALL(chown, "f", 0xffff, 3), OWNER("f");
	CALL(fchown, fd, 4, -1), OWNER("f");
	CALL(lchown, "l", 5, 6), OWNER("l");
	CALL(chown32, "f", 70000, 65535), OWNER("f");
	CALL(lchown32, "l", -1, 65536), OWNER("l");
	CALL(fchownat, -100, "f", 70001, -1, 0), OWNER("f");
	CALL(chown, "none", 1, 1);
}

PROBES({"told", told}, {"taken", taken}, {"lists", lists}, {"owners", owners})
