/* Text to a tree, by recursive descent along POSIX XCU 2.10's grammar. Every
 * token is its text: a word that looks like an operator or a reserved word
 * without being one is quoted, and its text shows the quotes. */
#include "sh.h"

static struct node *parse_list(struct parser *parser);
static struct node *parse_command(struct parser *parser);

void syntax_error(struct parser *parser, const char *format, const char *what) {
  sh.line = parser->line;
  complain("Syntax error: %s", scratch_text(format, what));
  parser->text[parser->at] = 0; /* what else was typed on the line is as wrong as its beginning */
  shell_fail(2);
}

int peek_byte(struct parser *parser) {
  while (!parser->text[parser->at]) {
    if (!parser->refill || !parser->refill(parser)) {
      parser->refill = NULL; /* the end stays the end */
      return -1;
    }
  }
  return (unsigned char)parser->text[parser->at];
}

int next_byte(struct parser *parser) {
  int c = peek_byte(parser);
  parser->at += c >= 0;
  parser->line += c == '\n';
  return c;
}

size_t name_length(const char *text) {
  size_t length = 0;
  while (text[length] == '_' || isalpha(text[length]) || (length && isdigit(text[length]))) length++;
  return length;
}
bool is_assignment(const char *word) {
  size_t length = name_length(word);
  return length > 0 && word[length] == '=';
}

/* ---- tokens */

/* Up to `end`, which is taken too; in arithmetic parentheses nest. */
static void skip_to(struct parser *parser, int end, bool quoted) {
  for (int depth = 0, c; (c = peek_byte(parser)) != end || depth > 0;) {
    if (c < 0) syntax_error(parser, "unterminated %s", end == ')' ? "$((" : end == '}' ? "${" : "quoted string");
    depth += (end == ')') * ((c == '(') - (c == ')'));
    if (end != '\'' && end != '`') skip_element(parser, quoted);
    else if (next_byte(parser) == '\\' && end == '`') next_byte(parser);
  }
  next_byte(parser);
}

void skip_element(struct parser *parser, bool quoted) {
  int c = next_byte(parser);
  if (c == '\\') {
    next_byte(parser);
  } else if (c == '"' || c == '`' || (c == '\'' && !quoted)) {
    skip_to(parser, c, c == '"');
  } else if (c == '$' && peek_byte(parser) == '{') {
    next_byte(parser);
    skip_to(parser, '}', quoted);
  } else if (c == '$' && peek_byte(parser) == '(') {
    next_byte(parser);
    bool is_arithmetic = peek_byte(parser) == '(';
    if (is_arithmetic) skip_to(parser, ')', true);
    else parse_until(parser, ")");
  }
}

static bool ends_word(int c) { return c < 0 || strchr(" \t\n;&|<>()", c); }

static void read_heredoc(struct parser *parser, struct redirect *heredoc) {
  struct buffer body = {.arena = parser->arena};
  /* The delimiter with its quotes removed, and whether there were any. */
  char *delimiter = expand_text(heredoc->target, LITERAL);
  heredoc->literal = strpbrk(heredoc->target, "'\"\\") != NULL;
  while (peek_byte(parser) >= 0) {
    size_t start = body.length;
    while (heredoc->operator[2] == '-' && peek_byte(parser) == '\t') next_byte(parser);
    for (int c = 0; c != '\n' && (c = next_byte(parser)) >= 0;) buffer_add(&body, c);
    const char *line = buffer_text(&body) + start;
    size_t length = strcspn(line, "\n");
    if (length != strlen(delimiter) || memcmp(line, delimiter, length) != 0) continue;
    body.length = start;
    break;
  }
  heredoc->target = buffer_text(&body);
}

static size_t operator_length(const char *text) {
  static const char operators[][4] = {
      "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "&&", "||",
      ";;",  "<",  ">",  "&",  "|",  ";",  "(",  ")",  "\n",
  };
  for (size_t i = 0; i < COUNT(operators); i++)
    if (strncmp(text, operators[i], strlen(operators[i])) == 0) return strlen(operators[i]);
  return 0;
}

