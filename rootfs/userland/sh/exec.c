/* Walks the tree. Every subshell, program and pipe end is a fork. */
#include "sh.h"

enum { SHELL_FD_MIN = 10 }; /* scripts can name 0 to 9 */

static struct parameters script_parameters; /* during calls, those outside of all of them */
static const char *job_text = ""; /* of the job being executed */

/* Redirections to undo: a stack, since they end in the reverse order of their beginnings. */
static struct saved_fd {
  int fd, copy; /* copy is -1 if fd was closed */
} *saved_fds;
static int saved_count;

static int check_errexit(int status) {
  sh.status = status;
  if (status != 0 && sh.set['e'] && !sh.errexit_ignored) shell_exit(status);
  return status;
}
static _Noreturn void run_child(struct node *node) { exec_node(node, EXEC_LAST); shell_exit(sh.status); }
static void make_pipe(int ends[2]) { if (pipe(ends) < 0) shell_fail(complain("pipe: %s", strerror(errno))); }
static void move_fd(int from, int to) {
  if (from != to && from >= 0) { dup2(from, to); close(from); }
}

char *substitute_command(struct node *command) {
  int ends[2];
  size_t length, kept = 0;
  struct job *job = job_new("");
  make_pipe(ends);
  if (fork_subshell(job, FORK_INSIDE) == 0) {
    close(ends[0]);
    move_fd(ends[1], 1);
    run_child(command);
  }
  close(ends[1]);
  char *output = read_all(ends[0], &length), *text;
  close(ends[0]);
  sh.substitution_status = wait_foreground(job);
  while (length > 0 && output[length - 1] == '\n') length--;
  text = arena_allocate(&sh.scratch, length + 1);
  for (size_t i = 0; i < length; i++)
    if (output[i]) text[kept++] = output[i]; /* no string can hold NUL */
  free(output);
  return text;
}

/* ---- redirections */

