/* sed: a script of commands, run over each line. */
#include "userland.h"

struct address {
  enum { NO_ADDRESS, LINE, LAST, REGEX } kind;
  long number;
  regex_t *regex; /* NULL: the last one used */
};
static struct command {
  struct address first, second;
  bool negated, in_range, global, print;
  char name;
  char *text;     /* of a i c, a label, s's replacement */
  regex_t *regex;
  int number;     /* which match s replaces; q's status */
  size_t target;  /* of { b t: where to go on */
} *commands;
static size_t command_count;
static char *script; /* the rest of it */

static struct inputs inputs;
static struct buffer pattern, hold, appended;
static long line_number;
static bool has_newline = true;
static int quit_status = -1;

static _Noreturn void script_error(const char *why) { exit(warn("-e expression: %s", why)); }

/* Up to the delimiter, which is taken too; escaped it stands for itself, and in a regex \n for a newline. */
static char *read_delimited(char delimiter, bool is_regex) {
  struct buffer text = {0};
  for (bool in_set = false; *script != delimiter || in_set; script++) {
    if (!*script || (*script == '\n' && is_regex)) script_error("unterminated command or address");
    if (is_regex && *script == '[' && !in_set) {
      in_set = true;
      /* A ] in the first place is one of the set. */
      for (int i = 0; i < 2; i++)
        if (script[1] == "^]"[i]) buffer_add(&text, *script++);
    } else if (*script == '\\' && !in_set && script[1]) {
      script++;
      bool is_newline = *script == 'n' && is_regex;
      if (*script != delimiter && !is_newline) buffer_add(&text, '\\');
      buffer_add(&text, is_newline ? '\n' : *script);
      continue;
    }
    in_set &= *script != ']' || script[-1] == '[' || (script[-1] == '^' && script[-2] == '[');
    buffer_add(&text, *script);
  }
  script++;
  return buffer_text(&text);
}

static regex_t *compile(const char *text, int flags) {
  regex_t *regex = *text ? reallocate(NULL, sizeof *regex) : NULL;
  bool extended = option['E'] || option['r'];
  if (regex && regcomp(regex, text, flags | (extended ? REG_EXTENDED : 0)))
    script_error("bad regular expression");
  return regex;
}

static void skip_blanks(void) { script += strspn(script, " \t"); }

static struct address read_address(void) {
  struct address address = {0};
  if (isdigit(*script)) {
    address.kind = LINE;
    address.number = strtol(script, &script, 10);
  } else if (*script == '$') {
    address.kind = LAST;
    script++;
  } else if (*script == '/' || *script == '\\') {
    address.kind = REGEX;
    script += *script == '\\';
    char delimiter = *script++, *text = read_delimited(delimiter, true);
    bool folds = *script == 'I';
    script += folds;
    address.regex = compile(text, folds ? REG_ICASE : 0);
  }
  skip_blanks();
  return address;
}

/* The text of a, i and c: the rest of the line, and lines joined to it by backslashes. */
static char *read_text(void) {
  struct buffer text = {0};
  skip_blanks();
  if (*script == '\\') {
    char *rest = script + 1 + strspn(script + 1, " \t");
    script = *rest == '\n' ? rest + 1 : script + 1;
  }
  for (; *script && *script != '\n'; script++) {
    script += *script == '\\' && script[1];
    buffer_add(&text, *script);
  }
  buffer_add(&text, '\n');
  return buffer_text(&text);
}

static void read_substitution(struct command *command) {
  char delimiter = *script++, *regex = read_delimited(delimiter, true);
  int flags = 0;
  command->text = read_delimited(delimiter, false);
  command->number = 1;
  for (; *script && !strchr(";}\n #", *script); script++) {
    if (isdigit(*script)) command->number = strtol(script, &script, 10), script--;
    else if (*script == 'I' || *script == 'i') flags = REG_ICASE;
    else if (*script != 'g' && *script != 'p') script_error("unknown option to 's'");
    command->global |= *script == 'g';
    command->print |= *script == 'p';
  }
  command->regex = compile(regex, flags);
}

static void read_command(void) {
  APPEND(commands, command_count, (struct command){.first = read_address()});
  struct command *command = &commands[command_count - 1];
  if (*script == ',') {
    script++;
    skip_blanks();
    command->second = read_address();
  }
  for (; *script == '!'; skip_blanks()) command->negated = *script++;
  command->name = *script ? *script++ : 0;
  if (!command->name || !strchr("{}aics:btq=dDgGhHnNpPx", command->name))
    script_error("unknown or missing command");
  if (strchr("aic", command->name)) command->text = read_text();
  if (command->name == 's') read_substitution(command);
  skip_blanks();
  if (command->name == 'q') command->number = strtol(script, &script, 10);
  if (strchr(":bt", command->name)) {
    size_t length = strcspn(script, ";\n} ");
    command->text = format_text("%.*s", (int)length, script);
    script += length;
  }
  skip_blanks();
  if (*script && !strchr(";}\n#", *script) && command->name != '{')
    script_error("extra characters after command");
}

