/* find and xargs, which, time, env: programs that choose what others are to be run on. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "userland.h"

extern char **environ;

/* An expression as a tree. A test's argument is text, a number, or a command line up to its ; or +. */
struct expression {
	enum find_kind {
		NAME, INAME, PATH, TYPE, SIZE, NEWER, MTIME, PERM, EMPTY, PRINT, PRINT0, EXEC, DELETE, PRUNE, TRUE, NOT, AND, OR,
	} kind;
	char *text, **command;
	long long number;
	char sign, unit;
	int words, gathered; /* of the command, and of what -exec + has collected behind it */
	bool gathers;
	struct expression *left, *right;
};
static const struct { const char *name; enum find_kind kind; bool has_argument; } find_words[] = {
	{"-name", NAME, true}, {"-iname", INAME, true}, {"-path", PATH, true}, {"-type", TYPE, true}, {"-size", SIZE, true},
	{"-newer", NEWER, true}, {"-mtime", MTIME, true}, {"-perm", PERM, true}, {"-empty", EMPTY, false},
	{"-print", PRINT, false}, {"-print0", PRINT0, false}, {"-exec", EXEC, false}, {"-delete", DELETE, false},
	{"-prune", PRUNE, false}, {"-true", TRUE, false},
};
enum { GATHERED_MAX = 512 };

static struct {
	char **next; /* word of the expression */
	struct expression *root;
	long long max_depth, min_depth;
	bool depth_first, has_action, pruned;
	int status;
} find;

static struct expression *parse_or(void);

static struct expression *new_expression(enum find_kind kind, struct expression *left, struct expression *right) {
	struct expression *e = reallocate(NULL, sizeof *e);
	*e = (struct expression){.kind = kind, .left = left, .right = right};
	return e;
}

static bool skip_either(const char *word, const char *other) {
	bool found = *find.next && (strcmp(*find.next, word) == 0 || strcmp(*find.next, other) == 0);
	find.next += found;
	return found;
}

static _Noreturn void find_error(const char *format, const char *word) { exit(warn(format, word)); }

static void parse_argument(struct expression *e, const char *name) {
	struct stat status;
	e->text = *find.next++;
	if (!e->text) find_error("missing argument to '%s'", name);
	if (e->kind == NEWER) {
		if (stat(e->text, &status) < 0) exit(warn_errno(e->text));
		e->number = status.st_mtime;
	} else if (e->kind == SIZE || e->kind == MTIME || e->kind == PERM) {
		char *end;
		e->sign = strchr("+-", *e->text) ? *e->text : 0;
		e->number = strtoll(e->text + !!e->sign, &end, e->kind == PERM ? 8 : 10);
		e->unit = *end ? *end : 'b';
	}
}

static struct expression *parse_primary(void) {
	const char *word = *find.next++;
	if (!word) find_error("expected an expression%s", "");
	if (strcmp(word, "!") == 0 || strcmp(word, "-not") == 0) return new_expression(NOT, parse_primary(), NULL);
	if (strcmp(word, "(") == 0) {
		struct expression *inner = parse_or();
		if (!skip_either(")", ")")) find_error("missing '%s'", ")");
		return inner;
	}
	if (strcmp(word, "-depth") == 0) return find.depth_first = true, new_expression(TRUE, NULL, NULL);
	if (strcmp(word, "-maxdepth") == 0 || strcmp(word, "-mindepth") == 0) {
		if (!*find.next) find_error("missing argument to '%s'", word);
		*(word[2] == 'a' ? &find.max_depth : &find.min_depth) = atoi(*find.next++);
		return new_expression(TRUE, NULL, NULL);
	}
	size_t row = 0, rows = sizeof find_words / sizeof *find_words;
	while (row < rows && strcmp(find_words[row].name, word) != 0) row++;
	if (row == rows) find_error("unknown predicate '%s'", word);
	struct expression *e = new_expression(find_words[row].kind, NULL, NULL);
	if (find_words[row].has_argument) parse_argument(e, word);
	find.depth_first |= e->kind == DELETE;
	find.has_action |= e->kind == PRINT || e->kind == PRINT0 || e->kind == DELETE || e->kind == EXEC;
	if (e->kind == EXEC) {
		for (e->command = find.next; *find.next && strcmp(*find.next, ";") != 0 && !e->gathers; find.next++)
			e->gathers = strcmp(*find.next, "{}") == 0 && find.next[1] && strcmp(find.next[1], "+") == 0;
		if (!*find.next) find_error("missing argument to '%s'", word);
		e->words = find.next - e->command - e->gathers;
		find.next++;
		if (e->gathers) {
			char **words = reallocate(NULL, (e->words + GATHERED_MAX + 1) * sizeof *words);
			e->command = memcpy(words, e->command, e->words * sizeof *words);
		}
	}
	return e;
}

