/* The shell's beginning and end: options, start-up files, the reading loop. */
#include "sh.h"

struct shell sh;

char *scratch_text(const char *format, ...) {
  va_list arguments;
  char *text, *copy;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) shell_exit(warn("out of memory") + 1);
  va_end(arguments);
  copy = arena_copy(&sh.scratch, text, strlen(text));
  free(text);
  return copy;
}

int complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(scratch_text("%s: %d", sh.name, sh.line), format, arguments);
  va_end(arguments);
  return 2;
}

void shell_fail(int status) {
  if (!sh.top_level) shell_exit(status);
  sh.status = status;
  longjmp(*sh.top_level, 1);
}

void shell_exit(int status) {
  sh.status = status;
  sh.top_level = NULL; /* from here on errors end it too */
  traps_run_exit();
  fflush(stdout);
  _exit(status & 0xff);
}

/* ---- where the text comes from */

static void append_text(struct parser *parser, const char *text) {
  parser->text = reallocate(parser->text, strlen(parser->text) + strlen(text) + 1);
  strcat(parser->text, text);
  if (sh.set['v']) fputs(text, stderr);
}

/* Byte by byte, because the commands of the script read the same standard input. */
static bool refill_stdin(struct parser *parser) {
  struct buffer line = {0};
  char c = 0;
  while (c != '\n' && read(0, &c, 1) == 1) buffer_add(&line, c);
  if (line.length) append_text(parser, buffer_text(&line));
  free(line.bytes);
  return line.length;
}

static bool refill_terminal(struct parser *parser) {
  if (!parser->continues) report_jobs();
  const char *prompt = variable_get(parser->continues ? "PS2" : "PS1");
  prompt = prompt ? expand_text(prompt, HEREDOC) : "";
  parser->continues = true;
  /* A terminal that stays as it is edits lines itself. */
  if (!terminal_raw(0, true)) return fputs(prompt, stderr) >= 0 && refill_stdin(parser);
  char *line = edit_line(prompt);
  if (line) append_text(parser, line);
  free(line);
  return line;
}

/* ---- running it */

static int run_parser(struct parser *parser, int flags) {
  bool at_end = false, ran = false;
  while (!at_end && !sh.unwind) {
    struct arena tree = {0};
    struct arena_chunk *mark = sh.scratch.top; /* the prompt's expansion is above it */
    parser->arena = &tree;
    parser->is_kept = false;
    struct node *command = parse_line(parser, &at_end);
    ran |= command != NULL;
    if (command) exec_node(command, flags && !parser->text[parser->at] ? EXEC_LAST : 0);
    if (!parser->is_kept) arena_release(&tree, NULL);
    arena_release(&sh.scratch, mark);
  }
  if (!ran) sh.status = 0;
  return sh.status;
}

int run_text(const char *text) {
  struct parser parser = {.text = duplicate(text), .line = 1};
  int line = sh.line;
  run_parser(&parser, 0);
  sh.line = line;
  free(parser.text);
  return sh.status;
}

int run_file(const char *path) {
  char *text = read_file(path, NULL);
  if (!text) return -1;
  run_text(text);
  free(text);
  if (sh.unwind == UNWIND_RETURN) sh.unwind = UNWIND_NONE;
  return sh.status;
}

/* An interactive shell comes back here after every error and ^C. */
static void run_interactive(struct parser *parser) {
  jmp_buf top_level;
  if (setjmp(top_level)) {
    if (interrupted) fputc('\n', stderr);
    interrupted = 0;
    unwind_everything();
  }
  sh.top_level = &top_level;
  parser->refill = refill_terminal; /* ^D within a command is no end of the session */
  do {
    sh.unwind = UNWIND_NONE;
    run_parser(parser, 0);
  } while (sh.unwind); /* a stray return or break */
}

static void set_default(const char *name, const char *value) {
  if (!variable_get(name)) variable_set(name, value, 0);
}

static void set_initial_variables(void) {
  for (char **variable = environ; *variable; variable++)
    if (is_assignment(*variable)) /* what is no shell name cannot be kept */
      variable_assign(*variable, VARIABLE_EXPORT);
  set_default("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  set_default("PS2", "> ");
  set_default("PS4", "+ ");
  variable_set("IFS", " \t\n", 0); /* POSIX: not taken from outside */
  const char *claimed = variable_get("PWD"); /* PWD from outside counts if it is where we are */
  if (!claimed || *claimed != '/' || !is_same_file(claimed, ".")) {
    char *directory = getcwd(NULL, 0);
    variable_set("PWD", directory ? directory : "/", 0);
    free(directory);
  }
}

static void set_default_prompt(void) {
  struct utsname system;
  uname(&system);
  const char mark = geteuid() == 0 ? '#' : '$';
  set_default("PS1", scratch_text("%s@%s:$PWD%c ", user_name(geteuid()), system.nodename, mark));
}

static void run_startup_files(bool login) {
  if (login) {
    run_file("/etc/profile");
    run_file(scratch_text("%s/.profile", variable_get("HOME") ? variable_get("HOME") : ""));
  }
  const char *env = variable_get("ENV");
  if (sh.interactive && env && getuid() == geteuid()) run_file(scratch_text("%s", env));
}

int sh_main(char **operands) {
  struct parser parser = {.line = 1};
  sh.name = operands[-1];
  sh.pid = getpid();
  int used = set_options(operands);
  operands += used;
  bool wants_command = sh.set['c'], login = sh.set['l'] || *sh.name == '-';
  if (used < 0 || (wants_command && !*operands)) return used < 0 ? 2 : complain("-c requires an argument");
  bool reads_stdin = !wants_command && (sh.set['s'] || !*operands);
  sh.interactive = sh.set['i'] |= reads_stdin && isatty(0) && isatty(2);
  set_initial_variables();
  if (wants_command) parser.text = *operands++;
  else parser.text = reads_stdin ? duplicate("") : read_file(*operands, NULL);
  if (!parser.text) {
    int status = errno == ENOENT ? 127 : 126;
    complain("cannot open %s: %s", *operands, strerror(errno));
    return status;
  }
  if (!reads_stdin || (wants_command && *operands)) sh.name = *operands ? *operands++ : sh.name;
  set_parameters(operands);
  if (reads_stdin) parser.refill = sh.interactive && isatty(0) ? refill_terminal : refill_stdin;
  if (sh.interactive) { traps_set_interactive(); set_default_prompt(); }
  if (parser.refill == refill_terminal) jobs_init();
  run_startup_files(login);
  if (parser.refill == refill_terminal) run_interactive(&parser);
  else run_parser(&parser, wants_command ? EXEC_LAST : 0);
  shell_exit(sh.status);
}