/* A continued line is one. */
static bool skip_blank(struct parser *parser) {
  int c = peek_byte(parser);
  bool continued = c == '\\' && parser->text[parser->at + 1] == '\n';
  if (continued) next_byte(parser);
  return (c == ' ' || c == '\t' || continued) && next_byte(parser);
}

static char *lex_token(struct parser *parser) {
  while (skip_blank(parser)) continue;
  if (peek_byte(parser) == '#') parser->at += strcspn(parser->text + parser->at, "\n");
  size_t start = parser->token_start = parser->at;
  if (peek_byte(parser) < 0) return "";
  while (!ends_word(peek_byte(parser))) skip_element(parser, false);
  /* A lone digit before < or > belongs to the operator. Descriptors from 10 up are the shell's own. */
  const char *text = parser->text + start;
  bool is_number = parser->at == start + 1 && isdigit(*text) && (text[1] == '<' || text[1] == '>');
  if (parser->at == start || is_number) parser->at += operator_length(parser->text + parser->at);
  char *token = arena_copy(parser->arena, parser->text + start, parser->at - start);
  if (*token == '\n') {
    parser->line++;
    for (; parser->heredocs; parser->heredocs = parser->heredocs->next_heredoc)
      read_heredoc(parser, parser->heredocs);
  }
  return token;
}

/* ---- the grammar */

static char *peek_token(struct parser *parser) {
  if (!parser->token) parser->token = lex_token(parser);
  return parser->token;
}
static char *next_token(struct parser *parser) {
  char *token = peek_token(parser);
  parser->token = NULL;
  return token;
}
static _Noreturn void unexpected(struct parser *parser) {
  const char *token = peek_token(parser);
  syntax_error(parser, "\"%s\" unexpected", !*token ? "end of file" : *token == '\n' ? "newline" : token);
}
static bool next_is(struct parser *parser, const char *token) { return equal(peek_token(parser), token); }
static bool skip_token(struct parser *parser, const char *token) {
  bool is_next = next_is(parser, token);
  if (is_next) next_token(parser);
  return is_next;
}
static void expect(struct parser *parser, const char *token) {
  if (!skip_token(parser, token)) unexpected(parser);
}
static void skip_newlines(struct parser *parser) { while (skip_token(parser, "\n")) continue; }
/* And the newlines behind it, where POSIX has "linebreak". */
static bool skip_token_lines(struct parser *parser, const char *token) {
  bool is_next = skip_token(parser, token);
  if (is_next) skip_newlines(parser);
  return is_next;
}
static bool is_redirect(const char *token) {
  token += isdigit(*token) && (token[1] == '<' || token[1] == '>');
  return *token == '<' || *token == '>';
}

static bool next_is_word(struct parser *parser) {
  const char *token = peek_token(parser);
  return !ends_word((unsigned char)*token) && !is_redirect(token);
}
static char *expect_word(struct parser *parser) {
  if (!next_is_word(parser)) unexpected(parser);
  return next_token(parser);
}
static struct word **append_word(struct parser *parser, struct word **tail) {
  *tail = arena_allocate(parser->arena, sizeof **tail);
  (*tail)->text = expect_word(parser);
  return &(*tail)->next;
}

static const char *const closers[] = {
  "", ")", ";;", "then", "else", "elif", "fi", "do", "done", "esac", "}", NULL,
};
static const char *const openers[] = {"!", "{", "case", "for", "if", "in", "until", "while", NULL};

/* What cannot begin a command ends the list before it. */
static bool at_list_end(struct parser *parser) { return index_of(peek_token(parser), closers) >= 0; }
bool is_reserved(const char *word) {
  return index_of(word, closers + 3) >= 0 || index_of(word, openers) >= 0;
}
static struct node *new_node(struct parser *parser, enum node_kind kind, struct node *first) {
  struct node *node = arena_allocate(parser->arena, sizeof *node);
  *node = (struct node){.kind = kind, .line = parser->line, .first = first};
  return node;
}

