/* Words to fields (POSIX XCU 2.6), in one pass over a word's text: literal and
 * quoted text joins the field being made, the result of an unquoted expansion
 * is split as it is added. What was quoted and would be special in a pattern
 * is preceded by QUOTE, which becomes a backslash in patterns and nothing in text. */
#include "sh.h"

enum { QUOTE = 1 };

struct expansion {
  struct buffer text;
  bool split;       /* makes fields; else all is one text */
  bool tilde_colon; /* an assignment: ~ counts after each colon too */
  bool in_field;    /* even an empty one, as "" makes */
  bool after_blank; /* IFS white space ended the last field; a delimiter may still belong to it */
  bool has_glob;
  const char *ifs;
  struct buffer fields; /* pointers */
  int count;
};

static void expand_until(struct expansion *e, struct parser *parser, int end, enum context context);

static struct expansion new_expansion(bool split) {
  const char *ifs = variable_get("IFS"); /* A copy: ${IFS=...} may change it while it is in use */
  return (struct expansion){
      .text = {.arena = &sh.scratch}, .fields = {.arena = &sh.scratch}, .split = split,
      .ifs = ifs ? scratch_text("%s", ifs) : " \t\n",
  };
}

static struct parser word_parser(const char *text) {
  return (struct parser){.text = (char *)text, .line = sh.line, .arena = &sh.scratch};
}

static void push_field(struct expansion *e, char *field) {
  buffer_push(&e->fields, field);
  e->count++;
}

/* What was collected as a text without QUOTEs, or as a pattern where they are backslashes. */
static char *finished(struct expansion *e, bool as_pattern) {
  char *text = arena_allocate(&sh.scratch, e->text.length + 1), *to = text;
  const char *end = e->text.bytes + e->text.length;
  for (const char *from = e->text.bytes; from < end; from++) {
    if (*from == QUOTE && as_pattern) *to++ = '\\';
    from += *from == QUOTE;
    *to++ = *from;
  }
  return text;
}

static void end_field(struct expansion *e) {
  glob_t found;
  if (!e->in_field) return;
  if (e->has_glob && !sh.set['f'] && glob(finished(e, true), 0, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; i++) push_field(e, scratch_text("%s", found.gl_pathv[i]));
    globfree(&found);
  } else {
    push_field(e, finished(e, false));
  }
  e->text.length = 0;
  e->in_field = e->after_blank = e->has_glob = false;
}

static void add_byte(struct expansion *e, char c, bool quoted) {
  if (c == QUOTE || (quoted && strchr("*?[]\\-!^", c))) buffer_add(&e->text, QUOTE);
  buffer_add(&e->text, c);
  e->has_glob |= !quoted && strchr("*?[", c);
  e->in_field = true;
  e->after_blank = false;
}

/* A byte of an unquoted expansion. */
static void add_split(struct expansion *e, char c) {
  if (!e->split || !strchr(e->ifs, c)) {
    add_byte(e, c, false);
  } else if (strchr(" \t\n", c)) {
    bool ends = e->in_field;
    end_field(e);
    e->after_blank |= ends;
  } else {
    e->in_field |= !e->after_blank; /* two delimiters with nothing between them make an empty field */
    end_field(e);
    e->after_blank = false;
  }
}

static void add_result(struct expansion *e, const char *text, bool quoted) {
  e->in_field |= quoted;
  for (; *text; text++) quoted ? add_byte(e, *text, true) : add_split(e, *text);
}

/* $@ and $*: each parameter apart, or all joined where nothing is split. */
static void add_parameters(struct expansion *e, char which, bool quoted) {
  bool joined = !e->split || (quoted && which == '*');
  char separator[2] = {which == '*' ? e->ifs[0] : ' ', 0};
  for (int i = 0; i < sh.parameters.count; i++) {
    if (i > 0 && joined) add_result(e, separator, true);
    else if (i > 0) end_field(e);
    add_result(e, sh.parameters.values[i], quoted);
  }
  e->in_field |= quoted && joined;
}

