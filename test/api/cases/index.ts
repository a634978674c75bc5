/** The public API's list of cases, for every kind of machine. */

import { engineCases } from './engines.ts'
import { machineCases } from './machine.ts'
import { type MachineMaker, machinesOf } from './machines.ts'
import { mountCases } from './mounts.ts'
import { terminalCases } from './terminal.ts'

export function allCases(Machine: MachineMaker): void {
  const machines = machinesOf(Machine)
  machineCases(machines)
  terminalCases(machines)
  engineCases(machines)
  mountCases(machines)
}
