/* What several programs share: messages, memory, input, paths, modes, names, the terminal. */
#include "userland.h"

void report(const char *who, const char *format, va_list arguments) {
  fflush(stdout);
  fprintf(stderr, "%s: ", who);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

int warn(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(program_name, format, arguments);
  va_end(arguments);
  return 1;
}

int warn_errno(const char *subject) { return warn("%s: %s", subject, strerror(errno)); }

/* ---- memory */

void *reallocate(void *old, size_t size) {
  void *block = realloc(old, size + 1);
  if (!block) _exit(warn("out of memory") + 1);
  return block;
}
char *duplicate(const char *text) { return strcpy(reallocate(NULL, strlen(text) + 1), text); }

char *format_text(const char *format, ...) {
  va_list arguments;
  char *text;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) _exit(warn("out of memory") + 1);
  va_end(arguments);
  return text;
}

struct arena_chunk { struct arena_chunk *previous; _Alignas(16) char bytes[]; };

void *arena_allocate(struct arena *arena, size_t size) {
  struct arena_chunk *chunk = reallocate(NULL, sizeof *chunk + size);
  chunk->previous = arena->top;
  arena->top = chunk;
  return memset(chunk->bytes, 0, size);
}
char *arena_copy(struct arena *arena, const char *text, size_t length) {
  return memcpy(arena_allocate(arena, length + 1), text, length);
}
void arena_release(struct arena *arena, struct arena_chunk *mark) {
  for (struct arena_chunk *chunk; (chunk = arena->top) != mark; free(chunk)) arena->top = chunk->previous;
}

void buffer_append(struct buffer *buffer, const char *text, size_t length) {
  if (buffer->capacity - buffer->length < length) {
    size_t capacity = buffer->capacity * 2 + length + 32;
    char *bytes = buffer->arena ? arena_allocate(buffer->arena, capacity) : reallocate(buffer->bytes, capacity);
    if (buffer->arena && buffer->length) memcpy(bytes, buffer->bytes, buffer->length);
    buffer->bytes = bytes;
    buffer->capacity = capacity;
  }
  if (length) memcpy(buffer->bytes + buffer->length, text, length);
  buffer->length += length;
}

void buffer_add(struct buffer *buffer, char byte) { buffer_append(buffer, &byte, 1); }
void buffer_put(struct buffer *buffer, const char *text) { buffer_append(buffer, text, strlen(text)); }
void buffer_push(struct buffer *buffer, const void *pointer) {
  buffer_append(buffer, (const char *)&pointer, sizeof pointer);
}
char *buffer_text(struct buffer *buffer) {
  buffer_add(buffer, 0);
  buffer->length--;
  return buffer->bytes;
}
bool skip_word(char ***words, const char *word) {
  bool found = **words && equal(**words, word);
  *words += found;
  return found;
}
int count_words(char **words) {
  int count = 0;
  while (words[count]) count++;
  return count;
}
int index_of(const char *word, const char *const *list) {
  for (int i = 0; list[i]; i++)
    if (equal(list[i], word)) return i;
  return -1;
}
int compare_texts(const void *left, const void *right) { return strcmp(*(char **)left, *(char **)right); }

/* ---- input and output */

bool next_input(struct inputs *inputs) {
  static char *standard_input[] = {"-", NULL};
  struct stat status;
  if (!inputs->started && !*inputs->names) inputs->names = standard_input;
  inputs->started = true;
  if (inputs->file && inputs->file != stdin) fclose(inputs->file);
  while ((inputs->name = *inputs->names)) {
    inputs->names++;
    inputs->file = equal(inputs->name, "-") ? stdin : fopen(inputs->name, "r");
    bool is_folder = inputs->file && fstat(fileno(inputs->file), &status) == 0 && S_ISDIR(status.st_mode);
    if (inputs->file && !is_folder) return true;
    if (is_folder) errno = fclose(inputs->file) == 0 ? EISDIR : errno;
    inputs->status = warn_errno(inputs->name);
  }
  inputs->file = NULL;
  return false;
}

