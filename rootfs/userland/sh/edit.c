/* A line from the terminal: keys, history, completion. */
#include "sh.h"

enum { TERMINAL_IN = 0, TERMINAL_OUT = 2 };
#define CONTROL(letter) ((letter) & 31)

static char **history;
static int history_count;

static struct {
  const char *prompt;
  struct buffer line;
  size_t cursor;
  int shown_row; /* of the cursor below the prompt's first line */
  int browsing;  /* the history entry shown; history_count is the new line */
  char *unsent;  /* the new line, while browsing */
} edit;

int history_builtin(char **operands) {
  for (int i = 0; i < history_count; i++) printf("%5d  %s\n", i + 1, history[i]);
  return 0;
}

static void history_add(const char *line) {
  if (!line[strspn(line, " \t")] || (history_count && equal(history[history_count - 1], line))) return;
  APPEND(history, history_count, duplicate(line));
}

/* ---- the screen */

static void put_text(const char *text) { write_all(TERMINAL_OUT, text, strlen(text)); }
static bool is_continuation(char c) { return (c & 0xc0) == 0x80; }

/* The columns a text takes: one a UTF-8 character, none for escape sequences in the prompt. */
static int text_width(const char *text, size_t length) {
  int width = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\033' && text[i + 1] == '[')
      for (i += 2; i < length && !(text[i] >= '@' && text[i] <= '~');) i++;
    else width += !is_continuation(text[i]);
  }
  return width;
}

/* Paints prompt and line anew from the row the prompt began in. */
static void redraw(void) {
  int rows, columns;
  char move[48];
  struct buffer out = {.arena = &sh.scratch};
  terminal_size(TERMINAL_OUT, &rows, &columns);
  const char *text = buffer_text(&edit.line);
  int start = text_width(edit.prompt, strlen(edit.prompt)), end = start + text_width(text, edit.line.length);
  int at = start + text_width(text, edit.cursor);
  buffer_append(&out, move, sprintf(move, edit.shown_row ? "\r\033[%dA\033[J" : "\r\033[J", edit.shown_row));
  buffer_put(&out, edit.prompt);
  buffer_append(&out, text, edit.line.length);
  /* In the last column the terminal waits with the wrap. */
  if (end && end % columns == 0) buffer_append(&out, "\r\n", 2);
  int up = end / columns - at / columns;
  if (up) buffer_append(&out, move, sprintf(move, "\033[%dA", up));
  buffer_append(&out, move, sprintf(move, at % columns ? "\r\033[%dC" : "\r", at % columns));
  write_all(TERMINAL_OUT, out.bytes, out.length);
  edit.shown_row = at / columns;
}

/* ---- changing the line */

static void insert(const char *text, size_t length) {
  struct buffer *line = &edit.line;
  buffer_append(line, text, length); /* makes room */
  buffer_text(line);                 /* even for nothing */
  memmove(line->bytes + edit.cursor + length, line->bytes + edit.cursor, line->length - length - edit.cursor);
  memcpy(line->bytes + edit.cursor, text, length);
  edit.cursor += length;
}

/* Takes the text between the cursor and `to` away. */
static void delete_to(size_t to) {
  size_t from = edit.cursor < to ? edit.cursor : to, end = edit.cursor < to ? to : edit.cursor;
  memmove(edit.line.bytes + from, edit.line.bytes + end, edit.line.length - end);
  edit.line.length -= end - from;
  edit.cursor = from;
}

static void set_line(const char *text) {
  edit.line.length = 0;
  edit.cursor = 0;
  insert(text, strlen(text));
}
static size_t next_character(size_t at) {
  at += at < edit.line.length;
  while (at < edit.line.length && is_continuation(edit.line.bytes[at])) at++;
  return at;
}
static size_t previous_character(size_t at) {
  at -= at > 0;
  while (at > 0 && is_continuation(edit.line.bytes[at])) at--;
  return at;
}
static bool is_word_byte(char c) { return c < 0 || strchr(" \t/.,;|&()<>'\"=-", c) == NULL; }
static size_t next_word(size_t at) {
  while (at < edit.line.length && !is_word_byte(edit.line.bytes[at])) at++;
  while (at < edit.line.length && is_word_byte(edit.line.bytes[at])) at++;
  return at;
}

/* Alt-B goes back to the beginning of a word; for ^W only blanks separate words. */
static size_t previous_word(size_t at, bool only_blanks) {
  const char *text = edit.line.bytes;
  while (at > 0 && (only_blanks ? text[at - 1] == ' ' : !is_word_byte(text[at - 1]))) at--;
  while (at > 0 && (only_blanks ? text[at - 1] != ' ' : is_word_byte(text[at - 1]))) at--;
  return at;
}

static void browse(int step) {
  int wanted = edit.browsing + step;
  if (wanted < 0 || wanted > history_count) return;
  if (edit.browsing == history_count) { free(edit.unsent); edit.unsent = duplicate(buffer_text(&edit.line)); }
  edit.browsing = wanted;
  set_line(wanted == history_count ? edit.unsent : history[wanted]);
}

/* ---- completion */

static struct { char **names; size_t count; } candidates;

static void offer(const char *name, const char *prefix, const char *suffix) {
  char *text = scratch_text("%s%s", name, suffix);
  bool known = strncmp(name, prefix, strlen(prefix)) != 0;
  for (size_t i = 0; i < candidates.count && !known; i++) known = equal(candidates.names[i], text);
  if (!known) APPEND(candidates.names, candidates.count, text);
}