static void parse_redirects(struct parser *parser, struct redirect **tail) {
  while (*tail) tail = &(*tail)->next;
  for (; is_redirect(peek_token(parser)); tail = &(*tail)->next) {
    struct redirect *redirect = *tail = arena_allocate(parser->arena, sizeof *redirect);
    char *operator = next_token(parser);
    redirect->operator = operator + (isdigit(*operator) != 0);
    redirect->fd = isdigit(*operator) ? *operator - '0' : *operator == '>';
    redirect->target = expect_word(parser);
    if (strncmp(redirect->operator, "<<", 2) == 0) {
      struct redirect **last = &parser->heredocs;
      while (*last) last = &(*last)->next_heredoc;
      *last = redirect;
    }
  }
}

static struct node *parse_required(struct parser *parser) {
  struct node *list = parse_list(parser);
  if (!list) unexpected(parser);
  return list;
}

static struct node *parse_enclosed(struct parser *parser, const char *opener, const char *closer) {
  expect(parser, opener);
  struct node *list = parse_required(parser);
  expect(parser, closer);
  return list;
}

static struct node *parse_if(struct parser *parser) {
  struct node *node = new_node(parser, NODE_IF, parse_required(parser));
  expect(parser, "then");
  node->second = parse_required(parser);
  if (skip_token(parser, "elif")) {
    node->third = parse_if(parser);
    return node; /* the inner one took the "fi" */
  }
  node->third = skip_token(parser, "else") ? parse_required(parser) : NULL;
  expect(parser, "fi");
  return node;
}

static struct node *parse_loop(struct parser *parser, enum node_kind kind) {
  struct node *node = new_node(parser, kind, parse_required(parser));
  node->second = parse_enclosed(parser, "do", "done");
  return node;
}

static struct node *parse_for(struct parser *parser) {
  struct node *node = new_node(parser, NODE_FOR, NULL);
  const char *name = peek_token(parser);
  if (!*name || name_length(name) != strlen(name)) syntax_error(parser, "bad for loop variable", "");
  struct word **tail = append_word(parser, &node->words);
  skip_newlines(parser);
  node->has_in = skip_token(parser, "in");
  while (node->has_in && next_is_word(parser)) tail = append_word(parser, tail);
  if (!skip_token(parser, ";") && node->has_in && !next_is(parser, "\n")) unexpected(parser);
  skip_newlines(parser);
  node->first = parse_enclosed(parser, "do", "done");
  return node;
}

static struct node *parse_case(struct parser *parser) {
  struct node *node = new_node(parser, NODE_CASE, NULL), **clause = &node->first;
  append_word(parser, &node->words);
  skip_newlines(parser);
  if (!skip_token_lines(parser, "in")) unexpected(parser);
  for (; !skip_token(parser, "esac"); clause = &(*clause)->next) {
    *clause = new_node(parser, NODE_CLAUSE, NULL);
    skip_token(parser, "(");
    struct word **tail = &(*clause)->words;
    do tail = append_word(parser, tail);
    while (skip_token(parser, "|"));
    expect(parser, ")");
    (*clause)->first = parse_list(parser);
    if (!skip_token_lines(parser, ";;") && !next_is(parser, "esac")) unexpected(parser);
  }
  return node;
}

static struct node *parse_simple(struct parser *parser) {
  struct node *node = new_node(parser, NODE_SIMPLE, NULL);
  struct word **assignments = &node->assignments, **words = &node->words;
  for (;;) {
    parse_redirects(parser, &node->redirects);
    if (!next_is_word(parser)) break;
    if (!node->words && is_assignment(peek_token(parser))) assignments = append_word(parser, assignments);
    else words = append_word(parser, words);
  }
  struct word *name = node->words;
  if (next_is(parser, "(") && name && !name->next && !node->assignments && !node->redirects) {
    next_token(parser);
    expect(parser, ")");
    if (name_length(name->text) != strlen(name->text)) syntax_error(parser, "bad function name", "");
    skip_newlines(parser);
    node->kind = NODE_FUNCTION;
    node->first = parse_command(parser);
    parser->is_kept = true;
  } else if (!name && !node->assignments && !node->redirects) {
    unexpected(parser);
  }
  return node;
}

