/* cat, tee, head, tail, wc, uniq, cut, tr, hexdump: streams of bytes and lines. */
#include "userland.h"

/* Past stdio, so that what a terminal or pipe gives goes out at once. */
int cat_main(char **operands) {
  struct inputs inputs = {.names = operands};
  while (next_input(&inputs))
    if (!copy_descriptor(fileno(inputs.file), 1)) inputs.status = warn_errno(inputs.name);
  return inputs.status;
}

int tee_main(char **operands) {
  int fds[64] = {1}, count = 1, status = 0;
  char block[4096];
  for (; *operands && count < 64; operands++) {
    fds[count] = open(*operands, O_WRONLY | O_CREAT | (option['a'] ? O_APPEND : O_TRUNC), 0666);
    if (fds[count] < 0) status = warn_errno(*operands);
    else count++;
  }
  for (ssize_t got; (got = read(0, block, sizeof block)) > 0;)
    for (int i = 0; i < count; i++)
      if (!write_all(fds[i], block, got)) status = warn_errno("write error");
  return status;
}

/* What head and tail share: how much, of what, and where it starts. */
static struct { long long count; bool bytes, from_start, several; } range;

static bool parse_range(char **operands) {
  const char *text = option['c'] ? option['c'] : option['n'] ? option['n'] : "10";
  range.bytes = option['c'];
  range.from_start = *text == '+';
  range.several = operands[0] && operands[1] && !option['q'];
  bool good = parse_integer(text, 10, &range.count);
  return good || !warn("invalid number of %s: '%s'", range.bytes ? "bytes" : "lines", text);
}

static void print_header(struct inputs *inputs) {
  static const char *gap = "";
  const char *shown = equal(inputs->name, "-") ? "standard input" : inputs->name;
  if (range.several) printf("%s==> %s <==\n", gap, shown);
  gap = "\n";
}

int head_main(char **operands) {
  struct inputs inputs = {.names = operands};
  if (!parse_range(operands)) return 1;
  while (next_input(&inputs)) {
    print_header(&inputs);
    for (long long left = range.count, c; left > 0 && (c = getc(inputs.file)) >= 0; putchar(c))
      left -= range.bytes || c == '\n';
  }
  return inputs.status;
}

static size_t tail_start(const char *bytes, size_t length) {
  long long total = range.bytes ? length : 0;
  for (size_t i = 0; i < length && !range.bytes; i++) total += bytes[i] == '\n' || i + 1 == length;
  long long skip = range.from_start ? range.count - 1 : total - llabs(range.count);
  size_t at = 0;
  for (; skip > 0 && at < length; at++) skip -= range.bytes || bytes[at] == '\n';
  return at;
}

/* All of it in memory: the end is wanted, whatever it is. */
int tail_main(char **operands) {
  struct inputs inputs = {.names = operands};
  size_t length;
  if (!parse_range(operands)) return 1;
  while (next_input(&inputs)) {
    char *bytes = read_all(fileno(inputs.file), &length);
    size_t start = tail_start(bytes, length);
    print_header(&inputs);
    fwrite(bytes + start, 1, length - start, stdout);
    free(bytes);
    while (option['f'] && fflush(stdout) == 0 && copy_descriptor(fileno(inputs.file), 1)) usleep(500000);
  }
  return inputs.status;
}

enum { LINES, WORDS, BYTES, COUNTS };
struct counts { unsigned long long of[COUNTS]; const char *name; };

static void print_counts(struct counts counts, int width) {
  const char *separator = "";
  bool all = !option['l'] && !option['w'] && !option['c'] && !option['m'];
  for (int i = 0; i < COUNTS; i++) {
    if (!all && !option[(int)"lwc"[i]] && !(i == BYTES && option['m'])) continue;
    printf("%s%*llu", separator, width, counts.of[i]);
    separator = " ";
  }
  printf(counts.name ? " %s\n" : "\n", counts.name);
}

