/* find, xargs, env, which, time: programs that choose what others are to be run on. */
#include "userland.h"

enum { WORDS_MAX = 4096 };
struct words { /* a command line that is being made longer */
  char *list[WORDS_MAX + 1];
  int given, count; /* how many were there from the start, how many there are */
};

static struct {
  char **next; /* word of the expression */
  long long max_depth, min_depth;
  bool depth_first, has_action;
  int status;
} find = {.max_depth = 1 << 20};
static struct words gathered; /* of -exec +, with what it has collected */
struct found { const char *path; const struct stat *status; };

/* The expression is evaluated as it is read, anew for each file; without one it is only checked. */
static bool evaluate_or(const struct found *file);

static const char *argument_of(const char *name) {
  if (!*find.next) exit(warn("missing argument to '%s'", name));
  return *find.next++;
}

static int run_words(struct words *words) {
  words->list[words->count] = NULL;
  int status = run_command(words->list);
  while (words->count > words->given) free(words->list[--words->count]);
  return status;
}

/* The text with every `mark` in it replaced. */
static char *replace_marks(const char *text, const char *mark, const char *replacement) {
  struct buffer out = {0};
  for (const char *found; (found = strstr(text, mark)); text = found + strlen(mark)) {
    buffer_append(&out, text, found - text);
    buffer_put(&out, replacement);
  }
  buffer_put(&out, text);
  return buffer_text(&out);
}

/* Runs a command up to a ";" or its end with every `mark` in it replaced. */
static int run_replaced(char **command, const char *mark, const char *replacement) {
  struct words words = {.given = 0};
  for (; command[words.count] && !equal(command[words.count], ";"); words.count++)
    words.list[words.count] = replace_marks(command[words.count], mark, replacement);
  return run_words(&words);
}

static bool evaluate_exec(const struct found *file) {
  char **command = find.next;
  const char *before = "", *word = argument_of("-exec");
  for (; !equal(word, ";") && !(equal(word, "+") && equal(before, "{}")); word = argument_of("-exec")) before = word;
  if (*word == ';') return file && run_replaced(command, "{}", file->path) == 0;
  if (!gathered.given) {
    gathered.given = gathered.count = find.next - command - 2;
    memcpy(gathered.list, command, gathered.count * sizeof *command);
  }
  if (file) gathered.list[gathered.count++] = duplicate(file->path);
  if (gathered.count == WORDS_MAX && run_words(&gathered)) find.status = 1;
  return true;
}

static bool has_size(const char *wanted, long long size) {
  bool has_sign = *wanted == '+' || *wanted == '-';
  char *end;
  long long number = strtoll(wanted + has_sign, &end, 10);
  long long unit = *end == 'c' ? 1 : *end == 'k' ? 1024 : *end == 'M' ? 1 << 20 : 512;
  long long units = (size + unit - 1) / unit;
  return *wanted == '+' ? units > number : *wanted == '-' ? units < number : units == number;
}

static bool delete_file(const struct found *file) {
  if (equal(file->path, ".") || remove(file->path) == 0) return true;
  find.status = warn_errno(file->path);
  return false;
}

static bool evaluate_primary(const struct found *file) {
  enum { NAME, PATH, TYPE, SIZE, NEWER, MAXDEPTH, MINDEPTH, DEPTH, PRINT, PRINT0, DELETE, EXEC };
  static const char *const names[] = {"-name", "-path", "-type", "-size", "-newer", "-maxdepth", "-mindepth",
    "-depth", "-print", "-print0", "-delete", "-exec", NULL};
  struct stat other;
  const char *word = argument_of("expression");
  if (equal(word, "!")) return !evaluate_primary(file);
  if (equal(word, "(")) {
    bool value = evaluate_or(file);
    if (!skip_word(&find.next, ")")) exit(warn("missing ')'"));
    return value;
  }
  int kind = index_of(word, names);
  if (kind < 0) exit(warn("unknown predicate '%s'", word));
  const char *text = kind < DEPTH ? argument_of(word) : NULL, *path = file ? file->path : NULL;
  find.depth_first |= kind == DELETE || kind == DEPTH;
  find.has_action |= kind >= PRINT;
  if (kind == MAXDEPTH) find.max_depth = atoi(text);
  if (kind == MINDEPTH) find.min_depth = atoi(text);
  if (kind == NEWER && stat(text, &other) < 0) exit(warn_errno(text));
  if (kind == EXEC) return evaluate_exec(file);
  switch (file ? kind : DEPTH) {
  case NAME: return fnmatch(text, path_basename(path), 0) == 0;
  case PATH: return fnmatch(text, path, 0) == 0;
  case TYPE: return " pc d b f l s"[file->status->st_mode >> 12 & 15] == *text;
  case SIZE: return has_size(text, file->status->st_size);
  case NEWER: return nanoseconds(file->status->st_mtim) > nanoseconds(other.st_mtim);
  case PRINT: return puts(path) >= 0;
  case PRINT0: return fwrite(path, 1, strlen(path) + 1, stdout) > 0;
  case DELETE: return delete_file(file);
  default: return true;
  }
}

