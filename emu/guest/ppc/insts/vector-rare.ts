/**
 * Vector instructions that a helper executes: sums across elements, quadwords, carry-less products, AES and SHA-2.
 * Reference: Power ISA, Book I, 6.9.1, 6.9.2, 6.11 and 6.12.
 */

import { HELPER_VECTOR } from '../helper-ids.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { callVector, type VectorOp } from '../vector/rare.ts'

const VR = 32

const rare =
  (name: VectorOp): Translate =>
  (t, i) => {
    const [a, b, c] = [i.ra, i.rb, i.rc5].map((k) => t.vsr(VR + k)) as [number, number, number]
    // ST and SIX are where VRB is.
    t.setVsr(VR + i.rt, callVector(t, HELPER_VECTOR, name, [a, b, c], i.rb))
  }

const ALTIVEC: RowOptions = { feature: 'altivec' }
const POWER8: RowOptions = { feature: 'power8', bits: 64 }
const vx = (name: string, opcode: number, op: VectorOp, options = POWER8, operands = 'VRT VRA VRB'): Row =>
  row(name, `VX 4 ${opcode}`, operands, rare(op), options)
const va = (name: string, opcode: number, op: VectorOp, options = POWER8): Row =>
  row(name, `VA 4 ${opcode}`, 'VRT VRA VRB VRC', rare(op), options)

export const VECTOR_RARE: readonly Row[] = [
  vx('vsum4ubs', 1544, 'sum4ub', ALTIVEC),
  vx('vsum4sbs', 1800, 'sum4sb', ALTIVEC),
  vx('vsum4shs', 1608, 'sum4sh', ALTIVEC),
  vx('vsum2sws', 1672, 'sum2sw', ALTIVEC),
  vx('vsumsws', 1928, 'sumsw', ALTIVEC),
  va('vmsumuhs', 39, 'msumuh', ALTIVEC),
  va('vmsumshs', 41, 'msumsh', ALTIVEC),
  vx('vadduqm', 256, 'adduq'),
  vx('vaddcuq', 320, 'addcuq'),
  va('vaddeuqm', 60, 'addeuq'),
  va('vaddecuq', 61, 'addecuq'),
  vx('vsubuqm', 1280, 'subuq'),
  vx('vsubcuq', 1344, 'subcuq'),
  va('vsubeuqm', 62, 'subeuq'),
  va('vsubecuq', 63, 'subecuq'),
  vx('vpmsumb', 1032, 'pmsumb'),
  vx('vpmsumh', 1096, 'pmsumh'),
  vx('vpmsumw', 1160, 'pmsumw'),
  vx('vpmsumd', 1224, 'pmsumd'),
  vx('vgbbd', 1292, 'gbbd', POWER8, 'VRT VRB'),
  vx('vbpermq', 1356, 'bpermq'),
  vx('vcipher', 1288, 'cipher'),
  vx('vcipherlast', 1289, 'cipherlast'),
  vx('vncipher', 1352, 'ncipher'),
  vx('vncipherlast', 1353, 'ncipherlast'),
  vx('vsbox', 1480, 'sbox', POWER8, 'VRT VRA'),
  vx('vshasigmaw', 1666, 'shasigmaw', POWER8, 'VRT VRA VRB'),
  vx('vshasigmad', 1730, 'shasigmad', POWER8, 'VRT VRA VRB'),
]
