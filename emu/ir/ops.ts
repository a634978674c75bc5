/**
 * The IR's operations. They are WebAssembly's own numeric and vector operations plus the few that name guest
 * state, guest memory and leaving translated code; so lowering is one opcode an operation, and the names are known
 * from the WebAssembly specification.
 * Path: built by emu/guest/<isa>, rewritten by emu/opt, lowered by emu/wasm, run by emu/ir/interpret.
 *
 * A row: name, WebAssembly opcode (0xfdNN.. for vector ones), operand types, result type, immediate.
 * Types: i i32, l i64, f f32, d f64, v v128; `-` none.
 */

export const I32 = 0,
  I64 = 1,
  F32 = 2,
  F64 = 3,
  V128 = 4
export type Type = 0 | 1 | 2 | 3 | 4

export interface OpRow {
  readonly name: string
  /** WebAssembly opcode; vector ones are 0xfd00 + subopcode (up to 0x1ff); -1 when lowered by hand. */
  readonly wasm: number
  readonly ins: readonly Type[]
  readonly out: Type | -1
  /** May be moved, repeated or dropped: depends on its operands only and cannot trap. */
  readonly pure: boolean
  /** `lane`: an immediate byte, `shuffle`: sixteen from the constant pool. */
  readonly immediate: '' | 'lane' | 'shuffle'
}

const TYPE_LETTERS = 'ilfdv'

const HAND_WRITTEN = [
  // name, operand types, result, pure
  'i32.const - i pure',
  'i64.const - l pure',
  'v128.const - v pure',
  // The value of a guest register (variable) at the start of the block.
  'get - ? pure',
  // check(base): base + disp .. is accessible; gives the 32-bit address of the lowest byte. Leaves when it is not.
  'check l i effect',
  // Loads and stores at a checked address.
  'load8_u i i effect',
  'load16_u i i effect',
  'load8_s i i effect',
  'load16_s i i effect',
  'load32 i i effect',
  'load64 i l effect',
  'loadf32 i f effect',
  'loadf64 i d effect',
  // The low lane of a vector whose other lanes are zero.
  'load32_zero i v effect',
  'load64_zero i v effect',
  'load128 i v effect',
  'store8 ii - effect',
  'store16 ii - effect',
  'store32 ii - effect',
  'store64 il - effect',
  'storef32 if - effect',
  'storef64 id - effect',
  'store128 iv - effect',
  // Fields of the state block that are no variables (x87, scratch).
  'state.load32 - i effect',
  'state.load64 - l effect',
  'state.load128 - v effect',
  'state.store32 i - effect',
  'state.store64 l - effect',
  'state.store128 v - effect',
  // helper(a, b): a function of the guest's helper table, which may use the state block's scratch and x87 fields.
  'helper ii i effect',
  // A helper of three values (i32, i64, i64) without effects, for what is almost always dead.
  'helper.pure ill i pure',
  // Two vectors for helper_if.
  'pair vv v pure',
  // When the first condition and then the second one hold, a helper that gets the pair in scratch: leaves for the
  // interpreter if it says so. Second condition and pair are only made when the first one holds.
  'helper_if iiv - effect',
  // The flag byte of the page that holds an address.
  'page_flags i i pure',
  // Copies and fills of checked memory: (to, from, size), (to, byte, size).
  'memory.copy iii - effect',
  'memory.fill iii - effect',
  // Leaves with an exit kind when the condition holds.
  'exit_if i - effect',
  'select.i32 iii i pure',
  'select.i64 lli l pure',
  'select.v128 vvi v pure',
  // As select, but only the chosen side is computed: choose(cond, then, else).
  'choose.i32 iii i pure',
  'choose.i64 ill l pure',
  'choose.v128 ivv v pure',
]