static bool evaluate_and(const struct found *file) {
  bool value = evaluate_primary(file);
  while (*find.next && !equal(*find.next, ")") && !equal(*find.next, "-o")) {
    skip_word(&find.next, "-a");
    value &= evaluate_primary(value ? file : NULL);
  }
  return value;
}

static bool evaluate_or(const struct found *file) {
  bool value = evaluate_and(file);
  while (skip_word(&find.next, "-o")) value |= evaluate_and(value ? NULL : file);
  return value;
}

static char **expression;

static bool evaluate(const struct found *file) {
  find.next = expression;
  bool value = !*expression || evaluate_or(file);
  if (*find.next) exit(warn("unexpected '%s'", *find.next));
  return file && value && !find.has_action ? puts(file->path) >= 0 : value;
}
static bool find_before(const char *path, const struct stat *status, int depth) {
  if (depth >= find.min_depth && (!find.depth_first || depth == find.max_depth))
    evaluate(&(struct found){path, status});
  return depth < find.max_depth;
}
static bool find_after(const char *path, const struct stat *status, int depth) {
  if (find.depth_first && depth >= find.min_depth) evaluate(&(struct found){path, status});
  return true;
}

int find_main(char **operands) {
  char **paths = operands;
  while (*operands && !strchr("-!(", **operands)) operands++;
  expression = reallocate(NULL, (count_words(operands) + 1) * sizeof *expression);
  memcpy(expression, operands, (count_words(operands) + 1) * sizeof *expression);
  *operands = NULL;
  evaluate(NULL);
  find.status |= walk_each(paths, find_before, find_after);
  if (gathered.count > gathered.given && run_words(&gathered)) find.status = 1;
  return find.status;
}

/* The next word of xargs's input, in memory of its own; NULL at the end. With `plain` only NUL ends one. */
static char *read_word(const char *blanks, bool plain) {
  struct buffer word = {0};
  int c = getchar(), quote = 0;
  while (!plain && c > 0 && strchr(blanks, c)) c = getchar();
  if (c < 0) return NULL;
  for (; c >= 0 && (quote || (plain ? c : !strchr(blanks, c))); c = getchar()) {
    if (!plain && (c == '\'' || c == '"') && (!quote || quote == c)) quote = quote ? 0 : c;
    else buffer_add(&word, !plain && c == '\\' && !quote ? getchar() : c);
  }
  return buffer_text(&word);
}

int xargs_main(char **operands) {
  enum { BYTES_MAX = 100000 };
  static char *echo[] = {"echo", NULL};
  static struct words words;
  const char *mark = option['I'];
  char **command = *operands ? operands : echo, *word;
  int result = 0, runs = 0, limit = option['n'] ? atoi(option['n']) : WORDS_MAX;
  size_t bytes = 0;
  for (; command[words.count] && words.count < WORDS_MAX / 2; words.count++)
    words.list[words.count] = command[words.count];
  words.given = words.count;
  do {
    int status = 0;
    word = read_word(mark ? "\n" : " \t\n", option['0']);
    if (word && !mark) bytes += strlen(words.list[words.count++] = word) + 1;
    int count = words.count - words.given;
    bool full = count >= limit || words.count == WORDS_MAX || bytes > BYTES_MAX;
    bool last = !word && (count || (!runs && !option['r']));
    if (mark && word) status = run_replaced(command, mark, word + strspn(word, " \t"));
    if (!mark && (full || last)) {
      status = run_words(&words);
      bytes = 0;
      runs++;
    }
    if (status) result = status >= 126 ? status : 123;
  } while (word && result < 126);
  return result;
}

int env_main(char **operands) {
  char *unwanted = duplicate(option['u'] ? option['u'] : "");
  bool old_style = *operands && equal(*operands, "-"); /* of -i */
  if (option['i'] || old_style) clearenv();
  for (char *name = strtok(unwanted, "\n"); name; name = strtok(NULL, "\n")) unsetenv(name);
  for (operands += old_style; *operands && strchr(*operands, '='); operands++) putenv(*operands);
  if (*operands) return execute(operands);
  for (char **variable = environ; variable && *variable; variable++) puts(*variable);
  return 0;
}

static bool print_program(char *name) {
  bool found = false;
  for (const char *path = getenv("PATH"); path && (!found || option['a']);) {
    char *candidate = next_candidate(&path, name);
    found |= access(candidate, X_OK) == 0 && puts(candidate) >= 0;
    free(candidate);
  }
  return found;
}

int which_main(char **operands) { return *operands ? each_operand(operands, print_program) : 0; }

int time_main(char **operands) {
  struct tms used;
  double ticks = sysconf(_SC_CLK_TCK);
  if (!*operands) return usage_error();
  clock_t start = times(&used);
  int status = run_command(operands);
  clock_t end = times(&used);
  fprintf(stderr, "real %.2f\nuser %.2f\nsys %.2f\n", (end - start) / ticks, used.tms_cutime / ticks,
          used.tms_cstime / ticks);
  return status;
}
