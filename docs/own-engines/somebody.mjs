// Programs are told that they belong to somebody; the kernel, which is not asked, still knows better:
//
//   $ umwelt run --engine ./docs/own-engines/somebody.mjs,uid=77 id -u
//   77

import { calls, SKIPCALL } from 'umwelt'

export default (options) => {
  const uid = Number(options.last('uid') ?? 1000)
  return {
    name: 'somebody',
    wants: calls('getuid', 'geteuid'),
    syscallEntry(call) {
      call.result = uid
      return SKIPCALL
    },
  }
}
