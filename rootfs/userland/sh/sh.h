/* The shell. A command's way through it:
 *
 *   parse.c   text to tokens to a tree, one complete command at a time; a word
 *             stays the text it was written as, and expand.c interprets it
 *   exec.c    walks the tree: forks, pipes, redirections, functions
 *   expand.c  words to fields (arith.c: $(( )); vars.c: variables)
 *   jobs.c    children, process groups, waiting
 *   traps.c   signals
 *   builtin.c the commands that change the shell itself
 *   edit.c    a line from the terminal
 *   sh.c      starts it all
 *
 * Memory: a tree lives in the arena of its complete command; what execution
 * makes lives in the scratch arena, given back when the command ends. So
 * nothing is freed piece by piece, and an error may longjmp out of anywhere. */
#ifndef SH_H
#define SH_H

#include "../userland.h"

struct word {
  char *text; /* as it was written */
  struct word *next;
};
struct redirect {
  char *operator; /* "<", ">>", "<<-" ... */
  int fd;
  char *target; /* a word, or the here-document's body */
  bool literal; /* the here-document is not to be expanded */
  struct redirect *next, *next_heredoc;
};
enum node_kind {
  NODE_SIMPLE,                                     /* assignments words */
  NODE_PIPE, NODE_SEQUENCE,                        /* first, its siblings by next */
  NODE_AND, NODE_OR,                               /* first second */
  NODE_NOT, NODE_ASYNC, NODE_SUBSHELL, NODE_GROUP, /* first */
  NODE_IF,                                         /* first second third */
  NODE_WHILE, NODE_UNTIL,                          /* first second */
  NODE_FOR,                                        /* words (the name, then the values) first */
  NODE_CASE,                                       /* words, clauses from first by next */
  NODE_CLAUSE,                                     /* words (the patterns) first */
  NODE_FUNCTION,                                   /* words (the name) first */
};
struct node {
  enum node_kind kind;
  int line;
  bool has_in; /* "for x in": without it the loop is over "$@" */
  char *text;  /* of a job, as it was typed */
  struct word *assignments, *words;
  struct redirect *redirects;
  struct node *first, *second, *third, *next;
};

/* ---- parse.c */
struct parser {
  char *text; /* what has been read since the command's beginning */
  size_t at;
  int line;
  /* Appends a line to the text, false at the end of it all. NULL: the text is complete. */
  bool (*refill)(struct parser *parser);
  bool continues; /* the next line is not the first one of its command */
  bool is_kept;   /* a function's body is in the tree: never free it */
  struct arena *arena;
  char *token; /* the next one if it was looked at */
  size_t token_start;
  struct redirect *heredocs; /* whose bodies begin after the next newline */
};
int peek_byte(struct parser *parser);
int next_byte(struct parser *parser);
void skip_element(struct parser *parser, bool quoted); /* a byte, a quoted string or a substitution */
/* Reads one complete command; NULL if the line is empty, *at_end if there is none. */
struct node *parse_line(struct parser *parser, bool *at_end);
struct node *parse_until(struct parser *parser, const char *closer); /* a list, and the token behind it */
_Noreturn void syntax_error(struct parser *parser, const char *format, const char *what);
size_t name_length(const char *text); /* of the name the text starts with */
bool is_assignment(const char *word);
bool is_reserved(const char *word);

/* ---- sh.c */
struct parameters {
  char **values;
  int count;
  char **owned; /* the allocated ones `set` made, or NULL */
};
extern struct shell {
  int status;              /* $? */
  int substitution_status; /* of the last $(...), for a command without a name */
  pid_t pid;               /* $$, the same in subshells */
  pid_t last_background;   /* $! or 0 */
  char *name;              /* $0 */
  struct parameters parameters;
  struct arena scratch;
  bool interactive, is_subshell, job_control;
  int line, loop_depth, function_depth;
  int errexit_ignored; /* inside conditions -e does nothing */
  enum { UNWIND_NONE, UNWIND_BREAK, UNWIND_CONTINUE, UNWIND_RETURN } unwind; /* what nodes are leaving for */
  int unwind_levels;  /* how many loops break and continue still leave */
  jmp_buf *top_level; /* where an interactive shell goes on after an error */
  bool set[128];      /* the options, by letter */
} sh;
char *scratch_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
int complain(const char *format, ...) __attribute__((format(printf, 1, 2))); /* "sh: 3: message"; returns 2 */
/* An error POSIX lets end the shell; an interactive one returns to its prompt. */
_Noreturn void shell_fail(int status);
_Noreturn void shell_exit(int status);
int run_text(const char *text);
int run_file(const char *path); /* -1 if it cannot be opened */