/* Where the command at `from` jumps to: its label, or the } of its {. */
static size_t find_target(size_t from) {
  struct command *jump = &commands[from];
  bool to_label = jump->name != '{';
  int depth = 0;
  for (size_t at = to_label ? 0 : from; at < command_count; at++) {
    if (to_label && commands[at].name == ':' && equal(commands[at].text, jump->text)) return at;
    depth += (commands[at].name == '{') - (commands[at].name == '}');
    if (!to_label && depth == 0) return at;
  }
  if (!to_label || *jump->text) script_error(to_label ? "can't find label" : "unmatched '{'");
  return command_count;
}

static void parse_script(void) {
  int depth = 0;
  while (*(script += strspn(script, " \t;\n"))) {
    if (*script == '#') script += strcspn(script, "\n");
    else read_command();
  }
  for (size_t at = 0; at < command_count; at++) {
    depth += (commands[at].name == '{') - (commands[at].name == '}');
    if (depth < 0) script_error("unexpected '}'");
    if (strchr("{bt", commands[at].name)) commands[at].target = find_target(at);
  }
}

/* What follows the last line of an input without a newline gets it first. */
static void put_text(const char *text, size_t length, bool ends_line) {
  static bool owes_newline;
  if (owes_newline && length) putchar('\n');
  fwrite(text, 1, length, stdout);
  if (ends_line) putchar('\n');
  owes_newline = !ends_line && length && text[length - 1] != '\n';
}

static void put_pattern(size_t length) { put_text(pattern.bytes, length, has_newline
  || length < pattern.length); }

static void flush_appended(void) { put_text(appended.bytes, appended.length, false); appended.length = 0; }

static bool at_last_line(void) {
  int c = inputs.file ? getc(inputs.file) : EOF;
  while (c == EOF && *inputs.names && next_input(&inputs)) c = getc(inputs.file);
  if (c != EOF) ungetc(c, inputs.file);
  return c == EOF;
}

/* Appends the next line to the pattern space. */
static bool read_line(void) {
  if (!next_input_line(&inputs)) return false;
  buffer_append(&pattern, inputs.line, inputs.length);
  buffer_text(&pattern);
  has_newline = inputs.has_newline;
  line_number++;
  return true;
}

static bool search(regex_t *regex, const char *text, regmatch_t *matches, int flags) {
  static regex_t *last;
  last = regex ? regex : last;
  if (!last) script_error("no previous regular expression");
  return regexec(last, text, 10, matches, flags) == 0;
}

static bool matches_address(struct address *address) {
  regmatch_t matches[10];
  if (address->kind == REGEX) return search(address->regex, pattern.bytes, matches, 0);
  return address->kind == LINE ? line_number == address->number : address->kind == NO_ADDRESS || at_last_line();
}

static bool is_selected(struct command *command) {
  bool to_line = command->second.kind == LINE;
  long last = command->second.number;
  if (!command->in_range && !matches_address(&command->first)) return false;
  bool was_in_range = command->in_range, beyond = was_in_range && to_line && line_number > last;
  if (command->second.kind == NO_ADDRESS) return true;
  command->in_range = to_line ? line_number < last : !was_in_range || !matches_address(&command->second);
  return !beyond;
}

static void add_replacement(struct buffer *out, const char *with, const char *text, const regmatch_t *matches) {
  for (; *with; with++) {
    bool escaped = *with == '\\' && with[1];
    with += escaped;
    bool is_group = escaped && isdigit(*with), is_all = !escaped && *with == '&';
    const regmatch_t *match = &matches[is_group ? *with - '0' : 0];
    if (!is_group && !is_all) buffer_add(out, escaped && *with == 'n' ? '\n' : *with);
    else if (match->rm_so >= 0) buffer_append(out, text + match->rm_so, match->rm_eo - match->rm_so);
  }
}

