/*
 * Words to fields (POSIX XCU 2.6). One pass over a word's parts: literal and
 * quoted text joins the field being made, the result of an unquoted expansion
 * is split as it is added. Every byte carries a mark saying whether it was
 * quoted, which pathname expansion and patterns need to know.
 */
#include <fnmatch.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

struct expansion {
	struct buffer text, marks;
	bool split;       /* makes fields; else all is one text */
	bool tilde_colon; /* an assignment: ~ counts after each colon too */
	bool in_field;    /* even an empty one, as "" makes */
	bool after_blank; /* IFS white space ended the last field; a delimiter may still belong to it */
	const char *ifs;
	char **fields;
	int count, capacity;
};

static void expand_parts(struct expansion *e, struct part *part, bool from_argument);

/* A copy: ${IFS=...} may change it while it is in use. */
static const char *current_ifs(void)
{
	const char *ifs = variable_get("IFS");
	return ifs ? arena_copy(&sh.scratch, ifs, strlen(ifs)) : " \t\n";
}

static void expansion_start(struct expansion *e, bool split)
{
	*e = (struct expansion){
		.text = {.arena = &sh.scratch}, .marks = {.arena = &sh.scratch},
		.split = split, .ifs = current_ifs(),
	};
}

static void push_field(struct expansion *e, char *field)
{
	if (e->count + 1 >= e->capacity) { /* one more for the final NULL */
		int capacity = e->capacity ? e->capacity * 2 : 8;
		char **fields = arena_allocate(&sh.scratch, capacity * sizeof *fields);
		if (e->count)
			memcpy(fields, e->fields, e->count * sizeof *fields);
		e->fields = fields;
		e->capacity = capacity;
	}
	e->fields[e->count++] = field;
}

/* The collected text as a pattern: what was quoted is escaped. */
static char *escaped_text(struct expansion *e)
{
	struct buffer pattern = {.arena = &sh.scratch};
	for (size_t i = 0; i < e->text.length; i++) {
		char c = e->text.bytes[i];
		if (e->marks.bytes[i] && strchr("*?[]\\-!^", c))
			buffer_add(&pattern, '\\');
		buffer_add(&pattern, c);
	}
	return buffer_text(&pattern);
}

static bool has_glob(struct expansion *e)
{
	for (size_t i = 0; i < e->text.length; i++)
		if (!e->marks.bytes[i] && strchr("*?[", e->text.bytes[i]))
			return true;
	return false;
}