/* ---- vars.c */
enum { VARIABLE_EXPORT = 1, VARIABLE_READONLY = 2 };
const char *variable_get(const char *name);
void variable_set(const char *name, const char *value, int flags); /* a NULL value leaves it as it is */
void variable_unset(const char *name);
void variable_assign(const char *assignment, int flags); /* "name=value" or "name" */
char **variable_environment(void);                       /* in the scratch arena */
void variable_print_all(int flags, const char *prefix);
/* Everything made local since the push has its old value again after the pop. */
void variable_scope_push(void);
bool variable_scope_pop(void); /* false if there was none */
void variable_make_local(const char *assignment);
void print_quoted(const char *text);
extern struct function {
  char *name;
  struct node *body; /* NULL once it is unset */
  struct function *next;
} *functions;
struct node *function_body(const char *name); /* or NULL */
void function_define(const char *name, struct node *body);

/* ---- expand.c, arith.c */
/* What surrounds a text says what a backslash escapes and what quotes do; LITERAL only removes quotes. */
enum context { PLAIN, QUOTED, QUOTED_BRACES, HEREDOC, LITERAL };
char **expand_words(struct word *words, int *count);
char *expand_text(const char *word, enum context context);
char *expand_pattern(const char *word); /* for fnmatch: quoted characters come with a backslash before them */
char *expand_assignment(const char *word); /* with tildes behind = and each colon */
/* The next line of standard input split, all that is left in the last field; false if it had no newline. */
bool read_fields(char **fields[], int limit, bool raw);
long long evaluate_arithmetic(const char *text);

/* ---- exec.c */
enum { EXEC_LAST = 1 /* the process ends after it: no need to fork */ };
int exec_node(struct node *node, int flags);
char *substitute_command(struct node *command);
int exec_program(char **argv);          /* replaces the process; on failure says why and returns 126 or 127 */
int run_without_functions(char **argv); /* as `command` does */
void unwind_everything(void);           /* an interactive shell after an error */

/* ---- jobs.c */
struct job;
enum fork_kind { FORK_FOREGROUND, FORK_BACKGROUND, FORK_INSIDE /* the shell's own process group */ };
/* fork with the child made a subshell, a process of the job if there is one; fails the shell if it cannot. */
pid_t fork_subshell(struct job *job, enum fork_kind kind);
struct job *job_new(const char *text);
/* Waits for all of the job's processes, or until it stops; gives the last one's status. */
int wait_foreground(struct job *job);
void job_to_background(struct job *job);
void report_jobs(void); /* what ended or stopped since the last prompt */
void jobs_init(void);
int continue_builtin(char **), jobs_builtin(char **), kill_builtin(char **), wait_builtin(char **);

/* ---- traps.c */
extern volatile sig_atomic_t interrupted; /* SIGINT in an interactive shell */
void traps_reset(bool background);        /* in a new subshell */
void traps_set_interactive(void);         /* or, in a subshell of one, back */
void traps_wake_waiting(void);            /* SIGCHLD ends a sleep from now on */
bool traps_any_set(void);
int trap_is_pending(void); /* the signal, or 0 */
void traps_run_pending(void);
void traps_run_exit(void);
int trap_builtin(char **);

/* ---- builtin.c */
extern const struct applet builtins[];
bool is_special(const struct applet *builtin); /* POSIX's: errors in it end the shell */
const char *search_path(void);
int set_options(char **arguments);   /* "-eu", "+x", "-o name"; the count of those used or -1 */
void set_parameters(char **values);  /* to copies */

/* ---- edit.c */
/* Reads from the raw terminal and leaves it as it was before. */
char *edit_line(const char *prompt); /* with its newline, in memory of its own; NULL at the end of input */
int history_builtin(char **);

#endif
