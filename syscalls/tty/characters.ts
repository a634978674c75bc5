/** Kinds of bytes as the line discipline sees them: Latin-1, as in the Linux kernel. */

import { IUTF8 } from '../abi/tty.ts'
import type { Termios } from './termios.ts'

export const isControl = (byte: number): boolean => byte < 32 || byte === 127

/** A letter, a digit: what WERASE takes as part of a word. */
export const isWord = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x5f ||
  (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7)

/** A byte inside a UTF-8 character, where the terminal knows of them. */
export const isContinuation = (byte: number, termios: Termios): boolean =>
  (termios.input & IUTF8) !== 0 && (byte & 0xc0) === 0x80
