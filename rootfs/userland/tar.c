/* tar (ustar, and GNU's long names when reading) and dd. */
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
  if (!write_all(archive, bytes, length) || !write_all(archive, zeros, -length % BLOCK))
    exit(warn_errno("write error"));
}

/* Of all bytes, as if the sum's own place were blank. */
static unsigned checksum(struct header header) {
  unsigned sum = 0;
  memset(header.checksum, ' ', sizeof header.checksum);
  for (size_t i = 0; i < sizeof header; i++) sum += ((const unsigned char *)&header)[i];
  return sum;
}

static bool add_member(const char *path, const struct stat *status, int depth) {
  struct header header = {.magic = "ustar", .version = {'0', '0'}};
  char target[101] = "", *slash = S_ISDIR(status->st_mode) ? "/" : "";
  char *full = format_text("%s%s", path + strspn(path, "/"), slash);
  bool is_file = S_ISREG(status->st_mode), is_link = S_ISLNK(status->st_mode);
  size_t length = strlen(full);
  if (equal(full, "/")) return true;
  /* A long name is cut at a slash between the name and its prefix. */
  const char *rest = length > 100 ? strchr(full + length - 101, '/') : full - 1;
  if (!rest || rest - full > 155 || (is_link && readlink(path, target, 101) > 100))
    return tar_status = warn("%s: name is too long", path), true;
  memcpy(header.prefix, full, rest > full ? rest - full : 0);
  memcpy(header.name, rest + 1, strlen(rest + 1));
  memcpy(header.link, target, strlen(target));
  header.type = "?63?5?4?0?2?????"[status->st_mode >> 12 & 15]; /* by S_IFMT's four bits */
  long long size = is_file ? status->st_size : 0;
  sprintf(header.mode, "%07o", status->st_mode & 07777);
  sprintf(header.uid, "%07o", status->st_uid & 07777777);
  sprintf(header.gid, "%07o", status->st_gid & 07777777);
  sprintf(header.size, "%011llo", size);
  sprintf(header.mtime, "%011llo", (long long)status->st_mtime);
  sprintf(header.major, "%07o", major(status->st_rdev) & 07777777);
  sprintf(header.minor, "%07o", minor(status->st_rdev) & 07777777);
  snprintf(header.owner, sizeof header.owner, "%s", user_name(status->st_uid));
  snprintf(header.group, sizeof header.group, "%s", group_name(status->st_gid));
  sprintf(header.checksum, "%06o", checksum(header));
  int fd = is_file ? open(path, O_RDONLY) : -1;
  if (is_file && fd < 0) return tar_status = warn_errno(path), true;
  if (verbose) fprintf(archive == 1 ? stderr : stdout, "%s\n", full);
  write_archive(&header, sizeof header);
  for (char block[BLOCK]; size > 0; size -= BLOCK) {
    memset(block, 0, BLOCK);
    if (read(fd, block, size < BLOCK ? size : BLOCK) < 0) tar_status = warn_errno(path);
    write_archive(block, BLOCK);
  }
  close(fd);
  free(full);
  return true;
}

static void list_member(const struct header *header, const char *name, const char *link, long long size,
  time_t mtime) {
  char modes[11], date[32];
  format_mode(strtol(header->mode, NULL, 8), modes);
  modes[0] = header->type >= '0' && header->type <= '6' ? "--lcbdp"[header->type - '0'] : '-';
  strftime(date, sizeof date, "%F %H:%M", localtime(&mtime));
  if (verbose) printf("%s %s/%s %9lld %s ", modes, header->owner, header->group, size, date);
  printf(verbose && header->type == '2' ? "%s -> %s\n" : "%s\n", name, link);
}

/* The content goes to `fd`, or nowhere. */
static void copy_content(int fd, long long size, const char *name) {
  for (char block[BLOCK]; size > 0; size -= BLOCK) {
    if (!read_whole(block, BLOCK)) exit(warn("unexpected end of archive"));
    if (fd >= 0 && !write_all(fd, block, size < BLOCK ? size : BLOCK)) tar_status = warn_errno(name);
  }
}