int wc_main(char **operands) {
  struct inputs inputs = {.names = operands};
  struct counts *rows = NULL, total = {.name = "total"};
  size_t count = 0;
  int width = 1;
  while (next_input(&inputs)) {
    struct counts counts = {.name = *operands ? inputs.name : NULL};
    struct stat status;
    bool in_word = false;
    for (int c; (c = getc(inputs.file)) >= 0; in_word = !isspace(c), counts.of[BYTES]++) {
      counts.of[LINES] += c == '\n';
      counts.of[WORDS] += !isspace(c) && !in_word;
    }
    for (int i = 0; i < COUNTS; i++) total.of[i] += counts.of[i];
    if (fstat(fileno(inputs.file), &status) == 0 && !S_ISREG(status.st_mode)) width = 7; /* as GNU's */
    APPEND(rows, count, counts);
  }
  width = fmax(width, snprintf(NULL, 0, "%llu", total.of[BYTES])); /* the largest of them */
  if (!!option['l'] + !!option['w'] + !!option['c'] == 1 && count == 1) width = 1;
  for (size_t i = 0; i < count; i++) print_counts(rows[i], width);
  if (operands[0] && operands[1]) print_counts(total, width);
  return inputs.status;
}

static void put_unique(const char *line, int count) {
  if (count == 0 || (option['d'] && count == 1) || (option['u'] && count > 1)) return;
  if (option['c']) printf("%7d ", count);
  puts(line);
}

int uniq_main(char **operands) {
  char *only_input[] = {operands[0], NULL}, *line = NULL;
  struct inputs inputs = {.names = only_input};
  int count = 0;
  if (operands[0] && operands[1] && !freopen(operands[1], "w", stdout)) return warn_errno(operands[1]);
  for (; next_input_line(&inputs); count++) {
    if (line && (option['i'] ? strcasecmp : strcmp)(line, inputs.line) == 0) continue;
    put_unique(line, count);
    free(line);
    line = duplicate(inputs.line);
    count = 0;
  }
  put_unique(line, count);
  return inputs.status;
}

/* Marks the positions, from 1, that a list like "1,3-5,7-" names. */
static bool parse_list(char *text, char *chosen, long limit) {
  for (; *text; text += *text == ',') {
    long first = *text == '-' ? 1 : strtol(text, &text, 10), last = first;
    if (*text == '-') last = isdigit(*++text) ? strtol(text, &text, 10) : limit - 1;
    if (first < 1 || last < first || (*text && *text != ',')) return false;
    for (long i = first; i <= last && i < limit; i++) chosen[i] = 1;
  }
  return true;
}

static void cut_fields(const char *field, const char *chosen, long limit, const char *delimiter) {
  const char *separator = "";
  bool has_fields = strpbrk(field, delimiter);
  if (!has_fields && option['s']) return;
  for (long i = 1; has_fields && field && i < limit; i++) {
    size_t length = strcspn(field, delimiter);
    if (chosen[i]) printf("%s%.*s", separator, (int)length, field), separator = delimiter;
    field = field[length] ? field + length + 1 : NULL;
  }
  puts(has_fields ? "" : field);
}

int cut_main(char **operands) {
  enum { LIMIT = 65536 };
  static char chosen[LIMIT];
  struct inputs inputs = {.names = operands};
  const char *bytes = option['b'] ? option['b'] : option['c'], *list = bytes ? bytes : option['f'];
  char delimiter[2] = {option['d'] ? *option['d'] : '\t', 0};
  if (!list) return usage_error();
  if (!parse_list((char *)list, chosen, LIMIT)) return warn("invalid list: '%s'", list);
  while (next_input_line(&inputs)) {
    if (!bytes) cut_fields(inputs.line, chosen, LIMIT, delimiter);
    for (size_t i = 0; bytes && i < inputs.length && i + 1 < LIMIT; i++)
      if (chosen[i + 1]) putchar(inputs.line[i]);
    if (bytes) putchar('\n');
  }
  return inputs.status;
}

