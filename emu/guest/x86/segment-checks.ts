/**
 * Checks of segments in IR, for processes whose segments are not flat (segments.ts): what is put before each access and
 * each instruction of regions formed with `exactSegments`, which only the interpreter runs. Path: addressing.ts and
 * translate.ts ask for them.
 * Reference: Intel SDM vol. 3, 5.3 to 5.5.
 */

import type { Value } from '../../ir/region.ts'
import { EXIT_PROTECTION, EXIT_STACK } from '../../run/cpu.ts'
import type { Addressing } from './addressing.ts'
import { HELPER_SEGMENT_CHECK } from './helper-ids.ts'
import { ACCESS_FETCH } from './segments.ts'
import { CS, FS, SEGMENT_CACHE, SEGMENT_CACHE_SIZE, SS, X86_STATE } from './state.ts'
import { V_FS_BASE, V_GS_BASE } from './variables.ts'

/** Where a segment begins, as i64. */
export function baseValue({ ir }: Addressing, segment: number): Value {
  if (segment >= FS) return ir.get(segment === FS ? V_FS_BASE : V_GS_BASE)
  const field = X86_STATE.segments + segment * SEGMENT_CACHE_SIZE + SEGMENT_CACHE.base
  return ir.op1('i64.extend_i32_u', ir.stateLoad(32, field))
}

/** An offset in a segment, as an address. */
const linear = (t: Addressing, segment: number, offset: Value): Value =>
  t.cut(t.ir.op2('i64.add', offset, baseValue(t, segment)))

/** Leaves where the segment does not allow the access to `offset`, which is cut; else gives its address. */
export function segmentPlace(
  t: Addressing,
  segment: number,
  offset: Value,
  sizeBytes: number,
  access: number,
): Value {
  const { ir } = t
  const argument = ir.i32(segment | (access << 4) | (sizeBytes << 8))
  const refused = ir.helper(HELPER_SEGMENT_CHECK, argument, ir.op1('i32.wrap_i64', offset))
  ir.exitIf(refused, segment === SS ? EXIT_STACK : EXIT_PROTECTION)
  return linear(t, segment, offset)
}

/** EIP of an address in the code segment, as i64. */
export const codeOffset = (t: Addressing, address: Value): Value =>
  t.cut(t.ir.op2('i64.sub', address, baseValue(t, CS)))

/** The address of an EIP. */
export const codeAddress = (t: Addressing, offset: Value): Value => linear(t, CS, offset)

/** Leaves unless so many bytes at an address may be fetched through CS; only when `condition` holds, if there is one. */
export function checkFetch(t: Addressing, address: Value, sizeBytes: number, condition?: Value): void {
  const { ir } = t
  const argument = ir.i32(CS | (ACCESS_FETCH << 4) | (sizeBytes << 8))
  const offset = ir.op1('i32.wrap_i64', codeOffset(t, address))
  const refused = ir.helper(HELPER_SEGMENT_CHECK, argument, offset)
  if (condition === undefined) ir.exitIf(refused, EXIT_PROTECTION)
  else ir.exitIf(ir.op2('i32.and', refused, ir.op2('i32.ne', condition, ir.i32(0))), EXIT_PROTECTION)
}