static struct node *parse_compound(struct parser *parser) {
  if (next_is(parser, "(")) return new_node(parser, NODE_SUBSHELL, parse_enclosed(parser, "(", ")"));
  if (next_is(parser, "{")) return new_node(parser, NODE_GROUP, parse_enclosed(parser, "{", "}"));
  if (skip_token(parser, "if")) return parse_if(parser);
  if (skip_token(parser, "while")) return parse_loop(parser, NODE_WHILE);
  if (skip_token(parser, "until")) return parse_loop(parser, NODE_UNTIL);
  if (skip_token(parser, "for")) return parse_for(parser);
  return skip_token(parser, "case") ? parse_case(parser) : NULL;
}

static struct node *parse_command(struct parser *parser) {
  struct node *node = parse_compound(parser);
  if (!node && at_list_end(parser)) unexpected(parser);
  if (!node) return parse_simple(parser);
  parse_redirects(parser, &node->redirects);
  return node;
}

static struct node *parse_pipeline(struct parser *parser) {
  if (skip_token(parser, "!")) return new_node(parser, NODE_NOT, parse_pipeline(parser));
  struct node *command = parse_command(parser);
  if (!next_is(parser, "|")) return command;
  struct node *pipe = new_node(parser, NODE_PIPE, command);
  for (; skip_token_lines(parser, "|"); command = command->next) command->next = parse_command(parser);
  return pipe;
}

/* An and-or list, made asynchronous if & follows. */
static struct node *parse_and_or(struct parser *parser) {
  peek_token(parser);
  size_t start = parser->token_start;
  struct node *left = parse_pipeline(parser);
  while (next_is(parser, "&&") || next_is(parser, "||")) {
    left = new_node(parser, *next_token(parser) == '&' ? NODE_AND : NODE_OR, left);
    skip_newlines(parser);
    left->second = parse_pipeline(parser);
  }
  if (next_is(parser, "&")) left = new_node(parser, NODE_ASYNC, left);
  if (sh.job_control) {
    size_t end = parser->token_start;
    while (end > start && isspace(parser->text[end - 1])) end--;
    left->text = arena_copy(parser->arena, parser->text + start, end - start);
  }
  return left;
}

static struct node *parse_items(struct parser *parser, bool one_line) {
  struct node *first = NULL, **tail = &first;
  while (!at_list_end(parser)) {
    *tail = parse_and_or(parser);
    tail = &(*tail)->next;
    if (!skip_token(parser, ";") && !skip_token(parser, "&") && !next_is(parser, "\n")) break;
    if (one_line && next_is(parser, "\n")) break;
    skip_newlines(parser);
  }
  return first && first->next ? new_node(parser, NODE_SEQUENCE, first) : first;
}
static struct node *parse_list(struct parser *parser) {
  skip_newlines(parser);
  return parse_items(parser, false);
}

/* Inside a word, so what surrounds it is set aside. */
struct node *parse_until(struct parser *parser, const char *closer) {
  struct parser outer = *parser;
  parser->heredocs = NULL;
  parser->token = NULL;
  struct node *list = parse_list(parser);
  expect(parser, closer);
  parser->heredocs = outer.heredocs;
  parser->token_start = outer.token_start;
  return list;
}

struct node *parse_line(struct parser *parser, bool *at_end) {
  if (parser->refill) { /* what has been executed is not needed any more */
    memmove(parser->text, parser->text + parser->at, strlen(parser->text + parser->at) + 1);
    parser->at = 0;
  }
  parser->continues = false;
  parser->token = NULL;
  parser->heredocs = NULL;
  *at_end = skip_token(parser, "");
  if (*at_end || skip_token(parser, "\n")) return NULL;
  struct node *list = parse_items(parser, true);
  if (!next_is(parser, "\n") && !next_is(parser, "")) unexpected(parser);
  return list;
}
