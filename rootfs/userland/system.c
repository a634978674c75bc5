/* sleep, kill, ps, id, uname, hostname, date, mount, umount, df: processes and the system they are in. */
#include "userland.h"

int sleep_main(char **operands) {
  static const char units[] = "smhd";
  static const int seconds[] = {1, 60, 3600, 86400};
  double all = 0;
  char *end;
  if (!*operands) return usage_error();
  for (; *operands; operands++) {
    double number = strtod(*operands, &end);
    const char *unit = *end ? strchr(units, *end) : units;
    bool good = end > *operands && number >= 0 && unit && !end[*end != 0];
    if (!good) return warn("invalid time interval '%s'", *operands);
    all += number * seconds[unit - units];
  }
  struct timespec left = {.tv_sec = all, .tv_nsec = fmod(all, 1) * 1e9};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
  return 0;
}

/* kill -l: all names, or the one behind a number or exit status. */
static int list_signals(char **numbers) {
  for (int i = 1; !*numbers && signal_name(i); i++) puts(signal_name(i));
  for (; *numbers; numbers++) {
    int number = atoi(*numbers);
    const char *name = signal_name(number > 128 ? number - 128 : number);
    if (!name) return warn("%s: invalid signal", *numbers);
    puts(name);
  }
  return 0;
}

int kill_main(char **operands) {
  int number = SIGTERM, status = 0;
  long long pid;
  if (*operands && equal(*operands, "-l")) return list_signals(operands + 1);
  if (*operands && **operands == '-' && !equal(*operands, "--")) {
    const char *name = *operands++ + 1;
    if (equal(name, "s") && *operands) name = *operands++;
    number = signal_number(name);
    if (number < 0) return warn("%s: invalid signal", name);
  }
  if (*operands && equal(*operands, "--")) operands++;
  if (!*operands) return usage_error() + 1;
  for (; *operands; operands++) {
    if (!parse_integer(*operands, 10, &pid)) status = warn("%s: invalid process id", *operands);
    else if (kill(pid, number) < 0) status = warn_errno(*operands);
  }
  return status;
}

static void print_process(const char *pid) {
  size_t length;
  struct stat owner;
  char *directory = format_text("/proc/%s", pid), *text = read_file(join_path(directory, "stat"), NULL);
  /* The name in parentheses may hold anything, even a parenthesis. Behind it come the state and the parent. */
  char *open = text ? strchr(text, '(') : NULL, *close = text ? strrchr(text, ')') : NULL;
  if (!open || !close) return; /* it ended meanwhile */
  char *command = read_file(join_path(directory, "cmdline"), &length);
  for (size_t i = 0; command && i + 1 < length; i++)
    if (!command[i]) command[i] = ' ';
  if (!command || !*command) command = format_text("[%.*s]", (int)(close - open - 1), open + 1);
  const char *user = stat(directory, &owner) == 0 ? user_name(owner.st_uid) : "?";
  printf("%5s %5d %-8s %c    %s\n", pid, atoi(close + 4), user, close[2], command);
}

int ps_main(char **operands) {
  char **names = list_names("/proc");
  if (!names) return warn_errno("/proc");
  puts("  PID  PPID USER     STAT COMMAND");
  for (size_t digits = 1; digits < 8; digits++) /* sorted as text; a shorter number is a smaller one */
    for (char **name = names; *name; name++)
      if (isdigit(**name) && strlen(*name) == digits) print_process(*name);
  return 0;
}

static void print_id(const char *label, const char *name, unsigned id) {
  printf(isdigit(*name) ? "%s%u" : "%s%u(%s)", label, id, name);
}

int id_main(char **operands) {
  gid_t groups[65] = {getegid()};
  int count = getgroups(64, groups + 1);
  if (option['u'] || option['g']) {
    unsigned id = option['u'] ? geteuid() : getegid();
    return printf(option['n'] ? "%s\n" : "%.0s%u\n", option['u'] ? user_name(id) : group_name(id), id) < 0;
  }
  print_id("uid=", user_name(geteuid()), geteuid());
  print_id(" gid=", group_name(getegid()), getegid());
  for (int i = 0; i <= (count < 0 ? 0 : count); i++)
    if (i == 0 || groups[i] != groups[0]) print_id(i ? "," : " groups=", group_name(groups[i]), groups[i]);
  return putchar('\n') < 0;
}

