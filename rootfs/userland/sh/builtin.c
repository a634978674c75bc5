/* The commands that change the shell itself. */
#include "sh.h"

/* set -o's names, and their letters; those that follow are for the command line only. */
static const char *const option_names[] = {
  "errexit", "noglob", "noexec", "xtrace", "verbose", "noclobber", "allexport", "nounset", NULL,
};
static const char option_letters[] = "efnxvCauiscl";

static bool set_option(char letter, const char *name, bool value) {
  const char *known = strchr(option_letters, letter);
  int index = name ? index_of(name, option_names) : known ? known - option_letters : -1;
  if (index >= 0) return sh.set[(int)option_letters[index]] = value, true;
  return complain("Illegal option -%c %s", letter, name ? name : ""), false;
}

int set_options(char **arguments) {
  char **next = arguments;
  for (; *next && (**next == '-' || **next == '+'); next++) {
    bool value = **next == '-';
    const char *letter = *next + 1;
    if (!*letter || equal(letter, "-")) return next + 1 - arguments;
    for (bool by_name = false; *letter && !by_name; letter++) {
      by_name = *letter == 'o' && next[1];
      next += by_name;
      if (!set_option(*letter, by_name ? *next : NULL, value)) return -1;
    }
  }
  return next - arguments;
}

void set_parameters(char **values) {
  int count = count_words(values);
  char **copies = reallocate(NULL, (count + 1) * sizeof *copies);
  for (int i = 0; i <= count; i++) copies[i] = values[i] ? duplicate(values[i]) : NULL;
  free_names(sh.parameters.owned);
  sh.parameters = (struct parameters){copies, count, copies};
}

static int set_main(char **operands) {
  if (!*operands) return variable_print_all(0, ""), 0;
  int used = set_options(operands);
  if (used < 0) shell_fail(2);
  /* "set -e" leaves the parameters, "set --" clears them. */
  if (operands[used] || equal(operands[used - 1], "--")) set_parameters(operands + used);
  return 0;
}

/* A count operand; a bad one is fatal in a special builtin. */
static int count_operand(char **operands, int minimum, int fallback) {
  long long count;
  if (!*operands) return fallback;
  if (!parse_integer(*operands, 10, &count) || count < minimum || count > 0x7fffffff)
    shell_fail(complain("%s: Illegal number: %s", program_name, *operands));
  return count;
}

static int shift_main(char **operands) {
  int count = count_operand(operands, 0, 1);
  if (count > sh.parameters.count) shell_fail(complain("shift: can't shift that many"));
  sh.parameters.values += count;
  sh.parameters.count -= count;
  return 0;
}

static int break_main(char **operands) {
  int levels = count_operand(operands, 1, 1);
  if (sh.loop_depth > 0) {
    sh.unwind = *program_name == 'b' ? UNWIND_BREAK : UNWIND_CONTINUE;
    sh.unwind_levels = levels < sh.loop_depth ? levels : sh.loop_depth;
  }
  return 0;
}

static int return_main(char **operands) {
  int status = count_operand(operands, 0, sh.status);
  sh.unwind = UNWIND_RETURN;
  return status;
}
static int exit_main(char **operands) { shell_exit(count_operand(operands, 0, sh.status)); }
static int eval_main(char **operands) {
  struct buffer text = {.arena = &sh.scratch};
  for (; *operands; operands++) { buffer_put(&text, *operands); buffer_add(&text, ' '); }
  return run_text(buffer_text(&text));
}

/* Without a PATH a name with a slash still means a file. */
const char *search_path(void) { return variable_get("PATH") ? variable_get("PATH") : ""; }

/* The file `name` means on PATH, in scratch, or NULL; a script for "." need only be readable. */
static char *find_on_path(const char *name, int access_mode) {
  struct stat status;
  char *kept = NULL;
  for (const char *path = search_path(); path && !kept;) {
    char *file = next_candidate(&path, name);
    bool found = access(file, access_mode) == 0 && stat(file, &status) == 0 && S_ISREG(status.st_mode);
    if (found) kept = scratch_text("%s", file);
    free(file);
  }
  return kept;
}

