/* grep and sort: lines matched against patterns, and lines in order. */
#include "userland.h"

static regex_t *patterns;
static size_t pattern_count;
static bool any_match, with_names;
static int grep_status;

/* A fixed string as a basic regular expression. */
static char *escape_pattern(const char *text) {
  struct buffer escaped = {0};
  for (; *text; text++) {
    if (strchr("\\.[*^$", *text)) buffer_add(&escaped, '\\');
    buffer_add(&escaped, *text);
  }
  return buffer_text(&escaped);
}

/* Each line of the text is a pattern of its own. */
static bool add_patterns(const char *text) {
  int flags = (option['E'] && !option['F'] ? REG_EXTENDED : 0) | (option['i'] ? REG_ICASE : 0);
  for (const char *end;; text = end + 1) {
    end = text + strcspn(text, "\n");
    char *line = format_text("%.*s", (int)(end - text), text);
    char *pattern = option['F'] ? escape_pattern(line) : line;
    /* Not by looking at the match: another alternative may match the whole line. */
    if (option['x']) pattern = format_text(flags & REG_EXTENDED ? "^(%s)$" : "^\\(%s\\)$", pattern);
    regex_t regex;
    if (regcomp(&regex, pattern, flags) != 0) return !warn("%s: bad regular expression", line);
    APPEND(patterns, pattern_count, regex);
    if (!*end) return true;
  }
}

/* The leftmost match, the longest of those. */
static bool find_match(const char *line, int flags, regmatch_t *best) {
  bool found = false;
  for (size_t i = 0; i < pattern_count; i++) {
    regmatch_t match;
    if (regexec(&patterns[i], line, 1, &match, flags) != 0) continue;
    if (!found || match.rm_so < best->rm_so || (match.rm_so == best->rm_so && match.rm_eo > best->rm_eo))
      *best = match;
    found = true;
  }
  return found;
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
    if (!option['o'] || !*line || !find_match(line, flags, &match)) return;
  }
}

static void grep_input(struct inputs *inputs) {
  unsigned long long number = 0, count = 0;
  const char *shown = equal(inputs->name, "-") ? "(standard input)" : inputs->name;
  regmatch_t match = {0};
  while (next_line(inputs)) {
    number++;
    if (find_match(inputs->line, 0, &match) == !!option['v']) continue;
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
  if (!add_patterns(text)) return 2;
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
  /* From 1, as written; end_field 0 is the end of the line, end_char 0 of the field. */
  long start_field, start_char, end_field, end_char;
  bool numeric, reverse, fold, skip_blanks;
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
static const char *advance(const char *at, long characters) {
  size_t left = strlen(at);
  return at + ((size_t)characters < left ? (size_t)characters : left);
}

/* The part of the line that the key is about, in a buffer of its own. */
static void key_text(const char *line, const struct key *key, struct buffer *text) {
  const char *start = field_start(line, key->start_field), *end = line + strlen(line);
  while (key->skip_blanks && isblank(*start)) start++;
  start = advance(start, key->start_char - 1);
  if (key->end_field) {
    end = field_start(line, key->end_field);
    end = key->end_char ? advance(end, key->end_char) : skip_field(end);
  }
  text->length = 0;
  buffer_append(text, start, end > start ? end - start : 0);
  buffer_text(text);
}

static double leading_number(char *text) {
  text += strspn(text, " \t"); /* only decimal: strtod would take "0x10" and "inf" too */
  text[strspn(text, "-0123456789.")] = 0;
  return strtod(text, NULL);
}

static int compare_keys(const char *left, const char *right) {
  static struct buffer l, r;
  for (size_t i = 0; i < key_count; i++) {
    key_text(left, &keys[i], &l);
    key_text(right, &keys[i], &r);
    int order = keys[i].fold ? strcasecmp(l.bytes, r.bytes) : strcmp(l.bytes, r.bytes);
    if (keys[i].numeric) {
      double a = leading_number(l.bytes), b = leading_number(r.bytes);
      order = (a > b) - (a < b);
    }
    if (order) return keys[i].reverse ? -order : order;
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

static void set_ordering(struct key *key, const char *letters) {
  key->numeric |= strchr(letters, 'n') != NULL;
  key->reverse |= strchr(letters, 'r') != NULL;
  key->fold |= strchr(letters, 'f') != NULL;
  key->skip_blanks |= strchr(letters, 'b') != NULL;
}

/* "2", "2.3" and what follows them, with letters behind each. */
static bool parse_key(char *text, const char *global) {
  struct key *key = &keys[key_count++];
  char *letters = text + strcspn(text, "bfnr");
  *key = (struct key){.start_char = 1};
  key->start_field = strtol(text, &text, 10);
  if (*text == '.') key->start_char = strtol(text + 1, &text, 10);
  text += strspn(text, "bfnr");
  if (*text == ',') key->end_field = strtol(text + 1, &text, 10);
  if (key->end_field && *text == '.') key->end_char = strtol(text + 1, &text, 10);
  text += strspn(text, "bfnr");
  set_ordering(key, *letters ? letters : global); /* without letters of its own the global ones hold */
  return !*text && key->start_field > 0 && key->start_char > 0;
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