static void extract_member(const struct header *header, char *name, const char *link, long long size,
  time_t mtime) {
  mode_t bits = strtol(header->mode, NULL, 8) & 07777;
  dev_t device = makedev(strtol(header->major, NULL, 8), strtol(header->minor, NULL, 8));
  struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
  int fd = -1;
  make_parents(name);
  if (header->type != '5') unlink(name);
  bool made = header->type == '1' ? linkat(AT_FDCWD, link, AT_FDCWD, name, 0) == 0
            : header->type == '2' ? symlink(link, name) == 0
            : header->type == '3' ? mknod(name, bits | S_IFCHR, device) == 0
            : header->type == '4' ? mknod(name, bits | S_IFBLK, device) == 0
            : header->type == '5' ? mkdir(name, bits | 0700) == 0 || errno == EEXIST
            : header->type == '6' ? mkfifo(name, bits) == 0
                                  : (fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0;
  if (!made) tar_status = warn_errno(name);
  copy_content(fd, size, name);
  if (fd >= 0) close(fd);
  if (verbose) puts(name);
  if (!made || header->type == '2') return;
  if (geteuid() == 0 && chown(name, strtol(header->uid, NULL, 8), strtol(header->gid, NULL, 8)) < 0)
    tar_status = warn_errno(name);
  chmod(name, bits);
  utimensat(AT_FDCWD, name, times, 0);
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
  if (size < 0 || size > 1 << 20) exit(warn("unexpected end of archive"));
  char *text = reallocate(NULL, size + BLOCK);
  if (!read_whole(text, (size + BLOCK - 1) / BLOCK * BLOCK)) exit(warn("unexpected end of archive"));
  text[size] = 0;
  return text;
}

static void read_archive(char **wanted) {
  struct header header = {0};
  char *long_name = NULL, *long_link = NULL;
  for (; read_whole(&header, sizeof header) && header.name[0]; memset(&header, 0, sizeof header)) {
    if (strtoul(header.checksum, NULL, 8) != checksum(header))
      exit(warn("this does not look like a tar archive"));
    long long size = strtoll(header.size, NULL, 8);
    if (header.type == 'L' || header.type == 'K') { /* GNU's, for the member that follows */
      *(header.type == 'L' ? &long_name : &long_link) = read_long_text(size);
      continue;
    }
    int prefix = memcmp(header.magic, "ustar", 6) == 0 && header.prefix[0] ? 155 : 0;
    char *short_name = format_text("%.*s%.*s%.100s", prefix, header.prefix, !!prefix, "/", header.name);
    char *name = long_name ? long_name : short_name;
    char *link = long_link ? long_link : format_text("%.100s", header.link);
    name += strspn(name, "/");
    time_t mtime = strtoll(header.mtime, NULL, 8);
    bool skips = !is_wanted(name, wanted) || header.type == 'x' || header.type == 'g'; /* pax headers */
    bool escapes = strncmp(name, "../", 3) == 0 || strstr(name, "/../");
    if (mode == 'x' && !skips && escapes) tar_status = warn("%s: member outside of the directory", name);
    if (mode == 't' && !skips) list_member(&header, name, link, size, mtime);
    if (mode == 'x' && !skips && !escapes) extract_member(&header, name, link, size, mtime);
    else copy_content(-1, size, name);
    long_name = long_link = NULL;
  }
  if (header.name[0]) exit(warn("unexpected end of archive"));
}

int tar_main(char **operands) {
  const char *letters = *operands ? *operands++ : "", *file = "-", *directory = NULL;
  static const char end[2 * BLOCK];
  for (letters += *letters == '-'; *letters; letters++) {
    if (*letters == 'v') verbose = true;
    else if (strchr("cxt", *letters)) mode = *letters;
    else if (strchr("fC", *letters) && *operands) *(*letters == 'f' ? &file : &directory) = *operands++;
    else return usage_error() + 1;
  }
  if (!mode) return usage_error() + 1;
  if (*operands && equal(*operands, "-C") && operands[1]) directory = operands[1], operands += 2;
  int flags = mode == 'c' ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
  archive = equal(file, "-") ? mode == 'c' : open(file, flags, 0666);
  if (archive < 0 || (directory && chdir(directory) < 0))
    return warn_errno(archive < 0 ? file : directory) + 1;
  if (mode != 'c') read_archive(operands);
  for (; mode == 'c' && *operands; operands++)
    if (!walk(*operands, add_member, NULL, 0)) tar_status = 2;
  if (mode == 'c') write_archive(end, sizeof end);
  return tar_status ? 2 : 0;
}

/* ---- dd */

static const char *dd_operand(char **operands, const char *name) {
  const char *found = NULL;
  for (; *operands; operands++)
    if (strncmp(*operands, name, strlen(name)) == 0) found = *operands + strlen(name);
  return found;
}

static long long dd_number(char **operands, const char *name, long long fallback) {
  const char *text = dd_operand(operands, name);
  return text ? parse_size(text) : fallback;
}

int dd_main(char **operands) {
  const char *input = dd_operand(operands, "if="), *output = dd_operand(operands, "of=");
  const char *conversions = dd_operand(operands, "conv="), *status = dd_operand(operands, "status=");
  long long size = dd_number(operands, "bs=", 512), count = dd_number(operands, "count=", -1);
  long long skip = dd_number(operands, "skip=", 0), seek = dd_number(operands, "seek=", 0);
  long long whole = 0, partial = 0, bytes = 0;
  if (size <= 0) return warn("invalid number '%lld'", size);
  int from = input ? open(input, O_RDONLY) : 0, to = output ? open(output, O_WRONLY | O_CREAT, 0666) : 1;
  if (from < 0 || to < 0) return warn_errno(from < 0 ? input : output);
  input = input ? input : "standard input";
  char *block = reallocate(NULL, size);
  if (skip && lseek(from, skip * size, SEEK_CUR) < 0)
    while (skip-- > 0 && read(from, block, size) > 0) continue;
  bool cuts = output && !(conversions && strstr(conversions, "notrunc"));
  if (cuts && ftruncate(to, seek * size) < 0 && errno != EINVAL) return warn_errno(output);
  output = output ? output : "standard output";
  if (seek && lseek(to, seek * size, SEEK_CUR) < 0) return warn_errno(output);
  for (ssize_t got = 1; got > 0 && (count < 0 || whole + partial < count); bytes += got) {
    got = read(from, block, size);
    if (got < 0 || !write_all(to, block, got)) return warn_errno(got < 0 ? input : output);
    whole += got == size;
    partial += got > 0 && got < size;
  }
  if (status && equal(status, "none")) return 0;
  fprintf(stderr, "%lld+%lld records in\n%lld+%lld records out\n%lld bytes copied\n", whole, partial,
    whole, partial, bytes);
  return 0;
}
