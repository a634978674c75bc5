/* stty, clear, less: the terminal. */
#include "userland.h"

int clear_main(char **operands) { return fputs("\033[H\033[2J\033[3J", stdout) < 0; }

static struct termios terminal;
/* Those that "stty sane" sets (it clears the others), and those that "stty raw" clears. */
enum { SANE = 1, COOKED = 2, BOTH = SANE | COOKED };
static const struct setting {
  const char *name;
  tcflag_t *field, flag;
  int when;
} settings[] = {
  {"icrnl", &terminal.c_iflag, ICRNL, BOTH}, {"inlcr", &terminal.c_iflag, INLCR, 0},
  {"igncr", &terminal.c_iflag, IGNCR, 0}, {"ixon", &terminal.c_iflag, IXON, BOTH},
  {"opost", &terminal.c_oflag, OPOST, BOTH}, {"onlcr", &terminal.c_oflag, ONLCR, SANE},
  {"isig", &terminal.c_lflag, ISIG, BOTH}, {"icanon", &terminal.c_lflag, ICANON, BOTH},
  {"iexten", &terminal.c_lflag, IEXTEN, SANE}, {"echo", &terminal.c_lflag, ECHO, SANE},
  {"echoe", &terminal.c_lflag, ECHOE, SANE}, {"echok", &terminal.c_lflag, ECHOK, SANE},
  {"echoctl", &terminal.c_lflag, ECHOCTL, SANE}, {"echoke", &terminal.c_lflag, ECHOKE, SANE},
  {"tostop", &terminal.c_lflag, TOSTOP, 0}, {NULL, NULL, 0, 0},
};
static const cc_t sane_characters[NCCS] = {
  [VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,
  [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VWERASE] = 23, [VLNEXT] = 22,
};

static void set(const struct setting *row, bool value) {
  *row->field = value ? *row->field | row->flag : *row->field & ~row->flag;
}

static bool set_size(const char *name, const char *number) {
  struct winsize size;
  if (!number || ioctl(0, TIOCGWINSZ, &size) < 0) return false;
  *(*name == 'r' ? &size.ws_row : &size.ws_col) = atoi(number);
  return ioctl(0, TIOCSWINSZ, &size) == 0;
}

/* "echo", "-echo", "sane", "raw" ... */
static bool apply(const char *name) {
  bool value = *name != '-', is_sane = equal(name, "sane"), known = is_sane;
  bool is_raw = equal(name, "raw") || equal(name, "-cooked");
  bool is_cooked = equal(name, "cooked") || equal(name, "-raw");
  if (is_sane) memcpy(terminal.c_cc, sane_characters, NCCS);
  for (const struct setting *row = settings; row->name; row++) {
    bool is_one = equal(row->name, name + !value), is_mode = (is_raw || is_cooked) && row->when & COOKED;
    if (is_one || is_mode || is_sane) set(row, is_sane ? row->when & SANE : is_mode ? is_cooked : value);
    known |= is_one || is_mode;
  }
  return known;
}

int stty_main(char **operands) {
  int rows, columns;
  if (tcgetattr(0, &terminal) < 0) return warn_errno("standard input");
  terminal_size(0, &rows, &columns);
  if (!*operands || equal(*operands, "-a")) {
    printf("rows %d; columns %d;\n", rows, columns);
    for (const struct setting *row = settings; row->name; row++)
      printf("%s%s%s", *row->field & row->flag ? "" : "-", row->name, row[1].name ? " " : "\n");
    return 0;
  }
  if (equal(*operands, "size")) return printf("%d %d\n", rows, columns) < 0;
  for (; *operands; operands++) {
    bool sizes = equal(*operands, "rows") || strncmp(*operands, "col", 3) == 0;
    if (sizes ? !set_size(operands[0], operands[1]) : !apply(*operands))
      return warn("invalid argument '%s'", *operands);
    operands += sizes;
  }
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
