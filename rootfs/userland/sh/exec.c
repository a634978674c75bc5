/* Walks the tree. Every subshell, program and pipe end is a fork. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

/* What a function call changed, linked so that an error can undo all of it. */
struct call {
	struct parameters parameters;
	int loop_depth;
	struct call *outer;
};
static struct call *innermost_call;

static int check_errexit(int status)
{
	sh.status = status;
	if (status != 0 && sh.options.e && !sh.errexit_ignored)
		shell_exit(status);
	return status;
}

pid_t fork_subshell(bool background)
{
	fflush(stdout); /* or both processes would print it */
	pid_t pid = fork();
	if (pid < 0) {
		complain("Cannot fork: %s", strerror(errno));
		shell_fail(2);
	}
	if (pid > 0)
		return pid;
	sh.is_subshell = true;
	traps_reset(background);
	jobs_forget();
	sh.interactive = false;
	sh.top_level = NULL;
	return 0;
}

static _Noreturn void run_child(struct node *node)
{
	exec_node(node, EXEC_LAST);
	shell_exit(sh.status);
}

char *substitute_command(struct node *command)
{
	struct buffer output = {.arena = &sh.scratch};
	int ends[2];
	if (!command)
		return "";
	if (pipe(ends) < 0) {
		complain("pipe: %s", strerror(errno));
		shell_fail(2);
	}
	pid_t pid = fork_subshell(false);
	if (pid == 0) {
		close(ends[0]);
		dup2(ends[1], 1);
		if (ends[1] != 1)
			close(ends[1]);
		run_child(command);
	}
	close(ends[1]);
	char block[4096];
	ssize_t got;
	while ((got = read(ends[0], block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
		for (ssize_t i = 0; i < got; i++)
			if (block[i]) /* no string can hold NUL */
				buffer_add(&output, block[i]);
	close(ends[0]);
	sh.substitution_status = wait_foreground(pid);
	while (output.length && output.bytes[output.length - 1] == '\n')
		output.length--;
	return buffer_text(&output);
}

char *find_program(const char *name, const char *path)
{
	if (strchr(name, '/'))
		return arena_copy(&sh.scratch, name, strlen(name));
	int failure = ENOENT;
	while (path) {
		size_t length = strcspn(path, ":"), size = length + strlen(name) + 3;
		char *candidate = arena_allocate(&sh.scratch, size);
		/* An empty entry is the current directory. */
		snprintf(candidate, size, "%.*s/%s", length ? (int)length : 1, length ? path : ".", name);
		struct stat status;
		if (stat(candidate, &status) == 0 && S_ISREG(status.st_mode)) {
			if (access(candidate, X_OK) == 0)
				return candidate;
			failure = EACCES;
		}
		path = path[length] ? path + length + 1 : NULL;
	}
	errno = failure;
	return NULL;
}

/* A file without a magic number is a script for this shell. */
static void exec_as_script(const char *file, char **argv, char **environment)
{
	int count = 0;
	while (argv[count])
		count++;
	char **arguments = arena_allocate(&sh.scratch, (count + 2) * sizeof *arguments);
	arguments[0] = "sh";
	arguments[1] = (char *)file;
	for (int i = 1; i < count; i++)
		arguments[i + 1] = argv[i];
	execve("/proc/self/exe", arguments, environment);
}

int exec_program(char **argv, const char *path)
{
	fflush(stdout);
	char **environment = variable_environment();
	char *file = find_program(argv[0], path);
	if (file) {
		execve(file, argv, environment);
		if (errno == ENOEXEC)
			exec_as_script(file, argv, environment);
	} else if (errno == ENOENT && find_applet(argv[0])) {
		/* No symlink for it: this very binary has it all the same. */
		execve("/proc/self/exe", argv, environment);
	}
	int error = errno;
	if (error == ENOENT && !strchr(argv[0], '/'))
		complain("%s: not found", argv[0]);
	else
		complain("%s: %s", argv[0], strerror(error));
	return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

static int run_program(char **argv, struct redirect *redirects, const char *path, int flags)
{
	bool replace = (flags & EXEC_LAST) && !traps_any_set();
	pid_t pid = replace ? 0 : fork_subshell(false);
	if (pid > 0)
		return wait_foreground(pid);
	if (!redirect_apply(redirects, false))
		shell_exit(2);
	/* Straight out: the shell's own EXIT trap is not for this process. */
	_exit(exec_program(argv, path));
}

static int run_builtin(const struct builtin *builtin, int argc, char **argv)
{
	program_name = argv[0];
	int status = builtin->run(argc, argv);
	program_name = "sh";
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("%s: I/O error", argv[0]);
		clearerr(stdout);
		return status ? status : 1;
	}
	return status;
}

static void leave_call(void)
{
	struct call *call = innermost_call;
	release_parameters();
	sh.parameters = call->parameters;
	sh.loop_depth = call->loop_depth;
	sh.function_depth--;
	innermost_call = call->outer;
	free(call);
}

static int call_function(struct function *function, int argc, char **argv)
{
	struct call *call = allocate(sizeof *call);
	*call = (struct call){sh.parameters, sh.loop_depth, innermost_call};
	innermost_call = call;
	sh.parameters = (struct parameters){.values = argv + 1, .count = argc - 1};
	sh.loop_depth = 0;
	sh.function_depth++;
	variable_scope_push();
	int status = exec_node(function->body, 0);
	variable_scope_pop();
	leave_call();
	if (sh.unwind == UNWIND_RETURN)
		sh.unwind = UNWIND_NONE;
	return status;
}

void unwind_everything(void)
{
	redirect_undo(0);
	while (variable_scope_pop())
		continue;
	while (innermost_call)
		leave_call();
	sh.loop_depth = sh.source_depth = sh.errexit_ignored = 0;
	sh.unwind = UNWIND_NONE;
	arena_release(&sh.scratch, (struct arena_mark){NULL, 0});
}

int run_without_functions(int argc, char **argv, const char *path)
{
	const struct builtin *builtin = find_builtin(argv[0]);
	return builtin ? run_builtin(builtin, argc, argv) : run_program(argv, NULL, path, 0);
}

static void trace(const char *text, bool is_last)
{
	fprintf(stderr, "%s%s", text, is_last ? "\n" : " ");
}

/* Carries out "a=1 b=2" before a command, local to it unless `for_good`. */
static void assign_all(struct word *assignments, bool for_good, bool is_alone)
{
	for (; assignments; assignments = assignments->next) {
		char *assignment = expand_assignment(assignments);
		if (!for_good)
			variable_make_local(arena_copy(&sh.scratch, assignment, name_length(assignment)));
		variable_assign(assignment, for_good ? 0 : VARIABLE_EXPORT);
		if (sh.options.x)
			trace(assignment, is_alone && !assignments->next);
	}
}

static int run_assignments(struct node *node)
{
	int depth = redirect_depth();
	bool redirected = redirect_apply(node->redirects, true);
	redirect_undo(depth);
	if (!redirected)
		return 2;
	if (sh.options.x && node->assignments)
		fputs(expand_prompt("PS4"), stderr);
	assign_all(node->assignments, true, true);
	return sh.substitution_status;
}

/* A builtin or function, in this process, with its redirections. */
static int run_inside(struct node *node, const struct builtin *builtin, struct function *function, int argc, char **argv)
{
	bool keeps = builtin && strcmp(builtin->name, "exec") == 0;
	int depth = redirect_depth();
	int status = 2;
	if (redirect_apply(node->redirects, !keeps))
		status = builtin ? run_builtin(builtin, argc, argv) : call_function(function, argc, argv);
	else if (builtin && builtin->special)
		shell_fail(2);
	redirect_undo(depth);
	return status;
}

static int run_words(struct node *node, int argc, char **argv, int flags)
{
	const struct builtin *builtin = find_builtin(argv[0]);
	bool special = builtin && builtin->special;
	struct function *function = special ? NULL : function_find(argv[0]);
	if (function)
		builtin = NULL;
	if (sh.options.x)
		fputs(expand_prompt("PS4"), stderr);
	bool scoped = node->assignments && !special;
	if (scoped)
		variable_scope_push();
	assign_all(node->assignments, !scoped, false);
	for (int i = 0; sh.options.x && i < argc; i++)
		trace(argv[i], i == argc - 1);
	int status = builtin || function ? run_inside(node, builtin, function, argc, argv)
	                                 : run_program(argv, node->redirects, variable_get("PATH"), flags);
	if (scoped)
		variable_scope_pop();
	return status;
}

/* export and its kin take assignments as arguments, and expand them so. */
static bool is_declaration(struct word *words)
{
	static const char *const names[] = {"export", "readonly", "local"};
	const char *name = words ? plain_text(words) : NULL;
	for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int exec_simple(struct node *node, int flags)
{
	int argc;
	sh.line = node->line;
	sh.substitution_status = 0;
	char **argv = is_declaration(node->words) ? expand_declaration(node->words, &argc) : expand_words(node->words, &argc);
	int status = argc == 0 ? run_assignments(node) : run_words(node, argc, argv, flags);
	return check_errexit(status);
}

static int exec_pipe(struct node *node)
{
	int input = -1, count = 0, status = 0;
	for (struct node *part = node->first; part; part = part->next)
		count++;
	pid_t *pids = arena_allocate(&sh.scratch, count * sizeof *pids);
	count = 0;
	for (struct node *part = node->first; part; part = part->next) {
		int ends[2] = {-1, -1};
		if (part->next && pipe(ends) < 0) {
			complain("pipe: %s", strerror(errno));
			shell_fail(2);
		}
		pid_t pid = fork_subshell(false);
		if (pid == 0) {
			if (input >= 0) {
				dup2(input, 0);
				close(input);
			}
			if (part->next) {
				close(ends[0]);
				dup2(ends[1], 1);
				close(ends[1]);
			}
			run_child(part);
		}
		pids[count++] = pid;
		if (input >= 0)
			close(input);
		if (part->next)
			close(ends[1]);
		input = ends[0];
	}
	for (int i = 0; i < count; i++)
		status = wait_foreground(pids[i]);
	return check_errexit(status);
}

static int exec_subshell(struct node *node, int flags)
{
	/* A subshell that is all the process has left needs no other one. */
	if ((flags & EXEC_LAST) && sh.is_subshell && !traps_any_set())
		return exec_node(node->first, flags);
	pid_t pid = fork_subshell(false);
	if (pid == 0)
		run_child(node->first);
	return check_errexit(wait_foreground(pid));
}

static int exec_async(struct node *node)
{
	pid_t pid = fork_subshell(true);
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		if (null > 0) {
			dup2(null, 0);
			close(null);
		}
		run_child(node->first);
	}
	sh.last_background = pid;
	job_add(pid);
	return sh.status = 0;
}

/* A condition: -e does not look at it. */
static int exec_condition(struct node *node)
{
	sh.errexit_ignored++;
	int status = exec_node(node, 0);
	sh.errexit_ignored--;
	return status;
}

/* After a loop's body: true if break, return or an outer continue ends it. */
static bool leaves_loop(void)
{
	if (sh.unwind == UNWIND_NONE || sh.unwind == UNWIND_RETURN)
		return sh.unwind == UNWIND_RETURN;
	if (--sh.unwind_levels > 0)
		return true;
	bool is_break = sh.unwind == UNWIND_BREAK;
	sh.unwind = UNWIND_NONE;
	return is_break;
}

static int exec_while(struct node *node)
{
	int status = 0;
	sh.loop_depth++;
	for (;;) {
		bool holds = exec_condition(node->first) == 0;
		if (sh.unwind) {
			if (leaves_loop())
				break;
			continue;
		}
		if (holds == (node->kind == NODE_UNTIL))
			break;
		status = exec_node(node->second, 0);
		if (leaves_loop())
			break;
	}
	sh.loop_depth--;
	return sh.status = sh.unwind == UNWIND_RETURN ? sh.status : status;
}

static int exec_for(struct node *node)
{
	int count = sh.parameters.count, status = 0;
	char **values;
	if (node->has_in) {
		values = expand_words(node->words, &count);
	} else {
		values = arena_allocate(&sh.scratch, (count + 1) * sizeof *values);
		for (int i = 0; i < count; i++) /* copies: the body may set new ones */
			values[i] = arena_copy(&sh.scratch, sh.parameters.values[i], strlen(sh.parameters.values[i]));
	}
	sh.loop_depth++;
	for (int i = 0; i < count; i++) {
		variable_set(node->name, values[i], 0);
		status = exec_node(node->second, 0);
		if (leaves_loop())
			break;
	}
	sh.loop_depth--;
	return sh.status = status;
}

static int exec_case(struct node *node, int flags)
{
	const char *subject = expand_text(node->words);
	for (struct case_clause *clause = node->clauses; clause; clause = clause->next) {
		for (struct word *pattern = clause->patterns; pattern; pattern = pattern->next) {
			if (fnmatch(expand_pattern(pattern), subject, 0) != 0)
				continue;
			if (!clause->body)
				return sh.status = 0;
			return exec_node(clause->body, flags);
		}
	}
	return sh.status = 0;
}

static int exec_sequence(struct node *node, int flags)
{
	for (struct node *item = node->first; item && !sh.unwind; item = item->next)
		exec_node(item, item->next ? 0 : flags);
	return sh.status;
}

static int exec_and_or(struct node *node, int flags)
{
	bool succeeded = exec_condition(node->first) == 0;
	if (sh.unwind || succeeded != (node->kind == NODE_AND))
		return sh.status;
	return exec_node(node->second, flags);
}

static int exec_if(struct node *node, int flags)
{
	bool holds = exec_condition(node->first) == 0;
	if (sh.unwind)
		return sh.status;
	struct node *branch = holds ? node->second : node->third;
	return branch ? exec_node(branch, flags) : (sh.status = 0);
}

static int exec_kind(struct node *node, int flags)
{
	switch (node->kind) {
	case NODE_SIMPLE: return exec_simple(node, flags);
	case NODE_PIPE: return exec_pipe(node);
	case NODE_SEQUENCE: return exec_sequence(node, flags);
	case NODE_AND: case NODE_OR: return exec_and_or(node, flags);
	case NODE_NOT: return sh.status = !exec_condition(node->first);
	case NODE_ASYNC: return exec_async(node);
	case NODE_SUBSHELL: return exec_subshell(node, flags);
	case NODE_GROUP: return exec_node(node->first, flags);
	case NODE_IF: return exec_if(node, flags);
	case NODE_WHILE: case NODE_UNTIL: return exec_while(node);
	case NODE_FOR: return exec_for(node);
	case NODE_CASE: return exec_case(node, flags);
	case NODE_FUNCTION:
		function_define(node->name, node->first);
		return sh.status = 0;
	}
	return 0;
}

/* ^C ends whatever an interactive shell was about. */
static void check_interrupt(void)
{
	if (interrupted && sh.top_level)
		shell_fail(128 + SIGINT);
}

int exec_node(struct node *node, int flags)
{
	if (!node)
		return sh.status = 0;
	if (sh.options.n && !sh.interactive)
		return sh.status;
	check_interrupt();
	struct arena_mark mark = arena_mark(&sh.scratch);
	int depth = redirect_depth();
	bool compound = node->kind != NODE_SIMPLE && node->redirects;
	if (compound && !redirect_apply(node->redirects, true))
		check_errexit(2);
	else
		exec_kind(node, flags);
	if (compound)
		redirect_undo(depth);
	arena_release(&sh.scratch, mark);
	check_interrupt();
	traps_run_pending();
	return sh.status;
}
