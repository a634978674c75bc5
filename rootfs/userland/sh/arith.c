/* $((...)): C's integer expressions on 64 bits, by precedence climbing.
 * A side not taken (of && || ?:) is parsed with evaluation switched off. */
#include "sh.h"

struct arithmetic {
  const char *at, *whole;
  int skipping; /* > 0: no assignments, no division errors */
};

enum { NESTING_MAX = 64 };
static int nesting; /* of variables whose values are expressions */

static long long parse_assignment(struct arithmetic *a);

static _Noreturn void fail(struct arithmetic *a, const char *why) {
  nesting = 0;
  shell_fail(complain("arithmetic expression: %s: \"%s\"", why, a->whole));
}

static bool skip_text(struct arithmetic *a, const char *text) {
  while (isspace(*a->at)) a->at++;
  bool found = strncmp(a->at, text, strlen(text)) == 0;
  a->at += found ? strlen(text) : 0;
  return found;
}

/* Longer ones first, so that "<" does not hide "<<". */
static const struct binary {
  char text[3], precedence;
} binaries[] = {
  {"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8}, {"|", 3},
  {"^", 4},  {"&", 5},  {"<", 7},  {">", 7},  {"+", 9},  {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10},
};

static const struct binary *peek_binary(struct arithmetic *a) {
  skip_text(a, "");
  for (size_t i = 0; i < COUNT(binaries); i++)
    if (strncmp(a->at, binaries[i].text, strlen(binaries[i].text)) == 0) return &binaries[i];
  return NULL;
}

static long long divide(struct arithmetic *a, char operator, long long left, long long right) {
  if (right == 0 && !a->skipping) fail(a, "division by zero");
  if (right == 0) return 0;
  if (right == -1) return operator == '/' ? (long long)(0 - (uint64_t)left) : 0; /* else INT64_MIN / -1 traps */
  return operator == '/' ? left / right : left % right;
}

static long long apply(struct arithmetic *a, const char *operator, long long left, long long right) {
  uint64_t l = left, r = right; /* overflow wraps */
  bool or_equal = operator[1] == '=' && left == right, shifts = operator[1] == operator[0];
  switch (operator[0]) {
  case '*': return l * r;
  case '/': case '%': return divide(a, operator[0], left, right);
  case '+': return l + r;
  case '-': return l - r;
  case '<': return shifts ? (long long)(l << (r & 63)) : left < right || or_equal;
  case '>': return shifts ? left >> (r & 63) : left > right || or_equal;
  case '=': return left == right;
  case '!': return left != right;
  case '&': return l & r;
  case '^': return l ^ r;
  default: return l | r;
  }
}

static long long name_value(struct arithmetic *a, const char *name) {
  const char *value = variable_get(name);
  if (!value && sh.set['u'] && !a->skipping) fail(a, "parameter not set");
  if (nesting >= NESTING_MAX) fail(a, "variables refer to each other");
  nesting++;
  long long number = value ? evaluate_arithmetic(value) : 0;
  nesting--;
  return number;
}

static long long parse_name(struct arithmetic *a) {
  size_t length = name_length(a->at);
  char *name = arena_copy(&sh.scratch, a->at, length);
  a->at += length;
  const struct binary *operator = peek_binary(a);
  int precedence = operator ? operator->precedence : 0; /* all but logic and comparisons may stand before a = */
  size_t width = (precedence > 2 && precedence < 6) || precedence > 7 ? strlen(operator->text) : 0;
  if (a->at[width] != '=' || a->at[width + 1] == '=') return name_value(a, name);
  a->at += width + 1;
  long long value = parse_assignment(a);
  if (width) value = apply(a, operator->text, name_value(a, name), value);
  if (!a->skipping) variable_set(name, scratch_text("%lld", value), 0);
  return value;
}

static long long parse_unary(struct arithmetic *a) {
  skip_text(a, "");
  char c = *a->at;
  if (c && strchr("+-!~", c)) {
    a->at++;
    long long value = parse_unary(a);
    return c == '-' ? (long long)(0 - (uint64_t)value) : c == '!' ? !value : c == '~' ? ~value : value;
  }
  if (skip_text(a, "(")) {
    long long value = parse_assignment(a);
    if (!skip_text(a, ")")) fail(a, "missing \")\"");
    return value;
  }
  if (name_length(a->at)) return parse_name(a);
  char *end;
  long long value = (long long)strtoull(a->at, &end, 0);
  if (!isdigit(c) || name_length(end)) fail(a, "expecting a number or name");
  a->at = end;
  return value;
}

static long long parse_binary(struct arithmetic *a, int minimum) {
  long long left = parse_unary(a);
  for (const struct binary *operator; (operator = peek_binary(a)) && operator->precedence >= minimum;) {
    a->at += strlen(operator->text);
    bool logical = operator->precedence <= 2, is_and = operator->text[0] == '&';
    bool decided = logical && (left != 0) != is_and;
    a->skipping += decided;
    long long right = parse_binary(a, operator->precedence + 1);
    a->skipping -= decided;
    left = !logical ? apply(a, operator->text, left, right) : is_and ? left && right : left || right;
  }
  return left;
}

static long long parse_branch(struct arithmetic *a, bool skips) {
  a->skipping += skips;
  long long value = parse_assignment(a);
  a->skipping -= skips;
  return value;
}

static long long parse_assignment(struct arithmetic *a) {
  long long condition = parse_binary(a, 1);
  if (!skip_text(a, "?")) return condition;
  long long yes = parse_branch(a, !condition);
  if (!skip_text(a, ":")) fail(a, "missing \":\"");
  long long no = parse_branch(a, condition);
  return condition ? yes : no;
}

long long evaluate_arithmetic(const char *text) {
  struct arithmetic a = {.at = text, .whole = text};
  skip_text(&a, "");
  long long value = *a.at ? parse_assignment(&a) : 0;
  skip_text(&a, "");
  if (*a.at) fail(&a, "unexpected text");
  return value;
}
