/**
 * CallTable: an ISA's system-call numbers, each with the kernel's own number of the call, how its arguments are read and
 * how its structures lie. Path: kernel/task-run.ts looks a program's number up here; linux.ts makes one for each Arch.
 */

import { CALL_NUMBERS } from '../calls.ts'
import type { DataModel } from '../struct.ts'
import {
  type Arch,
  type CallValues,
  IN_ORDER,
  type Indirect,
  NORM_INT,
  NORM_LONG,
  NORM_UINT,
  type OpenedCall,
} from './arch.ts'

/** A call of an ISA, joined with the kernel's. */
export interface BoundCall {
  /** The kernel's number. */
  readonly nr: number
  /** The ISA's number and name. */
  readonly archNr: number
  readonly name: string
  readonly norms: readonly number[]
  readonly registers: readonly number[]
  readonly model: DataModel
  /** It stands for another call. */
  readonly indirect: Indirect | null
  /** Its values are not the kernel's. */
  readonly values: CallValues | null
}

/** Numbers are below: what a guest asks for beyond is no call. */
const NUMBER_MAX = 4096

export class CallTable {
  readonly arch: Arch
  private readonly normsOf: (name: string) => readonly number[]
  private readonly byNumber: (BoundCall | undefined)[] = []
  private readonly byCall = new Map<number, BoundCall>()

  /** `normsOf`: of a call that somebody implements, by its name. */
  constructor(arch: Arch, normsOf: (name: string) => readonly number[]) {
    this.arch = arch
    this.normsOf = normsOf
    for (const { nr, name, as = name, norms = {}, registers, model = arch.model } of arch.calls) {
      const own = CALL_NUMBERS[as]
      if (own === undefined)
        throw new Error(`${arch.name}: ${name} is no call that the kernel has a number for`)
      const call = {
        nr: own,
        archNr: nr,
        name,
        norms: normsOf(as).map((norm, i) => norms[i] ?? norm),
        registers: registers ?? IN_ORDER,
        model,
        indirect: arch.indirect[as] ?? null,
        values: arch.values[as] ?? null,
      }
      while (this.byNumber.length <= nr) this.byNumber.push(undefined)
      this.byNumber[nr] = call
      if (as === name || !this.byCall.has(own)) this.byCall.set(own, call)
    }
  }

  /** Undefined: the ISA has no such call. */
  find(archNr: number): BoundCall | undefined {
    return archNr >= 0 && archNr < NUMBER_MAX ? this.byNumber[archNr] : undefined
  }

  /** How a program of the ISA would make a call; undefined where it cannot. */
  ofKernel(nr: number): BoundCall | undefined {
    return this.byCall.get(nr)
  }

  /** Puts the arguments of a call that another one stood for. */
  takeWords({ name, words }: OpenedCall, args: Float64Array): void {
    const isWide = this.arch.bits === 64
    for (const [i, norm] of this.normsOf(name).entries()) {
      const word = words[i] ?? 0
      if (norm === NORM_INT) args[i] = word | 0
      else if (norm === NORM_LONG) args[i] = isWide ? word : word | 0
      else if (norm === NORM_UINT || !isWide) args[i] = word >>> 0
      else args[i] = word < 0 ? word + 2 ** 64 : word
    }
    this.valuesOf(name)?.taken?.(args)
  }

  /** How the ISA writes values of a call by the kernel's name. */
  valuesOf(name: string): CallValues | undefined {
    return this.arch.values[name]
  }

  /** A call of the ISA by the kernel's name. Throws where it has none. */
  named(name: string): BoundCall {
    const call = this.byCall.get(CALL_NUMBERS[name] ?? -1)
    if (!call) throw new Error(`${this.arch.name} has no system call ${name}`)
    return call
  }
}
