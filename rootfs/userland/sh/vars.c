/* Variables, their scopes, and functions. */
#include "sh.h"

struct variable {
  char *name, *value; /* value is NULL while unset but exported, readonly or local */
  int flags;
  struct variable *next;
};
static struct variable *variables;

/* Variables as they were before `local`, innermost first; one without name ends a scope. */
struct saved_variable { struct variable before; bool existed; struct saved_variable *next; };
static struct saved_variable *saved_variables;

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

static struct variable *variable_make(const char *name) {
  struct variable *variable = *variable_slot(name);
  if (!variable) {
    variable = reallocate(NULL, sizeof *variable);
    *variable = (struct variable){.name = duplicate(name), .next = variables};
    variables = variable;
  }
  return variable;
}

static void check_writable(struct variable *variable) {
  if (variable && variable->flags & VARIABLE_READONLY)
    shell_fail(complain("%s: is read only", variable->name));
}

void variable_set(const char *name, const char *value, int flags) {
  struct variable *variable = variable_make(name);
  if (value) {
    check_writable(variable);
    char *copy = duplicate(value); /* first: value may be the old one */
    free(variable->value);
    variable->value = copy;
    flags |= sh.set['a'] ? VARIABLE_EXPORT : 0;
  }
  variable->flags |= flags;
}

static void variable_remove(const char *name) {
  struct variable **slot = variable_slot(name), *gone = *slot;
  if (!gone) return;
  *slot = gone->next;
  free(gone->name);
  free(gone->value);
  free(gone);
}

void variable_unset(const char *name) { check_writable(*variable_slot(name)); variable_remove(name); }

void variable_assign(const char *assignment, int flags) {
  size_t length = strcspn(assignment, "=");
  if (name_length(assignment) != length || length == 0)
    shell_fail(complain("%s: bad variable name", assignment));
  variable_set(arena_copy(&sh.scratch, assignment, length),
               assignment[length] ? assignment + length + 1 : NULL, flags);
}

char **variable_environment(void) {
  size_t count = 1;
  for (struct variable *variable = variables; variable; variable = variable->next) count++;
  char **environment = arena_allocate(&sh.scratch, count * sizeof *environment), **next = environment;
  for (struct variable *variable = variables; variable; variable = variable->next)
    if (variable->flags & VARIABLE_EXPORT && variable->value)
      *next++ = scratch_text("%s=%s", variable->name, variable->value);
  return environment;
}

void print_quoted(const char *text) {
  putchar('\'');
  for (; *text; text++) *text == '\'' ? fputs("'\"'\"'", stdout) : putchar(*text);
  putchar('\'');
}
static int compare_names(const void *left, const void *right) {
  return strcmp((*(struct variable **)left)->name, (*(struct variable **)right)->name);
}

void variable_print_all(int flags, const char *prefix) {
  size_t count = 0;
  struct variable **sorted = NULL;
  for (struct variable *variable = variables; variable; variable = variable->next)
    if ((variable->flags & flags) == flags && (flags || variable->value)) APPEND(sorted, count, variable);
  if (count) qsort(sorted, count, sizeof *sorted, compare_names);
  for (size_t i = 0; i < count; i++) {
    printf("%s%s", prefix, sorted[i]->name);
    if (sorted[i]->value) { putchar('='); print_quoted(sorted[i]->value); }
    putchar('\n');
  }
  free(sorted);
}

static void save_variable(struct variable before, bool existed) {
  struct saved_variable *saved = reallocate(NULL, sizeof *saved);
  *saved = (struct saved_variable){before, existed, saved_variables};
  saved_variables = saved;
}
void variable_scope_push(void) { save_variable((struct variable){0}, false); }

void variable_make_local(const char *assignment) {
  char *name = arena_copy(&sh.scratch, assignment, strcspn(assignment, "="));
  for (struct saved_variable *saved = saved_variables; saved->before.name; saved = saved->next)
    if (equal(saved->before.name, name)) return;
  struct variable *variable = *variable_slot(name), before = {.name = duplicate(name)};
  if (variable) {
    before.value = variable->value ? duplicate(variable->value) : NULL;
    before.flags = variable->flags;
  }
  save_variable(before, variable != NULL);
}

bool variable_scope_pop(void) {
  bool is_scope_end = !saved_variables;
  if (is_scope_end) return false;
  while (!is_scope_end) {
    struct saved_variable *saved = saved_variables;
    const char *name = saved->before.name;
    saved_variables = saved->next;
    is_scope_end = !name;
    if (!is_scope_end) variable_remove(name); /* even if it is readonly */
    if (saved->existed) {
      struct variable *variable = variable_make(name);
      variable->value = saved->before.value;
      variable->flags = saved->before.flags;
    }
    free(saved->before.name);
    free(saved);
  }
  return true;
}

static struct function *function_find(const char *name) {
  struct function *function = functions;
  while (function && !equal(function->name, name)) function = function->next;
  return function;
}
struct node *function_body(const char *name) {
  struct function *function = function_find(name);
  return function ? function->body : NULL;
}

void function_define(const char *name, struct node *body) {
  struct function *function = function_find(name);
  if (!function) {
    function = reallocate(NULL, sizeof *function);
    *function = (struct function){.name = duplicate(name), .next = functions};
    functions = function;
  }
  function->body = body;
}
