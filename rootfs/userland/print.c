/* echo, printf, test, seq, true, false, basename, dirname, pwd, yes: what scripts are made of. */
#include "userland.h"

int true_main(char **operands) { return 0; }
int false_main(char **operands) { return 1; }

/* Writes text with its escapes; false if \c ends all output. */
static bool put_escaped(const char *text) {
  while (*text) {
    char c = *text++;
    int byte = c == '\\' ? read_escape(&text, true) : (unsigned char)c;
    if (byte < 0) return false;
    putchar(byte);
  }
  return true;
}

/* XSI's echo, as dash has it: escapes always count. */
int echo_main(char **operands) {
  bool newline = !*operands || !equal(*operands, "-n");
  for (char **word = operands + !newline; *word; word++) {
    if (!put_escaped(*word)) return 0;
    if (word[1]) putchar(' ');
  }
  if (newline) putchar('\n');
  return 0;
}

static char **printf_arguments; /* the next one */
static int printf_status;

static const char *next_argument(void) { return *printf_arguments ? *printf_arguments++ : NULL; }

/* The next argument as a number, an integer or a floating one. */
static double number_argument(long long *integer, char conversion) {
  const char *text = next_argument();
  char *end = (char *)text;
  double number = 0;
  *integer = 0;
  if (!text) return 0;
  if (*text == '"' || *text == '\'') return *integer = (unsigned char)text[1]; /* the character's code */
  errno = 0;
  if (strchr("aAeEfFgG", conversion)) number = strtod(text, &end);
  else *integer = strchr("di", conversion) ? strtoll(text, &end, 0) : (long long)strtoull(text, &end, 0);
  if (errno == ERANGE) printf_status = warn_errno(text);
  else if (end == text) printf_status = warn("%s: expected numeric value", text);
  else if (*end) printf_status = warn("%s: not completely converted", text);
  return number;
}

/* One conversion, `format` behind its %; returns what follows it, NULL if it is bad. */
static const char *put_conversion(const char *format, bool *stopped) {
  char directive[64] = "%";
  size_t length = 1;
  long long integer;
  for (; *format && strchr("-+ #0123456789.*", *format) && length < 32; format++) {
    directive[length++] = *format;
    if (*format != '*') continue;
    number_argument(&integer, 'd');
    length += sprintf(directive + length - 1, "%d", (int)integer) - 1;
  }
  directive[length] = *format;
  if (*format && strchr("diouxX", *format)) {
    sprintf(directive + length, "ll%c", *format);
    number_argument(&integer, *format);
    printf(directive, integer);
  } else if (*format && strchr("aAeEfFgG", *format)) {
    printf(directive, number_argument(&integer, *format));
  } else if (*format && strchr("bcs", *format)) {
    const char *text = next_argument();
    char first[2] = {text ? *text : 0, 0};
    directive[length] = 's';
    if (*format == 'b') *stopped = text && !put_escaped(text);
    else printf(directive, !text ? "" : *format == 'c' ? first : text);
  } else {
    return NULL;
  }
  return format + 1;
}

int printf_main(char **operands) {
  if (*operands && equal(*operands, "--")) operands++;
  if (!*operands) return usage_error() + 1;
  bool stopped = false;
  char **before;
  printf_arguments = operands + 1;
  printf_status = 0;
  do { /* the format serves as often as there are arguments for it */
    before = printf_arguments;
    for (const char *format = *operands; *format && !stopped;) {
      char c = *format++;
      if (c == '\\') putchar(read_escape(&format, false));
      else if (c != '%') putchar(c);
      else if (*format == '%') putchar(*format++);
      else if (!(format = put_conversion(format, &stopped))) return warn("bad conversion in format") + 1;
    }
  } while (!stopped && *printf_arguments && printf_arguments != before);
  return printf_status;
}

int basename_main(char **operands) {
  if (!*operands) return usage_error();
  char *name = path_basename(*operands);
  size_t length = strlen(name), suffix = operands[1] ? strlen(operands[1]) : 0;
  if (suffix && suffix < length && equal(name + length - suffix, operands[1])) name[length - suffix] = 0;
  return puts(name) < 0;
}

static bool print_directory(char *path) { return puts(dirname(path)) >= 0; }
int dirname_main(char **operands) { return each_operand(operands, print_directory); }
int pwd_main(char **operands) {
  char *directory = getcwd(NULL, 0);
  return directory ? puts(directory) < 0 : warn_errno("cannot determine current directory");
}
int yes_main(char **operands) { while (puts(*operands ? *operands : "y") >= 0) continue; return 1; }