bool next_line(struct inputs *inputs) {
  ssize_t length = getline(&inputs->line, &inputs->size, inputs->file);
  if (length < 0 && ferror(inputs->file)) inputs->status = warn_errno(inputs->name);
  if (length < 0) return false;
  inputs->has_newline = length > 0 && inputs->line[length - 1] == '\n';
  inputs->length = length - inputs->has_newline;
  inputs->line[inputs->length] = 0;
  return true;
}

bool next_input_line(struct inputs *inputs) {
  while (!inputs->file || !next_line(inputs))
    if (!next_input(inputs)) return false;
  return true;
}

bool write_all(int fd, const char *bytes, size_t length) {
  for (ssize_t put; length > 0; bytes += put, length -= put) {
    put = write(fd, bytes, length);
    if (put < 0 && errno != EINTR) return false;
    put = put > 0 ? put : 0;
  }
  return true;
}

bool copy_descriptor(int from, int to) {
  static char block[32768];
  ssize_t got;
  while ((got = read(from, block, sizeof block)) > 0)
    if (!write_all(to, block, got)) return false;
  return got == 0;
}

char *read_all(int fd, size_t *length) {
  struct buffer all = {0};
  char block[4096];
  for (ssize_t got; (got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR);)
    buffer_append(&all, block, got > 0 ? got : 0);
  if (length) *length = all.length;
  return buffer_text(&all);
}

char *read_file(const char *path, size_t *length) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  char *text = fd < 0 ? NULL : read_all(fd, length);
  if (fd >= 0) close(fd);
  return text;
}

/* ---- paths and trees */

char *join_path(const char *directory, const char *name) {
  size_t length = strlen(directory);
  return format_text("%s%s%s", directory, length && directory[length - 1] == '/' ? "" : "/", name);
}

char *path_basename(const char *path) { return *path ? basename(duplicate(path)) : ""; }

bool is_directory(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}
bool is_same_file(const char *left, const char *right) {
  struct stat l, r;
  return stat(left, &l) == 0 && stat(right, &r) == 0 && l.st_ino == r.st_ino && l.st_dev == r.st_dev;
}

/* What fails here shows when the path itself is made. */
void make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0777);
    *slash = '/';
  }
}

static int not_dots(const struct dirent *entry) { return !equal(entry->d_name, ".") && !equal(entry->d_name, ".."); }

char **list_names(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, not_dots, alphasort);
  if (count < 0) return NULL;
  char **names = reallocate(NULL, (count + 1) * sizeof *names);
  names[count] = NULL;
  for (int i = 0; i < count; free(entries[i++])) names[i] = duplicate(entries[i]->d_name);
  free(entries);
  return names;
}

void free_names(char **names) {
  for (char **name = names; name && *name; name++) free(*name);
  free(names);
}

bool walk(const char *path, visitor *before, visitor *after, int depth) {
  struct stat status;
  bool good = true;
  if (lstat(path, &status) < 0) return !warn_errno(path);
  if (before && !before(path, &status, depth)) return true;
  if (S_ISDIR(status.st_mode)) {
    char **names = list_names(path); /* all first: visiting may remove them */
    good = names || !warn_errno(path);
    for (char **name = names; name && *name; name++) {
      char *inner = join_path(path, *name);
      good &= walk(inner, before, after, depth + 1);
      free(inner);
    }
    free_names(names);
  }
  return (!after || after(path, &status, depth)) && good;
}

int walk_each(char **paths, visitor *before, visitor *after) {
  static char *here[] = {".", NULL};
  int status = 0;
  for (paths = *paths ? paths : here; *paths; paths++) status |= !walk(*paths, before, after, 0);
  return status;
}

bool remove_visited(const char *path, const struct stat *status, int depth) {
  return (S_ISDIR(status->st_mode) ? rmdir : unlink)(path) == 0 || !warn_errno(path);
}

/* ---- numbers, modes and names */

bool parse_integer(const char *text, int base, long long *value) {
  char *end;
  errno = 0;
  *value = strtoll(text, &end, base);
  return end != text && *end == 0 && errno == 0;
}