int uname_main(char **operands) {
  static const char letters[] = "snrvm"; /* in the order of printing */
  struct utsname name;
  const char *separator = "";
  bool any = option['a'];
  uname(&name);
  const char *const texts[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
  for (int i = 0; i < 5; i++) any |= option[(int)letters[i]] != NULL;
  for (int i = 0; i < 5; i++) {
    if (!option['a'] && !option[(int)letters[i]] && (any || i > 0)) continue;
    printf("%s%s", separator, texts[i]);
    separator = " ";
  }
  putchar('\n');
  return 0;
}

int hostname_main(char **operands) {
  struct utsname name;
  if (*operands) return sethostname(*operands, strlen(*operands)) < 0 ? warn_errno(*operands) : 0;
  return uname(&name) < 0 || puts(name.nodename) < 0;
}

int date_main(char **operands) {
  time_t now = time(NULL);
  const char *format = *operands ? *operands : "+%a %b %e %H:%M:%S %Z %Y";
  char text[1024];
  if (option['u']) setenv("TZ", "UTC0", 1);
  if (*format != '+') return usage_error();
  if (option['d'] && !parse_time(option['d'], &now)) return 1;
  if (option['s'] && !parse_time(option['s'], &now)) return 1;
  if (option['s'] && clock_settime(CLOCK_REALTIME, &(struct timespec){.tv_sec = now}) < 0) return warn_errno("cannot set the date");
  /* A length of 0 may be an empty format; either way there is nothing to show. */
  size_t length = strftime(text, sizeof text, format + 1, localtime(&now));
  return printf("%.*s\n", (int)length, text) < 0;
}

/* The first words of the next line of /proc/mounts: source, directory, type, options. */
static char **next_mount(char **mounts) {
  static char *words[4];
  char *line = *mounts ? strsep(mounts, "\n") : "";
  for (int i = 0; i < 4; i++) words[i] = line ? strsep(&line, " ") : NULL;
  return words[3] ? words : NULL;
}

static int list_mounts(void) {
  char *mounts = read_file("/proc/mounts", NULL);
  for (char **words; (words = next_mount(&mounts));)
    printf("%s on %s type %s (%s)\n", words[0], words[1], words[2], words[3]);
  return 0;
}

int df_main(char **operands) {
  char size[3][24];
  struct statvfs all;
  char *mounts = read_file("/proc/mounts", NULL);
  const char *unit_name = option['h'] ? "Size" : "1K-blocks";
  printf("Filesystem           %10s       Used  Available Use%% Mounted on\n", unit_name);
  for (char **words; (words = next_mount(&mounts));) {
    if (statvfs(words[1], &all) < 0 || !all.f_blocks) continue;
    unsigned long long unit = all.f_frsize, taken = all.f_blocks - all.f_bfree, usable = taken + all.f_bavail;
    format_size(all.f_blocks * unit, size[0]);
    format_size(taken * unit, size[1]);
    format_size(all.f_bavail * unit, size[2]);
    printf("%-20s %10s %10s %10s %3llu%% %s\n", words[0], size[0], size[1], size[2],
      usable ? (taken * 100 + usable - 1) / usable : 0, words[1]);
  }
  return 0;
}

int mount_main(char **operands) {
  static const char *const names[] = {
    "ro", "nosuid", "nodev", "noexec", "remount", "bind", "rw", "defaults", NULL,
  };
  static const unsigned long flags[] = {MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, 0, 0};
  if (!*operands) return list_mounts();
  if (!operands[1]) return usage_error();
  unsigned long all = option['r'] ? MS_RDONLY : 0;
  struct buffer data = {0}; /* the options that are the file system's own */
  char *words = duplicate(option['o'] ? option['o'] : "");
  for (char *word = strtok(words, ",\n"); word; word = strtok(NULL, ",\n")) {
    int row = index_of(word, names);
    if (row >= 0) all |= flags[row];
    else buffer_put(&data, format_text("%s%s", data.length ? "," : "", word));
  }
  bool good = mount(operands[0], operands[1], option['t'], all, buffer_text(&data)) == 0;
  return good ? 0 : warn_errno(operands[1]);
}

static bool unmount(char *path) {
  int flags = (option['l'] ? MNT_DETACH : 0) | (option['f'] ? MNT_FORCE : 0);
  return umount2(path, flags) == 0 || !warn_errno(path);
}
int umount_main(char **operands) { return each_operand(operands, unmount); }
