/*
 * $((...)): C's integer expressions on 64 bits, by precedence climbing.
 * A side not taken (of && || ?:) is parsed with evaluation switched off.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sh.h"

struct arithmetic {
	const char *at, *whole;
	int skipping; /* > 0: no assignments, no division errors */
	int nesting;  /* of variables whose values are expressions */
};

enum { NESTING_MAX = 64 };

static long long parse_assignment(struct arithmetic *a);

static _Noreturn void fail(struct arithmetic *a, const char *why)
{
	complain("arithmetic expression: %s: \"%s\"", why, a->whole);
	shell_fail(2);
}

static void skip_blanks(struct arithmetic *a)
{
	while (isspace((unsigned char)*a->at))
		a->at++;
}

struct binary {
	const char *text;
	int precedence;
};

/* Longer ones first, so that "<" does not hide "<<". */
static const struct binary binaries[] = {
	{"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8},
	{"|", 3}, {"^", 4}, {"&", 5}, {"<", 7}, {">", 7}, {"+", 9}, {"-", 9}, {"*", 10}, {"/", 10}, {"%", 10},
};

static const struct binary *peek_binary(struct arithmetic *a)
{
	skip_blanks(a);
	for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++)
		if (strncmp(a->at, binaries[i].text, strlen(binaries[i].text)) == 0)
			return &binaries[i];
	return NULL;
}

static long long divide(struct arithmetic *a, char operator, long long left, long long right)
{
	if (right == 0) {
		if (a->skipping)
			return 0;
		fail(a, "division by zero");
	}
	if (right == -1) /* the machine traps on INT64_MIN / -1 */
		return operator == '/' ? (long long)(0 - (uint64_t)left) : 0;
	return operator == '/' ? left / right : left % right;
}

static long long apply(struct arithmetic *a, const char *operator, long long left, long long right)
{
	uint64_t l = left, r = right; /* overflow wraps */
	switch (operator[0]) {
	case '*': return l * r;
	case '/': case '%': return divide(a, operator[0], left, right);
	case '+': return l + r;
	case '-': return l - r;
	case '<': return operator[1] == '<' ? (long long)(l << (r & 63)) : operator[1] == '=' ? left <= right : left < right;
	case '>': return operator[1] == '>' ? left >> (r & 63) : operator[1] == '=' ? left >= right : left > right;
	case '=': return left == right;
	case '!': return left != right;
	case '&': return l & r;
	case '^': return l ^ r;
	default: return l | r;
	}
}

static long long evaluate_text(const char *text, int nesting);

static long long name_value(struct arithmetic *a, const char *name)
{
	const char *value = variable_get(name);
	if (!value && sh.options.u && !a->skipping) {
		complain("%s: parameter not set", name);
		shell_fail(2);
	}
	if (!value || !*value)
		return 0;
	if (a->nesting >= NESTING_MAX)
		fail(a, "variables refer to each other");
	return evaluate_text(value, a->nesting + 1);
}

/* The binary operator of "x op= ...", "=" itself, or NULL; *length is its size. */
static const char *peek_assignment(struct arithmetic *a, size_t *length)
{
	static const char *const operators[] = {
		"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|=",
	};
	skip_blanks(a);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		*length = strlen(operators[i]);
		if (strncmp(a->at, operators[i], *length) == 0 && !(*length == 1 && a->at[1] == '='))
			return operators[i];
	}
	return NULL;
}

static long long parse_name(struct arithmetic *a)
{
	size_t length = name_length(a->at);
	char *name = arena_copy(&sh.scratch, a->at, length);
	a->at += length;
	const char *operator = peek_assignment(a, &length);
	if (!operator)
		return name_value(a, name);
	a->at += length;
	long long value = parse_assignment(a);
	if (*operator != '=')
		value = apply(a, operator, name_value(a, name), value);
	if (!a->skipping) {
		char text[24];
		snprintf(text, sizeof text, "%lld", value);
		variable_set(name, text, 0);
	}
	return value;
}

static long long parse_unary(struct arithmetic *a)
{
	skip_blanks(a);
	char c = *a->at;
	if (c && strchr("+-!~", c)) {
		a->at++;
		long long value = parse_unary(a);
		return c == '-' ? (long long)(0 - (uint64_t)value) : c == '!' ? !value : c == '~' ? ~value : value;
	}
	if (c == '(') {
		a->at++;
		long long value = parse_assignment(a);
		skip_blanks(a);
		if (*a->at++ != ')')
			fail(a, "missing \")\"");
		return value;
	}
	if (name_length(a->at))
		return parse_name(a);
	char *end;
	long long value = (long long)strtoull(a->at, &end, 0);
	if (!isdigit((unsigned char)c) || name_length(end))
		fail(a, "expecting a number or name");
	a->at = end;
	return value;
}

static long long parse_binary(struct arithmetic *a, int minimum)
{
	long long left = parse_unary(a);
	for (;;) {
		const struct binary *operator = peek_binary(a);
		if (!operator || operator->precedence < minimum)
			return left;
		a->at += strlen(operator->text);
		bool logical = operator->precedence <= 2, is_and = operator->text[0] == '&';
		bool decided = logical && (left != 0) != is_and;
		a->skipping += decided;
		long long right = parse_binary(a, operator->precedence + 1);
		a->skipping -= decided;
		left = !logical ? apply(a, operator->text, left, right) : is_and ? left && right : left || right;
	}
}

static long long parse_assignment(struct arithmetic *a)
{
	long long condition = parse_binary(a, 1);
	skip_blanks(a);
	if (*a->at != '?')
		return condition;
	a->at++;
	a->skipping += !condition;
	long long yes = parse_assignment(a);
	a->skipping -= !condition;
	skip_blanks(a);
	if (*a->at++ != ':')
		fail(a, "missing \":\"");
	a->skipping += !!condition;
	long long no = parse_assignment(a);
	a->skipping -= !!condition;
	return condition ? yes : no;
}

static long long evaluate_text(const char *text, int nesting)
{
	struct arithmetic a = {.at = text, .whole = text, .nesting = nesting};
	skip_blanks(&a);
	if (!*a.at)
		return 0;
	long long value = parse_assignment(&a);
	skip_blanks(&a);
	if (*a.at)
		fail(&a, "unexpected text");
	return value;
}

long long evaluate_arithmetic(const char *text)
{
	return evaluate_text(text, 0);
}
