/* sort: lines in memory, ordered by keys and then as a whole. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

struct ordering {
	bool numeric, reverse, fold, skip_blanks;
};

struct key {
	/* From 1, as written; end_field 0 is the end of the line, end_char 0 of the field. */
	long start_field, start_char, end_field, end_char;
	struct ordering ordering;
	bool own_ordering;
};

static struct key keys[16];
static int key_count;
static struct ordering global_ordering;
static bool unique;
static char separator; /* 0: fields begin where blanks do */

static struct line {
	char *text;
	size_t number; /* of reading: makes the order stable */
} *lines;
static size_t line_count, line_capacity;

static const char *skip_field(const char *at)
{
	if (separator) {
		while (*at && *at != separator)
			at++;
		return at;
	}
	while (isblank((unsigned char)*at))
		at++;
	while (*at && !isblank((unsigned char)*at))
		at++;
	return at;
}

static const char *field_start(const char *line, long field)
{
	for (; field > 1 && *line; field--) {
		line = skip_field(line);
		if (separator && *line)
			line++;
	}
	return line;
}

static const char *advance(const char *at, long characters)
{
	while (characters-- > 0 && *at)
		at++;
	return at;
}

/* The bytes of the line that the key is about. */
static const char *key_text(const char *line, const struct key *key, size_t *length)
{
	const struct ordering *ordering = key->own_ordering ? &key->ordering : &global_ordering;
	const char *start = field_start(line, key->start_field);
	if (ordering->skip_blanks)
		while (isblank((unsigned char)*start))
			start++;
	start = advance(start, key->start_char - 1);
	const char *end = line + strlen(line);
	if (key->end_field) {
		end = field_start(line, key->end_field);
		end = key->end_char ? advance(end, key->end_char) : skip_field(end);
	}
	*length = end > start ? end - start : 0;
	return start;
}

static int compare_numbers(const char *left, size_t left_length, const char *right, size_t right_length)
{
	char texts[2][64];
	snprintf(texts[0], sizeof texts[0], "%.*s", (int)left_length, left);
	snprintf(texts[1], sizeof texts[1], "%.*s", (int)right_length, right);
	double numbers[2];
	for (int i = 0; i < 2; i++) {
		/* Only decimal: strtod would take "0x10" and "inf" too. */
		char *at = texts[i] + strspn(texts[i], " \t");
		at[strspn(at, "-0123456789.")] = 0;
		numbers[i] = strtod(at, NULL);
	}
	return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1]);
}

static int compare_text(const char *left, size_t left_length, const char *right, size_t right_length, bool fold)
{
	size_t shorter = left_length < right_length ? left_length : right_length;
	for (size_t i = 0; i < shorter; i++) {
		int l = (unsigned char)left[i], r = (unsigned char)right[i];
		if (fold)
			l = toupper(l), r = toupper(r);
		if (l != r)
			return l < r ? -1 : 1;
	}
	return (left_length > right_length) - (left_length < right_length);
}

static int compare_by(const struct ordering *ordering, const char *left, size_t left_length, const char *right, size_t right_length)
{
	int order = ordering->numeric ? compare_numbers(left, left_length, right, right_length)
	                              : compare_text(left, left_length, right, right_length, ordering->fold);
	return ordering->reverse ? -order : order;
}

static int compare_keys(const char *left, const char *right)
{
	if (key_count == 0)
		return compare_by(&global_ordering, left, strlen(left), right, strlen(right));
	for (int i = 0; i < key_count; i++) {
		size_t left_length, right_length;
		const char *l = key_text(left, &keys[i], &left_length), *r = key_text(right, &keys[i], &right_length);
		const struct ordering *ordering = keys[i].own_ordering ? &keys[i].ordering : &global_ordering;
		int order = compare_by(ordering, l, left_length, r, right_length);
		if (order)
			return order;
	}
	return 0;
}

static int compare_lines(const void *left, const void *right)
{
	const struct line *l = left, *r = right;
	int order = compare_keys(l->text, r->text);
	if (order)
		return order;
	if (unique) /* the first one read is the one that stays */
		return l->number < r->number ? -1 : 1;
	/* POSIX: equal keys leave it to the whole line. */
	order = strcmp(l->text, r->text);
	return global_ordering.reverse ? -order : order;
}

static bool set_ordering(struct ordering *ordering, char letter)
{
	switch (letter) {
	case 'n': ordering->numeric = true; return true;
	case 'r': ordering->reverse = true; return true;
	case 'f': ordering->fold = true; return true;
	case 'b': ordering->skip_blanks = true; return true;
	default: return false;
	}
}

/* "2", "2.3" with letters after it. */
static bool parse_position(char **text, long *field, long *character, struct key *key)
{
	*field = strtol(*text, text, 10);
	if (**text == '.')
		*character = strtol(*text + 1, text, 10);
	for (; set_ordering(&key->ordering, **text); (*text)++)
		key->own_ordering = true;
	return *field > 0 && *character >= 0;
}

static bool parse_key(char *text)
{
	if (key_count == sizeof keys / sizeof *keys)
		return false;
	struct key *key = &keys[key_count++];
	*key = (struct key){.start_char = 1};
	if (!parse_position(&text, &key->start_field, &key->start_char, key))
		return false;
	if (*text == ',') {
		text++;
		if (!parse_position(&text, &key->end_field, &key->end_char, key))
			return false;
	}
	return *text == 0;
}

static int read_lines(FILE *input, const char *name)
{
	(void)name;
	char *line = NULL;
	size_t size = 0;
	for (ssize_t length; (length = getline(&line, &size, input)) >= 0;) {
		if (length && line[length - 1] == '\n')
			line[length - 1] = 0;
		if (line_count == line_capacity) {
			line_capacity = line_capacity ? line_capacity * 2 : 256;
			lines = reallocate(lines, line_capacity * sizeof *lines);
		}
		lines[line_count] = (struct line){duplicate(line), line_count};
		line_count++;
	}
	free(line);
	return 0;
}

int sort_main(int argc, char **argv)
{
	const char *output = NULL;
	int option;
	while ((option = getopt(argc, argv, "nrfbut:k:o:")) >= 0) {
		if (option == 'u')
			unique = true;
		else if (option == 'o')
			output = optarg;
		else if (option == 't' && optarg[0] && !optarg[1])
			separator = *optarg;
		else if (option == 'k' ? !parse_key(optarg) : !set_ordering(&global_ordering, option))
			return usage_error(2);
	}
	if (key_count == 0 && global_ordering.skip_blanks) {
		static char whole_line[] = "1";
		parse_key(whole_line);
	}
	if (visit_inputs(argv + optind, read_lines) != 0)
		return 2;
	if (output && !freopen(output, "w", stdout)) {
		warn_errno(output);
		return 2;
	}
	if (line_count)
		qsort(lines, line_count, sizeof *lines, compare_lines);
	for (size_t i = 0; i < line_count; i++)
		if (!unique || i == 0 || compare_keys(lines[i - 1].text, lines[i].text) != 0)
			puts(lines[i].text);
	return 0;
}