static bool substitute(struct command *command) {
  struct buffer out = {0};
  regmatch_t matches[10];
  const char *text = pattern.bytes;
  bool replaced = false, after_match = false;
  for (int number = 0; search(command->regex, text, matches, text == pattern.bytes ? 0 : REG_NOTBOL);) {
    bool is_empty = matches[0].rm_so == matches[0].rm_eo;
    /* An empty match right behind another one is none. */
    bool is_one = !(is_empty && matches[0].rm_so == 0 && after_match);
    number += is_one;
    bool counts = is_one && (number == command->number || (command->global && number > command->number));
    buffer_append(&out, text, counts ? matches[0].rm_so : matches[0].rm_eo);
    if (counts) add_replacement(&out, command->text, text, matches);
    replaced |= counts;
    text += matches[0].rm_eo;
    after_match = !is_empty;
    if ((replaced && !command->global) || (is_empty && !*text)) break;
    if (is_empty) buffer_add(&out, *text++);
  }
  buffer_put(&out, text);
  buffer_text(&out);
  free(replaced ? pattern.bytes : out.bytes);
  if (replaced) pattern = out;
  return replaced;
}

static void copy_space(struct buffer *to, struct buffer *from, bool appends) {
  if (appends) buffer_add(to, '\n');
  else to->length = 0;
  buffer_append(to, from->bytes, from->length);
  buffer_text(to);
}

enum outcome { GOES_ON, ENDS_CYCLE, RESTARTS, QUITS };

static enum outcome quit(int status) {
  quit_status = status;
  if (!option['n']) put_pattern(pattern.length);
  return QUITS;
}

static enum outcome run_next(bool appends) {
  if (at_last_line()) return quit(0); /* as GNU sed does */
  if (!appends && !option['n']) put_pattern(pattern.length);
  flush_appended();
  if (appends) buffer_add(&pattern, '\n');
  else pattern.length = 0;
  read_line();
  return GOES_ON;
}

static enum outcome run_command_at(size_t *at, bool *substituted) {
  struct command *command = &commands[*at];
  char *newline = memchr(pattern.bytes, '\n', pattern.length);
  struct buffer other = pattern;
  switch (command->name) {
  case 's':
    if (!substitute(command)) break;
    *substituted = true;
    if (command->print) put_pattern(pattern.length);
    break;
  case 'p': put_pattern(pattern.length); break;
  case 'P': put_pattern(newline ? (size_t)(newline - pattern.bytes) : pattern.length); break;
  case 'd': return ENDS_CYCLE;
  case 'D':
    if (!newline) return ENDS_CYCLE;
    pattern.length -= newline + 1 - pattern.bytes;
    memmove(pattern.bytes, newline + 1, pattern.length + 1);
    return RESTARTS;
  case 'q': return quit(command->number);
  case 'a': buffer_put(&appended, command->text); break;
  case 'i': put_text(command->text, strlen(command->text), false); break;
  case 'c':
    if (!command->in_range || command->negated) put_text(command->text, strlen(command->text), false);
    return ENDS_CYCLE;
  case '=': printf("%ld\n", line_number); break;
  case 'n': case 'N': return run_next(command->name == 'N');
  case 'g': case 'G': copy_space(&pattern, &hold, command->name == 'G'); break;
  case 'h': case 'H': copy_space(&hold, &pattern, command->name == 'H'); break;
  case 'x': pattern = hold, hold = other; break;
  case 'b': *at = command->target; break;
  case 't':
    if (*substituted) *at = command->target;
    *substituted = false;
    break;
  }
  return GOES_ON;
}

static void run_script(char **files) {
  enum outcome outcome = GOES_ON;
  inputs.names = files;
  line_number = 0;
  while (outcome != QUITS && (outcome == RESTARTS || read_line())) {
    bool substituted = false;
    outcome = GOES_ON;
    for (size_t at = 0; at < command_count && outcome == GOES_ON; at++) {
      if (is_selected(&commands[at]) != commands[at].negated) outcome = run_command_at(&at, &substituted);
      else if (commands[at].name == '{') at = commands[at].target;
    }
    if (outcome == GOES_ON && !option['n']) put_pattern(pattern.length);
    flush_appended();
    pattern.length = outcome == RESTARTS ? pattern.length : 0;
  }
}

/* With -i the output goes to another file that takes its place. */
static void edit_in_place(char *file) {
  char *temporary = format_text("%s.sed", file), *files[] = {file, NULL};
  struct stat status;
  if (stat(file, &status) < 0 || !freopen(temporary, "w", stdout)) exit(warn_errno(file));
  chmod(temporary, status.st_mode & 07777);
  run_script(files);
  if (fflush(stdout) != 0 || rename(temporary, file) < 0) exit(warn_errno(file));
}

int sed_main(char **operands) {
  script = option['f'] ? read_file(option['f'], NULL) : option['e'] ? duplicate(option['e']) : *operands;
  if (!script) return option['f'] ? warn_errno(option['f']) : usage_error();
  parse_script();
  operands += !option['f'] && !option['e'];
  buffer_text(&hold);
  if (!option['i']) run_script(operands);
  for (; option['i'] && *operands && quit_status < 0; operands++) edit_in_place(*operands);
  return quit_status > 0 ? quit_status : inputs.status * 2;
}