static int dot_main(char **operands) {
  if (!*operands) return 0;
  const char *file = find_on_path(*operands, R_OK);
  int status = file ? run_file(file) : -1;
  if (status < 0) shell_fail(complain(".: %s: not found", *operands));
  return status;
}

static int exec_main(char **operands) {
  if (!*operands) return 0;
  bool interactive = sh.interactive;
  traps_reset(false);
  int status = exec_program(operands);
  sh.interactive = interactive;
  shell_fail(status);
}

/* export and readonly */
static int declare_main(char **operands) {
  int flags = *program_name == 'e' ? VARIABLE_EXPORT : VARIABLE_READONLY;
  if (!*operands) variable_print_all(flags, *program_name == 'e' ? "export " : "readonly ");
  for (; *operands; operands++) variable_assign(*operands, flags);
  return 0;
}

static int local_main(char **operands) {
  if (sh.function_depth == 0) shell_fail(complain("local: not in a function"));
  for (; *operands; operands++) { variable_make_local(*operands); variable_assign(*operands, 0); }
  return 0;
}

static int unset_main(char **operands) {
  for (; *operands; operands++) {
    if (!option['f']) variable_unset(*operands);
    else if (function_body(*operands)) function_define(*operands, NULL);
  }
  return 0;
}

bool is_special(const struct applet *builtin) { return builtin && builtin <= find_applet(builtins, "unset"); }

/* The path without ".", ".." and doubled slashes, as text: links are not followed. */
static char *normalise(char *path) {
  struct buffer out = {.arena = &sh.scratch};
  for (char *part; (part = strsep(&path, "/"));) {
    bool up = equal(part, "..");
    while (up && out.length && out.bytes[--out.length] != '/') continue;
    if (!up && *part && !equal(part, ".")) buffer_put(&out, scratch_text("/%s", part));
  }
  if (!out.length) buffer_add(&out, '/');
  return buffer_text(&out);
}

static int cd_main(char **operands) {
  const char *here = variable_get("PWD"), *old = scratch_text("%s", here ? here : "");
  bool back = *operands && equal(*operands, "-");
  const char *target = back ? variable_get("OLDPWD") : *operands ? *operands : variable_get("HOME");
  if (!target) return complain("cd: %s not set", back ? "OLDPWD" : "HOME");
  char *path = normalise(*target == '/' ? scratch_text("%s", target) : scratch_text("%s/%s", old, target));
  bool went_logically = !option['P'] && *old == '/' && chdir(path) == 0;
  if (!went_logically && chdir(target) < 0) return complain("cd: %s: %s", target, strerror(errno));
  char *actual = went_logically ? NULL : getcwd(NULL, 0);
  variable_set("OLDPWD", old, 0);
  variable_set("PWD", actual ? actual : path, 0);
  free(actual);
  if (back) puts(variable_get("PWD"));
  return 0;
}

static int logical_pwd_main(char **operands) {
  const char *logical = option['P'] ? NULL : variable_get("PWD");
  return logical ? puts(logical) < 0 : pwd_main(operands);
}

static int umask_main(char **operands) {
  mode_t mask = current_umask(), mode;
  if (!*operands) return printf("%04o\n", mask) < 0;
  /* Symbolic modes speak of what is allowed, the number of what is not. */
  bool is_octal = isdigit(**operands);
  if (!parse_mode(*operands, is_octal ? 0 : ~mask & 0777, false, &mode))
    return complain("umask: Illegal mode: %s", *operands);
  umask((is_octal ? mode : ~mode) & 0777);
  return 0;
}