static char *option_letters(void) {
  char *letters = arena_allocate(&sh.scratch, 128), *next = letters;
  for (int c = 'A'; c <= 'z'; c++)
    if (sh.set[c]) *next++ = c;
  return letters;
}

/* A parameter's value, NULL if unset. $@ and $* give one only to tell whether they are null. */
static const char *parameter_value(const char *name) {
  if (name_length(name)) return variable_get(name);
  int position = atoi(name);
  switch (*name) {
  case '#': return scratch_text("%d", sh.parameters.count);
  case '?': return scratch_text("%d", sh.status);
  case '$': return scratch_text("%d", sh.pid);
  case '!': return sh.last_background ? scratch_text("%d", sh.last_background) : NULL;
  case '-': return option_letters();
  case '0': return sh.name;
  case '@': case '*': return sh.parameters.count > 1 ? " " : sh.parameters.values[0];
  default: return position <= sh.parameters.count ? sh.parameters.values[position - 1] : NULL;
  }
}

static char *trim(const char *value, const char *pattern, char operator, bool longest) {
  size_t length = strlen(value);
  char *copy = arena_copy(&sh.scratch, value, length);
  for (size_t i = 0; i <= length; i++) { /* tries the cuts in order of the length they take off */
    size_t taken = longest ? length - i : i, cut = operator == '%' ? length - taken : taken;
    char kept = copy[cut];
    if (operator == '#') copy[cut] = 0;
    bool matches = fnmatch(pattern, operator == '%' ? copy + cut : copy, 0) == 0;
    copy[cut] = kept;
    if (matches) return operator == '%' ? arena_copy(&sh.scratch, copy, cut) : copy + cut;
  }
  return copy;
}

/* The name behind "$" or "${": a variable, digits, or one special character. */
static char *read_name(struct parser *parser, bool braces) {
  const char *text = parser->text + parser->at;
  size_t length = name_length(text);
  if (!length && isdigit(*text)) length = braces ? strspn(text, "0123456789") : 1;
  else if (!length) length = *text && strchr("@*#?-$!", *text);
  parser->at += length;
  return arena_copy(&sh.scratch, text, length);
}

static _Noreturn void fail_unset(const char *name, const char *message) {
  shell_fail(complain("%s: %s", name, message));
}

static void add_value(struct expansion *e, const char *name, const char *value, bool quoted) {
  bool is_list = *name == '@' || *name == '*';
  if (!value && sh.set['u'] && !is_list) fail_unset(name, "parameter not set");
  if (is_list) add_parameters(e, *name, quoted);
  else add_result(e, value ? value : "", quoted);
}

/* The word up to the closing brace, as a text or pattern of its own. */
static char *brace_text(struct parser *parser, enum context context, bool as_pattern) {
  struct expansion inner = new_expansion(false);
  expand_until(&inner, parser, '}', context);
  return finished(&inner, as_pattern);
}

static void expand_braces(struct expansion *e, struct parser *parser, bool quoted) {
  enum context inner = quoted ? QUOTED_BRACES : PLAIN;
  char *name = read_name(parser, true);
  /* "${#x}" is a length, but "${#}" and "${#:-x}" are about $#. */
  bool is_length = *name == '#' && !strchr("}:=+%", peek_byte(parser));
  if (is_length) name = read_name(parser, true);
  const char *value = parameter_value(name);
  bool is_list = *name == '@' || *name == '*', colon = peek_byte(parser) == ':';
  parser->at += colon;
  int operator = next_byte(parser);
  bool missing = !value || (colon && !*value), trims = operator == '%' || operator == '#';
  if (!*name || operator < 0 || !strchr(is_length ? "}" : colon ? "-=?+" : "}-=?+%#", operator))
    syntax_error(parser, "bad substitution", "");
  if ((trims || (is_length && !is_list)) && !value && sh.set['u']) fail_unset(name, "parameter not set");
  if (is_length) {
    size_t length = is_list ? (size_t)sh.parameters.count : value ? strlen(value) : 0;
    add_result(e, scratch_text("%zu", length), quoted);
  } else if (trims) {
    bool longest = peek_byte(parser) == operator;
    parser->at += longest;
    /* Quotes in a pattern quote, even inside double quotes. */
    add_result(e, trim(value ? value : "", brace_text(parser, PLAIN, true), operator, longest), quoted);
  } else if (operator == '}') {
    add_value(e, name, value, quoted);
  } else if (missing == (operator == '+')) { /* the word is not needed */
    while (peek_byte(parser) != '}') skip_element(parser, quoted);
    parser->at++;
    if (operator == '+') e->in_field |= quoted;
    else add_value(e, name, value, quoted);
  } else if (operator == '=') {
    if (!name_length(name)) fail_unset(name, "bad variable name");
    value = brace_text(parser, inner, false);
    variable_set(name, value, 0);
    add_result(e, value, quoted);
  } else if (operator == '?') {
    const char *message = brace_text(parser, inner, false);
    fail_unset(name, *message ? message : colon ? "parameter not set or null" : "parameter not set");
  } else {
    expand_until(e, parser, '}', inner);
  }
}

