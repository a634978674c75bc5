/* The multi-call entry: the name the binary was started under chooses the applet. The image installs one
 * symlink in /bin for each row of applets.h. */
#include "userland.h"

#define APPLET(name, options, usage) int name##_main(char **);
#define ALIAS(alias, name, options, usage)
#include "applets.h"
#undef APPLET
#undef ALIAS

const struct applet applets[] = {
#define APPLET(name, options, usage) {#name, name##_main, options, usage},
#define ALIAS(alias, name, options, usage) {alias, name##_main, options, usage},
#include "applets.h"
  {NULL, NULL, NULL, NULL},
};
const char *program_name = "userland";
const char *option[128];

const struct applet *find_applet(const struct applet *table, const char *name) {
  while (table->name && !equal(table->name, name)) table++;
  return table->name ? table : NULL;
}
int usage_error(void) {
  const struct applet *applet = find_applet(applets, program_name);
  fprintf(stderr, "usage: %s %s\n", program_name, applet ? applet->usage : "");
  return 1;
}
int each_operand(char **operands, bool (*act)(char *operand)) {
  int status = *operands ? 0 : usage_error();
  for (; *operands; operands++) status |= !act(*operands);
  return status;
}

/* The options may stand between the operands, unless the letters begin with "+". The operands, or NULL. */
static char **parse_arguments(char **argv, const char *letters) {
  memset(option, 0, sizeof option);
  optind = 0;
  for (int letter; (letter = getopt_long(count_words(argv), argv, letters, NULL, NULL)) >= 0;) {
    if (letter == '?') return NULL;
    bool is_count = isdigit(letter) && strchr(letters, '9'); /* head -20 */
    const char *before = option[is_count ? 'n' : letter];
    if (is_count) option['n'] = format_text("%s%c", before ? before : "", letter);
    else option[letter] = before && optarg ? format_text("%s\n%s", before, optarg) : optarg ? optarg : "";
  }
  return argv + optind;
}

int run_applet(const struct applet *applet, char **argv) {
  program_name = applet->name;
  char **operands = applet->options ? parse_arguments(argv, applet->options) : argv + 1;
  if (!operands) return usage_error() + 1;
  int status = applet->run(operands);
  bool written = fflush(stdout) == 0 && !ferror(stdout); /* a full disk or closed output shows only here */
  if (!written) warn_errno("write error");
  clearerr(stdout);
  return written || status ? status : 1;
}

int main(int argc, char **argv) {
  const char *name = argc > 0 ? path_basename(argv[0]) : "";
  const struct applet *applet = find_applet(applets, name + (*name == '-')); /* a login shell has the dash */
  if (!applet && argc > 1) applet = find_applet(applets, *++argv);
  if (applet) return run_applet(applet, argv);
  for (const struct applet *row = applets; row->name; row++)
    printf("%s%c", row->name, row[1].name ? ' ' : '\n');
  return argc > 1 ? fprintf(stderr, "userland: %s: applet not found\n", argv[0]), 127 : 0;
}
