/* tar (ustar, and GNU's long names when reading) and dd. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "userland.h"

enum { BLOCK = 512 };
struct header { /* POSIX's ustar */
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], padding[12];
};
static int archive = -1, tar_status;
static bool verbose;
static char mode; /* c, x or t */

static bool read_whole(void *block, size_t length) {
	for (size_t done = 0; done < length;) {
		ssize_t got = read(archive, (char *)block + done, length - done);
		if (got <= 0) return false;
		done += got;
	}
	return true;
}

static void write_archive(const void *bytes, size_t length) {
	static const char zeros[BLOCK];
	if (!write_all(archive, bytes, length) || !write_all(archive, zeros, -length % BLOCK)) exit(warn_errno("write error"));
}

static unsigned checksum(const struct header *header) {
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof *header; i++) {
		bool own = i >= offsetof(struct header, checksum) && i < offsetof(struct header, type);
		sum += own ? ' ' : ((const unsigned char *)header)[i];
	}
	return sum;
}

static bool add_member(const char *path, const struct stat *status, int depth) {
	struct header header = {.magic = "ustar", .version = {'0', '0'}, .type = '0'};
	char target[PATH_MAX] = "";
	const char *name = path + strspn(path, "/");
	(void)depth;
	bool is_directory = S_ISDIR(status->st_mode), is_file = S_ISREG(status->st_mode), is_link = S_ISLNK(status->st_mode);
	char *full = format_text(is_directory && *name ? "%s/" : "%s", name);
	size_t length = strlen(full);
	if (length == 0) return true;
	/* A long name is cut at a slash between the name and its prefix. */
	const char *rest = length > 100 ? strchr(full + length - 101, '/') : full - 1;
	if (!rest || rest - full > 155 || (is_link && readlink(path, target, 100) > 99)) {
		tar_status = warn("%s: name is too long", path);
		return true;
	}
	memcpy(header.prefix, full, rest > full ? rest - full : 0);
	memcpy(header.name, rest + 1, strlen(rest + 1));
	memcpy(header.link, target, strlen(target));
	header.type = is_directory ? '5' : is_link ? '2' : is_file ? '0' : S_ISCHR(status->st_mode) ? '3' : S_ISBLK(status->st_mode) ? '4' : '6';
	long long size = is_file ? status->st_size : 0;
	sprintf(header.mode, "%07o", status->st_mode & 07777);
	sprintf(header.uid, "%07o", status->st_uid & 07777777);
	sprintf(header.gid, "%07o", status->st_gid & 07777777);
	sprintf(header.size, "%011llo", size);
	sprintf(header.mtime, "%011llo", (long long)status->st_mtime);
	sprintf(header.major, "%07o", major(status->st_rdev) & 07777777);
	sprintf(header.minor, "%07o", minor(status->st_rdev) & 07777777);
	snprintf(header.owner, sizeof header.owner, "%s", account_name(passwd_path, status->st_uid));
	snprintf(header.group, sizeof header.group, "%s", account_name(group_path, status->st_gid));
	sprintf(header.checksum, "%06o", checksum(&header));
	int fd = is_file ? open(path, O_RDONLY) : -1;
	if (is_file && fd < 0) return tar_status = warn_errno(path), true;
	if (verbose) fprintf(archive == 1 ? stderr : stdout, "%s\n", full);
	write_archive(&header, sizeof header);
	for (char block[BLOCK]; size > 0; size -= BLOCK) {
		memset(block, 0, BLOCK);
		if (read(fd, block, size < BLOCK ? size : BLOCK) < 0) tar_status = warn_errno(path);
		write_archive(block, BLOCK);
	}
	if (fd >= 0) close(fd);
	free(full);
	return true;
}

static void list_member(const struct header *header, const char *name, const char *link, long long size, time_t mtime) {
	char modes[11], date[32];
	static const char letters[] = "--lcbdp";
	format_mode(strtol(header->mode, NULL, 8), modes);
	modes[0] = header->type >= '0' && header->type <= '6' ? letters[header->type - '0'] : '-';
	strftime(date, sizeof date, "%F %H:%M", localtime(&mtime));
	if (verbose) printf("%s %s/%s %9lld %s ", modes, header->owner, header->group, size, date);
	printf(verbose && header->type == '2' ? "%s -> %s\n" : "%s\n", name, link);
}