static void expand_arithmetic(struct expansion *e, struct parser *parser, bool quoted) {
  size_t start = parser->at;
  struct expansion inner = new_expansion(false);
  for (int depth = 0, c; (c = peek_byte(parser)) != ')' || depth > 0; depth += (c == '(') - (c == ')'))
    skip_element(parser, true);
  struct parser text = word_parser(arena_copy(&sh.scratch, parser->text + start, parser->at - start));
  parser->at++;
  if (next_byte(parser) != ')') syntax_error(parser, "missing \"))\"", "");
  expand_until(&inner, &text, -1, QUOTED);
  add_result(e, scratch_text("%lld", evaluate_arithmetic(finished(&inner, false))), quoted);
}

static void expand_backquotes(struct expansion *e, struct parser *parser, bool quoted) {
  struct buffer text = {.arena = &sh.scratch};
  for (int c; (c = next_byte(parser)) != '`';) {
    if (c == '\\' && (strchr("$`\\", peek_byte(parser)) || (quoted && peek_byte(parser) == '"')))
      c = next_byte(parser);
    buffer_add(&text, c);
  }
  struct parser inner = word_parser(buffer_text(&text));
  add_result(e, substitute_command(parse_until(&inner, "")), quoted);
}

static void expand_dollar(struct expansion *e, struct parser *parser, bool quoted) {
  const char *text = parser->text + parser->at;
  bool is_arithmetic = text[0] == '(' && text[1] == '(', has_brackets = text[0] == '(' || text[0] == '{';
  parser->at += has_brackets + is_arithmetic;
  const char *name = has_brackets ? "" : read_name(parser, false);
  if (is_arithmetic) expand_arithmetic(e, parser, quoted);
  else if (text[0] == '(') add_result(e, substitute_command(parse_until(parser, ")")), quoted);
  else if (text[0] == '{') expand_braces(e, parser, quoted);
  else if (*name) add_value(e, name, parameter_value(name), quoted);
  else add_byte(e, '$', quoted);
}

/* Behind the ~: adds the home directory it stands for, or itself. */
static void expand_tilde(struct expansion *e, struct parser *parser) {
  const char *text = parser->text + parser->at;
  size_t length = strcspn(text, e->tilde_colon ? "/:\"'\\$`}" : "/\"'\\$`}");
  const char *user = arena_copy(&sh.scratch, text, length), *home = NULL;
  struct passwd *entry = length ? getpwnam(user) : NULL;
  if (strchr("/:}", text[length])) home = entry ? entry->pw_dir : length ? NULL : variable_get("HOME");
  parser->at += home ? length : 0;
  add_result(e, home ? home : "~", true);
}

