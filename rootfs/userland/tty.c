/* stty, tty, clear, less: the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "userland.h"

enum field { INPUT, OUTPUT, CONTROL, LOCAL };
/* `sane` is what the flag is after "stty sane". */
static const struct { const char *name; enum field field; tcflag_t flag; bool sane; } flags[] = {
	{"parenb", CONTROL, PARENB, false}, {"cread", CONTROL, CREAD, true}, {"hupcl", CONTROL, HUPCL, true},
	{"ignbrk", INPUT, IGNBRK, false}, {"brkint", INPUT, BRKINT, true}, {"ignpar", INPUT, IGNPAR, false},
	{"istrip", INPUT, ISTRIP, false}, {"inlcr", INPUT, INLCR, false}, {"igncr", INPUT, IGNCR, false},
	{"icrnl", INPUT, ICRNL, true}, {"ixon", INPUT, IXON, true}, {"ixoff", INPUT, IXOFF, false},
	{"ixany", INPUT, IXANY, false}, {"imaxbel", INPUT, IMAXBEL, true}, {"iutf8", INPUT, IUTF8, false},
	{"opost", OUTPUT, OPOST, true}, {"onlcr", OUTPUT, ONLCR, true}, {"ocrnl", OUTPUT, OCRNL, false},
	{"isig", LOCAL, ISIG, true}, {"icanon", LOCAL, ICANON, true}, {"iexten", LOCAL, IEXTEN, true},
	{"echo", LOCAL, ECHO, true}, {"echoe", LOCAL, ECHOE, true}, {"echok", LOCAL, ECHOK, true},
	{"echonl", LOCAL, ECHONL, false}, {"noflsh", LOCAL, NOFLSH, false}, {"tostop", LOCAL, TOSTOP, false},
	{"echoctl", LOCAL, ECHOCTL, true}, {"echoke", LOCAL, ECHOKE, true},
};
enum { FLAG_COUNT = sizeof flags / sizeof *flags };
static const struct { const char *name; int index; cc_t sane; } characters[] = {
	{"intr", VINTR, 3}, {"quit", VQUIT, 28}, {"erase", VERASE, 127}, {"kill", VKILL, 21}, {"eof", VEOF, 4},
	{"start", VSTART, 17}, {"stop", VSTOP, 19}, {"susp", VSUSP, 26}, {"werase", VWERASE, 23}, {"lnext", VLNEXT, 22},
};
enum { CHARACTER_COUNT = sizeof characters / sizeof *characters };

static tcflag_t *field_of(struct termios *settings, enum field field) {
	tcflag_t *const fields[] = {&settings->c_iflag, &settings->c_oflag, &settings->c_cflag, &settings->c_lflag};
	return fields[field];
}

static void set_flag(struct termios *settings, int row, bool value) {
	tcflag_t *field = field_of(settings, flags[row].field);
	*field = value ? *field | flags[row].flag : *field & ~flags[row].flag;
}

static void set_sane(struct termios *settings) {
	for (int i = 0; i < FLAG_COUNT; i++) set_flag(settings, i, flags[i].sane);
	for (int i = 0; i < CHARACTER_COUNT; i++) settings->c_cc[characters[i].index] = characters[i].sane;
}

static void set_raw(struct termios *settings, bool raw) {
	static const char *const names[] = {"brkint", "icrnl", "ixon", "opost", "isig", "icanon"};
	for (int i = 0; i < FLAG_COUNT; i++)
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (strcmp(flags[i].name, names[k]) == 0) set_flag(settings, i, !raw);
	settings->c_cc[raw ? VMIN : VEOF] = raw ? 1 : 4;
	if (raw) settings->c_cc[VTIME] = 0;
}