const NUMERIC = `
45 i32.eqz i i|46 i32.eq ii i|47 i32.ne ii i|48 i32.lt_s ii i|49 i32.lt_u ii i|4a i32.gt_s ii i|4b i32.gt_u ii i
4c i32.le_s ii i|4d i32.le_u ii i|4e i32.ge_s ii i|4f i32.ge_u ii i
50 i64.eqz l i|51 i64.eq ll i|52 i64.ne ll i|53 i64.lt_s ll i|54 i64.lt_u ll i|55 i64.gt_s ll i|56 i64.gt_u ll i
57 i64.le_s ll i|58 i64.le_u ll i|59 i64.ge_s ll i|5a i64.ge_u ll i
5b f32.eq ff i|5c f32.ne ff i|5d f32.lt ff i|5e f32.gt ff i|5f f32.le ff i|60 f32.ge ff i
61 f64.eq dd i|62 f64.ne dd i|63 f64.lt dd i|64 f64.gt dd i|65 f64.le dd i|66 f64.ge dd i
67 i32.clz i i|68 i32.ctz i i|69 i32.popcnt i i|6a i32.add ii i|6b i32.sub ii i|6c i32.mul ii i
71 i32.and ii i|72 i32.or ii i|73 i32.xor ii i|74 i32.shl ii i|75 i32.shr_s ii i|76 i32.shr_u ii i
77 i32.rotl ii i|78 i32.rotr ii i
79 i64.clz l l|7a i64.ctz l l|7b i64.popcnt l l|7c i64.add ll l|7d i64.sub ll l|7e i64.mul ll l
83 i64.and ll l|84 i64.or ll l|85 i64.xor ll l|86 i64.shl ll l|87 i64.shr_s ll l|88 i64.shr_u ll l
89 i64.rotl ll l|8a i64.rotr ll l
8b f32.abs f f|8c f32.neg f f|8d f32.ceil f f|8e f32.floor f f|8f f32.trunc f f|90 f32.nearest f f|91 f32.sqrt f f
92 f32.add ff f|93 f32.sub ff f|94 f32.mul ff f|95 f32.div ff f
99 f64.abs d d|9a f64.neg d d|9b f64.ceil d d|9c f64.floor d d|9d f64.trunc d d|9e f64.nearest d d|9f f64.sqrt d d
a0 f64.add dd d|a1 f64.sub dd d|a2 f64.mul dd d|a3 f64.div dd d
a7 i32.wrap_i64 l i|ac i64.extend_i32_s i l|ad i64.extend_i32_u i l
b2 f32.convert_i32_s i f|b4 f32.convert_i64_s l f|b5 f32.convert_i64_u l f|b6 f32.demote_f64 d f
b7 f64.convert_i32_s i d|b9 f64.convert_i64_s l d|ba f64.convert_i64_u l d|bb f64.promote_f32 f d
bc i32.reinterpret_f32 f i|bd i64.reinterpret_f64 d l|be f32.reinterpret_i32 i f|bf f64.reinterpret_i64 l d
c0 i32.extend8_s i i|c1 i32.extend16_s i i|c2 i64.extend8_s l l|c3 i64.extend16_s l l|c4 i64.extend32_s l l`

/** Division traps in WebAssembly, so it is no pure operation: the translator guards it with exit_if. */
const TRAPPING = `
6d i32.div_s ii i|6e i32.div_u ii i|6f i32.rem_s ii i|70 i32.rem_u ii i
7f i64.div_s ll l|80 i64.div_u ll l|81 i64.rem_s ll l|82 i64.rem_u ll l`