static void end_field(struct expansion *e)
{
	if (!e->in_field)
		return;
	glob_t found;
	if (!sh.options.f && has_glob(e) && glob(escaped_text(e), 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			push_field(e, arena_copy(&sh.scratch, found.gl_pathv[i], strlen(found.gl_pathv[i])));
		globfree(&found);
	} else {
		push_field(e, arena_copy(&sh.scratch, buffer_text(&e->text), e->text.length));
	}
	e->text.length = e->marks.length = 0;
	e->in_field = e->after_blank = false;
}

static void add_text(struct expansion *e, const char *text, bool quoted)
{
	size_t length = strlen(text);
	buffer_append(&e->text, text, length);
	for (size_t i = 0; i < length; i++)
		buffer_add(&e->marks, quoted);
	if (length || quoted) {
		e->in_field = true;
		e->after_blank = false;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Adds the result of an expansion: split unless it was quoted. */
static void add_result(struct expansion *e, const char *text, bool quoted)
{
	if (quoted || !e->split) {
		add_text(e, text, quoted);
		return;
	}
	for (; *text; text++) {
		char c[2] = {*text, 0};
		if (!strchr(e->ifs, *text)) {
			add_text(e, c, false);
		} else if (is_blank(*text)) {
			if (e->in_field) {
				end_field(e);
				e->after_blank = true;
			}
		} else if (e->in_field) {
			end_field(e);
		} else if (e->after_blank) {
			e->after_blank = false;
		} else {
			e->in_field = true; /* two delimiters with nothing between */
			end_field(e);
		}
	}
}

/* $@ and $*: each parameter apart, or all joined where nothing is split. */
static void add_parameters(struct expansion *e, char which, bool quoted)
{
	bool joined = !e->split || (quoted && which == '*');
	char separator[2] = {which == '*' ? e->ifs[0] : ' ', 0};
	for (int i = 0; i < sh.parameters.count; i++) {
		if (i > 0 && joined)
			add_text(e, separator, quoted);
		else if (i > 0)
			end_field(e);
		add_result(e, sh.parameters.values[i], quoted);
	}
	if (quoted && joined)
		e->in_field = true;
}

static char *number_text(long long number)
{
	char *text = arena_allocate(&sh.scratch, 24);
	snprintf(text, 24, "%lld", number);
	return text;
}

/* A parameter's value, NULL if unset. $@ and $* come joined, for operators. */
static const char *parameter_value(const char *name)
{
	if (name_length(name))
		return variable_get(name);
	long long position;
	if (parse_integer(name, 10, &position)) {
		if (position == 0)
			return sh.name;
		return position <= sh.parameters.count ? sh.parameters.values[position - 1] : NULL;
	}
	switch (*name) {
	case '#': return number_text(sh.parameters.count);
	case '?': return number_text(sh.status);
	case '$': return number_text(sh.pid);
	case '!': return sh.last_background ? number_text(sh.last_background) : NULL;
	case '-': return option_letters();
	}
	if (sh.parameters.count == 0)
		return NULL;
	struct expansion joined;
	expansion_start(&joined, false);
	add_parameters(&joined, *name, true);
	return buffer_text(&joined.text);
}

static char *trim(const char *value, struct part *part)
{
	const char *pattern = expand_pattern(part->word);
	size_t length = strlen(value);
	char *copy = arena_copy(&sh.scratch, value, length);
	bool from_end = part->operator == '%';
	/* Tries the cuts in order of the length they take off. */
	for (size_t i = 0; i <= length; i++) {
		size_t taken = part->longest ? length - i : i;
		if (from_end) {
			if (fnmatch(pattern, copy + length - taken, 0) == 0) {
				copy[length - taken] = 0;
				return copy;
			}
			continue;
		}
		char kept = copy[taken];
		copy[taken] = 0;
		bool matches = fnmatch(pattern, copy, 0) == 0;
		copy[taken] = kept;
		if (matches)
			return copy + taken;
	}
	return copy;
}

static void assign_default(struct expansion *e, struct part *part)
{
	if (!name_length(part->text)) {
		complain("%s: bad variable name", part->text);
		shell_fail(2);
	}
	char *value = expand_text(part->word);
	variable_set(part->text, value, 0);
	add_result(e, value, part->quoted);
}

static _Noreturn void fail_unset(struct part *part, const char *message)
{
	complain("%s: %s", part->text, message);
	shell_fail(2);
}

static void expand_parameter(struct expansion *e, struct part *part)
{
	bool is_list = strchr("@*", *part->text) != NULL;
	const char *value = parameter_value(part->text);
	bool missing = !value || (part->colon && !*value);
	switch (part->operator) {
	case '+':
		if (!missing)
			expand_parts(e, part->word->parts, true);
		else if (part->quoted)
			add_text(e, "", true);
		return;
	case '-':
		if (missing) {
			expand_parts(e, part->word->parts, true);
			return;
		}
		break;
	case '=':
		if (missing) {
			assign_default(e, part);
			return;
		}
		break;
	case '?':
		if (missing) {
			const char *message = expand_text(part->word);
			fail_unset(part, *message ? message : part->colon ? "parameter not set or null" : "parameter not set");
		}
		break;
	}
	if (!value && sh.options.u && !is_list)
		fail_unset(part, "parameter not set");
	if (part->operator == 'L')
		value = number_text(is_list ? (size_t)sh.parameters.count : strlen(value ? value : ""));
	else if (part->operator == '%' || part->operator == '#')
		value = trim(value ? value : "", part);
	else if (is_list) {
		add_parameters(e, *part->text, part->quoted);
		return;
	}
	add_result(e, value ? value : "", part->quoted);
}

static const char *home_of(const char *user, size_t length)
{
	if (length == 0)
		return variable_get("HOME");
	struct passwd *entry = getpwnam(arena_copy(&sh.scratch, user, length));
	return entry ? entry->pw_dir : NULL;
}

/* `text` begins with ~: adds the home directory, returns what follows. */
static const char *expand_tilde(struct expansion *e, const char *text, bool is_last)
{
	size_t length = strcspn(text + 1, e->tilde_colon ? "/:" : "/");
	/* A name going on in another part is quoted or expanded: no tilde prefix. */
	if (!text[1 + length] && !is_last)
		return text;
	const char *home = home_of(text + 1, length);
	if (!home)
		return text;
	add_text(e, home, true);
	return text + 1 + length;
}

static void add_literal(struct expansion *e, struct part *part, bool is_first)
{
	const char *text = part->text;
	bool tilde = is_first;
	for (;;) {
		if (tilde && *text == '~')
			text = expand_tilde(e, text, !part->next);
		const char *colon = e->tilde_colon ? strchr(text, ':') : NULL;
		if (!colon)
			break;
		add_text(e, arena_copy(&sh.scratch, text, colon + 1 - text), false);
		text = colon + 1;
		tilde = true;
	}
	add_text(e, text, false);
}

/* `from_argument`: in ${x-words} even literal blanks split, unless quoted. */
static void expand_parts(struct expansion *e, struct part *part, bool from_argument)
{
	for (bool is_first = true; part; part = part->next, is_first = false) {
		switch (part->kind) {
		case PART_TEXT:
			if (part->quoted)
				add_text(e, part->text, true);
			else if (from_argument && !(is_first && *part->text == '~'))
				add_result(e, part->text, false);
			else
				add_literal(e, part, is_first);
			break;
		case PART_PARAMETER:
			expand_parameter(e, part);
			break;
		case PART_COMMAND:
			add_result(e, substitute_command(part->command), part->quoted);
			break;
		case PART_ARITHMETIC:
			add_result(e, number_text(evaluate_arithmetic(expand_text(part->word))), part->quoted);
			break;
		}
	}
}

static char **expand_list(struct word *words, int *count, bool declaration)
{
	struct expansion e;
	expansion_start(&e, true);
	for (; words; words = words->next) {
		if (declaration && is_assignment(words)) {
			push_field(&e, expand_assignment(words));
			continue;
		}
		/* A list changing IFS by ${IFS=...} is served from the next word on. */
		e.ifs = current_ifs();
		expand_parts(&e, words->parts, false);
		end_field(&e);
		e.after_blank = false;
	}
	push_field(&e, NULL);
	*count = e.count - 1;
	return e.fields;
}

char **expand_words(struct word *words, int *count)
{
	return expand_list(words, count, false);
}

char **expand_declaration(struct word *words, int *count)
{
	return expand_list(words, count, true);
}

static char *expand_unsplit(struct word *word, bool tilde_colon, bool as_pattern)
{
	struct expansion e;
	expansion_start(&e, false);
	e.tilde_colon = tilde_colon;
	expand_parts(&e, word->parts, false);
	return as_pattern ? escaped_text(&e) : buffer_text(&e.text);
}

char *expand_text(struct word *word)
{
	return expand_unsplit(word, false, false);
}

char *expand_pattern(struct word *word)
{
	return expand_unsplit(word, false, true);
}

char *expand_assignment(struct word *word)
{
	/* The first "=" is in the first part: what is behind it may begin with ~. */
	struct part first = *word->parts;
	const char *equals = strchr(first.text, '=');
	char *name = arena_copy(&sh.scratch, first.text, equals + 1 - first.text);
	first.text = (char *)equals + 1;
	struct word value = {.parts = &first};
	if (!*first.text)
		value.parts = first.next;
	char *text = expand_unsplit(&value, true, false);
	size_t size = strlen(name) + strlen(text) + 1;
	char *assignment = arena_allocate(&sh.scratch, size);
	snprintf(assignment, size, "%s%s", name, text);
	return assignment;
}

bool is_assignment(const struct word *word)
{
	struct part *part = word->parts;
	if (!part || part->kind != PART_TEXT || part->quoted)
		return false;
	size_t length = name_length(part->text);
	return length > 0 && part->text[length] == '=';
}

char *expand_prompt(const char *variable)
{
	const char *text = variable_get(variable);
	struct word *word = text ? parse_prompt(&sh.scratch, text) : NULL;
	return word ? expand_text(word) : "";
}
