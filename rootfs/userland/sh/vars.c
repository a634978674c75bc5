/* Variables, their scopes, and functions. */
#include "sh.h"

/* By name; of one name the innermost comes first: a local one hides those behind it. */
static struct variable {
  char *name, *value; /* value is NULL while unset but exported, readonly or local */
  int flags, scope;   /* in how many calls it was made local */
  struct variable *next;
} *variables;
static int scope;

struct function *functions;

static struct variable **variable_slot(const char *name) {
  struct variable **slot = &variables;
  while (*slot && !equal((*slot)->name, name)) slot = &(*slot)->next;
  return slot;
}

const char *variable_get(const char *name) {
  if (equal(name, "LINENO")) return scratch_text("%d", sh.line);
  if (equal(name, "PPID")) return scratch_text("%d", getppid());
  struct variable *variable = *variable_slot(name);
  return variable ? variable->value : NULL;
}

static struct variable *variable_new(const char *name, int in_scope) {
  struct variable *variable = reallocate(NULL, sizeof *variable), **slot = &variables;
  while (*slot && strcmp((*slot)->name, name) < 0) slot = &(*slot)->next;
  *variable = (struct variable){.name = duplicate(name), .scope = in_scope, .next = *slot};
  return *slot = variable;
}

static void variable_free(struct variable **slot) {
  struct variable *gone = *slot;
  *slot = gone->next;
  free(gone->name);
  free(gone->value);
  free(gone);
}

static void check_writable(struct variable *variable) {
  if (variable && variable->flags & VARIABLE_READONLY)
    shell_fail(complain("%s: is read only", variable->name));
}

void variable_set(const char *name, const char *value, int flags) {
  struct variable *variable = *variable_slot(name);
  if (!variable) variable = variable_new(name, 0);
  if (value) {
    check_writable(variable);
    char *copy = duplicate(value); /* first: value may be the old one */
    free(variable->value);
    variable->value = copy;
    flags |= sh.set['a'] ? VARIABLE_EXPORT : 0;
  }
  variable->flags |= flags;
}

void variable_unset(const char *name) {
  struct variable **slot = variable_slot(name), *variable = *slot;
  check_writable(variable);
  if (!variable) return;
  free(variable->value);
  variable->value = NULL;
  variable->flags = 0;
  if (!variable->scope) variable_free(slot); /* a local one goes on hiding the outer one */
}

void variable_assign(const char *assignment, int flags) {
  size_t length = strcspn(assignment, "=");
  if (name_length(assignment) != length || length == 0)
    shell_fail(complain("%s: bad variable name", assignment));
  variable_set(arena_copy(&sh.scratch, assignment, length),
               assignment[length] ? assignment + length + 1 : NULL, flags);
}

static bool is_visible(struct variable *variable) { return *variable_slot(variable->name) == variable; }

char **variable_environment(void) {
  struct buffer environment = {.arena = &sh.scratch};
  for (struct variable *variable = variables; variable; variable = variable->next)
    if (variable->flags & VARIABLE_EXPORT && variable->value && is_visible(variable))
      buffer_push(&environment, scratch_text("%s=%s", variable->name, variable->value));
  buffer_push(&environment, NULL);
  return (char **)environment.bytes;
}

void print_quoted(const char *text) {
  putchar('\'');
  for (; *text; text++) *text == '\'' ? fputs("'\"'\"'", stdout) : putchar(*text);
  putchar('\'');
}

void variable_print_all(int flags, const char *prefix) {
  for (struct variable *variable = variables; variable; variable = variable->next) {
    if ((variable->flags & flags) != flags || !(flags || variable->value) || !is_visible(variable)) continue;
    printf("%s%s", prefix, variable->name);
    if (variable->value) { putchar('='); print_quoted(variable->value); }
    putchar('\n');
  }
}

void variable_scope_push(void) { scope++; }

void variable_make_local(const char *assignment) {
  char *name = arena_copy(&sh.scratch, assignment, strcspn(assignment, "="));
  struct variable *outer = *variable_slot(name);
  if (outer && outer->scope == scope) return;
  struct variable *inner = variable_new(name, scope);
  if (outer) inner->flags = outer->flags;
  if (outer && outer->value) inner->value = duplicate(outer->value);
}

bool variable_scope_pop(void) {
  if (!scope) return false;
  for (struct variable **slot = &variables; *slot;) {
    if ((*slot)->scope == scope) variable_free(slot);
    else slot = &(*slot)->next;
  }
  scope--;
  return true;
}

struct node *function_body(const char *name) {
  struct function *function = functions;
  while (function && !equal(function->name, name)) function = function->next;
  return function ? function->body : NULL;
}

/* The newest comes first; those it replaces stay in memory, for they may be running. */
void function_define(const char *name, struct node *body) {
  struct function *function = reallocate(NULL, sizeof *function);
  *function = (struct function){.name = duplicate(name), .body = body, .next = functions};
  functions = function;
}
