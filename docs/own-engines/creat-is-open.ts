// A call that becomes another one: creat(2) is open(2) with three flags. Older engines and the kernel see only open.
import { calls, type Engine, SKIPEXIT } from 'umwelt'

const O_WRONLY = 0o1
const O_CREAT = 0o100
const O_TRUNC = 0o1000

export const creatIsOpen: Engine = {
  name: 'creat-is-open',
  wants: calls('creat'),
  syscallEntry(call) {
    const [path, mode] = call.args
    call.change('open', [path!, O_CREAT | O_WRONLY | O_TRUNC, mode!])
    return SKIPEXIT
  },
}
