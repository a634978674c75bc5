/* grep and sort: lines matched against patterns, and lines in order. */
#include "userland.h"

static regex_t regex;
static bool any_match, with_names;
static int grep_status;

/* Each line of the text is a pattern of its own; one expression is made of all. */
static bool compile_patterns(const char *text) {
  struct buffer all = {0};
  bool extended = option['E'] && !option['F'];
  char *lines = duplicate(text), *first = lines;
  for (char *line; (line = strsep(&lines, "\n"));) {
    if (line > first) buffer_put(&all, extended ? "|" : "\\|");
    if (option['x']) buffer_put(&all, extended ? "^(" : "^\\(");
    if (!*line) buffer_put(&all, extended ? "x{0}" : "x\\{0\\}"); /* not every place takes nothing at all */
    for (; *line; line++) {
      if (option['F'] && strchr("\\.[*^$", *line)) buffer_add(&all, '\\');
      buffer_add(&all, *line);
    }
    if (option['x']) buffer_put(&all, extended ? ")$" : "\\)$");
  }
  int flags = (extended ? REG_EXTENDED : 0) | (option['i'] ? REG_ICASE : 0);
  return regcomp(&regex, buffer_text(&all), flags) == 0 || !warn("%s: bad regular expression", text);
}

static void print_match(const char *line, const char *name, unsigned long long number, regmatch_t match) {
  for (int flags = 0;; flags = REG_NOTBOL) {
    if (!option['o'] || match.rm_eo > match.rm_so) {
      if (with_names) printf("%s:", name);
      if (option['n']) printf("%llu:", number);
      if (!option['o']) puts(line);
      else printf("%.*s\n", (int)(match.rm_eo - match.rm_so), line + match.rm_so);
    }
    line += option['o'] ? match.rm_eo + (match.rm_eo == match.rm_so && line[match.rm_eo]) : 0;
    if (!option['o'] || !*line || regexec(&regex, line, 1, &match, flags) != 0) return;
  }
}

static void grep_input(struct inputs *inputs) {
  unsigned long long number = 0, count = 0;
  const char *shown = equal(inputs->name, "-") ? "(standard input)" : inputs->name;
  regmatch_t match = {0};
  while (next_line(inputs)) {
    number++;
    if ((regexec(&regex, inputs->line, 1, &match, 0) == 0) == !!option['v']) continue;
    any_match = true;
    count++;
    if (option['q'] || option['l']) break;
    if (!option['c']) print_match(inputs->line, shown, number, match);
  }
  if (option['q']) return;
  if (option['l'] && count) puts(shown);
  if (option['c'] && !option['l']) printf(with_names ? "%s:%llu\n" : "%.0s%llu\n", shown, count);
}

static bool grep_visited(const char *path, const struct stat *status, int depth) {
  char *names[] = {(char *)path, NULL};
  struct inputs inputs = {.names = names};
  if (S_ISREG(status->st_mode))
    while (next_input(&inputs)) grep_input(&inputs);
  if (inputs.status) grep_status = 2;
  return true;
}

int grep_main(char **operands) {
  const char *text = option['e'] ? option['e'] : *operands;
  if (!text) return usage_error() + 1;
  operands += !option['e'];
  if (!compile_patterns(text)) return 2;
  with_names = option['H'] || (!option['h'] && (option['r'] || (operands[0] && operands[1])));
  if (option['s']) freopen("/dev/null", "w", stderr);
  struct inputs inputs = {.names = operands};
  if (option['r']) inputs.status = walk_each(operands, grep_visited, NULL);
  else
    while (next_input(&inputs)) grep_input(&inputs);
  if (inputs.status) grep_status = 2;
  /* An error counts more than a match, except that -q has its answer. */
  return grep_status && !(option['q'] && any_match) ? 2 : !any_match;
}

/* ---- sort: lines in memory, ordered by keys and then as a whole. */

