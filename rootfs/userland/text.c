/* cat, head, tail, wc: streams of bytes and lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

static int cat_file(FILE *input, const char *name)
{
	/* Past stdio, so that what a terminal or pipe gives goes out at once. */
	if (copy_descriptor(fileno(input), 1))
		return 0;
	warn_errno(name);
	return 1;
}

int cat_main(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "u")) >= 0)
		if (option != 'u')
			return usage_error(1);
	return visit_inputs(argv + optind, cat_file);
}

/* What head and tail share: how much, of what, and where it starts. */
static struct {
	long long count;
	bool bytes, from_start, follow;
	int files, shown;
} range;

static void print_header(const char *name)
{
	if (range.files < 2)
		return;
	const char *shown = strcmp(name, "-") == 0 ? "standard input" : name;
	printf("%s==> %s <==\n", range.shown++ ? "\n" : "", shown);
}

/* Options of head and tail, also the old "-5"; false if wrong. */
static bool parse_range(int argc, char **argv, const char *letters)
{
	range.count = 10;
	if (argc > 1 && argv[1][0] == '-' && argv[1][1] >= '0' && argv[1][1] <= '9') {
		if (!parse_integer(argv[1] + 1, 10, &range.count))
			return false;
		optind = 2;
	}
	int option;
	while ((option = getopt(argc, argv, letters)) >= 0) {
		if (option == 'f') {
			range.follow = true;
		} else if (option == 'n' || option == 'c') {
			range.bytes = option == 'c';
			range.from_start = *optarg == '+';
			if (!parse_integer(optarg, 10, &range.count)) {
				warn_text("invalid number of %s: '%s'", range.bytes ? "bytes" : "lines", optarg);
				return false;
			}
		} else if (option != 'q') {
			usage_error(1);
			return false;
		}
	}
	range.files = argc - optind;
	return true;
}

static int head_file(FILE *input, const char *name)
{
	print_header(name);
	for (long long left = range.count; left > 0;) {
		int c = getc(input);
		if (c < 0)
			break;
		putchar(c);
		left -= range.bytes || c == '\n';
	}
	return 0;
}

int head_main(int argc, char **argv)
{
	if (!parse_range(argc, argv, "n:c:q"))
		return 1;
	return visit_inputs(argv + optind, head_file);
}

/* The whole of an input in memory: tail needs its end, whatever it is. */
static char *read_all(FILE *input, size_t *length)
{
	size_t capacity = 8192;
	char *bytes = allocate(capacity);
	*length = 0;
	for (size_t got; (got = fread(bytes + *length, 1, capacity - *length, input)) > 0;) {
		*length += got;
		if (*length == capacity)
			bytes = reallocate(bytes, capacity *= 2);
	}
	return bytes;
}

static size_t tail_start(const char *bytes, size_t length)
{
	unsigned long long count = range.count < 0 ? -range.count : range.count;
	if (range.from_start) {
		size_t at = 0;
		for (unsigned long long skip = count ? count - 1 : 0; skip > 0 && at < length; at++)
			skip -= range.bytes || bytes[at] == '\n';
		return at;
	}
	size_t at = length;
	if (range.bytes)
		return count < length ? length - count : 0;
	if (count == 0)
		return length;
	/* The newline that ends the last line begins no other. */
	for (at -= at > 0; at > 0; at--)
		if (bytes[at - 1] == '\n' && --count == 0)
			break;
	return at;
}

static int tail_file(FILE *input, const char *name)
{
	size_t length;
	print_header(name);
	char *bytes = read_all(input, &length);
	size_t start = tail_start(bytes, length);
	fwrite(bytes + start, 1, length - start, stdout);
	free(bytes);
	while (range.follow && !ferror(input)) {
		fflush(stdout);
		clearerr(input);
		if (!copy_descriptor(fileno(input), 1))
			return 1;
		usleep(500000);
	}
	return 0;
}

int tail_main(int argc, char **argv)
{
	if (!parse_range(argc, argv, "n:c:fq"))
		return 1;
	return visit_inputs(argv + optind, tail_file);
}

enum { LINES, WORDS, BYTES, COUNTS };
static struct {
	bool shown[COUNTS];
	int width;
	unsigned long long total[COUNTS];
} wc;

static void print_counts(unsigned long long *counts, const char *name)
{
	const char *separator = "";
	for (int i = 0; i < COUNTS; i++) {
		if (!wc.shown[i])
			continue;
		printf("%s%*llu", separator, wc.width, counts[i]);
		separator = " ";
	}
	printf(name ? " %s\n" : "\n", name);
}

static bool wc_without_names;

static int wc_file(FILE *input, const char *name)
{
	unsigned long long counts[COUNTS] = {0};
	bool in_word = false;
	for (int c; (c = getc(input)) >= 0; counts[BYTES]++) {
		bool blank = strchr(" \t\n\v\f\r", c) && c;
		counts[LINES] += c == '\n';
		counts[WORDS] += !blank && !in_word;
		in_word = !blank;
	}
	for (int i = 0; i < COUNTS; i++)
		wc.total[i] += counts[i];
	print_counts(counts, wc_without_names ? NULL : name);
	return 0;
}

/* Columns as wide as the sum of the sizes; 7 if something has no size. */
static int wc_width(char **names)
{
	unsigned long long total = 0;
	int minimum = 1;
	for (char **name = names; *name || name == names; name++) {
		struct stat status;
		bool is_stdin = !*name || strcmp(*name, "-") == 0;
		if ((is_stdin ? fstat(0, &status) : stat(*name, &status)) == 0) {
			if (S_ISREG(status.st_mode))
				total += status.st_size;
			else
				minimum = 7;
		}
		if (!*name)
			break;
	}
	int width = snprintf(NULL, 0, "%llu", total);
	return width > minimum ? width : minimum;
}

int wc_main(int argc, char **argv)
{
	int option, kinds = 0;
	while ((option = getopt(argc, argv, "lwc")) >= 0) {
		int kind = option == 'l' ? LINES : option == 'w' ? WORDS : BYTES;
		if (option == '?')
			return usage_error(1);
		kinds += !wc.shown[kind];
		wc.shown[kind] = true;
	}
	if (kinds == 0) {
		wc.shown[LINES] = wc.shown[WORDS] = wc.shown[BYTES] = true;
		kinds = COUNTS;
	}
	int files = argc - optind;
	wc_without_names = files == 0;
	wc.width = kinds == 1 && files <= 1 ? 1 : wc_width(argv + optind);
	int status = visit_inputs(argv + optind, wc_file);
	if (files > 1)
		print_counts(wc.total, "total");
	return status;
}