const VECTOR = `
0d i8x16.shuffle vv v shuffle|0e i8x16.swizzle vv v
0f i8x16.splat i v|10 i16x8.splat i v|11 i32x4.splat i v|12 i64x2.splat l v|13 f32x4.splat f v|14 f64x2.splat d v
15 i8x16.extract_lane_s v i lane|16 i8x16.extract_lane_u v i lane|17 i8x16.replace_lane vi v lane
18 i16x8.extract_lane_s v i lane|19 i16x8.extract_lane_u v i lane|1a i16x8.replace_lane vi v lane
1b i32x4.extract_lane v i lane|1c i32x4.replace_lane vi v lane
1d i64x2.extract_lane v l lane|1e i64x2.replace_lane vl v lane
1f f32x4.extract_lane v f lane|20 f32x4.replace_lane vf v lane
21 f64x2.extract_lane v d lane|22 f64x2.replace_lane vd v lane
23 i8x16.eq vv v|24 i8x16.ne vv v|25 i8x16.lt_s vv v|26 i8x16.lt_u vv v|27 i8x16.gt_s vv v|28 i8x16.gt_u vv v
2d i16x8.eq vv v|31 i16x8.gt_s vv v|32 i16x8.gt_u vv v|37 i32x4.eq vv v|38 i32x4.ne vv v|39 i32x4.lt_s vv v|3b i32x4.gt_s vv v|3c i32x4.gt_u vv v
41 f32x4.eq vv v|42 f32x4.ne vv v|43 f32x4.lt vv v|44 f32x4.gt vv v|45 f32x4.le vv v|46 f32x4.ge vv v
47 f64x2.eq vv v|48 f64x2.ne vv v|49 f64x2.lt vv v|4a f64x2.gt vv v|4b f64x2.le vv v|4c f64x2.ge vv v
4d v128.not v v|4e v128.and vv v|4f v128.andnot vv v|50 v128.or vv v|51 v128.xor vv v|52 v128.bitselect vvv v
53 v128.any_true v i|5e f32x4.demote_f64x2_zero v v|5f f64x2.promote_low_f32x4 v v
60 i8x16.abs v v|61 i8x16.neg v v|62 i8x16.popcnt v v|64 i8x16.bitmask v i
65 i8x16.narrow_i16x8_s vv v|66 i8x16.narrow_i16x8_u vv v
67 f32x4.ceil v v|68 f32x4.floor v v|69 f32x4.trunc v v|6a f32x4.nearest v v
6b i8x16.shl vi v|6c i8x16.shr_s vi v|6d i8x16.shr_u vi v|6e i8x16.add vv v|6f i8x16.add_sat_s vv v
70 i8x16.add_sat_u vv v|71 i8x16.sub vv v|72 i8x16.sub_sat_s vv v|73 i8x16.sub_sat_u vv v
74 f64x2.ceil v v|75 f64x2.floor v v|76 i8x16.min_s vv v|77 i8x16.min_u vv v|78 i8x16.max_s vv v|79 i8x16.max_u vv v
7a f64x2.trunc v v|7b i8x16.avgr_u vv v
7c i16x8.extadd_pairwise_i8x16_s v v|7d i16x8.extadd_pairwise_i8x16_u v v
7e i32x4.extadd_pairwise_i16x8_s v v|7f i32x4.extadd_pairwise_i16x8_u v v
80 i16x8.abs v v|81 i16x8.neg v v|82 i16x8.q15mulr_sat_s vv v|83 i16x8.all_true v i|84 i16x8.bitmask v i
85 i16x8.narrow_i32x4_s vv v|86 i16x8.narrow_i32x4_u vv v
87 i16x8.extend_low_i8x16_s v v|88 i16x8.extend_high_i8x16_s v v|89 i16x8.extend_low_i8x16_u v v|8a i16x8.extend_high_i8x16_u v v
8b i16x8.shl vi v|8c i16x8.shr_s vi v|8d i16x8.shr_u vi v|8e i16x8.add vv v|8f i16x8.add_sat_s vv v
90 i16x8.add_sat_u vv v|91 i16x8.sub vv v|92 i16x8.sub_sat_s vv v|93 i16x8.sub_sat_u vv v|94 f64x2.nearest v v
95 i16x8.mul vv v|96 i16x8.min_s vv v|97 i16x8.min_u vv v|98 i16x8.max_s vv v|99 i16x8.max_u vv v|9b i16x8.avgr_u vv v
9c i16x8.extmul_low_i8x16_s vv v|9d i16x8.extmul_high_i8x16_s vv v|9e i16x8.extmul_low_i8x16_u vv v|9f i16x8.extmul_high_i8x16_u vv v
a0 i32x4.abs v v|a1 i32x4.neg v v|a3 i32x4.all_true v i|a4 i32x4.bitmask v i
a7 i32x4.extend_low_i16x8_s v v|a8 i32x4.extend_high_i16x8_s v v|a9 i32x4.extend_low_i16x8_u v v|aa i32x4.extend_high_i16x8_u v v
ab i32x4.shl vi v|ac i32x4.shr_s vi v|ad i32x4.shr_u vi v|ae i32x4.add vv v|b1 i32x4.sub vv v|b5 i32x4.mul vv v
b6 i32x4.min_s vv v|b7 i32x4.min_u vv v|b8 i32x4.max_s vv v|b9 i32x4.max_u vv v|ba i32x4.dot_i16x8_s vv v
bc i32x4.extmul_low_i16x8_s vv v|bd i32x4.extmul_high_i16x8_s vv v|be i32x4.extmul_low_i16x8_u vv v|bf i32x4.extmul_high_i16x8_u vv v
c1 i64x2.neg v v|c4 i64x2.bitmask v i
c7 i64x2.extend_low_i32x4_s v v|c8 i64x2.extend_high_i32x4_s v v|c9 i64x2.extend_low_i32x4_u v v|ca i64x2.extend_high_i32x4_u v v
cb i64x2.shl vi v|cc i64x2.shr_s vi v|cd i64x2.shr_u vi v|ce i64x2.add vv v|d1 i64x2.sub vv v|d5 i64x2.mul vv v
d6 i64x2.eq vv v|d9 i64x2.gt_s vv v
dc i64x2.extmul_low_i32x4_s vv v|de i64x2.extmul_low_i32x4_u vv v
e0 f32x4.abs v v|e1 f32x4.neg v v|e3 f32x4.sqrt v v|e4 f32x4.add vv v|e5 f32x4.sub vv v|e6 f32x4.mul vv v|e7 f32x4.div vv v
ea f32x4.pmin vv v|eb f32x4.pmax vv v
ec f64x2.abs v v|ed f64x2.neg v v|ef f64x2.sqrt v v|f0 f64x2.add vv v|f1 f64x2.sub vv v|f2 f64x2.mul vv v|f3 f64x2.div vv v
f6 f64x2.pmin vv v|f7 f64x2.pmax vv v
f8 i32x4.trunc_sat_f32x4_s v v|f9 i32x4.trunc_sat_f32x4_u v v|fa f32x4.convert_i32x4_s v v|fb f32x4.convert_i32x4_u v v
fc i32x4.trunc_sat_f64x2_s_zero v v|fe f64x2.convert_low_i32x4_s v v`

