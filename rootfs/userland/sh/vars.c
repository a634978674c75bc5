/* Variables, their scopes, and functions. */
#include <stdlib.h>
#include <string.h>

#include "sh.h"

struct variable {
	char *name, *value; /* value is NULL while unset but exported, readonly or local */
	int flags;
	struct variable *next;
};

/* A variable as it was before `local`, to be put back. */
struct saved_variable {
	char *name, *value;
	int flags;
	bool existed;
	struct saved_variable *next;
};
struct scope {
	struct saved_variable *saved;
	struct scope *outer;
};

enum { BUCKETS = 64 };
static struct variable *variables[BUCKETS];
static struct scope *scope;
static struct function *functions;

static struct variable **variable_slot(const char *name, size_t length)
{
	unsigned hash = 0;
	for (size_t i = 0; i < length; i++)
		hash = hash * 31 + (unsigned char)name[i];
	struct variable **slot = &variables[hash % BUCKETS];
	while (*slot && (strncmp((*slot)->name, name, length) != 0 || (*slot)->name[length]))
		slot = &(*slot)->next;
	return slot;
}

const char *variable_get(const char *name)
{
	if (strcmp(name, "LINENO") == 0) {
		static char line[12];
		snprintf(line, sizeof line, "%d", sh.line);
		return line;
	}
	struct variable *variable = *variable_slot(name, strlen(name));
	return variable ? variable->value : NULL;
}

void variable_set(const char *name, const char *value, int flags)
{
	struct variable **slot = variable_slot(name, strlen(name)), *variable = *slot;
	if (!variable) {
		variable = *slot = allocate(sizeof *variable);
		*variable = (struct variable){.name = duplicate(name)};
	}
	if (value) {
		if (variable->flags & VARIABLE_READONLY) {
			complain("%s: is read only", name);
			shell_fail(2);
		}
		char *copy = duplicate(value); /* first: value may be the old one */
		free(variable->value);
		variable->value = copy;
		if (sh.options.a)
			flags |= VARIABLE_EXPORT;
	}
	variable->flags |= flags;
}

static void remove_variable(struct variable **slot)
{
	struct variable *variable = *slot;
	*slot = variable->next;
	free(variable->name);
	free(variable->value);
	free(variable);
}

bool variable_unset(const char *name)
{
	struct variable **slot = variable_slot(name, strlen(name));
	if (!*slot)
		return true;
	if ((*slot)->flags & VARIABLE_READONLY) {
		complain("unset: %s: is read only", name);
		return false;
	}
	remove_variable(slot);
	return true;
}

void variable_assign(const char *assignment, int flags)
{
	const char *equals = strchr(assignment, '=');
	size_t length = equals ? (size_t)(equals - assignment) : strlen(assignment);
	if (name_length(assignment) != length || length == 0) {
		complain("%s: bad variable name", assignment);
		shell_fail(2);
	}
	char *name = arena_copy(&sh.scratch, assignment, length);
	variable_set(name, equals ? equals + 1 : NULL, flags);
}

void variables_import(char **environment)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		/* What is no shell name cannot be kept; POSIX lets it go. */
		if (equals && equals > *environment && name_length(*environment) == (size_t)(equals - *environment))
			variable_assign(*environment, VARIABLE_EXPORT);
	}
}

char **variable_environment(void)
{
	size_t count = 0;
	for (int i = 0; i < BUCKETS; i++)
		for (struct variable *variable = variables[i]; variable; variable = variable->next)
			count++;
	char **environment = arena_allocate(&sh.scratch, (count + 1) * sizeof *environment), **next = environment;
	for (int i = 0; i < BUCKETS; i++) {
		for (struct variable *variable = variables[i]; variable; variable = variable->next) {
			if (!(variable->flags & VARIABLE_EXPORT) || !variable->value)
				continue;
			size_t size = strlen(variable->name) + strlen(variable->value) + 2;
			*next = arena_allocate(&sh.scratch, size);
			snprintf(*next++, size, "%s=%s", variable->name, variable->value);
		}
	}
	return environment;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp((*(struct variable **)left)->name, (*(struct variable **)right)->name);
}

void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\"'\"'", stdout);
		else
			putchar(*text);
	}
	putchar('\'');
}

void variable_print_all(int flags, const char *prefix)
{
	size_t count = 0;
	struct variable **sorted = NULL;
	for (int i = 0; i < BUCKETS; i++) {
		for (struct variable *variable = variables[i]; variable; variable = variable->next) {
			if ((variable->flags & flags) != flags || (!flags && !variable->value))
				continue;
			sorted = reallocate(sorted, (count + 1) * sizeof *sorted);
			sorted[count++] = variable;
		}
	}
	if (count)
		qsort(sorted, count, sizeof *sorted, compare_names);
	for (size_t i = 0; i < count; i++) {
		printf("%s%s", prefix, sorted[i]->name);
		if (sorted[i]->value) {
			putchar('=');
			print_quoted(sorted[i]->value);
		}
		putchar('\n');
	}
	free(sorted);
}

void variable_scope_push(void)
{
	struct scope *inner = allocate(sizeof *inner);
	*inner = (struct scope){.outer = scope};
	scope = inner;
}

void variable_make_local(const char *name)
{
	for (struct saved_variable *saved = scope->saved; saved; saved = saved->next)
		if (strcmp(saved->name, name) == 0)
			return;
	struct variable *variable = *variable_slot(name, strlen(name));
	struct saved_variable *saved = allocate(sizeof *saved);
	*saved = (struct saved_variable){
		.name = duplicate(name), .existed = variable != NULL,
		.value = variable && variable->value ? duplicate(variable->value) : NULL,
		.flags = variable ? variable->flags : 0, .next = scope->saved,
	};
	scope->saved = saved;
}

bool variable_scope_pop(void)
{
	struct scope *inner = scope;
	if (!inner)
		return false;
	scope = inner->outer;
	while (inner->saved) {
		struct saved_variable *saved = inner->saved;
		inner->saved = saved->next;
		/* Not through variable_set: a local readonly must go as well. */
		struct variable **slot = variable_slot(saved->name, strlen(saved->name));
		if (*slot)
			remove_variable(slot);
		if (saved->existed) {
			variable_set(saved->name, saved->value, 0);
			(*variable_slot(saved->name, strlen(saved->name)))->flags = saved->flags;
		}
		free(saved->name);
		free(saved->value);
		free(saved);
	}
	free(inner);
	return true;
}

struct function *function_find(const char *name)
{
	struct function *function = functions;
	while (function && strcmp(function->name, name) != 0)
		function = function->next;
	return function;
}

void function_define(const char *name, struct node *body)
{
	struct function *function = function_find(name);
	if (!function) {
		function = allocate(sizeof *function);
		*function = (struct function){.name = duplicate(name), .next = functions};
		functions = function;
	}
	function->body = body;
}

bool function_remove(const char *name)
{
	for (struct function **slot = &functions; *slot; slot = &(*slot)->next) {
		if (strcmp((*slot)->name, name) == 0) {
			struct function *gone = *slot;
			*slot = gone->next;
			free(gone->name);
			free(gone);
			return true;
		}
	}
	return false;
}
