/* test and [: POSIX's rules by argument count, then -a, -o, ! and parentheses. */
#include <string.h>
#include <unistd.h>

#include "userland.h"

struct expression {
	char **next, **end;
	bool malformed;
};

static bool evaluate_or(struct expression *e);

static long long integer(struct expression *e, const char *text)
{
	long long value = 0;
	while (*text == ' ' || *text == '\t')
		text++;
	if (!parse_integer(text, 10, &value)) {
		warn_text("Illegal number: %s", text);
		e->malformed = true;
	}
	return value;
}

static bool is_unary(const char *text)
{
	return text[0] == '-' && text[1] && !text[2] && strchr("bcdefghkLnprSstuwxz", text[1]);
}

static bool test_file(char operator, const char *path)
{
	struct stat status;
	if (operator == 'h' || operator == 'L')
		return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
	if (stat(path, &status) < 0)
		return false;
	switch (operator) {
	case 'b': return S_ISBLK(status.st_mode);
	case 'c': return S_ISCHR(status.st_mode);
	case 'd': return S_ISDIR(status.st_mode);
	case 'f': return S_ISREG(status.st_mode);
	case 'p': return S_ISFIFO(status.st_mode);
	case 'S': return S_ISSOCK(status.st_mode);
	case 'g': return status.st_mode & S_ISGID;
	case 'u': return status.st_mode & S_ISUID;
	case 'k': return status.st_mode & S_ISVTX;
	case 's': return status.st_size > 0;
	case 'r': return access(path, R_OK) == 0;
	case 'w': return access(path, W_OK) == 0;
	case 'x': return access(path, X_OK) == 0;
	default: return true; /* -e */
	}
}

static bool evaluate_unary(struct expression *e, char operator, const char *operand)
{
	switch (operator) {
	case 'n': return *operand != 0;
	case 'z': return *operand == 0;
	case 't': return isatty(integer(e, operand));
	default: return test_file(operator, operand);
	}
}

enum binary {
	NO_BINARY, EQUAL, UNEQUAL, BEFORE, AFTER, EQ, NE, LT, LE, GT, GE, NEWER, OLDER, SAME_FILE,
};

static enum binary find_binary(const char *text)
{
	static const char *const names[] = {
		"", "=", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef",
	};
	for (size_t i = 1; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return NO_BINARY;
}

static bool compare_files(enum binary operator, const char *left, const char *right)
{
	struct stat l, r;
	bool have_left = stat(left, &l) == 0, have_right = stat(right, &r) == 0;
	if (operator == SAME_FILE)
		return have_left && have_right && l.st_dev == r.st_dev && l.st_ino == r.st_ino;
	if (!have_left || !have_right)
		return operator == NEWER ? have_left && !have_right : have_right && !have_left;
	long long seconds = (long long)l.st_mtim.tv_sec - r.st_mtim.tv_sec;
	long long difference = seconds ? seconds : l.st_mtim.tv_nsec - r.st_mtim.tv_nsec;
	return operator == NEWER ? difference > 0 : difference < 0;
}

static bool evaluate_binary(struct expression *e, enum binary operator, const char *left, const char *right)
{
	switch (operator) {
	case EQUAL: return strcmp(left, right) == 0;
	case UNEQUAL: return strcmp(left, right) != 0;
	case BEFORE: return strcmp(left, right) < 0;
	case AFTER: return strcmp(left, right) > 0;
	case NEWER: case OLDER: case SAME_FILE: return compare_files(operator, left, right);
	default: break;
	}
	long long l = integer(e, left), r = integer(e, right);
	switch (operator) {
	case EQ: return l == r;
	case NE: return l != r;
	case LT: return l < r;
	case LE: return l <= r;
	case GT: return l > r;
	default: return l >= r;
	}
}

static bool evaluate_primary(struct expression *e)
{
	long left = e->end - e->next;
	if (left == 0) {
		warn_text("argument expected");
		e->malformed = true;
		return false;
	}
	/* A binary operator in second place goes before all else: test ! = ! */
	enum binary operator = left >= 3 ? find_binary(e->next[1]) : NO_BINARY;
	if (operator) {
		e->next += 3;
		return evaluate_binary(e, operator, e->next[-3], e->next[-1]);
	}
	char *word = *e->next++;
	if (left >= 2 && strcmp(word, "!") == 0)
		return !evaluate_primary(e);
	if (left >= 3 && strcmp(word, "(") == 0) {
		bool value = evaluate_or(e);
		if (e->next == e->end || strcmp(*e->next++, ")") != 0) {
			warn_text("closing paren expected");
			e->malformed = true;
		}
		return value;
	}
	if (left >= 2 && is_unary(word))
		return evaluate_unary(e, word[1], *e->next++);
	return *word != 0;
}

static bool skip_word(struct expression *e, const char *word)
{
	if (e->next == e->end || strcmp(*e->next, word) != 0)
		return false;
	e->next++;
	return true;
}

static bool evaluate_and(struct expression *e)
{
	bool value = evaluate_primary(e);
	while (!e->malformed && skip_word(e, "-a"))
		value &= evaluate_primary(e);
	return value;
}

static bool evaluate_or(struct expression *e)
{
	bool value = evaluate_and(e);
	while (!e->malformed && skip_word(e, "-o"))
		value |= evaluate_and(e);
	return value;
}

int test_main(int argc, char **argv)
{
	if (strcmp(program_name, "[") == 0 && (argc < 2 || strcmp(argv[--argc], "]") != 0)) {
		warn_text("missing ]");
		return 2;
	}
	if (argc == 1)
		return 1;
	struct expression e = {.next = argv + 1, .end = argv + argc};
	bool value = evaluate_or(&e);
	if (!e.malformed && e.next != e.end) {
		warn_text("%s: unexpected operator", *e.next);
		e.malformed = true;
	}
	return e.malformed ? 2 : !value;
}
