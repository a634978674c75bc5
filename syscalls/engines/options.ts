/**
 * ModuleOptions: what is written behind an engine's name, `name,nodename=mars,except=/a,except=/b`. An option may
 * come several times; one without `=` has the value ''.
 * Path: the CLI's --engine, um(1) and mount(2) make them; engines read them and refuse what they do not know.
 */

/** Options as TypeScript users write them: `{nodename: 'mars', except: ['/a', '/b']}`. */
export type OptionsLike = ModuleOptions | Readonly<Record<string, string | readonly string[]>>

export class ModuleOptions {
  readonly entries: readonly (readonly [name: string, value: string])[]

  constructor(entries: Iterable<readonly [string, string]>) {
    this.entries = [...entries]
  }

  static of(options: OptionsLike): ModuleOptions {
    if (options instanceof ModuleOptions) return options
    return new ModuleOptions(
      Object.entries(options).flatMap(([name, value]) =>
        (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]),
      ),
    )
  }

  /** `a=1,b,a=2`. */
  static parse(text: string): ModuleOptions {
    return new ModuleOptions(
      text
        .split(',')
        .filter((part) => part !== '')
        .map((part): [string, string] => {
          const equals = part.indexOf('=')
          return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
        }),
    )
  }

  /** The value that was given last. */
  last(name: string): string | undefined {
    return this.entries.findLast(([known]) => known === name)?.[1]
  }

  all(name: string): string[] {
    return this.entries.filter(([known]) => known === name).map(([, value]) => value)
  }

  has(name: string): boolean {
    return this.last(name) !== undefined
  }

  /** Throws, naming the engine, when there is an option that it does not have. */
  allowOnly(engine: string, names: readonly string[]): void {
    for (const [name] of this.entries)
      if (!names.includes(name))
        throw new Error(`${engine}: there is no option ${name}; there are ${names.join(', ')}`)
  }
}
