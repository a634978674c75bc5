/**
 * OptionRule: a socket option that is one number: what it is at first and which numbers it takes. Families have tables of
 * them. Path: options.ts and net/inet/options.ts look a rule up; the number is kept in the socket's `values`.
 */

import { type ByteOrder, get32, type Numbers } from '../abi/bytes.ts'
import { EINVAL, ENOPROTOOPT } from '../abi/errno.ts'
import type { Socket } from './socket.ts'

const INT_MAX = 0x7fffffff

export interface OptionRule {
  readonly initial: number
  readonly least: number
  readonly most: number
  /** Everything but 0 is 1. */
  readonly isFlag: boolean
  /** -1 stands for the initial value. */
  readonly isResettable: boolean
}

const rule = (initial: number, least: number, most: number, rest: Partial<OptionRule> = {}): OptionRule => ({
  initial,
  least,
  most,
  isFlag: false,
  isResettable: false,
  ...rest,
})

export const flag = (initial = 0): OptionRule => rule(initial, -INT_MAX - 1, INT_MAX, { isFlag: true })
export const within = (least: number, most: number, initial: number): OptionRule => rule(initial, least, most)
/** The same, and -1 is the initial value. */
export const orInitial = (least: number, most: number, initial: number): OptionRule =>
  rule(initial, least, most, { isResettable: true })
export const anyFrom = (least: number, initial = 0): OptionRule => rule(initial, least, INT_MAX)
export const anyNumber = (initial = 0): OptionRule => anyFrom(-INT_MAX - 1, initial)
/** It is told, and cannot be set. */
export const told = (value: number): OptionRule => rule(value, 1, 0)

/** What an option's value is: bytes, or numbers that sys/socket.ts puts in the program's order. */
export type OptionValue = Uint8Array | Numbers

export const ints = (...values: number[]): Int32Array => Int32Array.from(values)

const keyOf = (level: number, name: number): number => level * 256 + name

export const optionValue = (socket: Socket, level: number, name: number, known: OptionRule): number =>
  socket.values?.get(keyOf(level, name)) ?? known.initial

export const keepOption = (socket: Socket, level: number, name: number, value: number): void => {
  socket.values ??= new Map()
  socket.values.set(keyOf(level, name), value)
}

/** 0 or an errno; `isShort` options take a single byte too. */
export function setByRule(
  socket: Socket,
  level: number,
  name: number,
  known: OptionRule,
  value: Uint8Array,
  order: ByteOrder,
  isShort = false,
): number {
  if (known.least > known.most) return -ENOPROTOOPT
  if (value.length < 4 && !(isShort && value.length > 0)) return -EINVAL
  const number = value.length < 4 ? value[0]! : get32(value, 0, order) | 0
  if (known.isFlag) keepOption(socket, level, name, number === 0 ? 0 : 1)
  else if (known.isResettable && number === -1) keepOption(socket, level, name, known.initial)
  else if (number < known.least || number > known.most) return -EINVAL
  else keepOption(socket, level, name, number)
  return 0
}