int seq_main(char **operands) {
  const char *separator = "\n";
  bool equal_width = false;
  double numbers[3] = {1, 1, 1};
  int count = 0, decimals = 0, width = 0;
  /* Options by hand: "-5" is a number. */
  for (; *operands && (*operands)[0] == '-' && (*operands)[1] && strchr("ws", (*operands)[1]); operands++) {
    if ((*operands)[1] == 'w') equal_width = true;
    else separator = (*operands)[2] || !operands[1] ? *operands + 2 : *++operands;
  }
  for (char *end; operands[count]; count++) {
    if (count == 3) return usage_error();
    numbers[count] = strtod(operands[count], &end);
    if (end == operands[count] || *end) return warn("invalid floating point argument: '%s'", operands[count]);
    const char *point = operands[count + 1] ? strchr(operands[count], '.') : NULL;
    if (point && (int)strlen(point + 1) > decimals) decimals = strlen(point + 1);
  }
  if (count == 0) return usage_error();
  double ends[2] = {count > 1 ? numbers[0] : 1, numbers[count - 1]}, step = count > 2 ? numbers[1] : 1;
  if (step == 0) return warn("invalid Zero increment value: '%s'", operands[1]);
  for (int i = 0; i < 2 && equal_width; i++) width = fmax(width, snprintf(NULL, 0, "%.*f", decimals, ends[i]));
  double steps = floor((ends[1] - ends[0]) / step + 1e-10); /* counted, lest 0.1 added ten times miss 1 */
  for (double i = 0; i <= steps; i++)
    printf("%s%0*.*f", i ? separator : "", width, decimals, ends[0] + i * step);
  if (steps >= 0) putchar('\n');
  return 0;
}

/* ---- test: POSIX's rules by argument count, then -a, -o, ! and parentheses. */

static char **test_next;
static bool test_malformed;

static bool evaluate_or(void);

static bool malformed(const char *format, const char *what) {
  if (!test_malformed) warn(format, what);
  test_malformed = true;
  return false;
}
static long long integer_operand(const char *text) {
  long long value = 0;
  if (!parse_integer(text, 10, &value)) malformed("Illegal number: %s", text);
  return value;
}

static bool evaluate_unary(char operator, const char *operand) {
  struct stat status;
  if (operator == 'n' || operator == 'z') return (*operand == 0) == (operator == 'z');
  if (operator == 't') return isatty(integer_operand(operand));
  if (operator == 'h' || operator == 'L') return lstat(operand, &status) == 0 && S_ISLNK(status.st_mode);
  if (stat(operand, &status) < 0) return false;
  if (strchr("pcdbfS", operator)) return "?pc?d?b?f???S???"[status.st_mode >> 12 & 15] == operator;
  switch (operator) {
  case 'g': return status.st_mode & S_ISGID;
  case 'u': return status.st_mode & S_ISUID;
  case 'k': return status.st_mode & S_ISVTX;
  case 's': return status.st_size > 0;
  case 'r': return access(operand, R_OK) == 0;
  case 'w': return access(operand, W_OK) == 0;
  case 'x': return access(operand, X_OK) == 0;
  default: return true; /* -e */
  }
}

enum { EQUAL, UNEQUAL, BEFORE, BEHIND, EQ, NE, LT, LE, GT, GE, NEWER, OLDER, SAME };
static const char *const binaries[] = {
  "=", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", NULL,
};

/* In nanoseconds; a file that is not there is older than all others. */
static long long modification_time(const char *path) {
  struct stat status;
  return stat(path, &status) < 0 ? LLONG_MIN : nanoseconds(status.st_mtim);
}

static bool evaluate_binary(int operator, const char *left, const char *right) {
  if (operator == SAME) return is_same_file(left, right);
  long long (*value)(const char *) = operator >= NEWER ? modification_time : integer_operand;
  long long l = operator < EQ ? strcmp(left, right) : value(left), r = operator < EQ ? 0 : value(right);
  switch (operator) {
  case EQUAL: case EQ: return l == r;
  case UNEQUAL: case NE: return l != r;
  case BEFORE: case LT: case OLDER: return l < r;
  case BEHIND: case GT: case NEWER: return l > r;
  case LE: return l <= r;
  default: return l >= r;
  }
}

static bool evaluate_primary(void) {
  int left = count_words(test_next);
  if (left == 0) return malformed("argument expected%s", "");
  /* A binary operator in second place goes before all else: test ! = ! */
  int operator = left >= 3 ? index_of(test_next[1], binaries) : -1;
  if (operator >= 0) return test_next += 3, evaluate_binary(operator, test_next[-3], test_next[-1]);
  if (left >= 2 && skip_word(&test_next, "!")) return !evaluate_primary();
  if (left >= 3 && skip_word(&test_next, "(")) {
    bool value = evaluate_or();
    return skip_word(&test_next, ")") ? value : malformed("closing paren expected%s", "");
  }
  char *word = *test_next++;
  bool is_unary = word[0] == '-' && word[1] && !word[2] && strchr("bcdefghkLnprSstuwxz", word[1]);
  return left >= 2 && is_unary ? evaluate_unary(word[1], *test_next++) : *word != 0;
}

static bool evaluate_and(void) {
  bool value = evaluate_primary();
  while (!test_malformed && skip_word(&test_next, "-a")) value &= evaluate_primary();
  return value;
}
static bool evaluate_or(void) {
  bool value = evaluate_and();
  while (!test_malformed && skip_word(&test_next, "-o")) value |= evaluate_and();
  return value;
}

int test_main(char **operands) {
  int count = count_words(operands);
  bool closes = count && equal(operands[count - 1], "]");
  if (*program_name == '[' && !closes) return warn("missing ]") + 1;
  if (*program_name == '[') operands[--count] = NULL;
  if (count == 0) return 1;
  test_next = operands;
  test_malformed = false;
  bool value = evaluate_or();
  if (!test_malformed && *test_next) malformed("%s: unexpected operator", *test_next);
  return test_malformed ? 2 : !value;
}
