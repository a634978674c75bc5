/* Mounts, binds, moves, unmounts and changes of propagation in an order that a seed chooses, in two mount namespaces:
   what each call says, and what the trees are in the end. */
#include "ns.h"

static unsigned state;

static unsigned choice(unsigned count)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return (state >> 3) % count;
}

static const char *const places[] = {"/d0", "/d1", "/d2", "/d0/x", "/d0/y", "/d1/x", "/d1/y", "/d2/x", "/d0/x/x", "/d1/x/y", "/d2/x/x"};
#define PLACES (sizeof places / sizeof *places)

static void shown(void)
{
	static long ids[4096], groups[4096];
	static int group_count;
	int id_count = 0;
	char line[1024];
	FILE *in = fopen("/proc/self/mountinfo", "r");
	while (fgets(line, sizeof line, in)) {
		int id, parent, at;
		char root[256], place[256], options[256];
		if (sscanf(line, "%d %d %*s %255s %255s %255s %n", &id, &parent, root, place, options, &at) != 5) continue;
		if (!strcmp(place, "/proc")) continue;
		long mine = letter_of(ids, &id_count, id);
		printf("%ld on %ld %s %s", mine, strcmp(place, "/") ? letter_of(ids, &id_count, parent) : -1L, root, place);
		char *tail = strstr(line + at, "- ");
		*tail = 0;
		for (char *tag = strtok(line + at, " "); tag; tag = strtok(NULL, " ")) {
			char *colon = strchr(tag, ':');
			if (!colon) printf(" %s", tag);
			else *colon = 0, printf(" %s:%ld", tag, letter_of(groups, &group_count, atol(colon + 1)));
		}
		puts("");
	}
	fclose(in);
}

static void make(const char *at)
{
	char name[64];
	for (const char *c = "xy"; *c; c++) {
		sprintf(name, "%s/%c", at, *c);
		mkdir(name, 0755);
	}
}

static void step(void)
{
	const char *a = places[choice(PLACES)], *b = places[choice(PLACES)];
	static const long kinds[] = {MS_SHARED, MS_SHARED, MS_SLAVE, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE};
	long kind = kinds[choice(6)], rec = choice(2) ? MS_REC : 0, result;
	switch (choice(9)) {
	case 0:
	case 1:
		result = mount("t", a, "tmpfs", 0, "mode=755");
		printf("mount %s", a);
		if (!result) make(a);
		break;
	case 2:
	case 3:
		result = mount(a, b, NULL, MS_BIND | rec, NULL);
		printf("%sbind %s %s", rec ? "r" : "", a, b);
		break;
	case 4:
		result = mount(a, b, NULL, MS_MOVE, NULL);
		printf("move %s %s", a, b);
		break;
	case 5:
		result = umount2(a, rec ? MNT_DETACH : 0);
		printf("%sumount %s", rec ? "l" : "", a);
		break;
	default:
		result = mount(NULL, a, NULL, kind | rec, NULL);
		printf("make %lx%s %s", kind >> 16, rec ? " all" : "", a);
	}
	printf(" = %s\n", result ? errno_name(errno) : "0");
}

static void run(unsigned seed, int steps)
{
	int spaces[2], roots[2], now = 1;
	state = seed * 2654435761u + 1;
	world();
	for (int i = 0; i < 3; i++) {
		char name[16];
		sprintf(name, "/d%d", i);
		mkdir(name, 0755);
		make(name);
	}
	mount("t", "/d0", "tmpfs", 0, "mode=755");
	make("/d0");
	mount(NULL, "/d0", NULL, MS_SHARED, NULL);
	if (choice(2)) mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL);
	for (int i = 0; i < 2; i++) {
		if (i) unshare(CLONE_NEWNS);
		spaces[i] = open("/proc/self/ns/mnt", O_RDONLY);
		roots[i] = open("/", O_PATH);
	}
	for (int i = 0; i < steps; i++) {
		if (!choice(6)) {
			now = !now;
			setns(spaces[now], CLONE_NEWNS);
			fchdir(roots[now]);
			chroot(".");
			printf("in %d\n", now);
		}
		step();
		if (getenv("EACH")) shown();
	}
	for (int i = 0; i < 2; i++) {
		setns(spaces[i], CLONE_NEWNS);
		fchdir(roots[i]);
		chroot(".");
		printf("tree %d\n", i);
		shown();
	}
}

#define SEED(n) static void seed_##n(void) { run(n, 40); }
SEED(1) SEED(2) SEED(3) SEED(4) SEED(5) SEED(6) SEED(7) SEED(8)

int main(int argc, char **argv)
{
	static const struct probe_case cases[] = {{"1", seed_1}, {"2", seed_2}, {"3", seed_3}, {"4", seed_4}, {"5", seed_5},
		{"6", seed_6}, {"7", seed_7}, {"8", seed_8}};
	if (argc > 2) return run(atoi(argv[1]), atoi(argv[2])), 0;
	return probe_main(argc, argv, cases, 8);
}
