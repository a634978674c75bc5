/* Canonical mode: lines, editing, echo, output processing. */
#include "tty.h"

static void defaults(void)
{
	open_pair();
	for (int i = 0; i < 2; i++) {
		struct termios t = {0};
		tcgetattr(i ? master : slave, &t);
		printf("%x %x %x %x %d\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_line);
		for (int c = 0; c < 19; c++) printf("%d ", t.c_cc[c]);
		puts("");
	}
	struct winsize w = {9, 9, 9, 9};
	ioctl(slave, TIOCGWINSZ, &w);
	printf("%d %d %d %d\n", w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
	SHOW(isatty(slave));
	SHOW(isatty(master));
	SHOW(lseek(slave, 0, SEEK_SET));
	SHOW(pread(slave, &w, 1, 0));
}

static void lines(void)
{
	open_pair();
	TYPE("one\ntwo\rthr");
	echoed();
	show_int("FIONREAD", slave, FIONREAD);
	show_poll(slave, "slave");
	slave_read(), slave_read(), slave_read();
	TYPE("ee\n");
	read_one(slave, "slave", 2), read_one(slave, "slave", 2), read_one(slave, "slave", 10);
	TYPE("\n\n"), slave_read(), slave_read(), slave_read();
}

static void eof(void)
{
	open_pair();
	TYPE("\x04"), show_int("FIONREAD", slave, FIONREAD), show_poll(slave, "slave"), slave_read(), slave_read();
	TYPE("abc\x04"), slave_read(), slave_read();
	TYPE("abc\x04"), read_one(slave, "slave", 3), slave_read();
	TYPE("abc\x04"), read_one(slave, "slave", 2), slave_read(), slave_read();
	TYPE("x\n\x04y\x04\x04"), show_int("FIONREAD", slave, FIONREAD), slave_read(), slave_read(), slave_read(), slave_read(), slave_read();
	echoed();
}

static void erase(void)
{
	open_pair();
	TYPE("abc\x7f\x7fZ\n"), echoed(), slave_read();
	TYPE("\x7f\x7fq\n"), echoed(), slave_read();
	TYPE("one two  three\x17X\n"), echoed(), slave_read();
	TYPE("a.b-c d_e\x17\x17\x17Y\n"), echoed(), slave_read();
	TYPE("kill me\x15now\n"), echoed(), slave_read();
	TYPE("a\x01\x02z\x7f\x7f\x7f!\n"), echoed(), slave_read();
}

static void erase_tabs(void)
{
	open_pair();
	TYPE("ab\tc\td"), echoed();
	TYPE("\x7f\x7f"), echoed();
	TYPE("\x7f\x7f\x7f\x7f\x7f"), echoed();
	write(slave, "prompt> ", 8), echoed();
	TYPE("\x01x\ty\t"), echoed();
	TYPE("\x7f"), echoed();
	TYPE("\x7f\x7f"), echoed();
	TYPE("\x15"), echoed();
}

static void erase_echo_modes(void)
{
	open_pair();
	change(0, 0, 0, 0, ECHOE, 0);
	TYPE("abc\x7f\x7f"), echoed(), TYPE("\x17"), echoed();
	change(0, 0, 0, 0, ECHOKE, 0);
	TYPE("def\x15"), echoed();
	change(0, 0, 0, 0, ECHOK, 0);
	TYPE("def\x15"), echoed();
	change(0, 0, 0, 0, 0, ECHOPRT | ECHOE | ECHOK | ECHOKE);
	TYPE("ghi jkl\x7f\x7f" "m\x7f\x17"), echoed(), TYPE("\x15"), echoed();
	TYPE("opq\x7f\x12\n"), echoed(), slave_read();
	change(0, 0, 0, 0, ECHOPRT | ECHOCTL, 0);
	TYPE("\x01\x02z\x7f\x7f\x7f\n"), echoed(), slave_read();
	change(0, 0, 0, 0, ECHO, 0);
	TYPE("secret\x15\x7fpass\n"), echoed(), slave_read();
	change(0, 0, 0, 0, 0, ECHONL);
	TYPE("secret\n"), echoed(), slave_read();
}

static void utf8(void)
{
	open_pair();
	TYPE("g\xc3\xb6\xe2\x82\xac\x7f\x7f\n"), echoed(), slave_read();
	change(0, IUTF8, 0, 0, 0, 0);
	TYPE("g\xc3\xb6\xe2\x82\xac\x7f\x7f\x7f\n"), echoed(), slave_read();
	TYPE("\xc3\xb6\xc3\xa4 \xc3\xb6\tx\x7f\x7f"), echoed(), TYPE("\x17\n"), echoed(), slave_read();
	TYPE("\xb6\xb6\x7f\x7f\n"), echoed(), slave_read();
	change(0, 0, 0, 0, 0, ECHOPRT);
	TYPE("\xc3\xb6\xe2\x82\xac\x7f\x7f\n"), echoed(), slave_read();
}

static void literal(void)
{
	open_pair();
	TYPE("a\x16\x03" "b\x16\n"), echoed(), slave_read();
	TYPE("c\x16\x04" "d\x16\x16\n"), echoed(), slave_read();
	TYPE("\x16\x7f\x7f\n"), echoed(), slave_read();
	change(0, 0, 0, 0, ECHOCTL, 0);
	TYPE("e\x16\x01\n"), echoed(), slave_read();
	change(0, 0, 0, 0, IEXTEN, ECHOCTL);
	TYPE("f\x16g h\x17\n"), echoed(), slave_read();
}

static void reprint(void)
{
	open_pair();
	TYPE("ab\x01" "c\x12" "d\n"), echoed(), slave_read();
	change(0, 0, 0, 0, ECHO, 0);
	TYPE("ab\x12" "d\n"), echoed(), slave_read();
}

static void end_characters(void)
{
	open_pair();
	set_cc(VEOL, ';'), set_cc(VEOL2, '|');
	TYPE("a;b|c\n"), echoed();
	show_int("FIONREAD", slave, FIONREAD);
	slave_read(), slave_read(), slave_read();
	change(0, 0, 0, 0, IEXTEN, 0);
	TYPE("a|b;"), echoed(), slave_read(), slave_read();
	set_cc(VERASE, 0), set_cc(VEOF, 0);
	TYPE("a\x7f\x04" "b\n"), echoed(), slave_read();
	char zero[] = "a\0b\n";
	type_bytes(zero, 4), echoed(), slave_read();
}

static void input_modes(void)
{
	open_pair();
	change(ICRNL, 0, 0, 0, 0, 0), TYPE("a\rb\n"), echoed(), slave_read();
	change(0, IGNCR, 0, 0, 0, 0), TYPE("a\rb\n"), echoed(), slave_read();
	change(IGNCR, INLCR, 0, 0, 0, 0), TYPE("a\nb\x04"), echoed(), slave_read();
	change(INLCR, ICRNL | ISTRIP, 0, 0, 0, 0), TYPE("\xe1\xe2\n"), echoed(), slave_read();
	change(ISTRIP, IUCLC, 0, 0, 0, 0), TYPE("ABC def\n"), echoed(), slave_read();
	change(IUCLC, PARMRK, 0, 0, 0, 0), TYPE("a\xff" "b\n"), echoed(), slave_read();
	change(PARMRK, INLCR, 0, 0, 0, 0), TYPE("a\rb\n\x04"), echoed(), slave_read(), slave_read();
}

static void put(const char *text)
{
	write(slave, text, strlen(text));
	echoed();
}

static void output_modes(void)
{
	open_pair();
	put("a\nb\tc\rd\x01");
	change(0, 0, 0, XTABS, 0, 0), put("\ra\tb\n\tc12345678\td");
	change(0, 0, ONLCR, 0, 0, 0), put("\ra\nb\tc");
	change(0, 0, 0, OCRNL, 0, 0), put("x\ry\tz");
	change(0, 0, OCRNL, ONOCR, 0, 0), put("\r\rq\r\r\tz");
	change(0, 0, ONOCR, ONLRET, 0, 0), put("abc\n\td");
	change(0, 0, ONLRET, OLCUC | ONLCR, 0, 0), put("lower UP\n");
	change(0, 0, OLCUC, 0, 0, 0), put("ab\b\b\b\tz\n");
	change(0, IUTF8, 0, 0, 0, 0), put("\xc3\xb6\xe2\x82\xac\tz\n");
	change(IUTF8, 0, 0, 0, 0, 0), put("\xc3\xb6\xe2\x82\xac\tz\n");
	change(0, 0, OPOST, 0, 0, 0), put("a\nb\tc\rd");
	SHOW(write(slave, "", 0));
}

static void long_line(void)
{
	static char text[6000];
	open_pair();
	memset(text, 'a', sizeof text);
	change(0, 0, 0, 0, ECHO, 0);
	type_bytes(text, 4095), type_bytes("\n", 1), slave_read(), slave_read();
	type_bytes(text, 5000), type_bytes("bc\n", 3), slave_read(), slave_read();
	change(0, IMAXBEL, 0, 0, 0, ECHO);
	type_bytes(text, 2000), echoed(), type_bytes(text, 2000), echoed(), type_bytes(text, 90), echoed(), type_bytes("bcdefghi", 8), echoed();
	TYPE("\x7f\x7f!\n"), echoed(), slave_read(), slave_read();
}

static void several_lines_fill(void)
{
	static char text[64];
	open_pair();
	change(0, 0, 0, 0, ECHO, 0);
	memset(text, 'x', 63), text[63] = '\n';
	for (int i = 0; i < 100; i++) write(master, text, 64);
	settle();
	int lines = 0;
	for (;;) {
		struct pollfd p = {slave, POLLIN, 0};
		char buf[256];
		if (poll(&p, 1, 20) < 1) break;
		if (read(slave, buf, sizeof buf) != 64) puts("another length");
		lines++;
	}
	printf("%d lines\n", lines);
}

static void switch_modes(void)
{
	open_pair();
	TYPE("half");
	change(0, 0, 0, 0, ICANON, 0), show_int("FIONREAD", slave, FIONREAD), read_one(slave, "slave", 2);
	change(0, 0, 0, 0, 0, ICANON), show_int("FIONREAD", slave, FIONREAD), show_poll(slave, "slave"), slave_read();
	TYPE("a\nb"), change(0, 0, 0, 0, ICANON, 0), slave_read();
	TYPE("\x16"), change(0, 0, 0, 0, 0, ICANON), TYPE("c\n"), slave_read(), slave_read();
	echoed();
}

static void set_and_flush(void)
{
	open_pair();
	struct termios t = modes();
	TYPE("line\npart"), SHOW(tcsetattr(slave, TCSAFLUSH, &t)), slave_read();
	TYPE("line\npart"), SHOW(tcsetattr(slave, TCSADRAIN, &t)), slave_read();
	SHOW(tcflush(slave, TCIFLUSH)), TYPE("\n"), slave_read();
	TYPE("again\n"), SHOW(tcflush(slave, TCOFLUSH)), slave_read();
	TYPE("again\n"), SHOW(tcflush(slave, TCIOFLUSH)), slave_read();
	SHOW(tcflush(slave, 3)), SHOW(tcflush(slave, -1));
	SHOW(tcdrain(slave)), SHOW(tcsendbreak(slave, 0));
	show_int("TIOCOUTQ", slave, TIOCOUTQ);
	TYPE("xyz\n"), SHOW(tcflush(master, TCIFLUSH)), echoed(), slave_read();
}

static void stuffed(void)
{
	open_pair();
	char text[] = "hi\x7f\n";
	for (int i = 0; i < 4; i++) SHOW(ioctl(slave, TIOCSTI, text + i));
	echoed(), slave_read();
	SHOW(ioctl(slave, TIOCSTI, NULL));
}

static void structs(void)
{
	open_pair();
	struct { unsigned short i, o, c, l; unsigned char line, cc[8]; } old;
	struct { unsigned i, o, c, l; unsigned char line, cc[19]; unsigned in, out; } two;
	SHOW(ioctl(slave, TCGETA, &old));
	printf("%x %x %x %x %d %d %d\n", old.i, old.o, old.c, old.l, old.line, old.cc[0], old.cc[7]);
	old.l &= ~ECHO, old.cc[0] = 7;
	SHOW(ioctl(slave, TCSETA, &old));
	SHOW(ioctl(slave, 0x802c542a, &two));
	printf("%x %x %x %x %d %d %u %u\n", two.i, two.o, two.c, two.l, two.cc[0], two.cc[10], two.in, two.out);
	two.c = 0x1000 | 0x20, two.in = 1234, two.out = 5678;
	SHOW(ioctl(slave, 0x402c542b, &two));
	SHOW(ioctl(slave, 0x802c542a, &two));
	printf("%x %u %u\n", two.c, two.in, two.out);
	struct termios t = modes();
	cfsetospeed(&t, B9600);
	tcsetattr(slave, TCSANOW, &t);
	SHOW(ioctl(slave, 0x802c542a, &two));
	printf("%x %u %u\n", two.c, two.in, two.out);
	two.c = 0x100f0000 & (0x1002 << 16) | 0x1001;
	SHOW(ioctl(slave, 0x402c542b, &two)), SHOW(ioctl(slave, 0x802c542a, &two));
	printf("%x %u %u\n", two.c, two.in, two.out);
	SHOW(ioctl(slave, TCGETS, NULL)), SHOW(ioctl(slave, TCSETS, NULL)), SHOW(ioctl(slave, TIOCGWINSZ, NULL));
	SHOW(ioctl(slave, 0x54ff, NULL)), SHOW(ioctl(slave, TIOCMGET, &old)), SHOW(ioctl(master, 0x54ff, NULL));
	show_int("TIOCGETD", slave, TIOCGETD);
	int n = 0;
	SHOW(ioctl(slave, TIOCSETD, &n));
}

PROBES({"defaults", defaults}, {"lines", lines}, {"eof", eof}, {"erase", erase}, {"erase-tabs", erase_tabs},
	{"erase-echo-modes", erase_echo_modes}, {"utf8", utf8}, {"literal", literal}, {"reprint", reprint},
	{"end-characters", end_characters}, {"input-modes", input_modes}, {"output-modes", output_modes},
	{"long-line", long_line}, {"several-lines-fill", several_lines_fill}, {"switch-modes", switch_modes},
	{"set-and-flush", set_and_flush}, {"stuffed", stuffed}, {"structs", structs})