static int ulimit_main(char **operands) {
  static const char letters[] = "ftdscmlunv"; /* the first one, if none says another */
  static const int resources[] = {RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS,
    RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_AS};
  struct rlimit limit;
  long long number;
  int row = 0;
  for (int i = 0; letters[i]; i++)
    if (option[(int)letters[i]]) row = i;
  rlim_t unit = strchr("tun", letters[row]) ? 1 : strchr("fc", letters[row]) ? 512 : 1024;
  getrlimit(resources[row], &limit);
  if (!*operands) {
    rlim_t value = option['H'] && !option['S'] ? limit.rlim_max : limit.rlim_cur;
    return (value == RLIM_INFINITY ? puts("unlimited") : printf("%llu\n", (unsigned long long)value / unit)) < 0;
  }
  bool unlimited = equal(*operands, "unlimited");
  if (!unlimited && (!parse_integer(*operands, 10, &number) || number < 0)) return complain("ulimit: bad number");
  rlim_t value = unlimited ? RLIM_INFINITY : (rlim_t)number * unit;
  if (!option['S'] || option['H']) limit.rlim_max = value;
  if (!option['H'] || option['S']) limit.rlim_cur = value;
  return setrlimit(resources[row], &limit) < 0 ? complain("ulimit: %s", strerror(errno)) : 0;
}

/* What `name` would run; `brief` as command -v, else in words. 127 if nothing. */
static int describe(const char *name, bool brief) {
  const struct applet *builtin = find_applet(builtins, name);
  const char *kind = is_reserved(name) ? "a shell keyword"
    : is_special(builtin) ? "a special shell builtin"
    : function_body(name) ? "a shell function" : builtin ? "a shell builtin" : NULL;
  const char *file = kind ? NULL : find_on_path(name, X_OK);
  if (brief && (kind || file)) puts(file ? file : name);
  else if (!brief) printf(kind || file ? "%s is %s\n" : "%s: not found\n", name, kind ? kind : file);
  return kind || file ? 0 : 127;
}

/* command and type */
static int command_main(char **operands) {
  int status = 0;
  bool brief = option['v'];
  if (brief || option['V'] || *program_name == 't') {
    for (; *operands; operands++) status |= describe(*operands, brief);
  } else if (*operands) {
    status = run_without_functions(operands); /* with -p too: the only path is PATH */
  }
  return status;
}

static int read_main(char **operands) {
  if (!*operands) return complain("read: arg count");
  if (option['p']) fputs(option['p'], stderr);
  char **fields;
  bool complete = read_fields(&fields, count_words(operands), option['r']);
  for (; *operands; operands++) {
    variable_set(*operands, *fields ? *fields : "", 0);
    fields += *fields != NULL;
  }
  return !complete;
}

const struct applet builtins[] = {
  {".", dot_main, "+", ""}, {":", true_main, NULL, ""}, {"break", break_main, "+", ""},
  {"continue", break_main, "+", ""}, {"eval", eval_main, "+", ""}, {"exec", exec_main, "+", ""},
  {"exit", exit_main, "+", ""}, {"export", declare_main, "+p", ""}, {"local", local_main, "+", ""},
  {"readonly", declare_main, "+p", ""}, {"return", return_main, "+", ""}, {"set", set_main, NULL, ""},
  {"shift", shift_main, "+", ""}, {"trap", trap_builtin, "+", ""}, {"unset", unset_main, "+fv", ""},
  /* The others. */
  {"[", test_main, NULL, ""}, {"bg", continue_builtin, "+", ""}, {"cd", cd_main, "+LP", ""},
  {"command", command_main, "+pvV", ""}, {"echo", echo_main, NULL, ""}, {"false", false_main, NULL, ""},
  {"fg", continue_builtin, "+", ""}, {"history", history_builtin, "+", ""}, {"jobs", jobs_builtin, "+", ""},
  {"kill", kill_builtin, NULL, ""}, {"printf", printf_main, NULL, ""}, {"pwd", logical_pwd_main, "+LP", ""},
  {"read", read_main, "+rp:", ""}, {"test", test_main, NULL, ""}, {"true", true_main, NULL, ""},
  {"type", command_main, "+", ""}, {"ulimit", ulimit_main, "+SHcdflmnstuv", ""},
  {"umask", umask_main, "+", ""}, {"wait", wait_builtin, "+", ""}, {NULL, NULL, NULL, NULL},
};
