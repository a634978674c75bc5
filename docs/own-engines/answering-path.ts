// A path that answers from a function: reading /etc/motd tells who reads, and writing to it changes what is told.
import { type Engine, noCalls, textFile } from 'umwelt'

let greeting = 'Hello'

export const answeringPath: Engine = {
  name: 'answering-path',
  wants: noCalls,
  services: [
    {
      kind: 'path',
      at: '/etc/motd',
      fs: textFile({
        read: (caller) => `${greeting}, process ${caller.processId} of user ${caller.credentials.uid}.\n`,
        write(text) {
          greeting = text.trim()
          return 0
        },
      }),
    },
  ],
}