static int open_heredoc(const char *body) {
  int fd = memfd_create("here-document", 0);
  if (fd < 0 || !write_all(fd, body, strlen(body))) shell_fail(complain("here-document: %s", strerror(errno)));
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static int open_target(const char *operator, const char *path) {
  int flags = equal(operator, "<") ? O_RDONLY : equal(operator, "<>") ? O_RDWR | O_CREAT
            : O_WRONLY | O_CREAT | (operator[1] == '>' ? O_APPEND : O_TRUNC);
  struct stat status;
  /* POSIX: with -C, > must not truncate a regular file; devices are fine. */
  bool is_device = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
  if (sh.set['C'] && equal(operator, ">") && !is_device) flags |= O_EXCL;
  return open(path, flags, 0666);
}

static bool duplicate_fd(int fd, const char *text) {
  long long from;
  if (equal(text, "-")) return close(fd), true;
  bool valid = parse_integer(text, 10, &from) && from >= 0 && from < SHELL_FD_MIN;
  if (valid && (from != fd ? dup2(from, fd) : fcntl(from, F_GETFD)) >= 0) return true;
  return complain("%s: %s", text, valid ? strerror(errno) : "bad file descriptor"), false;
}

static void save_fd(int fd) {
  APPEND(saved_fds, saved_count, (struct saved_fd){fd, fcntl(fd, F_DUPFD_CLOEXEC, SHELL_FD_MIN)});
}

/* False after printing an error. With `save`, redirect_undo takes it back. */
static bool redirect_apply(struct redirect *redirect, bool save) {
  for (; redirect; redirect = redirect->next) {
    bool is_heredoc = redirect->operator[1] == '<', is_duplicate = redirect->operator[1] == '&';
    char *target = redirect->literal ? redirect->target
                       : expand_text(redirect->target, is_heredoc ? HEREDOC : PLAIN);
    if (save) save_fd(redirect->fd);
    if (is_duplicate) {
      if (!duplicate_fd(redirect->fd, target)) return false;
      continue;
    }
    int fd = is_heredoc ? open_heredoc(target) : open_target(redirect->operator, target);
    if (fd < 0) {
      bool creates = !equal(redirect->operator, "<");
      complain("cannot %s %s: %s", creates ? "create" : "open", target, strerror(errno));
      return false;
    }
    move_fd(fd, redirect->fd);
  }
  return true;
}

static void redirect_undo(int depth) {
  while (saved_count > depth) {
    struct saved_fd *last = &saved_fds[--saved_count];
    if (last->copy < 0) close(last->fd);
    move_fd(last->copy, last->fd);
  }
}

/* ---- commands */

int exec_program(char **argv) {
  char **environment = variable_environment();
  int failure = ENOENT, count = count_words(argv);
  char **script = arena_allocate(&sh.scratch, (count + 2) * sizeof *script);
  memcpy(script + 1, argv, count * sizeof *argv);
  script[0] = "sh";
  fflush(stdout);
  for (const char *path = search_path(); path;) {
    char *file = next_candidate(&path, argv[0]);
    execve(file, argv, environment);
    script[1] = file; /* a file without a magic number is a script for this shell */
    if (errno == ENOEXEC) execve("/proc/self/exe", script, environment);
    if (errno != ENOENT && errno != ENOTDIR) failure = errno;
  }
  bool not_found = failure == ENOENT && !strchr(argv[0], '/');
  complain("%s: %s", argv[0], not_found ? "not found" : strerror(failure));
  return failure == ENOENT ? 127 : 126;
}

static int run_program(char **argv, struct redirect *redirects, int flags) {
  bool replace = (flags & EXEC_LAST) && !traps_any_set();
  struct job *job = replace ? NULL : job_new(job_text);
  if (!replace && fork_subshell(job, FORK_FOREGROUND) > 0) return wait_foreground(job);
  if (!redirect_apply(redirects, false)) shell_exit(2);
  _exit(exec_program(argv)); /* straight out: the shell's own EXIT trap is not for this process */
}

static int run_builtin(const struct applet *builtin, char **argv) {
  int status = run_applet(builtin, argv);
  program_name = "sh";
  return status;
}

static int call_function(struct node *body, int argc, char **argv) {
  struct parameters outer = sh.parameters;
  int loop_depth = sh.loop_depth;
  if (sh.function_depth++ == 0) script_parameters = outer;
  sh.parameters = (struct parameters){.values = argv + 1, .count = argc - 1};
  sh.loop_depth = 0;
  variable_scope_push();
  int status = exec_node(body, 0);
  variable_scope_pop();
  free_names(sh.parameters.owned);
  sh.parameters = outer;
  sh.loop_depth = loop_depth;
  sh.function_depth--;
  if (sh.unwind == UNWIND_RETURN) sh.unwind = UNWIND_NONE;
  return status;
}

void unwind_everything(void) {
  redirect_undo(0);
  while (variable_scope_pop()) continue;
  if (sh.function_depth) sh.parameters = script_parameters;
  sh.loop_depth = sh.errexit_ignored = sh.function_depth = 0;
  sh.unwind = UNWIND_NONE;
  arena_release(&sh.scratch, NULL);
}

int run_without_functions(char **argv) {
  const struct applet *builtin = find_applet(builtins, argv[0]);
  return builtin ? run_builtin(builtin, argv) : run_program(argv, NULL, 0);
}
static void trace(const char *text, bool is_last) {
  if (sh.set['x']) fprintf(stderr, "%s%s", text, is_last ? "\n" : " ");
}
static void trace_begin(void) {
  const char *prompt = sh.set['x'] ? variable_get("PS4") : NULL;
  if (prompt) fputs(expand_text(prompt, HEREDOC), stderr);
}

/* Carries out "a=1 b=2" before a command, local to it unless `for_good`. */
static void assign_all(struct word *assignments, bool for_good, bool is_alone) {
  for (; assignments; assignments = assignments->next) {
    char *assignment = expand_assignment(assignments->text);
    if (!for_good) variable_make_local(assignment);
    variable_assign(assignment, for_good ? 0 : VARIABLE_EXPORT);
    trace(assignment, is_alone && !assignments->next);
  }
}

static int run_assignments(struct node *node) {
  int depth = saved_count;
  bool redirected = redirect_apply(node->redirects, true);
  redirect_undo(depth);
  if (!redirected) return 2;
  if (node->assignments) trace_begin();
  assign_all(node->assignments, true, true);
  return sh.substitution_status;
}

static int exec_simple(struct node *node, int flags) {
  int argc, status = 2, depth = saved_count;
  sh.line = node->line;
  sh.substitution_status = 0;
  char **argv = expand_words(node->words, &argc);
  if (argc == 0) return check_errexit(run_assignments(node));
  const struct applet *builtin = find_applet(builtins, argv[0]);
  bool special = is_special(builtin), scoped = node->assignments && !special;
  struct node *function = special ? NULL : function_body(argv[0]);
  trace_begin();
  if (scoped) variable_scope_push();
  assign_all(node->assignments, !scoped, false);
  for (int i = 0; i < argc; i++) trace(argv[i], i == argc - 1);
  if (!builtin && !function) status = run_program(argv, node->redirects, flags);
  else if (redirect_apply(node->redirects, !equal(argv[0], "exec")))
    status = function ? call_function(function, argc, argv) : run_builtin(builtin, argv);
  else if (special) shell_fail(2);
  redirect_undo(depth);
  if (scoped) variable_scope_pop();
  return check_errexit(status);
}

/* A pipeline, or a subshell: one part of its own. */
static int exec_parts(struct node *node) {
  int input = -1;
  struct job *job = job_new(job_text);
  for (struct node *part = node->first; part; part = part->next) {
    int ends[2] = {-1, -1};
    if (part->next) make_pipe(ends);
    if (fork_subshell(job, FORK_FOREGROUND) == 0) {
      move_fd(input, 0);
      if (part->next) close(ends[0]);
      move_fd(ends[1], 1);
      run_child(part);
    }
    if (input >= 0) close(input);
    if (part->next) close(ends[1]);
    input = ends[0];
  }
  return check_errexit(wait_foreground(job));
}

static int exec_async(struct node *node) {
  struct job *job = job_new(job_text);
  bool keeps_input = sh.job_control;
  pid_t pid = fork_subshell(job, FORK_BACKGROUND);
  if (pid == 0) {
    if (!keeps_input) { close(0); open("/dev/null", O_RDONLY); }
    run_child(node->first);
  }
  sh.last_background = pid;
  job_to_background(job);
  return sh.status = 0;
}

/* A condition: -e does not look at it. */
static bool holds(struct node *node) {
  sh.errexit_ignored++;
  int status = exec_node(node, 0);
  sh.errexit_ignored--;
  return status == 0;
}

/* After a loop's body: true if break, return or an outer continue ends it. */
static bool leaves_loop(void) {
  if (sh.unwind == UNWIND_NONE || sh.unwind == UNWIND_RETURN) return sh.unwind == UNWIND_RETURN;
  if (--sh.unwind_levels > 0) return true;
  bool is_break = sh.unwind == UNWIND_BREAK;
  sh.unwind = UNWIND_NONE;
  return is_break;
}

static int exec_while(struct node *node) {
  int status = 0;
  sh.loop_depth++;
  do {
    bool goes_on = holds(node->first) == (node->kind == NODE_WHILE);
    if (!goes_on && !sh.unwind) break;
    if (!sh.unwind) status = exec_node(node->second, 0);
  } while (!leaves_loop());
  sh.loop_depth--;
  return sh.status = sh.unwind == UNWIND_RETURN ? sh.status : status;
}

static int exec_for(struct node *node) {
  int count, status = 0;
  /* The list as if it had been written out: the body may set new parameters. */
  struct word all = {.text = "\"$@\""};
  char **values = expand_words(node->has_in ? node->words->next : &all, &count);
  sh.loop_depth++;
  for (int i = 0; i < count; i++) {
    variable_set(node->words->text, values[i], 0);
    status = exec_node(node->first, 0);
    if (leaves_loop()) break;
  }
  sh.loop_depth--;
  return sh.status = status;
}

static int exec_case(struct node *node, int flags) {
  const char *subject = expand_text(node->words->text, PLAIN);
  for (struct node *clause = node->first; clause; clause = clause->next)
    for (struct word *pattern = clause->words; pattern; pattern = pattern->next)
      if (fnmatch(expand_pattern(pattern->text), subject, 0) == 0)
        return exec_node(clause->first, flags);
  return sh.status = 0;
}

static int exec_kind(struct node *node, int flags) {
  switch (node->kind) {
  case NODE_SIMPLE: return exec_simple(node, flags);
  case NODE_PIPE: return exec_parts(node);
  case NODE_SEQUENCE:
    for (struct node *item = node->first; item && !sh.unwind; item = item->next)
      exec_node(item, item->next ? 0 : flags);
    return sh.status;
  case NODE_AND: case NODE_OR:
    if (holds(node->first) == (node->kind == NODE_AND) && !sh.unwind) exec_node(node->second, flags);
    return sh.status;
  case NODE_NOT: return sh.status = holds(node->first);
  case NODE_ASYNC: return exec_async(node);
  case NODE_SUBSHELL:
    /* A subshell that is all the process has left needs no other one. */
    if ((flags & EXEC_LAST) && sh.is_subshell && !traps_any_set()) return exec_node(node->first, flags);
    return exec_parts(node);
  case NODE_GROUP: case NODE_CLAUSE: return exec_node(node->first, flags);
  case NODE_IF: {
    struct node *branch = holds(node->first) ? node->second : node->third;
    return sh.unwind ? sh.status : exec_node(branch, flags);
  }
  case NODE_WHILE: case NODE_UNTIL: return exec_while(node);
  case NODE_FOR: return exec_for(node);
  case NODE_CASE: return exec_case(node, flags);
  case NODE_FUNCTION: function_define(node->words->text, node->first); return sh.status = 0;
  }
  return 0;
}

/* ^C ends whatever an interactive shell was about. */
static void check_interrupt(void) { if (interrupted && sh.top_level) shell_fail(128 + SIGINT); }

int exec_node(struct node *node, int flags) {
  if (!node) return sh.status = 0;
  if (sh.set['n'] && !sh.interactive) return sh.status;
  check_interrupt();
  struct arena_chunk *mark = sh.scratch.top;
  int depth = saved_count;
  if (node->text) job_text = node->text;
  bool compound = node->kind != NODE_SIMPLE && node->redirects;
  if (compound && !redirect_apply(node->redirects, true)) check_errexit(2);
  else exec_kind(node, flags);
  if (compound) redirect_undo(depth);
  arena_release(&sh.scratch, mark);
  check_interrupt();
  traps_run_pending();
  return sh.status;
}
