/*
 * The shell. A command's way through it:
 *
 *   source.c  bytes of a file, string or terminal, on demand
 *   lex.c     bytes to tokens; a word becomes a list of parts
 *   parse.c   tokens to a tree of nodes, one complete command at a time
 *   exec.c    walks the tree: forks, pipes, functions, control flow
 *   expand.c  a word's parts to fields (arith.c: $(( )); vars.c: variables)
 *   redirect.c, jobs.c, traps.c, builtin*.c  what exec.c needs
 *
 * Memory: a tree lives in the arena of its complete command; what execution
 * makes lives in the scratch arena, given back when the command ends. So
 * nothing is freed piece by piece, and an error may longjmp out of anywhere.
 */
#ifndef SH_H
#define SH_H

#include <setjmp.h>
#include <signal.h>

#include "../userland.h"

/* ---- arena.c: memory given back in the reverse order of its taking */
struct arena_chunk;
struct arena {
	struct arena_chunk *top;
	bool pinned; /* a function's body is in it: never freed */
};
struct arena_mark {
	struct arena_chunk *chunk;
	size_t used;
};
void *arena_allocate(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t length);
struct arena_mark arena_mark(struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

/* A growing byte string in an arena. */
struct buffer {
	struct arena *arena;
	char *bytes;
	size_t length, capacity;
};
void buffer_add(struct buffer *buffer, char byte);
void buffer_append(struct buffer *buffer, const char *text, size_t length);
/* The content with a NUL behind it; never NULL. */
char *buffer_text(struct buffer *buffer);

/* ---- the tree */
enum part_kind { PART_TEXT, PART_PARAMETER, PART_COMMAND, PART_ARITHMETIC };
struct part {
	enum part_kind kind;
	bool quoted;
	char *text;           /* the text, or the parameter's name */
	char operator;        /* of ${name}: 0, one of -=?+%#, or L for ${#name} */
	bool colon;           /* ":-" and its kin: null counts as unset */
	bool longest;         /* "%%" and "##" */
	struct word *word;    /* the operator's argument, the arithmetic text */
	struct node *command; /* of $(...) */
	struct part *next;
};
struct word {
	struct part *parts;
	struct word *next;
};

enum redirect_kind {
	REDIRECT_READ, REDIRECT_WRITE, REDIRECT_CLOBBER, REDIRECT_APPEND,
	REDIRECT_READ_WRITE, REDIRECT_DUPLICATE, REDIRECT_HEREDOC,
};
struct redirect {
	enum redirect_kind kind;
	int fd;
	struct word *target; /* file, descriptor, or the here-document's body */
	struct redirect *next;
	/* Only while its body has not been read: */
	char *delimiter;
	bool strip_tabs, literal;
	struct redirect *next_heredoc;
};

enum node_kind {
	NODE_SIMPLE,   /* assignments words */
	NODE_PIPE,     /* first, its siblings by next */
	NODE_SEQUENCE, /* first, its siblings by next */
	NODE_AND, NODE_OR,                        /* first second */
	NODE_NOT, NODE_ASYNC, NODE_SUBSHELL, NODE_GROUP, /* first */
	NODE_IF,                                  /* first second third */
	NODE_WHILE, NODE_UNTIL,                   /* first second */
	NODE_FOR,      /* name words second */
	NODE_CASE,     /* words clauses */
	NODE_FUNCTION, /* name first */
};
struct case_clause {
	struct word *patterns;
	struct node *body; /* or NULL */
	struct case_clause *next;
};
struct node {
	enum node_kind kind;
	int line;
	bool has_in; /* "for x in": without it the loop is over "$@" */
	char *name;
	struct word *assignments, *words;
	struct redirect *redirects;
	struct case_clause *clauses;
	struct node *first, *second, *third, *next;
};

/* ---- source.c */
struct source {
	char *bytes;
	size_t position, length;
	int fd; /* -1 for a string */
	bool at_end;
	/* Puts more bytes behind `length`, or sets at_end. Line editing comes in here. */
	void (*refill)(struct source *source);
	const char *prompt; /* the variable holding the next prompt, if interactive */
};
void source_from_text(struct source *source, const char *text);
void source_from_fd(struct source *source, int fd, bool interactive);
void source_close(struct source *source);
/* The byte `ahead` places on (0 is the next one), or -1 at the end. */
int source_peek(struct source *source, size_t ahead);

/* ---- lex.c */
enum token_kind {
	TOKEN_END, TOKEN_NEWLINE, TOKEN_WORD, TOKEN_IO_NUMBER, TOKEN_AND, TOKEN_OR,
	TOKEN_DOUBLE_SEMICOLON, TOKEN_SEMICOLON, TOKEN_AMPERSAND, TOKEN_PIPE,
	TOKEN_OPEN, TOKEN_CLOSE, TOKEN_LESS, TOKEN_GREAT, TOKEN_HEREDOC,
	TOKEN_HEREDOC_TABS, TOKEN_LESS_AND, TOKEN_GREAT_AND, TOKEN_LESS_GREAT,
	TOKEN_CLOBBER, TOKEN_APPEND,
};
struct token {
	enum token_kind kind;
	struct word *word;
	int number; /* of an IO_NUMBER */
};
struct parser {
	struct source *source;
	struct arena *arena;
	int line;
	bool verbatim; /* inside quotes: backslash-newline is no continuation */
	bool have_token;
	struct token token;
	struct redirect *heredocs; /* whose bodies begin after the next newline */
	jmp_buf failure;
};
struct token *peek_token(struct parser *parser);
struct token next_token(struct parser *parser);
/* The word's text if it is one unquoted literal, as a reserved word must be. */
const char *plain_text(const struct word *word);
_Noreturn void syntax_error(struct parser *parser, const char *what);
/* Reads `text` as if between double quotes, where " itself is ordinary. */
struct word *lex_quoted_text(struct parser *parser, const char *text);
/* The length of the name text starts with; 0 if none. */
size_t name_length(const char *text);

/* ---- parse.c */
enum parse_result { PARSE_COMMAND, PARSE_EMPTY, PARSE_END, PARSE_ERROR };
/* Reads one complete command; *command is NULL if the line is empty. */
enum parse_result parse_command_line(struct parser *parser, struct node **command);
struct node *parse_list(struct parser *parser); /* NULL if there is none */
/* A word from text for prompts: expansions, but no quotes. NULL if malformed. */
struct word *parse_prompt(struct arena *arena, const char *text);

/* ---- the shell's state */
enum unwind { UNWIND_NONE, UNWIND_BREAK, UNWIND_CONTINUE, UNWIND_RETURN };
struct parameters {
	char **values;
	int count;
	char **owned; /* the allocated array, to free at the next set, or NULL */
};
struct shell {
	int status;            /* $? */
	int substitution_status; /* of the last $(...), for a command without a name */
	pid_t pid;             /* $$, the same in subshells */
	pid_t last_background; /* $! or 0 */
	char *name;            /* $0 */
	struct parameters parameters;
	struct arena scratch;
	bool interactive, is_subshell;
	int line;
	int loop_depth, function_depth, source_depth;
	int errexit_ignored;   /* inside conditions -e does nothing */
	enum unwind unwind;    /* what nodes are leaving for */
	int unwind_levels;     /* how many loops break and continue still leave */
	jmp_buf *top_level;    /* where an interactive shell goes on after an error */
	struct { bool a, C, e, f, i, n, s, u, v, x; } options;
};
extern struct shell sh;

/* Reports "sh: 3: message". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* An error POSIX lets end the shell; an interactive one returns to its prompt. */
_Noreturn void shell_fail(int status);
_Noreturn void shell_exit(int status);
int run_source(struct source *source);
int run_text(const char *text);
int run_file(const char *path);

/* ---- vars.c */
const char *variable_get(const char *name);
/* Fails the shell if readonly. A NULL value leaves it as it is. */
enum { VARIABLE_EXPORT = 1, VARIABLE_READONLY = 2 };
void variable_set(const char *name, const char *value, int flags);
bool variable_unset(const char *name);
void variable_assign(const char *assignment, int flags); /* "name=value" or "name" */
char **variable_environment(void); /* in the scratch arena */
void variable_print_all(int flags, const char *prefix);
void variables_import(char **environment);
/* Everything made local since the push has its old value again after the pop. */
void variable_scope_push(void);
bool variable_scope_pop(void); /* false if there was none */
void variable_make_local(const char *name);
void print_quoted(const char *text);

struct function {
	char *name;
	struct node *body;
	struct function *next;
};
struct function *function_find(const char *name);
void function_define(const char *name, struct node *body);
bool function_remove(const char *name);

/* ---- expand.c */
char **expand_words(struct word *words, int *count);
/* The same for arguments like export's: name=value is neither split nor globbed. */
char **expand_declaration(struct word *words, int *count);
char *expand_text(struct word *word);
/* As expand_text, with tildes after each colon too. */
char *expand_assignment(struct word *word);
/* For fnmatch: quoted characters come with a backslash before them. */
char *expand_pattern(struct word *word);
char *expand_prompt(const char *variable);
bool is_assignment(const struct word *word);
long long evaluate_arithmetic(const char *text); /* arith.c */

/* ---- redirect.c */
/* False after printing an error. With `save`, redirect_undo takes it back. */
bool redirect_apply(struct redirect *list, bool save);
/* How many saved descriptors there are: what redirect_undo goes back to. */
int redirect_depth(void);
void redirect_undo(int depth);
/* Moves a descriptor of the shell's own out of the script's way. */
int move_fd_high(int fd);

/* ---- exec.c */
enum { EXEC_LAST = 1 /* the process ends after it: no need to fork */ };
int exec_node(struct node *node, int flags);
/* fork with the child made a subshell; fails the shell if there is no process. */
pid_t fork_subshell(bool background);
char *substitute_command(struct node *command);
/* Replaces the process; on failure prints why and returns 126 or 127. */
int exec_program(char **argv, const char *path);
/* The file `name` means on the path, in scratch, or NULL with errno. */
char *find_program(const char *name, const char *path);
/* Runs a builtin or program, no function, as `command` does. */
int run_without_functions(int argc, char **argv, const char *path);
/* Leaves all functions and redirections: an interactive shell after an error. */
void unwind_everything(void);

/* ---- jobs.c */
void job_add(pid_t pid);
void jobs_forget(void);
/* Waits for a foreground child and returns its shell status. */
int wait_foreground(pid_t pid);
int wait_builtin(int argc, char **argv);
int jobs_builtin(int argc, char **argv);

/* ---- traps.c */
void traps_init(void);
/* In a new subshell: caught signals are as they were when the shell began. */
void traps_reset(bool background);
void traps_run_pending(void);
void traps_run_exit(void);
bool trap_is_pending(int *number);
bool traps_any_set(void);
extern volatile sig_atomic_t interrupted; /* SIGINT in an interactive shell */
int trap_builtin(int argc, char **argv);

/* ---- builtin.c */
struct builtin {
	const char *name;
	int (*run)(int argc, char **argv);
	bool special; /* POSIX's: found before functions, errors end the shell */
};
const struct builtin *find_builtin(const char *name);
/* Sets options from "-eu", "+x", "-o name"; the count of arguments used or -1. */
int parse_options(int argc, char **argv);
char *option_letters(void); /* $- */
void set_parameters(int count, char **values);
void release_parameters(void);
int read_builtin(int argc, char **argv);
int getopts_builtin(int argc, char **argv);
int command_builtin(int argc, char **argv);
int type_builtin(int argc, char **argv);
int cd_builtin(int argc, char **argv);
int shell_pwd_builtin(int argc, char **argv);
int umask_builtin(int argc, char **argv);

#endif