static struct expression *parse_and(void) {
	struct expression *left = parse_primary();
	while (*find.next && strcmp(*find.next, ")") != 0 && strcmp(*find.next, "-o") != 0) {
		skip_either("-a", "-and");
		left = new_expression(AND, left, parse_primary());
	}
	return left;
}

static struct expression *parse_or(void) {
	struct expression *left = parse_and();
	while (skip_either("-o", "-or")) left = new_expression(OR, left, parse_and());
	return left;
}

static bool run_gathered(struct expression *e) {
	e->command[e->words + e->gathered] = NULL;
	int status = e->gathered ? run_command(e->command) : 0;
	while (e->gathered) free(e->command[e->words + --e->gathered]);
	if (status) find.status = 1;
	return true;
}

/* The text with every `mark` in it replaced. */
static char *replace_marks(const char *text, const char *mark, const char *replacement) {
	struct buffer out = {0};
	for (const char *found; (found = strstr(text, mark)); text = found + strlen(mark)) {
		buffer_append(&out, text, found - text);
		buffer_append(&out, replacement, strlen(replacement));
	}
	buffer_append(&out, text, strlen(text));
	return buffer_text(&out);
}

static bool run_on(struct expression *e, const char *path) {
	if (e->gathers) {
		e->command[e->words + e->gathered++] = duplicate(path);
		return e->gathered < GATHERED_MAX || run_gathered(e);
	}
	char **words = reallocate(NULL, (e->words + 1) * sizeof *words);
	for (int i = 0; i < e->words; i++) words[i] = replace_marks(e->command[i], "{}", path);
	words[e->words] = NULL;
	bool good = run_command(words) == 0;
	free_names(words);
	return good;
}

static bool compare_number(const struct expression *e, long long value) {
	return e->sign == '+' ? value > e->number : e->sign == '-' ? value < e->number : value == e->number;
}

static bool evaluate(struct expression *e, const char *path, const struct stat *s) {
	static const char types[16] = " pc d b f l s";
	long long unit = e->unit == 'c' ? 1 : e->unit == 'k' ? 1024 : e->unit == 'M' ? 1 << 20 : 512;
	mode_t mode = s->st_mode & 07777;
	switch (e->kind) {
	case NAME: return fnmatch(e->text, path_basename(path), 0) == 0;
	case INAME: return fnmatch(e->text, path_basename(path), FNM_CASEFOLD) == 0;
	case PATH: return fnmatch(e->text, path, 0) == 0;
	case TYPE: return types[s->st_mode >> 12 & 15] == *e->text;
	case SIZE: return compare_number(e, (s->st_size + unit - 1) / unit);
	case NEWER: return s->st_mtime > e->number;
	case MTIME: return compare_number(e, (time(NULL) - s->st_mtime) / 86400);
	case PERM: return e->sign == '-' ? (mode & e->number) == e->number : mode == e->number;
	case EMPTY: {
		char **names = S_ISDIR(s->st_mode) ? list_names(path) : NULL;
		bool empty = names ? !*names : S_ISREG(s->st_mode) && s->st_size == 0;
		free_names(names);
		return empty;
	}
	case PRINT: return puts(path) >= 0;
	case PRINT0: return fwrite(path, 1, strlen(path) + 1, stdout) > 0;
	case EXEC: return run_on(e, path);
	case DELETE:
		if (strcmp(path, ".") == 0 || (S_ISDIR(s->st_mode) ? rmdir : unlink)(path) == 0) return true;
		find.status = warn_errno(path);
		return false;
	case PRUNE: return find.pruned = true;
	case TRUE: return true;
	case NOT: return !evaluate(e->left, path, s);
	case AND: return evaluate(e->left, path, s) && evaluate(e->right, path, s);
	case OR: return evaluate(e->left, path, s) || evaluate(e->right, path, s);
	}
	return false;
}

static bool find_before(const char *path, const struct stat *status, int depth) {
	find.pruned = false;
	if (!find.depth_first && depth >= find.min_depth) evaluate(find.root, path, status);
	if (find.depth_first && depth == find.max_depth) evaluate(find.root, path, status);
	return depth < find.max_depth && !find.pruned;
}

static bool find_after(const char *path, const struct stat *status, int depth) {
	if (find.depth_first && depth >= find.min_depth) evaluate(find.root, path, status);
	return true;
}

static void finish_gathered(struct expression *e) {
	if (!e) return;
	if (e->gathers) run_gathered(e);
	finish_gathered(e->left);
	finish_gathered(e->right);
}