/* `directory` is empty or ends with a slash. */
static void offer_files(const char *directory, const char *prefix, bool only_programs) {
  glob_t found;
  if (glob(scratch_text("%s%s*", directory, prefix), GLOB_TILDE, NULL, &found) != 0) return;
  for (char **path = found.gl_pathv; *path; path++) {
    bool is_folder = is_directory(*path), offers = !only_programs || (!is_folder && access(*path, X_OK) == 0);
    if (offers) offer(basename(*path), prefix, is_folder ? "/" : " ");
  }
  globfree(&found);
}

static void offer_commands(const char *prefix) {
  for (const struct applet *row = builtins; row->name; row++) offer(row->name, prefix, " ");
  for (struct function *function = functions; function; function = function->next)
    if (function_body(function->name)) offer(function->name, prefix, " ");
  for (const char *path = search_path(); path;) {
    char *directory = next_candidate(&path, "");
    offer_files(directory, prefix, true);
    free(directory);
  }
}

static void list_candidates(void) {
  qsort(candidates.names, candidates.count, sizeof *candidates.names, compare_texts);
  put_text("\r\n");
  for (size_t i = 0; i < candidates.count; i++) put_text(scratch_text("%s ", candidates.names[i]));
  put_text("\r\n");
  edit.shown_row = 0;
}

static void complete(void) {
  size_t start = edit.cursor, before, common;
  const char *text = buffer_text(&edit.line);
  while (start > 0 && !strchr(" \t;|&<>()=", text[start - 1])) start--;
  for (before = start; before > 0 && text[before - 1] == ' ';) before--;
  bool is_command = before == 0 || strchr(";|&(", text[before - 1]);
  char *word = arena_copy(&sh.scratch, text + start, edit.cursor - start), *slash = strrchr(word, '/');
  const char *prefix = slash ? slash + 1 : word;
  candidates.count = 0;
  if (is_command && !slash) offer_commands(prefix);
  else offer_files(arena_copy(&sh.scratch, word, prefix - word), prefix, false);
  if (!candidates.count) return;
  common = strlen(candidates.names[0]);
  for (size_t i = 1; i < candidates.count; i++)
    while (strncmp(candidates.names[0], candidates.names[i], common) != 0) common--;
  if (common > strlen(prefix)) insert(candidates.names[0] + strlen(prefix), common - strlen(prefix));
  else if (candidates.count > 1) list_candidates();
}

/* ---- keys */

enum outcome { GOES_ON, DONE, END_OF_INPUT };

static enum outcome handle_key(int key) {
  char byte = key;
  size_t length = edit.line.length;
  switch (key) {
  case '\r': case '\n': return DONE;
  case -1: return END_OF_INPUT;
  case CONTROL('D'):
    if (length == 0) return END_OF_INPUT;
    delete_to(next_character(edit.cursor));
    break;
  case CONTROL('C'):
    edit.cursor = length;
    redraw();
    put_text("^C");
    set_line("");
    sh.status = 128 + SIGINT;
    interrupted = 1;
    return DONE;
  case KEY_DELETE: delete_to(next_character(edit.cursor)); break;
  case 127: case CONTROL('H'): delete_to(previous_character(edit.cursor)); break;
  case KEY_LEFT: case CONTROL('B'): edit.cursor = previous_character(edit.cursor); break;
  case KEY_RIGHT: case CONTROL('F'): edit.cursor = next_character(edit.cursor); break;
  case KEY_HOME: case CONTROL('A'): edit.cursor = 0; break;
  case KEY_END: case CONTROL('E'): edit.cursor = length; break;
  case KEY_ALT + 'b': edit.cursor = previous_word(edit.cursor, false); break;
  case KEY_ALT + 'f': edit.cursor = next_word(edit.cursor); break;
  case CONTROL('K'): delete_to(length); break;
  case CONTROL('U'): delete_to(0); break;
  case CONTROL('W'): delete_to(previous_word(edit.cursor, true)); break;
  case KEY_UP: case CONTROL('P'): browse(-1); break;
  case KEY_DOWN: case CONTROL('N'): browse(1); break;
  case '\t': complete(); break;
  case CONTROL('L'): put_text("\033[H\033[2J"); edit.shown_row = 0; break;
  default:
    if (key < ' ' || key > 255) break;
    insert(&byte, 1);
    /* The rest of a UTF-8 character comes at once. */
    for (int more = key >= 0xf0 ? 3 : key >= 0xe0 ? 2 : key >= 0xc0; more > 0; more--) {
      byte = read_key(TERMINAL_IN);
      insert(&byte, 1);
    }
  }
  return GOES_ON;
}

char *edit_line(const char *prompt) {
  enum outcome outcome = GOES_ON;
  const char *last_line = strrchr(prompt, '\n');
  edit.prompt = last_line ? last_line + 1 : prompt;
  edit.browsing = history_count;
  edit.shown_row = 0;
  set_line("");
  if (last_line) write_all(TERMINAL_OUT, prompt, edit.prompt - prompt);
  do {
    redraw();
    outcome = handle_key(read_key(TERMINAL_IN));
  } while (outcome == GOES_ON);
  edit.cursor = edit.line.length;
  if (!interrupted) redraw();
  terminal_raw(TERMINAL_IN, false);
  if (outcome == END_OF_INPUT) put_text("exit");
  put_text("\r\n");
  if (interrupted) { interrupted = 0; shell_fail(128 + SIGINT); }
  history_add(buffer_text(&edit.line));
  return outcome == END_OF_INPUT ? NULL : format_text("%s\n", edit.line.bytes);
}