const SATURATING =
  '00 i32.trunc_sat_f32_s f i|02 i32.trunc_sat_f64_s d i|04 i64.trunc_sat_f32_s f l|06 i64.trunc_sat_f64_s d l|07 i64.trunc_sat_f64_u d l'

const typesOf = (letters: string): Type[] =>
  letters === '-' ? [] : [...letters].map((c) => TYPE_LETTERS.indexOf(c) as Type)

function parseRows(text: string, prefix: number, pure: boolean): OpRow[] {
  return text
    .trim()
    .split(/[|\n]/)
    .map((row) => {
      const [code, name, ins, out, immediate] = row.trim().split(' ')
      return {
        name: name!,
        wasm: prefix + Number.parseInt(code!, 16),
        ins: typesOf(ins!),
        out: TYPE_LETTERS.indexOf(out!) as Type,
        pure,
        immediate: (immediate ?? '') as OpRow['immediate'],
      }
    })
}

function handWritten(text: string): OpRow {
  const [name, ins, out, kind] = text.split(' ')
  return {
    name: name!,
    wasm: -1,
    ins: typesOf(ins!),
    out: out === '-' || out === '?' ? -1 : (TYPE_LETTERS.indexOf(out!) as Type),
    pure: kind === 'pure',
    immediate: '',
  }
}

/** Every operation; an operation's number is its index here. */
export const OPS: readonly OpRow[] = [
  ...HAND_WRITTEN.map(handWritten),
  ...parseRows(NUMERIC, 0, true),
  ...parseRows(TRAPPING, 0, false),
  ...parseRows(SATURATING, 0xfc00, true),
  ...parseRows(VECTOR, 0xfd00, true),
]

const NUMBERS = new Map(OPS.map((row, number) => [row.name, number]))

/** The number of an operation by name; throws for a name that is none, so a slip shows when the module loads. */
export function op(name: string): number {
  const number = NUMBERS.get(name)
  if (number === undefined) throw new Error(`no IR operation is called ${name}`)
  return number
}
