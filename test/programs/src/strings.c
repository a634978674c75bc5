/* Strings, sorting and formatted text: what most C programs do all day. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_length(const void *a, const void *b) {
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t m = strlen(x), n = strlen(y);
	return m != n ? (m > n) - (m < n) : strcmp(x, y);
}

static int say(const char *format, ...) {
	char line[200];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	return printf("%d:%s\n", n, line);
}

int main(int argc, char **argv) {
	char text[] = "the quick brown fox jumps over the lazy dog and then some more of it";
	char *words[40], *save;
	int count = 0;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) words[count++] = w;
	qsort(words, count, sizeof *words, by_length);
	for (int i = 0; i < count; i++) printf("%s%c", words[i], i + 1 < count ? ' ' : '\n');
	char *key = "jumps";
	char **found = bsearch(&key, words, count, sizeof *words, by_length);
	printf("%ld %s\n", found ? (long)(found - words) : -1L, argc > 1 ? argv[1] : "-");

	say("%5d|%-5d|%05d|%+d|% d|%x|%X|%#o|%c|%%", 42, 42, 42, 42, 42, 0xbeef, 0xbeef, 8, 'z');
	say("%s|%10s|%-10s|%.3s|%*.*s", "abc", "abc", "abc", "abcdef", 8, 2, "abcdef");
	say("%lld %llu %zu %hhd", -9223372036854775807LL - 1, 18446744073709551615ULL, sizeof(long), 300);
	say("%ld %ld %lu", strtol("-0x7fz", NULL, 0), strtol("0755", NULL, 0), strtoul("4294967296", NULL, 10));
	errno = 0;
	long huge = strtol("99999999999999999999", NULL, 10);
	say("%ld %s", huge, strerror(errno));

	/* Lengths and alignments around the sizes that vector code cares about. */
	static char from[300], to[300];
	unsigned sum = 0;
	for (int at = 0; at < 20; at++)
		for (int n = 0; n < 140; n += 1 + n / 9) {
			memset(from, 'a' + n % 26, sizeof from);
			memset(to, '.', sizeof to);
			from[at + n] = 0;
			strcpy(to + 3, from + at);
			memmove(to + 5, to + 2, n);
			char *end = memchr(to, 0, sizeof to);
			sum = sum * 31 + strlen(to) + (end ? end - to : 999) + strspn(to, ".") + (memcmp(to, from, 50) > 0);
			sum = sum * 31 + (strchr(from + at, 'q') != NULL) + (strrchr(to, '.') ? strrchr(to, '.') - to : 7);
			sum = sum * 31 + (strstr(from, "bbb") != NULL) + (strncmp(to, from, n) < 0);
		}
	printf("%u\n", sum);
	for (const char *p = "Hello, World 123"; *p; p++) putchar(isupper(*p) ? tolower(*p) : toupper(*p));
	putchar('\n');
	int *grown = NULL;
	for (int n = 1; n < 100000; n *= 3) {
		grown = realloc(grown, n * sizeof *grown);
		grown[n - 1] = n;
	}
	printf("%d\n", grown[0]);
	free(grown);
	return 17;
}
