/* stty, clear, less: the terminal. */
#include "userland.h"

int clear_main(char **operands) { return fputs("\033[H\033[2J\033[3J", stdout) < 0; }

enum field { INPUT, OUTPUT, LOCAL };
/* Those that "stty sane" sets (it clears the others), and those that "stty raw" clears. */
enum { SANE = 1, COOKED = 2, BOTH = SANE | COOKED };
static const struct setting {
  const char *name;
  enum field field;
  tcflag_t flag;
  int when;
} settings[] = {
  {"brkint", INPUT, BRKINT, BOTH}, {"igncr", INPUT, IGNCR, 0}, {"inlcr", INPUT, INLCR, 0},
  {"icrnl", INPUT, ICRNL, BOTH}, {"ixon", INPUT, IXON, BOTH}, {"ixoff", INPUT, IXOFF, 0},
  {"iutf8", INPUT, IUTF8, 0}, {"opost", OUTPUT, OPOST, BOTH}, {"onlcr", OUTPUT, ONLCR, SANE},
  {"isig", LOCAL, ISIG, BOTH}, {"icanon", LOCAL, ICANON, BOTH}, {"iexten", LOCAL, IEXTEN, SANE},
  {"echo", LOCAL, ECHO, SANE}, {"echoe", LOCAL, ECHOE, SANE}, {"echok", LOCAL, ECHOK, SANE},
  {"echonl", LOCAL, ECHONL, 0}, {"echoctl", LOCAL, ECHOCTL, SANE}, {"echoke", LOCAL, ECHOKE, SANE},
  {"noflsh", LOCAL, NOFLSH, 0}, {"tostop", LOCAL, TOSTOP, 0}, {NULL, INPUT, 0, 0},
};
static const struct {
  const char *name;
  int index;
  cc_t sane;
} characters[] = {
  {"intr", VINTR, 3}, {"quit", VQUIT, 28}, {"erase", VERASE, 127}, {"kill", VKILL, 21}, {"eof", VEOF, 4},
  {"start", VSTART, 17}, {"stop", VSTOP, 19}, {"susp", VSUSP, 26}, {"werase", VWERASE, 23}, {NULL, 0, 0},
};

static tcflag_t *field_of(struct termios *terminal, enum field field) {
  return field == INPUT ? &terminal->c_iflag : field == OUTPUT ? &terminal->c_oflag : &terminal->c_lflag;
}
static void set(struct termios *terminal, const struct setting *setting, bool value) {
  tcflag_t *field = field_of(terminal, setting->field);
  *field = value ? *field | setting->flag : *field & ~setting->flag;
}

static void print_settings(struct termios *terminal) {
  int rows, columns, width = 0;
  terminal_size(0, &rows, &columns);
  printf("rows %d; columns %d; line = 0;\n", rows, columns);
  for (size_t i = 0; characters[i].name; i++) {
    cc_t value = terminal->c_cc[characters[i].index];
    printf(value < 32 || value == 127 ? "%s = ^%c; " : "%s = %c; ", characters[i].name,
           value < 32 || value == 127 ? value ^ 64 : value);
  }
  printf("min = %d; time = %d;\n", terminal->c_cc[VMIN], terminal->c_cc[VTIME]);
  for (const struct setting *row = settings; row->name; row++) {
    bool value = *field_of(terminal, row->field) & row->flag;
    width += printf("%s%s%s", width ? " " : "", value ? "" : "-", row->name);
    if (width > 70 || !row[1].name) width = !putchar('\n');
  }
}

/* One setting, with its argument if it takes one; returns what follows it, NULL if there is no such. */
static char **apply(struct termios *terminal, char **operands) {
  bool value = **operands != '-', is_raw;
  const char *name = *operands + !value, *argument = operands[1];
  struct winsize size;
  for (const struct setting *row = settings; row->name; row++)
    if (equal(row->name, name)) return set(terminal, row, value), operands + 1;
  for (size_t i = 0; characters[i].name && argument; i++) {
    if (!equal(characters[i].name, name)) continue;
    bool is_control = *argument == '^' && argument[1];
    int control = argument[0] && argument[1] == '?' ? 127 : argument[0] ? argument[1] & 31 : 0;
    terminal->c_cc[characters[i].index] = is_control ? control : *argument;
    return operands + 2;
  }
  if ((is_raw = equal(name, "raw")) || equal(name, "cooked")) {
    for (const struct setting *row = settings; row->name; row++)
      if (row->when & COOKED) set(terminal, row, is_raw != value);
    terminal->c_cc[VMIN] = 1;
    return operands + 1;
  }
  if (equal(name, "sane")) {
    for (const struct setting *row = settings; row->name; row++) set(terminal, row, row->when & SANE);
    for (size_t i = 0; characters[i].name; i++) terminal->c_cc[characters[i].index] = characters[i].sane;
    return operands + 1;
  }
  bool is_rows = equal(name, "rows"), is_columns = strncmp(name, "col", 3) == 0;
  if ((!is_rows && !is_columns) || !argument || ioctl(0, TIOCGWINSZ, &size) < 0) return NULL;
  *(is_rows ? &size.ws_row : &size.ws_col) = atoi(argument);
  return ioctl(0, TIOCSWINSZ, &size) == 0 ? operands + 2 : NULL;
}

