/**
 * The IR's rules as a check: operands come before their use, in the same block, with the types their operation has;
 * exits lie in their block's log; control goes to blocks of the region. Path: tests of whatever makes regions.
 */

import { I32, I64, OPS, op } from './ops.ts'
import {
  type Block,
  type Region,
  TERM_BRANCH,
  TERM_CALL,
  TERM_CALL_VALUE,
  TERM_GOTO_VALUE,
  TERM_HELPER,
  TERM_JUMP,
  TERM_NONE,
  TERM_RETURN,
  TERM_SWITCH,
} from './region.ts'

const N_CHECK = op('check')
const N_EXIT_IF = op('exit_if')
const N_HELPER_IF = op('helper_if')
const FIRST_LOAD = op('load8_u')
const LAST_LOAD = op('load128')
const FIRST_STORE = op('store8')
const LAST_STORE = op('store128')
const isAccess = (number: number): boolean =>
  (number >= FIRST_LOAD && number <= LAST_LOAD) || (number >= FIRST_STORE && number <= LAST_STORE)

/** What is wrong with a region, a line each; nothing when it is right. */
export function verify(region: Region): string[] {
  const problems: string[] = []
  const { blocks } = region
  if (blocks.length === 0) return ['no block']
  for (const block of blocks) {
    const say = (what: string): void => void problems.push(`b${block.index}: ${what}`)
    // A block that nothing came to fill is reached by nobody: the ones that point to it say so.
    if (block.term === TERM_NONE) continue
    for (let n = block.firstNode; n < block.endNode; n++) verifyNode(region, block, n, say)
    verifyLog(region, block, say)
    verifyEnd(region, block, say)
  }
  return problems
}

type Say = (what: string) => void

const isIn = (block: Block, n: number): boolean => n >= block.firstNode && n < block.endNode

function verifyNode(region: Region, block: Block, n: number, say: Say): void {
  const number = region.op[n]!
  const row = OPS[number]!
  const operands = [region.a[n]!, region.b[n]!, region.c[n]!]
  row.ins.forEach((type, k) => {
    const from = operands[k]!
    if (!isIn(block, from) || from >= n)
      say(`%${n} ${row.name}: operand %${from} is not before it in the block`)
    else if (region.typeOf(from) !== type) say(`%${n} ${row.name}: operand %${from} has another type`)
  })
  if (isAccess(number) && region.op[region.a[n]!] !== N_CHECK)
    say(`%${n} ${row.name}: its address is unchecked`)
  if (number !== N_CHECK && number !== N_EXIT_IF && number !== N_HELPER_IF) return
  const log = region.exitLog[n]!
  if (log < block.firstLog || log > block.endLog)
    say(`%${n} ${row.name}: leaves with another block's registers`)
}

function verifyLog(region: Region, block: Block, say: Say): void {
  for (let i = block.firstLog; i < block.endLog; i++) {
    const variable = region.variables[region.logVariable[i]!]
    const value = region.logValue[i]!
    if (!variable) say(`log ${i}: no such variable`)
    else if (!isIn(block, value)) say(`log ${i}: ${variable.name} is set to a value of another block`)
    else if (region.typeOf(value) !== variable.type) say(`log ${i}: ${variable.name} is set to another type`)
  }
}

function verifyEnd(region: Region, block: Block, say: Say): void {
  const { term, value } = block
  const wanted =
    term === TERM_BRANCH
      ? I32
      : term === TERM_GOTO_VALUE || term === TERM_CALL_VALUE || term === TERM_RETURN || term === TERM_SWITCH
        ? I64
        : -1
  if (wanted >= 0)
    if (!isIn(block, value)) say(`its end uses %${value} of another block`)
    else if (region.typeOf(value) !== wanted) say(`its end uses %${value}, which has another type`)
  const targets: (Block | null)[] = []
  if ([TERM_JUMP, TERM_BRANCH, TERM_CALL, TERM_CALL_VALUE, TERM_HELPER, TERM_SWITCH].includes(term))
    targets.push(block.next)
  if (term === TERM_BRANCH) targets.push(block.taken)
  for (const one of block.cases) targets.push(one.block)
  for (const target of targets)
    if (!target || region.blocks[target.index] !== target) say('control goes to no block of the region')
    else if (target.term === TERM_NONE) say(`control goes to b${target.index}, which was never filled`)
}