static void make_parents(char *path) {
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0777);
		*slash = '/';
	}
}

/* The content goes to `fd`, or nowhere. */
static void copy_content(int fd, long long size, const char *name) {
	for (char block[BLOCK]; size > 0; size -= BLOCK) {
		if (!read_whole(block, BLOCK)) exit(warn("unexpected end of archive"));
		if (fd >= 0 && !write_all(fd, block, size < BLOCK ? size : BLOCK)) tar_status = warn_errno(name);
	}
}

static void extract_member(const struct header *header, char *name, const char *link, long long size, time_t mtime) {
	mode_t bits = strtol(header->mode, NULL, 8) & 07777;
	dev_t device = makedev(strtol(header->major, NULL, 8), strtol(header->minor, NULL, 8));
	struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
	bool good = true, is_file = !header->type || header->type == '0';
	make_parents(name);
	if (header->type != '5') unlink(name);
	switch (header->type) {
	case '1': good = linkat(AT_FDCWD, link, AT_FDCWD, name, 0) == 0; break;
	case '2': good = symlink(link, name) == 0; break;
	case '3': good = mknod(name, S_IFCHR | bits, device) == 0; break;
	case '4': good = mknod(name, S_IFBLK | bits, device) == 0; break;
	case '5': good = mkdir(name, bits | 0700) == 0 || errno == EEXIST; break;
	case '6': good = mkfifo(name, bits) == 0; break;
	}
	int fd = is_file ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
	if (!good || (is_file && fd < 0)) tar_status = warn_errno(name);
	copy_content(fd, size, name);
	if (fd >= 0) close(fd);
	if (header->type == '2') return;
	if (geteuid() == 0 && chown(name, strtol(header->uid, NULL, 8), strtol(header->gid, NULL, 8)) < 0) tar_status = warn_errno(name);
	chmod(name, bits);
	utimensat(AT_FDCWD, name, times, 0);
	if (verbose) puts(name);
}

static bool is_wanted(const char *name, char **wanted) {
	bool any = !*wanted;
	for (; *wanted && !any; wanted++) {
		size_t length = strlen(*wanted);
		any = strncmp(*wanted, name, length) == 0 && (!name[length] || name[length] == '/');
	}
	return any;
}

static char *read_long_text(long long size) {
	char *text = reallocate(NULL, size + BLOCK);
	if (size < 0 || size > 1 << 20 || !read_whole(text, (size + BLOCK - 1) / BLOCK * BLOCK)) exit(warn("unexpected end of archive"));
	text[size] = 0;
	return text;
}

static void read_archive(char **wanted) {
	struct header header;
	char *long_name = NULL, *long_link = NULL;
	for (memset(&header, 0, sizeof header); read_whole(&header, sizeof header) && header.name[0];) {
		if (strtoul(header.checksum, NULL, 8) != checksum(&header)) exit(warn("this does not look like a tar archive"));
		long long size = strtoll(header.size, NULL, 8);
		if (header.type == 'L' || header.type == 'K') { /* GNU's, for the member that follows */
			*(header.type == 'L' ? &long_name : &long_link) = read_long_text(size);
			continue;
		}
		bool has_prefix = memcmp(header.magic, "ustar", 6) == 0 && header.prefix[0];
		char *name = long_name ? long_name : format_text("%.*s%s%.100s", has_prefix ? 155 : 0, header.prefix, has_prefix ? "/" : "", header.name);
		char *link = long_link ? long_link : format_text("%.100s", header.link);
		name += strspn(name, "/");
		time_t mtime = strtoll(header.mtime, NULL, 8);
		bool skips = !is_wanted(name, wanted) || strchr("xg", header.type ? header.type : '0');
		bool escapes = strncmp(name, "../", 3) == 0 || strstr(name, "/../");
		if (mode == 'x' && !skips && escapes) tar_status = warn("%s: member outside of the directory", name);
		if (mode == 't' && !skips) list_member(&header, name, link, size, mtime);
		if (mode == 'x' && !skips && !escapes)
			extract_member(&header, name, link, size, mtime);
		else
			copy_content(-1, size, name);
		long_name = long_link = NULL;
		memset(&header, 0, sizeof header);
	}
	if (header.name[0]) exit(warn("unexpected end of archive"));
}