int stty_main(char **operands) {
  struct termios terminal;
  int rows, columns;
  if (tcgetattr(0, &terminal) < 0) return warn_errno("standard input");
  terminal_size(0, &rows, &columns);
  if (!*operands || equal(*operands, "-a")) return print_settings(&terminal), 0;
  if (equal(*operands, "size")) return printf("%d %d\n", rows, columns) < 0;
  for (char **next; *operands; operands = next)
    if (!(next = apply(&terminal, operands))) return warn("invalid argument '%s'", *operands);
  return tcsetattr(0, TCSADRAIN, &terminal) < 0 ? warn_errno("standard input") : 0;
}

/* ---- less */

static char **lines; /* all that is to be read, in pieces of the terminal's width */
static int line_count, top, rows, columns;

static void add_lines(const char *text) {
  while (*text) {
    struct buffer line = {0};
    for (int width = 0, cells; *text && *text != '\n'; text++, width += cells) {
      bool is_tab = *text == '\t', continues = (*text & 0xc0) == 0x80;
      cells = is_tab ? 8 - width % 8 : !continues;
      if (width + cells > columns) break;
      buffer_append(&line, is_tab ? "        " : text, is_tab ? cells : 1);
    }
    text += *text == '\n';
    APPEND(lines, line_count, buffer_text(&line));
  }
}

static void draw(const char *message) {
  int last = line_count > rows ? line_count - rows : 0;
  top = top > last ? last : top < 0 ? 0 : top;
  fputs("\033[H", stdout);
  for (int i = 0; i < rows; i++) printf("%s\033[K\r\n", top + i < line_count ? lines[top + i] : "~");
  printf("\033[7m%s\033[m\033[K", message ? message : top == last ? "(END)" : ":");
  fflush(stdout);
}

/* Goes to the next line with the text in it. */
static const char *search(const char *text) {
  int at = top + 1;
  while (at < line_count && !strstr(lines[at], text)) at++;
  top = at < line_count ? at : top;
  return at < line_count ? NULL : "Pattern not found";
}

static void read_pattern(int fd, char *text, int size) {
  int length = 0;
  for (int key = 0; key != '\r' && key != '\n' && key >= 0;) {
    printf("\r\033[K/%.*s", length, text);
    fflush(stdout);
    key = read_key(fd);
    if (key == 127 || key == 8) length -= length > 0;
    if (key >= ' ' && key < 256 && key != 127 && length + 1 < size) text[length++] = key;
  }
  if (length) text[length] = 0; /* else the last one again */
}

int less_main(char **operands) {
  struct inputs inputs = {.names = operands};
  static char pattern[128];
  if (!isatty(1)) return cat_main(operands);
  terminal_size(1, &rows, &columns);
  rows--;
  while (next_input(&inputs)) add_lines(read_all(fileno(inputs.file), NULL));
  int fd = open("/dev/tty", O_RDONLY);
  if (fd < 0 || inputs.status) return inputs.status ? inputs.status : warn_errno("/dev/tty");
  terminal_raw(fd, true);
  fputs("\033[?1049h", stdout);
  const char *message = NULL;
  for (int key = 0; key >= 0 && key != 'q' && key != 3;) {
    draw(message);
    message = NULL;
    switch (key = read_key(fd)) {
    case ' ': case 'f': case KEY_PAGE_DOWN: top += rows; break;
    case 'b': case KEY_PAGE_UP: top -= rows; break;
    case 'j': case '\r': case KEY_DOWN: top++; break;
    case 'k': case KEY_UP: top--; break;
    case 'g': case KEY_HOME: top = 0; break;
    case 'G': case KEY_END: top = line_count; break;
    case '/': read_pattern(fd, pattern, sizeof pattern); /* fall through */
    case 'n': message = search(pattern); break;
    }
  }
  fputs("\033[?1049l", stdout);
  fflush(stdout);
  terminal_raw(fd, false);
  return 0;
}
