/* find, xargs, env, which, time: programs that choose what others are to be run on. */
#include "userland.h"

enum { WORDS_MAX = 4096 };
struct words { /* a command line that is being made longer */
  char *list[WORDS_MAX + 1];
  int given, count; /* how many were there from the start, how many there are */
};

struct expression {
  enum find_kind { NAME, PATH, TYPE, SIZE, NEWER, PRINT, PRINT0, DELETE, EXEC, ALWAYS, NOT, AND, OR } kind;
  const char *text;
  long long number;
  char **command;      /* of -exec, up to the ; */
  struct words *words; /* of -exec +, with what it has collected */
  struct expression *left, *right;
};
static struct {
  char **next; /* word of the expression */
  struct expression *root;
  long long max_depth, min_depth;
  bool depth_first, has_action;
  int status;
} find = {.max_depth = 1 << 20};

static struct expression *parse_or(void);

static struct expression *new_expression(enum find_kind kind, struct expression *left, struct expression *right) {
  struct expression *e = reallocate(NULL, sizeof *e);
  *e = (struct expression){.kind = kind, .left = left, .right = right};
  return e;
}
static bool skip_word(const char *word) {
  bool found = *find.next && equal(*find.next, word);
  find.next += found;
  return found;
}
static const char *argument_of(const char *name) {
  if (!*find.next) exit(warn("missing argument to '%s'", name));
  return *find.next++;
}

static void parse_exec(struct expression *e) {
  e->command = find.next;
  for (const char *word = "", *before; !equal(word, ";");) {
    before = word;
    word = argument_of("-exec");
    if (!equal(before, "{}") || !equal(word, "+")) continue;
    e->words = reallocate(NULL, sizeof *e->words);
    e->words->given = e->words->count = find.next - e->command - 2;
    memcpy(e->words->list, e->command, e->words->count * sizeof *e->command);
    return;
  }
}

static struct expression *parse_primary(void) {
  static const char *const names[] = {
    "-name", "-path", "-type", "-size", "-newer", "-print", "-print0", "-delete", "-exec", NULL,
  };
  struct stat status = {0};
  const char *word = argument_of("expression");
  if (equal(word, "!")) return new_expression(NOT, parse_primary(), NULL);
  if (equal(word, "(")) {
    struct expression *inner = parse_or();
    if (!skip_word(")")) exit(warn("missing ')'"));
    return inner;
  }
  int index = index_of(word, names);
  struct expression *e = new_expression(index < 0 ? ALWAYS : (enum find_kind)index, NULL, NULL);
  if (e->kind <= NEWER) e->text = argument_of(word);
  find.depth_first |= e->kind == DELETE || equal(word, "-depth");
  find.has_action |= e->kind >= PRINT && e->kind <= EXEC;
  if (e->kind == NEWER && stat(e->text, &status) < 0) exit(warn_errno(e->text));
  e->number = status.st_mtime;
  if (e->kind == EXEC) parse_exec(e);
  if (e->kind != ALWAYS || equal(word, "-depth")) return e;
  bool is_most = equal(word, "-maxdepth");
  if (!is_most && !equal(word, "-mindepth")) exit(warn("unknown predicate '%s'", word));
  *(is_most ? &find.max_depth : &find.min_depth) = atoi(argument_of(word));
  return e;
}

static struct expression *parse_and(void) {
  struct expression *left = parse_primary();
  while (*find.next && !equal(*find.next, ")") && !equal(*find.next, "-o")) {
    skip_word("-a");
    left = new_expression(AND, left, parse_primary());
  }
  return left;
}

static struct expression *parse_or(void) {
  struct expression *left = parse_and();
  while (skip_word("-o")) left = new_expression(OR, left, parse_and());
  return left;
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

static bool gather(struct words *words, const char *path) {
  words->list[words->count++] = duplicate(path);
  if (words->count == WORDS_MAX && run_words(words)) find.status = 1;
  return true;
}

static bool has_size(const char *wanted, long long size) {
  bool has_sign = *wanted == '+' || *wanted == '-';
  char *end;
  long long number = strtoll(wanted + has_sign, &end, 10);
  long long unit = *end == 'c' ? 1 : *end == 'k' ? 1024 : *end == 'M' ? 1 << 20 : 512,
    units = (size + unit - 1) / unit;
  return *wanted == '+' ? units > number : *wanted == '-' ? units < number : units == number;
}

static bool evaluate(struct expression *e, const char *path, const struct stat *s) {
  switch (e->kind) {
  case NAME: return fnmatch(e->text, path_basename(path), 0) == 0;
  case PATH: return fnmatch(e->text, path, 0) == 0;
  case TYPE: return " pc d b f l s"[s->st_mode >> 12 & 15] == *e->text;
  case SIZE: return has_size(e->text, s->st_size);
  case NEWER: return s->st_mtime > e->number;
  case PRINT: return puts(path) >= 0;
  case PRINT0: return fwrite(path, 1, strlen(path) + 1, stdout) > 0;
  case EXEC: return e->words ? gather(e->words, path) : run_replaced(e->command, "{}", path) == 0;
  case DELETE:
    if (equal(path, ".") || (S_ISDIR(s->st_mode) ? rmdir : unlink)(path) == 0) return true;
    find.status = warn_errno(path);
    return false;
  case ALWAYS: return true;
  case NOT: return !evaluate(e->left, path, s);
  case AND: return evaluate(e->left, path, s) && evaluate(e->right, path, s);
  default: return evaluate(e->left, path, s) || evaluate(e->right, path, s);
  }
}

static bool find_before(const char *path, const struct stat *status, int depth) {
  if (depth >= find.min_depth && (!find.depth_first || depth == find.max_depth))
    evaluate(find.root, path, status);
  return depth < find.max_depth;
}
static bool find_after(const char *path, const struct stat *status, int depth) {
  if (find.depth_first && depth >= find.min_depth) evaluate(find.root, path, status);
  return true;
}

static void finish_gathered(struct expression *e) {
  if (!e) return;
  if (e->words && e->words->count > e->words->given && run_words(e->words)) find.status = 1;
  finish_gathered(e->left);
  finish_gathered(e->right);
}

int find_main(char **operands) {
  int count = 0;
  while (operands[count] && !strchr("-!(", *operands[count])) count++;
  find.next = operands + count;
  find.root = *find.next ? parse_or() : new_expression(ALWAYS, NULL, NULL);
  if (*find.next) return warn("unexpected '%s'", *find.next);
  if (!find.has_action) find.root = new_expression(AND, find.root, new_expression(PRINT, NULL, NULL));
  operands[count] = NULL;
  find.status |= walk_each(operands, find_before, find_after);
  finish_gathered(find.root);
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
  struct timespec start, end;
  struct rusage usage;
  if (!*operands) return usage_error();
  clock_gettime(CLOCK_MONOTONIC, &start);
  int status = run_command(operands);
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_CHILDREN, &usage);
  fprintf(stderr, "real %.2f\nuser %.2f\nsys %.2f\n",
    end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9,
          usage.ru_utime.tv_sec + usage.ru_utime.tv_usec / 1e6,
          usage.ru_stime.tv_sec + usage.ru_stime.tv_usec / 1e6);
  return status;
}