bool parse_time(const char *text, time_t *time) {
  static const char *const formats[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%d", NULL};
  long long seconds;
  bool good = *text == '@' && parse_integer(text + 1, 10, &seconds);
  if (good) *time = seconds;
  for (const char *const *format = formats; !good && *format; format++) {
    struct tm parts = {0};
    const char *end = strptime(text, *format, &parts);
    good = end && !*end;
    if (good) *time = strchr(*format, 'Z') ? timegm(&parts) : mktime(&parts);
  }
  return good || !warn("invalid date '%s'", text);
}

long long parse_size(const char *text) {
  char *end;
  long long value = strtoll(text, &end, 10);
  int shift = *end == 'b' ? 9 : *end == 'k' || *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
  if (end == text || end[!!shift]) exit(warn("invalid number '%s'", text));
  return value << shift;
}

char *format_size(unsigned long long bytes, char text[24]) {
  int unit = 0;
  double size = bytes;
  for (; option['h'] && size >= 1024; unit++) size /= 1024;
  if (option['h']) snprintf(text, 24, "%.*f%.*s", unit && size < 9.95, size, unit > 0, &" KMGTPE"[unit]);
  else snprintf(text, 24, "%llu", bytes / 1024);
  return text;
}

mode_t current_umask(void) {
  mode_t mask = umask(0);
  umask(mask);
  return mask;
}

bool parse_mode(const char *text, mode_t old, bool is_folder, mode_t *mode) {
  static const char letters[] = "rwxXstugo";
  char *end;
  *mode = strtoul(text, &end, 8);
  if (end > text) return !*end && *mode <= 07777;
  for (*mode = old;; text++) {
    mode_t who = 0;
    for (; *text && strchr("ugoa", *text); text++)
      who |= *text == 'u' ? 04700 : *text == 'g' ? 02070 : *text == 'o' ? 01007 : 07777;
    mode_t allowed = who ? who : 07777 & ~current_umask(); /* without a class it protects what it masks */
    if (!*text || !strchr("+-=", *text)) return false;
    while (*text && strchr("+-=", *text)) {
      const mode_t values[] = {0444, 0222, 0111, is_folder || *mode & 0111 ? 0111 : 0, 06000, 01000,
        (*mode >> 6 & 7) * 0111, (*mode >> 3 & 7) * 0111, (*mode & 7) * 0111};
      mode_t bits = 0;
      char operator = *text++;
      for (const char *found; *text && (found = strchr(letters, *text)); text++) bits |= values[found - letters];
      if (operator == '=') *mode &= ~((who ? who : 07777) & (is_folder ? 01777 : 07777));
      *mode = operator == '-' ? *mode & ~(bits & allowed) : *mode | (bits & allowed);
    }
    if (*text != ',') return !*text;
  }
}

void format_mode(mode_t mode, char text[11]) {
  text[0] = "?pc?d?b?-?l?s???"[mode >> 12 & 15]; /* by S_IFMT's four bits */
  for (int bit = 0; bit < 9; bit++) text[1 + bit] = mode & (0400 >> bit) ? "rwx"[bit % 3] : '-';
  for (int class = 0; class < 3; class++)
    if (mode & (S_ISUID >> class)) text[3 + class * 3] = (mode & (0100 >> class * 3) ? "sst" : "SST")[class];
  text[10] = 0;
}

static const char *name_or_number(const char *name, unsigned id) {
  static char numbers[2][12];
  static int next;
  if (name) return name;
  snprintf(numbers[next ^= 1], 12, "%u", id);
  return numbers[next];
}

const char *user_name(uid_t id) {
  struct passwd *user = getpwuid(id);
  return name_or_number(user ? user->pw_name : NULL, id);
}
const char *group_name(gid_t id) {
  struct group *group = getgrgid(id);
  return name_or_number(group ? group->gr_name : NULL, id);
}

static const char signal_names[][7] = {
  "EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
  "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM",
  "PROF", "WINCH", "IO", "PWR", "SYS",
};

const char *signal_name(int number) {
  return number >= 0 && number < (int)COUNT(signal_names) ? signal_names[number] : NULL;
}

int signal_number(const char *name) {
  long long number;
  if (parse_integer(name, 10, &number)) return number >= 0 && number < SIGNAL_LIMIT ? (int)number : -1;
  if (strncasecmp(name, "SIG", 3) == 0) name += 3;
  for (size_t i = 0; i < COUNT(signal_names); i++)
    if (strcasecmp(signal_names[i], name) == 0) return i;
  return -1;
}

int read_escape(const char **text, bool octal_needs_zero) {
  static const char letters[] = "\\abfnrtv\"", bytes[] = "\\\a\b\f\n\r\t\v\"";
  char c = **text;
  const char *found = c ? strchr(letters, c) : NULL;
  if (found && !(c == '"' && octal_needs_zero)) return (*text)++, (unsigned char)bytes[found - letters];
  if (c == 'c' && octal_needs_zero) return -1;
  if (c < '0' || c > '7') return '\\';
  if (octal_needs_zero && c == '0') (*text)++; /* \0NNN; \NNN is taken too, as dash does */
  int value = 0;
  for (int digits = 0; digits < 3 && **text >= '0' && **text <= '7'; digits++)
    value = value * 8 + *(*text)++ - '0';
  return value & 0xff;
}

/* ---- programs */

char *next_candidate(const char **path, const char *name) {
  size_t length = strcspn(*path, ":");
  const char *directory = length ? *path : "."; /* an empty entry is the current directory */
  bool is_path = strchr(name, '/');
  *path = (*path)[length] && !is_path ? *path + length + 1 : NULL;
  return is_path ? duplicate(name) : format_text("%.*s/%s", length ? (int)length : 1, directory, name);
}

int execute(char **argv) {
  fflush(stdout);
  execvp(argv[0], argv);
  int status = errno == ENOENT ? 127 : 126;
  warn_errno(argv[0]);
  return status;
}

int run_command(char **argv) {
  int status = 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) _exit(execute(argv));
  if (pid < 0) return warn_errno("fork");
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- the terminal */

void terminal_size(int fd, int *rows, int *columns) {
  struct winsize size;
  bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  *rows = known ? size.ws_row : 24;
  *columns = known ? size.ws_col : 80;
}

bool terminal_raw(int fd, bool raw) {
  static struct termios before;
  if (raw) tcgetattr(fd, &before);
  struct termios settings = before;
  if (raw) cfmakeraw(&settings);
  settings.c_oflag = before.c_oflag;
  return tcsetattr(fd, TCSADRAIN, &settings) == 0 && tcgetattr(fd, &settings) == 0 && !(settings.c_lflag & ICANON);
}

static int read_byte(int fd) {
  unsigned char byte;
  ssize_t got;
  while ((got = read(fd, &byte, 1)) < 0 && errno == EINTR) continue;
  return got == 1 ? byte : -1;
}

int read_key(int fd) {
  enum { ESCAPE_WAIT_MS = 50 };
  static const int letters[] = {['A'] = KEY_UP, KEY_DOWN, KEY_RIGHT, KEY_LEFT, ['F'] = KEY_END, ['H'] = KEY_HOME};
  static const int numbers[] = {
    0, KEY_HOME, 0, KEY_DELETE, KEY_END, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END};
  struct pollfd more = {.fd = fd, .events = POLLIN};
  int byte = read_byte(fd), number = 0;
  /* A lone escape is told from a sequence by what follows at once. */
  if (byte != '\033' || poll(&more, 1, ESCAPE_WAIT_MS) <= 0) return byte;
  byte = read_byte(fd);
  if (byte != '[' && byte != 'O') return byte < 0 ? byte : KEY_ALT + byte;
  while ((byte = read_byte(fd)) >= '0' && byte <= '9') number = number * 10 + byte - '0';
  /* 0 is a key without a meaning here. */
  return byte == '~' ? (number <= 8 ? numbers[number] : 0) : byte >= 'A' && byte <= 'H' ? letters[byte] : 0;
}
