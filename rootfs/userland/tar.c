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

static bool read_block(void *block) {
  size_t done = 0;
  for (ssize_t got = 1; got > 0 && done < BLOCK; done += got > 0 ? got : 0)
    got = read(archive, (char *)block + done, BLOCK - done);
  return done == BLOCK;
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
  if (!is_file && !is_link && !*slash) return warn("%s: not a file, directory or link", path);
  /* A long name is cut at a slash between the name and its prefix. */
  const char *rest = length > 100 ? strchr(full + length - 101, '/') : full - 1;
  if (!rest || rest - full > 155 || (is_link && readlink(path, target, 101) > 100))
    return tar_status = warn("%s: name is too long", path), true;
  memcpy(header.prefix, full, rest > full ? rest - full : 0);
  memcpy(header.name, rest + 1, strlen(rest + 1));
  memcpy(header.link, target, strlen(target));
  header.type = is_file ? '0' : is_link ? '2' : '5';
  long long size = is_file ? status->st_size : 0;
  sprintf(header.mode, "%07o", status->st_mode & 07777);
  sprintf(header.uid, "%07o", status->st_uid & 07777777);
  sprintf(header.gid, "%07o", status->st_gid & 07777777);
  sprintf(header.size, "%011llo", size);
  sprintf(header.mtime, "%011llo", (long long)status->st_mtime);
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

/* What a header says, in a handier form. */
struct member {
  char type, *name, *link;
  const char *owner, *group;
  unsigned mode, uid, gid;
  long long size;
  time_t mtime;
};

static void list_member(const struct member *member) {
  char mode[11], date[32];
  bool is_link = member->type == '2';
  format_mode(member->mode | (member->type == '5' ? S_IFDIR : is_link ? S_IFLNK : S_IFREG), mode);
  strftime(date, sizeof date, "%F %H:%M", localtime(&member->mtime));
  if (verbose) printf("%s %s/%s %9lld %s ", mode, member->owner, member->group, member->size, date);
  printf(verbose && is_link ? "%s -> %s\n" : "%s\n", member->name, member->link);
}

/* A member's content goes to `fd`, or nowhere, or into `text`. */
static void copy_content(const struct member *member, int fd, struct buffer *text) {
  char block[BLOCK];
  for (long long left = member->size; left > 0; left -= BLOCK) {
    size_t length = left < BLOCK ? left : BLOCK;
    if (!read_block(block)) exit(warn("unexpected end of archive"));
    if (text) buffer_append(text, block, length);
    if (fd >= 0 && !write_all(fd, block, length)) tar_status = warn_errno(member->name);
  }
}

static void extract_member(const struct member *member) {
  struct timespec times[2] = {{.tv_sec = member->mtime}, {.tv_sec = member->mtime}};
  char *name = member->name;
  int fd = -1;
  make_parents(name);
  if (member->type != '5') unlink(name);
  bool made = member->type == '1' ? link(member->link, name) == 0
            : member->type == '2' ? symlink(member->link, name) == 0
            : member->type == '5' ? mkdir(name, member->mode | 0700) == 0 || errno == EEXIST
                                  : (fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0;
  if (!made) tar_status = warn_errno(name);
  copy_content(member, fd, NULL);
  if (fd >= 0) close(fd);
  if (verbose) puts(name);
  if (!made || member->type == '2') return;
  if (geteuid() == 0 && chown(name, member->uid, member->gid) < 0) tar_status = warn_errno(name);
  chmod(name, member->mode);
  utimensat(AT_FDCWD, name, times, 0);
}

static bool is_wanted(const char *name, char **wanted) {
  bool any = !*wanted;
  for (; *wanted && !any; wanted++) any = fnmatch(*wanted, name, FNM_LEADING_DIR) == 0;
  return any;
}

static void read_archive(char **wanted) {
  struct header header = {0};
  struct buffer long_name = {0}, long_link = {0}; /* GNU's L and K are for the member that follows */
  for (; read_block(&header) && header.name[0]; header.name[0] = 0) {
    if (strtoul(header.checksum, NULL, 8) != checksum(header)) exit(warn("this does not look like a tar archive"));
    int prefix = memcmp(header.magic, "ustar", 6) == 0 && header.prefix[0] ? 155 : 0;
    struct member member = {
      .type = header.type, .mode = strtol(header.mode, NULL, 8) & 07777, .size = strtoll(header.size, NULL, 8),
      .uid = strtol(header.uid, NULL, 8), .gid = strtol(header.gid, NULL, 8), .owner = header.owner,
      .mtime = strtoll(header.mtime, NULL, 8), .group = header.group,
      .name = format_text("%.*s%.*s%.100s", prefix, header.prefix, !!prefix, "/", header.name),
      .link = format_text("%.100s", header.link),
    };
    if (member.type == 'L' || member.type == 'K') {
      copy_content(&member, -1, member.type == 'L' ? &long_name : &long_link);
      continue;
    }
    if (long_name.length) member.name = duplicate(buffer_text(&long_name));
    if (long_link.length) member.link = duplicate(buffer_text(&long_link));
    long_name.length = long_link.length = 0;
    member.name += strspn(member.name, "/");
    bool known = !member.type || strchr("01257", member.type); /* the others are devices, and pax headers */
    bool wants = known && is_wanted(member.name, wanted);
    bool escapes = strncmp(member.name, "../", 3) == 0 || strstr(member.name, "/../");
    if (mode == 't' && wants) list_member(&member);
    if (mode == 'x' && wants && escapes) tar_status = warn("%s: member outside of the directory", member.name);
    if (mode == 'x' && wants && !escapes) extract_member(&member);
    else copy_content(&member, -1, NULL);
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

int dd_main(char **operands) {
  enum { IF, OF, BS, COUNT, SKIP, SEEK, CONV, STATUS };
  static const char *const names[] = {"if", "of", "bs", "count", "skip", "seek", "conv", "status", NULL};
  char *values[] = {NULL, NULL, "512", "-1", "0", "0", "", ""};
  for (; *operands; operands++) {
    char *value = *operands;
    int index = index_of(strsep(&value, "="), names);
    if (index < 0 || !value) return warn("unknown operand '%s'", *operands);
    values[index] = value;
  }
  const char *input = values[IF], *output = values[OF];
  long long size = parse_size(values[BS]), count = parse_size(values[COUNT]);
  long long skip = parse_size(values[SKIP]), seek = parse_size(values[SEEK]);
  long long whole = 0, partial = 0, bytes = 0;
  if (size <= 0) return warn("invalid number '%lld'", size);
  int from = input ? open(input, O_RDONLY) : 0, to = output ? open(output, O_WRONLY | O_CREAT, 0666) : 1;
  if (from < 0 || to < 0) return warn_errno(from < 0 ? input : output);
  input = input ? input : "standard input";
  char *block = reallocate(NULL, size);
  if (skip && lseek(from, skip * size, SEEK_CUR) < 0)
    while (skip-- > 0 && read(from, block, size) > 0) continue;
  bool cuts = output && !strstr(values[CONV], "notrunc");
  if (cuts && ftruncate(to, seek * size) < 0 && errno != EINVAL) return warn_errno(output);
  output = output ? output : "standard output";
  if (seek && lseek(to, seek * size, SEEK_CUR) < 0) return warn_errno(output);
  for (ssize_t got = 1; got > 0 && (count < 0 || whole + partial < count); bytes += got) {
    got = read(from, block, size);
    if (got < 0 || !write_all(to, block, got)) return warn_errno(got < 0 ? input : output);
    whole += got == size;
    partial += got > 0 && got < size;
  }
  if (equal(values[STATUS], "none")) return 0;
  fprintf(stderr, "%lld+%lld records in\n%lld+%lld records out\n%lld bytes copied\n", whole, partial,
    whole, partial, bytes);
  return 0;
}