int tar_main(char **operands) {
	const char *letters = *operands ? *operands++ : "", *file = NULL;
	static const char end[2 * BLOCK];
	for (letters += *letters == '-'; *letters; letters++) {
		if (strchr("cxt", *letters))
			mode = *letters;
		else if (*letters == 'v')
			verbose = true;
		else if (*letters == 'f' && *operands)
			file = *operands++;
		else if (*letters == 'C' && *operands && chdir(*operands) == 0)
			operands++;
		else if (*letters != 'p')
			return usage_error() + 1;
	}
	if (!mode) return usage_error() + 1;
	bool standard = !file || strcmp(file, "-") == 0;
	archive = standard ? mode == 'c' : mode == 'c' ? open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666) : open(file, O_RDONLY);
	if (archive < 0) return warn_errno(file) + 1;
	if (*operands && strcmp(*operands, "-C") == 0) {
		if (!operands[1] || chdir(operands[1]) < 0) return warn_errno("-C") + 1;
		operands += 2;
	}
	if (mode != 'c') {
		read_archive(operands);
	} else {
		for (; *operands; operands++)
			if (!walk(*operands, add_member, NULL)) tar_status = 2;
		write_archive(end, sizeof end);
	}
	return tar_status ? 2 : 0;
}

/* ---- dd */

static const char *dd_operand(char **operands, const char *name) {
	const char *found = NULL;
	for (; *operands; operands++)
		if (strncmp(*operands, name, strlen(name)) == 0) found = *operands + strlen(name);
	return found;
}

int dd_main(char **operands) {
	const char *input = dd_operand(operands, "if="), *output = dd_operand(operands, "of="), *text;
	long long size = (text = dd_operand(operands, "bs=")) ? parse_size(text) : 512;
	long long count = (text = dd_operand(operands, "count=")) ? parse_size(text) : -1;
	long long skip = (text = dd_operand(operands, "skip=")) ? parse_size(text) : 0;
	long long seek = (text = dd_operand(operands, "seek=")) ? parse_size(text) : 0;
	const char *conversions = dd_operand(operands, "conv="), *status = dd_operand(operands, "status=");
	bool keeps = conversions && strstr(conversions, "notrunc");
	long long whole = 0, partial = 0, bytes = 0;
	if (size <= 0) return warn("invalid number '%lld'", size);
	int from = input ? open(input, O_RDONLY) : 0, to = output ? open(output, O_WRONLY | O_CREAT, 0666) : 1;
	if (from < 0 || to < 0) return warn_errno(from < 0 ? input : output);
	char *block = reallocate(NULL, size);
	if (skip && lseek(from, skip * size, SEEK_CUR) < 0)
		while (skip-- > 0 && read(from, block, size) > 0) continue;
	if (output && !keeps && ftruncate(to, seek * size) < 0 && errno != EINVAL) return warn_errno(output);
	if (seek && lseek(to, seek * size, SEEK_CUR) < 0) return warn_errno(output ? output : "standard output");
	for (; count < 0 || whole + partial < count;) {
		ssize_t got = read(from, block, size);
		if (got < 0) return warn_errno(input ? input : "standard input");
		if (got == 0) break;
		if (!write_all(to, block, got)) return warn_errno(output ? output : "standard output");
		*(got == size ? &whole : &partial) += 1;
		bytes += got;
	}
	if (!status || strcmp(status, "none") != 0)
		fprintf(stderr, "%lld+%lld records in\n%lld+%lld records out\n%lld bytes copied\n", whole, partial, whole, partial, bytes);
	return 0;
}