static int set_byte(const char **text) {
  const char *escape = *text + 1;
  int byte = **text == '\\' ? read_escape(&escape, false) : 0;
  bool is_escape = **text == '\\' && escape > *text + 1;
  *text = is_escape ? escape : *text + (**text == '\\' && (*text)[1]) + 1;
  return is_escape ? byte : (unsigned char)(*text)[-1];
}

/* "a-z[:digit:]\n" as its bytes in order; the last one repeats up to `length`. */
static void expand_set(const char *text, struct buffer *set, size_t length) {
  while (*text) {
    const char *end = strncmp(text, "[:", 2) == 0 ? strstr(text, ":]") : NULL;
    if (end) {
      wctype_t class = wctype(format_text("%.*s", (int)(end - text) - 2, text + 2));
      for (int c = 0; c < 128; c++)
        if (iswctype(c, class)) buffer_add(set, c);
      text = end + 2;
    } else {
      int first = set_byte(&text), last = first;
      if (text[0] == '-' && text[1]) text++, last = set_byte(&text);
      for (int c = first; c <= last; c++) buffer_add(set, c);
    }
  }
  while (set->length && set->length < length) buffer_add(set, set->bytes[set->length - 1]);
}

int tr_main(char **operands) {
  struct buffer from = {0}, to = {0};
  bool in_from[256] = {0}, squeezed[256] = {0}, deletes = option['d'], squeezes = option['s'];
  int map[256], previous = -1;
  if (!*operands || (!operands[1] && !deletes && !squeezes)) return usage_error();
  expand_set(operands[0], &from, 0);
  for (size_t i = 0; i < from.length; i++) in_from[(unsigned char)from.bytes[i]] = true;
  if (option['c'] || option['C']) {
    from.length = 0;
    for (int c = 0; c < 256; c++)
      if ((in_from[c] = !in_from[c])) buffer_add(&from, c);
  }
  if (operands[1]) expand_set(operands[1], &to, deletes ? 0 : from.length);
  for (int c = 0; c < 256; c++) map[c] = c;
  for (size_t i = 0; i < from.length && i < to.length && !deletes; i++)
    map[(unsigned char)from.bytes[i]] = (unsigned char)to.bytes[i];
  struct buffer *squeeze = operands[1] ? &to : &from;
  for (size_t i = 0; squeezes && i < squeeze->length; i++) squeezed[(unsigned char)squeeze->bytes[i]] = true;
  for (int c; (c = getchar()) >= 0;) {
    if (deletes && in_from[c]) continue;
    c = map[c];
    if (!squeezed[c] || c != previous) putchar(c);
    previous = c;
  }
  return 0;
}

static void print_hex_line(unsigned long long offset, const unsigned char *bytes, int count) {
  printf("%08llx", offset);
  for (int i = 0; i < 16; i++) printf(i < count ? "%s%02x" : "%s  ", i % 8 ? " " : "  ", bytes[i]);
  printf("  |");
  for (int i = 0; i < count; i++) putchar(isprint(bytes[i]) ? bytes[i] : '.');
  puts("|");
}

/* Always the canonical form, with -C or without. */
int hexdump_main(char **operands) {
  struct inputs inputs = {.names = operands};
  unsigned char line[16], previous[16];
  long long offset = option['s'] ? parse_size(option['s']) : 0, skip = offset;
  long long left = option['n'] ? parse_size(option['n']) : -1;
  int count = 0, c;
  bool have_previous = false, starred = false;
  while (next_input(&inputs)) {
    for (; skip > 0 && getc(inputs.file) >= 0; skip--) continue;
    for (; left && (c = getc(inputs.file)) >= 0; left -= left > 0) {
      line[count++] = c;
      if (count < 16) continue;
      bool same = have_previous && memcmp(line, previous, 16) == 0 && !option['v'];
      if (!same) print_hex_line(offset, line, 16);
      if (same && !starred) puts("*");
      starred = same;
      have_previous = memcpy(previous, line, 16);
      offset += 16;
      count = 0;
    }
  }
  if (count) print_hex_line(offset, line, count);
  if (offset + count) printf("%08llx\n", offset + count);
  return inputs.status;
}
