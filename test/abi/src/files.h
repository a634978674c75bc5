/* Files with an owner, and what becomes of them; for probes of permissions. */
#ifndef FILES_H
#define FILES_H
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

static void make(const char *name, int mode, int uid, int gid)
{
	close(open(name, O_RDWR | O_CREAT, 0600));
	chown(name, uid, gid);
	chmod(name, mode);
}

static void mode_of(const char *name)
{
	struct stat st;
	if (lstat(name, &st) < 0) printf("%s: %s\n", name, errno_name(errno));
	else printf("%s: %o %d %d\n", name, st.st_mode, st.st_uid, st.st_gid);
}
#endif