struct key {
  long first, last;    /* fields from 1; a last one of 0 is the end of the line */
  const char *letters; /* how to compare: n, r, f, b */
};
static struct key keys[16];
static size_t key_count;
static char separator; /* 0: fields begin where blanks do */
static struct line {
  char *text;
  size_t number; /* of reading: makes the order stable */
} *lines;

static const char *skip_field(const char *at) {
  if (separator) return at + strcspn(at, (char[]){separator, 0});
  while (isblank(*at)) at++;
  while (*at && !isblank(*at)) at++;
  return at;
}

static const char *field_start(const char *line, long field) {
  for (; field > 1 && *line; field--) { line = skip_field(line); line += separator && *line; }
  return line;
}

static bool is_set(const struct key *key, char letter) { return strchr(key->letters, letter); }

/* The part of the line that the key is about, in a buffer of its own. */
static char *key_text(const char *line, const struct key *key, struct buffer *text) {
  const char *start = field_start(line, key->first), *end = line + strlen(line);
  while (is_set(key, 'b') && isblank(*start)) start++;
  if (key->last) end = skip_field(field_start(line, key->last));
  text->length = 0;
  buffer_append(text, start, end > start ? end - start : 0);
  return buffer_text(text);
}

static double leading_number(char *text) {
  text += strspn(text, " \t"); /* only decimal: strtod would take "0x10" and "inf" too */
  text[strspn(text, "-0123456789.")] = 0;
  return strtod(text, NULL);
}

static int compare_keys(const char *left, const char *right) {
  static struct buffer buffers[2];
  for (const struct key *key = keys; key < keys + key_count; key++) {
    char *l = key_text(left, key, &buffers[0]), *r = key_text(right, key, &buffers[1]);
    int order = is_set(key, 'f') ? strcasecmp(l, r) : strcmp(l, r);
    if (is_set(key, 'n')) {
      double a = leading_number(l), b = leading_number(r);
      order = (a > b) - (a < b);
    }
    if (order) return is_set(key, 'r') ? -order : order;
  }
  return 0;
}

static int compare_lines(const void *left, const void *right) {
  const struct line *l = left, *r = right;
  int order = compare_keys(l->text, r->text);
  if (order) return order;
  /* Of equal ones the first read stays; else POSIX leaves it to the whole line. */
  if (option['u']) return l->number < r->number ? -1 : 1;
  order = strcmp(l->text, r->text);
  return option['r'] ? -order : order;
}

/* "2" or "2,3", with letters behind each; without any the global ones hold. */
static bool parse_key(char *text, const char *global) {
  char *end, *letters = strpbrk(text, "bfnr"), *comma = strchr(text, ',');
  struct key *key = &keys[key_count++];
  key->letters = letters ? letters : global;
  key->first = strtol(text, &end, 10);
  key->last = comma ? strtol(comma + 1, &end, 10) : 0;
  return key->first > 0 && !end[strspn(end, "bfnr")];
}

int sort_main(char **operands) {
  struct inputs inputs = {.names = operands};
  size_t count = 0;
  char global[5] = "";
  for (const char *letter = "nrfb"; *letter; letter++)
    if (option[(int)*letter]) strncat(global, letter, 1);
  separator = option['t'] ? *option['t'] : 0;
  for (char *key = strtok(duplicate(option['k'] ? option['k'] : "1"), "\n"); key; key = strtok(NULL, "\n"))
    if (key_count == COUNT(keys) || !parse_key(key, global))
      return warn("invalid key '%s'", key) + 1;
  while (next_input_line(&inputs)) APPEND(lines, count, (struct line){duplicate(inputs.line), count});
  if (inputs.status) return 2;
  if (option['o'] && !freopen(option['o'], "w", stdout)) return warn_errno(option['o']) + 1;
  if (count) qsort(lines, count, sizeof *lines, compare_lines);
  for (size_t i = 0; i < count; i++)
    if (!option['u'] || i == 0 || compare_keys(lines[i - 1].text, lines[i].text) != 0) puts(lines[i].text);
  return 0;
}