int find_main(char **operands) {
	static char *here[] = {".", NULL};
	int count = 0;
	while (operands[count] && !strchr("-!(", *operands[count])) count++;
	find.max_depth = 1 << 20;
	find.next = operands + count;
	find.root = *find.next ? parse_or() : new_expression(TRUE, NULL, NULL);
	if (*find.next) find_error("unexpected '%s'", *find.next);
	if (!find.has_action) find.root = new_expression(AND, find.root, new_expression(PRINT, NULL, NULL));
	operands[count] = NULL;
	for (char **path = count ? operands : here; *path; path++)
		if (!walk(*path, find_before, find_after)) find.status = 1;
	finish_gathered(find.root);
	return find.status;
}

/* ---- xargs */

/* The next word of the input, in memory of its own; NULL at the end. Quotes and backslashes count unless -0 or -d. */
static char *read_word(char delimiter, bool plain) {
	struct buffer word = {0};
	int c = getchar(), quote = 0;
	while (!plain && c >= 0 && strchr(delimiter == '\n' ? "\n" : " \t\n", c)) c = getchar();
	if (c < 0) return NULL;
	for (; c >= 0; c = getchar()) {
		if (!quote && (plain || delimiter == '\n' ? c == delimiter : strchr(" \t\n", c) && c)) break;
		if (!plain && (c == '\'' || c == '"') && (!quote || quote == c))
			quote = quote ? 0 : c;
		else
			buffer_add(&word, !plain && c == '\\' && !quote ? getchar() : c);
	}
	return buffer_text(&word);
}

static int run_words(char **words) {
	if (option['t']) {
		for (char **word = words; *word; word++) fprintf(stderr, word[1] ? "%s " : "%s\n", *word);
	}
	int status = run_command(words);
	return status == 0 ? 0 : status >= 126 ? status : 123;
}

int xargs_main(char **operands) {
	enum { WORDS_MAX = 4096, BYTES_MAX = 100000 };
	static char *echo[] = {"echo", NULL}, *words[2 * WORDS_MAX];
	char **command = *operands ? operands : echo, *word;
	const char *mark = option['I'];
	int given = 0, count = 0, status = 0, runs = 0;
	long limit = option['n'] ? atol(option['n']) : WORDS_MAX;
	bool plain = option['0'] || option['d'];
	char delimiter = option['0'] ? 0 : option['d'] ? *option['d'] : mark ? '\n' : ' ';
	size_t bytes = 0;
	for (; command[given] && given < WORDS_MAX - 1; given++) words[given] = command[given];
	do {
		word = read_word(delimiter, plain);
		if (mark && word) {
			for (int i = 0; i < given; i++) words[i] = replace_marks(command[i], mark, word + strspn(word, " \t"));
			words[given] = NULL;
			status |= run_words(words);
			continue;
		}
		if (word) bytes += strlen(words[given + count++] = word) + 1;
		if (!mark && (count >= limit || bytes > BYTES_MAX || (!word && (count || (!runs && !option['r']))))) {
			words[given + count] = NULL;
			status |= run_words(words);
			count = bytes = 0;
			runs++;
		}
	} while (word && status < 126);
	return status;
}

int env_main(char **operands) {
	char *unwanted = option['u'] ? duplicate(option['u']) : NULL;
	bool old_style = *operands && strcmp(*operands, "-") == 0; /* of -i */
	if (option['i'] || old_style) clearenv();
	for (char *name = strtok(unwanted ? unwanted : "", "\n"); name; name = strtok(NULL, "\n")) unsetenv(name);
	for (operands += old_style; *operands && strchr(*operands, '='); operands++) putenv(*operands);
	if (*operands) return execute(operands);
	for (char **variable = environ; variable && *variable; variable++) puts(*variable);
	return 0;
}

int which_main(char **operands) {
	int status = 0;
	for (; *operands; operands++) {
		bool found = false;
		for (const char *path = getenv("PATH"); path && (!found || option['a']);) {
			char *candidate = next_candidate(&path, *operands);
			struct stat file;
			if (access(candidate, X_OK) == 0 && stat(candidate, &file) == 0 && S_ISREG(file.st_mode)) found = puts(candidate) >= 0;
			free(candidate);
		}
		status |= !found;
	}
	return status;
}

int time_main(char **operands) {
	struct timespec start, end;
	struct rusage usage;
	if (!*operands) return usage_error();
	clock_gettime(CLOCK_MONOTONIC, &start);
	int status = run_command(operands);
	clock_gettime(CLOCK_MONOTONIC, &end);
	getrusage(RUSAGE_CHILDREN, &usage);
	fprintf(stderr, "real %.2f\nuser %.2f\nsys %.2f\n", end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9,
	        usage.ru_utime.tv_sec + usage.ru_utime.tv_usec / 1e6, usage.ru_stime.tv_sec + usage.ru_stime.tv_usec / 1e6);
	return status;
}
