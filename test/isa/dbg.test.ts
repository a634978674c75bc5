import { expect, test } from 'vitest'
import { nativeRunner, runNative } from './native.ts'
import { Ours } from './ours.ts'
import { casesOf, compareCases, rowKey, testedRows } from './rows.ts'

const runner = nativeRunner()
const path = (runner as { path: string }).path
const mode = Number(process.env.M ?? 32) as 32
const seg = process.env.S === '1'
const re = new RegExp(process.env.R ?? '.')
test('dbg', () => {
  let n = 0
  for (const row of testedRows(mode)) {
    if (!re.test(rowKey(row)) || (seg && /^(SGDT|SIDT|STR|SLDT|SMSW|PUSHA|POPA)$/.test(row.mnemonic))) continue
    const made = casesOf(row, Number(process.env.N ?? 16), Number(process.env.SEED ?? 1), mode, seg)
    let expected
    try {
      expected = runNative(path, made.batches)
    } catch (e) {
      console.log(rowKey(row), String(e))
      continue
    }
    for (const cpu of [
      new Ours('interpreter', true, undefined, mode),
      new Ours('jit', false, undefined, mode),
    ]) {
      let found: string[] = []
      try {
        found = compareCases(made, expected, cpu, Number(process.env.L ?? 2))
      } catch (e) {
        found = [rowKey(row) + String((e as Error).stack).slice(0, 600)]
      }
      if (found.length) {
        n++
        if (process.env.D)
          for (const f of found) {
            const m = /\[([0-9a-f ]+)\] state (\d+)/.exec(f)!
            const b = made.batches.find(
              (b) => b.code.map((x) => x.toString(16).padStart(2, '0')).join(' ') === m[1],
            )!
            const v = new DataView(b.states[Number(m[2])]!.buffer)
            console.log(
              Array.from({ length: 8 }, (_, k) => v.getBigUint64(8 * k, true).toString(16)).join(' '),
              'sel',
              Array.from({ length: 7 }, (_, k) => v.getUint16(136 + 416 + 2 * k, true).toString(16)).join(
                ' ',
              ),
            )
            const sp = Number(v.getBigUint64(32, true)) - 0x600000
            console.log(
              'stack',
              sp >= 0 && sp < 4080 ? Buffer.from(b.data.slice(sp, sp + 24)).toString('hex') : '',
            )
          }
        console.log(found.join('\n'))
      }
    }
  }
  console.log('differing', n)
}, 3600000)
