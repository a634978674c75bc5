/** The IR's textual form, for people, golden files and `umwelt` debugging: one block a paragraph, one node a line. */

import { OPS } from './ops.ts'
import {
  type Block,
  type Region,
  TERM_BRANCH,
  TERM_CALL,
  TERM_CALL_VALUE,
  TERM_EXIT,
  TERM_GOTO,
  TERM_GOTO_VALUE,
  TERM_HELPER,
  TERM_JUMP,
  TERM_RETURN,
  TERM_SWITCH,
} from './region.ts'

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`

function operandsOf(region: Region, n: number): string {
  const row = OPS[region.op[n]!]!
  const [a, b, c] = [region.a[n]!, region.b[n]!, region.c[n]!]
  if (row.name === 'i32.const') return ` ${a}`
  if (row.name === 'i64.const') return ` ${((BigInt(b) << 32n) | BigInt(a >>> 0)).toString()}`
  if (row.name === 'v128.const')
    return ` ${Array.from(region.vectors[a]!, (x) => x.toString(16).padStart(2, '0')).join('')}`
  if (row.name === 'get') return ` ${region.variables[a]!.name}`
  if (row.name === 'check')
    return ` %${a} + [${b}, ${c}) want ${region.need[n]} else ${hex(region.exitPc[n]!)}`
  if (row.name === 'exit_if') return ` %${a} kind ${region.need[n]} at ${hex(region.exitPc[n]!)}`
  if (row.name === 'helper_if')
    return ` %${a} %${b} ${region.need[n]! & 0xff} (${region.need[n]! >> 8} %${c}) at ${hex(region.exitPc[n]!)}`
  if (row.name.startsWith('state.load')) return ` +${a}`
  if (row.name.startsWith('state.store')) return ` +${b} %${a}`
  if (row.name.startsWith('load')) return ` %${a} ${b}`
  if (row.name.startsWith('store')) return ` %${a} ${c} %${b}`
  const values = [a, b, c].slice(0, row.ins.length).map((v) => `%${v}`)
  if (row.immediate === 'lane' || row.name === 'helper') values.push(String(c))
  if (row.name === 'helper.pure') values.push(String(region.need[n]))
  if (row.immediate === 'shuffle') values.push(Array.from(region.vectors[c]!).join(','))
  return values.length > 0 ? ` ${values.join(' ')}` : ''
}

function terminatorOf(block: Block): string {
  const next = block.next ? `b${block.next.index}` : ''
  switch (block.term) {
    case TERM_JUMP:
      return `jump ${next}`
    case TERM_BRANCH:
      return `branch %${block.value} b${block.taken!.index} else ${next}`
    case TERM_GOTO:
      return `goto ${hex(block.pc2)}`
    case TERM_GOTO_VALUE:
      return `goto %${block.value}`
    case TERM_CALL:
      return `call ${hex(block.pc2)} then ${next}`
    case TERM_CALL_VALUE:
      return `call %${block.value} then ${next}`
    case TERM_RETURN:
      return `return %${block.value}`
    case TERM_EXIT:
      return `exit ${block.kind} at ${hex(block.pc2)}`
    case TERM_HELPER:
      return `helper ${block.kind} (${block.returnPc}) then ${next}`
    case TERM_SWITCH:
      return `switch %${block.value} ${block.cases.map((c) => `${hex(c.pc)}:b${c.block.index}`).join(' ')} else ${next}`
    default:
      return 'open'
  }
}

/** The whole region as text. */
export function printRegion(region: Region): string {
  const lines: string[] = []
  for (const block of region.blocks) {
    lines.push(`b${block.index}: ${hex(block.pc)}`)
    let log = block.firstLog
    const sets = (end: number): void => {
      for (; log < end; log++)
        lines.push(`  ${region.variables[region.logVariable[log]!]!.name} = %${region.logValue[log]}`)
    }
    for (let n = block.firstNode; n < block.endNode; n++) {
      const { name } = OPS[region.op[n]!]!
      if (name === 'check' || name === 'exit_if' || name === 'helper_if') sets(region.exitLog[n]!)
      lines.push(`  %${n} = ${name}${operandsOf(region, n)}`)
    }
    sets(block.endLog)
    lines.push(`  ${terminatorOf(block)}`)
  }
  return `${lines.join('\n')}\n`
}
