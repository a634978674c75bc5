/** VERASE, VWERASE, VKILL: taking characters of the line being typed back, and showing that. Path: line-discipline.ts. */

import { ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHOPRT, VERASE, VKILL } from '../abi/tty.ts'
import { isContinuation, isControl, isWord } from './characters.ts'
import type { LineDiscipline } from './line-discipline.ts'

const NL = 10
const TAB = 9
const BACKSPACE = 8
const SPACE = 32
const BACKSLASH = 0x5c
const SLASH = 0x2f

/** ECHOPRT: what was erased stands between \ and /. */
export function finishErasing(line: LineDiscipline): void {
  if (!line.erasing) return
  line.output.echoRaw(SLASH)
  line.erasing = false
}

/** Takes a character, a word or the line back, by which of the three was typed. */
export function eraseCharacters(line: LineDiscipline, typed: number): void {
  if (line.head === line.lineHead) return
  const { termios } = line.tty
  const { local, cc } = termios
  const one = typed === cc[VERASE]
  const all = !one && typed === cc[VKILL]
  if (all && !(local & ECHO)) {
    line.head = line.lineHead
    return
  }
  if (all && (local & (ECHOK | ECHOKE | ECHOE)) !== (ECHOK | ECHOKE | ECHOE)) {
    line.head = line.lineHead
    finishErasing(line)
    line.output.echo(typed)
    if (local & ECHOK) line.output.echoRaw(NL)
    return
  }
  let inWord = false
  while (line.head !== line.lineHead) {
    let start = line.head - 1
    while (isContinuation(line.byteAt(start), termios) && start !== line.lineHead) start--
    const first = line.byteAt(start)
    // The beginning of the character is gone already.
    if (isContinuation(first, termios)) break
    if (!one && !all) {
      if (isWord(first)) inWord = true
      else if (inWord) break
    }
    const end = line.head
    line.head = start
    if (local & ECHO) showErased(line, start, end, one)
    if (one) break
  }
  if (line.head === line.lineHead && local & ECHO) finishErasing(line)
}

/** The character from `start` to `end` goes from the screen. */
function showErased(line: LineDiscipline, start: number, end: number, one: boolean): void {
  const { output } = line
  const { local, cc } = line.tty.termios
  const first = line.byteAt(start)
  if (local & ECHOPRT) {
    if (!line.erasing) output.echoRaw(BACKSLASH)
    line.erasing = true
    output.echo(first)
    for (let at = start + 1; at < end; at++) {
      output.echoRaw(line.byteAt(at))
      output.echoMoveBack()
    }
    return
  }
  if (one && !(local & ECHOE)) {
    output.echo(cc[VERASE]!)
    return
  }
  if (first === TAB) {
    eraseTab(line)
    return
  }
  const columns = isControl(first) ? (local & ECHOCTL ? 2 : 0) : 1
  for (let i = 0; i < columns; i++) {
    output.echoRaw(BACKSPACE)
    output.echoRaw(SPACE)
    output.echoRaw(BACKSPACE)
  }
}

/** How far back depends on what stands before the tab, since the last one or the start of the line. */
function eraseTab(line: LineDiscipline): void {
  const { termios } = line.tty
  let columns = 0
  let afterTab = false
  for (let at = line.head - 1; at >= line.lineHead && !afterTab; at--) {
    const byte = line.byteAt(at)
    if (byte === TAB) afterTab = true
    else if (isControl(byte)) columns += termios.local & ECHOCTL ? 2 : 0
    else if (!isContinuation(byte, termios)) columns++
  }
  line.output.echoEraseTab(columns, afterTab)
}
