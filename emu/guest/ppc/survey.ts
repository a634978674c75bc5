/**
 * Which instructions a program has, without running it: every word of its code is looked at, for all are as long.
 * Path: `umwelt info` asks; the rows answer.
 */

import { DECODE_OK } from '../guest-mode.ts'
import { type CodeRange, newSurvey, noteMissing, type Survey } from '../survey.ts'
import { Decoder, INSN_LENGTH, Insn } from './decode.ts'
import { ROWS } from './isa.ts'

/** The call's number. */
const R0 = 0
/** How far before SC its number may be set. */
const NUMBER_AGE_MAX = 16

export function surveyPpc(ranges: readonly CodeRange[], bits: 32 | 64, isLittle: boolean): Survey {
  const decoder = new Decoder(ROWS, bits, isLittle)
  const insn = new Insn()
  const survey = newSurvey()
  for (const { start, bytes } of ranges) {
    let number = -1
    let numberAge = 0
    for (let at = 0; at + INSN_LENGTH <= bytes.length; at += INSN_LENGTH) {
      const status = decoder.decode(bytes, at, at + INSN_LENGTH, start + at, insn)
      // Zeros fill the gaps between functions, and traceback tables begin with them.
      if (insn.word === 0) continue
      if (status !== DECODE_OK) {
        noteMissing(survey, start + at, bytes.subarray(at, at + INSN_LENGTH), INSN_LENGTH, '')
        continue
      }
      survey.instructionCount++
      const { feature, mnemonic } = insn.row!
      if (feature) survey.features.set(feature, (survey.features.get(feature) ?? 0) + 1)
      if (mnemonic === 'addi' && insn.rt === R0 && insn.ra === 0) {
        number = insn.si
        numberAge = 0
      } else if (mnemonic === 'sc' && number >= 0 && numberAge <= NUMBER_AGE_MAX)
        survey.syscallNumbers.add(number)
      numberAge++
    }
  }
  return survey
}