/* The settings that differ from `sane`, or all of them. */
static void print_settings(struct termios *settings, bool all) {
	static const int speeds[16] = {0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
	int rows, columns, width = 0;
	terminal_size(0, &rows, &columns);
	printf("speed %d baud;", speeds[cfgetospeed(settings) & 15]);
	if (all) printf(" rows %d; columns %d;", rows, columns);
	printf(" line = 0;\n");
	for (int i = 0; i < CHARACTER_COUNT; i++) {
		cc_t value = settings->c_cc[characters[i].index];
		if (!all && value == characters[i].sane) continue;
		printf(value == 0 ? "%s = <undef>; " : value == 127 ? "%s = ^?; " : value < 32 ? "%s = ^%c; " : "%s = %c; ", characters[i].name,
		       value < 32 ? value + 64 : value);
	}
	if (all) printf("min = %d; time = %d;\n", settings->c_cc[VMIN], settings->c_cc[VTIME]);
	for (int i = 0; i < FLAG_COUNT; i++) {
		bool value = *field_of(settings, flags[i].field) & flags[i].flag;
		if (!all && value == flags[i].sane) continue;
		width += printf("%s%s%s", width ? " " : "", value ? "" : "-", flags[i].name);
		if (width > 70) width = !putchar('\n');
	}
	if (width) putchar('\n');
}

static bool set_size(const char *name, const char *text) {
	struct winsize size;
	long long number;
	if (!text || !parse_integer(text, 10, &number) || ioctl(0, TIOCGWINSZ, &size) < 0) return false;
	*(*name == 'r' ? &size.ws_row : &size.ws_col) = number;
	return ioctl(0, TIOCSWINSZ, &size) == 0;
}

int stty_main(char **operands) {
	struct termios settings;
	if (tcgetattr(0, &settings) < 0) return warn_errno("standard input");
	if (!*operands || strcmp(*operands, "-a") == 0) return print_settings(&settings, *operands), 0;
	for (; *operands; operands++) {
		const char *name = *operands;
		bool value = *name != '-';
		int row = 0, character = 0;
		name += !value;
		while (row < FLAG_COUNT && strcmp(flags[row].name, name) != 0) row++;
		while (character < CHARACTER_COUNT && strcmp(characters[character].name, name) != 0) character++;
		if (row < FLAG_COUNT) {
			set_flag(&settings, row, value);
		} else if (character < CHARACTER_COUNT && operands[1]) {
			const char *key = *++operands;
			settings.c_cc[characters[character].index] = *key == '^' && key[1] == '-' ? 0 : *key == '^' ? (key[1] == '?' ? 127 : key[1] & 31) : *key;
		} else if (strcmp(name, "raw") == 0 || strcmp(name, "cooked") == 0) {
			set_raw(&settings, (*name == 'r') == value);
		} else if (strcmp(name, "sane") == 0) {
			set_sane(&settings);
		} else if (strcmp(name, "size") == 0) {
			int rows, columns;
			terminal_size(0, &rows, &columns);
			printf("%d %d\n", rows, columns);
		} else if ((strncmp(name, "rows", 4) == 0 || strncmp(name, "col", 3) == 0) && set_size(name, operands[1])) {
			operands++;
		} else {
			return warn("invalid argument '%s'", *operands);
		}
	}
	return tcsetattr(0, TCSADRAIN, &settings) < 0 ? warn_errno("standard input") : 0;
}

int tty_main(char **operands) {
	const char *name = ttyname(0);
	(void)operands;
	if (!option['s']) puts(name ? name : "not a tty");
	return !name;
}

int clear_main(char **operands) { return (void)operands, fputs("\033[H\033[2J\033[3J", stdout) < 0; }

/* ---- less */

static char **screen_lines; /* all that is to be read, in pieces of the terminal's width */
static int line_count, top, rows, columns;

static void add_lines(const char *text, size_t length) {
	for (size_t at = 0; at < length;) {
		size_t end = at, width = 0;
		struct buffer line = {0};
		for (; end < length && text[end] != '\n'; end++) {
			bool is_tab = text[end] == '\t', continues = (text[end] & 0xc0) == 0x80;
			size_t cells = is_tab ? 8 - width % 8 : !continues;
			if (width + cells > (size_t)columns) break;
			width += cells;
			if (is_tab)
				buffer_append(&line, "        ", cells);
			else
				buffer_add(&line, text[end] == '\r' ? ' ' : text[end]);
		}
		screen_lines = reallocate(screen_lines, (line_count + 1) * sizeof *screen_lines);
		screen_lines[line_count++] = buffer_text(&line);
		at = end + (text[end] == '\n');
	}
}

static void draw(const char *message) {
	int last = line_count > rows ? line_count - rows : 0;
	top = top > last ? last : top < 0 ? 0 : top;
	fputs("\033[H", stdout);
	for (int i = 0; i < rows; i++) printf("%s\033[K\r\n", top + i < line_count ? screen_lines[top + i] : "~");
	printf("\033[7m%s\033[m\033[K", message ? message : top == last ? "(END)" : ":");
	fflush(stdout);
}

static bool search(const char *text) {
	for (int i = top + 1; i < line_count; i++) {
		if (strstr(screen_lines[i], text)) {
			top = i;
			return true;
		}
	}
	return false;
}

static void read_pattern(int fd, char *text, size_t size) {
	size_t length = 0;
	for (int key = 0; key != '\r' && key != '\n' && key >= 0;) {
		printf("\r\033[K/%.*s", (int)length, text);
		fflush(stdout);
		key = read_key(fd);
		if (key == 127 || key == 8)
			length -= length > 0;
		else if (key >= ' ' && key < 256 && length + 1 < size)
			text[length++] = key;
	}
	if (length) text[length] = 0; /* else the last one again */
}

int less_main(char **operands) {
	struct inputs inputs = {.names = operands};
	static char pattern[128];
	if (!isatty(1)) return cat_main(operands);
	terminal_size(1, &rows, &columns);
	rows--;
	while (next_input(&inputs)) {
		size_t length;
		char *text = read_all(fileno(inputs.file), &length);
		add_lines(text, length);
	}
	int fd = open("/dev/tty", O_RDONLY);
	if (fd < 0 || inputs.status) return inputs.status ? inputs.status : warn_errno("/dev/tty");
	terminal_raw(fd, true);
	fputs("\033[?1049h", stdout);
	const char *message = NULL;
	for (int key = 0; key >= 0 && key != 'q' && key != 'Q' && key != 3;) {
		draw(message);
		message = NULL;
		switch (key = read_key(fd)) {
		case ' ': case 'f': case KEY_PAGE_DOWN: top += rows; break;
		case 'b': case KEY_PAGE_UP: top -= rows; break;
		case 'd': top += rows / 2; break;
		case 'u': top -= rows / 2; break;
		case 'j': case '\r': case '\n': case KEY_DOWN: top++; break;
		case 'k': case 'y': case KEY_UP: top--; break;
		case 'g': case '<': case KEY_HOME: top = 0; break;
		case 'G': case '>': case KEY_END: top = line_count; break;
		case '/': read_pattern(fd, pattern, sizeof pattern); /* fall through */
		case 'n': message = search(pattern) ? NULL : "Pattern not found"; break;
		}
	}
	fputs("\033[?1049l", stdout);
	fflush(stdout);
	terminal_raw(fd, false);
	return 0;
}