/* Up to the end, which is taken too: -1 for the text's, a quote or brace. */
static void expand_until(struct expansion *e, struct parser *parser, int end, enum context context) {
  bool quoted = context != PLAIN && context != LITERAL, tilde = context == PLAIN;
  for (int c; (c = next_byte(parser)) != end;) {
    bool here = tilde;
    tilde = false;
    if (c < 0) {
      syntax_error(parser, "unterminated word", "");
    } else if (c == '\\') {
      c = next_byte(parser);
      if (c == '\n') continue; /* a line continuation */
      bool escapes = !quoted || (c > 0 && (strchr("$`\\", c) || (c == '"' && context != HEREDOC) ||
                                (c == '}' && context == QUOTED_BRACES)));
      if (!escapes || c < 0) add_byte(e, '\\', true);
      if (c >= 0) add_byte(e, c, true);
    } else if (c == '\'' && !quoted) {
      e->in_field = true;
      while ((c = next_byte(parser)) != '\'') add_byte(e, c, true);
    } else if (c == '"' && context != HEREDOC) {
      /* An empty field only if nothing else is inside: "$@" may be no field at all. */
      e->in_field |= peek_byte(parser) == '"';
      expand_until(e, parser, '"', context == LITERAL ? LITERAL : QUOTED);
    } else if (c == '$' && context != LITERAL) {
      expand_dollar(e, parser, quoted);
    } else if (c == '`' && context != LITERAL) {
      expand_backquotes(e, parser, quoted);
    } else if (c == '~' && here) {
      expand_tilde(e, parser);
    } else if (end == '}' && !quoted) {
      add_split(e, c); /* in ${x-words} even literal blanks split */
    } else {
      add_byte(e, c, quoted);
      tilde = c == ':' && e->tilde_colon && !quoted;
    }
  }
}

bool read_fields(char **fields[], int limit, bool raw) {
  struct expansion e = new_expansion(true);
  struct buffer rest = {.arena = &sh.scratch};
  size_t rest_length = 0; /* without blanks at the end */
  bool escaped = false, complete = false;
  while (!complete) { /* byte by byte: what follows is for others to read */
    char c;
    ssize_t got = read(0, &c, 1);
    if (got < 0 && errno == EINTR && !interrupted) { traps_run_pending(); continue; }
    if (got <= 0) break;
    complete = c == '\n' && !escaped;
    bool escapes = c == '\\' && !raw && !escaped, separates = !escaped && strchr(e.ifs, c);
    if (c && c != '\n' && !escapes) { /* escaped newlines vanish */
      separates ? add_split(&e, c) : add_byte(&e, c, true);
      if (e.count + e.in_field >= limit) buffer_add(&rest, c);
      if (!separates || !isspace(c)) rest_length = rest.length;
    }
    escaped = escapes;
  }
  end_field(&e);
  push_field(&e, NULL);
  *fields = (char **)e.fields.bytes;
  if (e.count > limit + 1) (*fields)[limit - 1] = arena_copy(&sh.scratch, rest.bytes, rest_length);
  return complete;
}

char **expand_words(struct word *words, int *count) {
  /* They take assignments as arguments, and expand them so. */
  static const char *const declarations[] = {"export", "readonly", "local", NULL};
  struct expansion e = new_expansion(true);
  bool declaration = words && index_of(words->text, declarations) >= 0;
  for (; words; words = words->next) {
    if (declaration && is_assignment(words->text)) {
      push_field(&e, expand_assignment(words->text));
      continue;
    }
    struct parser parser = word_parser(words->text);
    expand_until(&e, &parser, -1, PLAIN);
    end_field(&e);
    e.after_blank = false;
  }
  push_field(&e, NULL);
  *count = e.count - 1;
  return (char **)e.fields.bytes;
}

static char *expand_whole(const char *word, enum context context, bool as_pattern) {
  struct expansion e = new_expansion(false);
  struct parser parser = word_parser(word);
  expand_until(&e, &parser, -1, context);
  return finished(&e, as_pattern);
}
char *expand_text(const char *word, enum context context) { return expand_whole(word, context, false); }
char *expand_pattern(const char *word) { return expand_whole(word, PLAIN, true); }

char *expand_assignment(const char *word) {
  size_t name = strcspn(word, "=") + 1;
  struct expansion e = new_expansion(false);
  struct parser parser = word_parser(word + name);
  e.tilde_colon = true;
  expand_until(&e, &parser, -1, PLAIN);
  return scratch_text("%.*s%s", (int)name, word, finished(&e, false));
}
