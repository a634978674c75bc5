/** Splits a line into words as a shell does: blanks, 'text', "text", \x. Path: the `args` attribute. Throws Error. */
export function words(line: string): string[] {
  const found: string[] = []
  const pattern = /\s*((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)\s*/gsy
  while (pattern.lastIndex < line.length) {
    const match = pattern.exec(line)
    if (!match) {
      if (line.trim() === '') break
      throw new Error(`a quote in ${line} has no end`)
    }
    found.push(
      match[1]!.replace(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
        (_all, single, double, escaped) =>
          single ?? (double === undefined ? escaped : double.replace(/\\(["\\$`])/g, '$1')),
      ),
    )
  }
  return found
}
