// A verdict that waits for a person: nothing is removed before somebody has clicked. Only the task that asks waits.
import { calls, type Engine, SKIPCALL, SKIPEXIT } from 'umwelt'

const EPERM = 1

/** `ask` shows the question, and resolves with the click: true is yes. */
export const askAPerson = (ask: (question: string) => Promise<boolean>): Engine => ({
  name: 'ask-a-person',
  wants: calls('unlink', 'unlinkat', 'rmdir'),
  async syscallEntry(call) {
    const path = call.readString(call.args[call.name === 'unlinkat' ? 1 : 0]!)
    if (await ask(`May ${call.task.comm} remove ${path}?`)) return SKIPEXIT
    call.result = -EPERM
    return SKIPCALL
  },
})
