/* um: the engines above the kernel, for this process and whoever shares its view. syscalls/engines/manage.ts. */
#include <sys/prctl.h>
#include "userland.h"

#define PR_UMWELT 0x574d55

static int command(const char *line) {
  size_t room = 1 << 16;
  char *words = reallocate(NULL, room);
  *words = 0;
  int length = prctl(PR_UMWELT, line, strlen(line), words, room);
  if (length < 0) return *words ? warn("%s", words) : warn_errno(line);
  /* Only lists are longer, and asking for them once more changes nothing. */
  while ((size_t)length >= room) {
    room = length + 1;
    words = reallocate(words, room);
    length = prctl(PR_UMWELT, line, strlen(line), words, room);
    if (length < 0) return warn_errno(line);
  }
  fputs(words, stdout);
  free(words);
  return 0;
}

/* MODULE... -- PROGRAM: a view of its own, that PROGRAM and its children see. */
static int run(char **operands) {
  char *line = "fork";
  for (; *operands && !equal(*operands, "--"); operands++) line = format_text("%s %s", line, *operands);
  if (!*operands || !*++operands) return usage_error();
  if (command(line)) return 1;
  execvp(*operands, operands);
  int status = errno == ENOENT ? 127 : 126;
  warn_errno(*operands);
  return status;
}

int um_main(char **operands) {
  const char *verb = *operands ? *operands++ : "";
  const char *first = *operands, *second = first ? operands[1] : NULL;
  if (equal(verb, "run") && first) return run(operands);
  if (equal(verb, "attach") && second && !operands[2]) return command(format_text("attach %s %s", first, second));
  if (second || !*verb) return usage_error();
  if ((equal(verb, "add") || equal(verb, "rm") || equal(verb, "run") || equal(verb, "attach")) && !first)
    return usage_error();
  return command(format_text("%s %s", verb, first ? first : ""));
}
