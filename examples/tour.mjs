// A tour of the library: every public thing once. Run it with `node examples/tour.mjs`; test/api runs it too.
import {
  allCalls,
  calls,
  createCpu,
  DEFAULT_PATH,
  deny,
  FileError,
  hostDirectory,
  Machine,
  NodeHost,
  proc,
  RUN,
  SimHost,
  SKIPCALL,
  StartError,
  strace,
  time,
  userlandRoot,
} from 'umwelt'

const text = (stream) => new Response(stream).text()

// A machine with the embedded userland as its root, and what it says.
const machine = await Machine.create({ seed: 42, limits: { memoryBytes: 256 << 20 }, hostname: 'tour' })
machine.on('diagnostic', (line) => console.log(`umwelt says: ${line}`))
const ended = []
const stopListening = machine.on('exit', (_pid, _tid, status) => ended.push(status.code))

// A program: streams, its end.
const upper = machine.spawn('tr', ['a-z', 'A-Z'], { env: { PATH: DEFAULT_PATH } })
const writer = upper.stdin.getWriter()
await writer.write(new TextEncoder().encode('hello from the host\n'))
await writer.close()
console.log('tr:', (await text(upper.stdout)).trim(), await upper.exited)

// Files, in the shape of fs.promises.
await machine.fs.mkdir('/srv/notes', { recursive: true })
await machine.fs.writeFile('/srv/notes/one', 'first\n')
await machine.fs.appendFile('/srv/notes/one', 'second\n')
const count = machine.spawn('sh', ['-c', 'wc -l < one; pwd; hostname'], { cwd: '/srv/notes' })
console.log('sh:', (await text(count.stdout)).split(/\s+/).filter(Boolean).join(' '))
console.log('fs:', await machine.fs.readdir('/srv/notes'), (await machine.fs.stat('/srv/notes/one')).size)
await machine.fs.readFile('/nowhere').catch((error) => {
  console.log('fs:', error instanceof FileError, error.code)
})

// Engines: one that answers for the kernel, one of the ready ones.
machine.use({
  name: 'time-stands-still',
  wants: calls('uname'),
  syscallEntry(call) {
    call.write(call.args[0], new TextEncoder().encode('Linux\0'))
    call.result = 0
    return SKIPCALL
  },
})
machine.use(deny({ mkdir: 'EROFS' }))
const refused = machine.spawn('mkdir', ['/new'])
console.log('deny:', (await text(refused.stderr)).trim(), (await refused.exited).code)

// A clock of the machine's own: an hour of its time is over at once.
const clock = time({ start: '2001-01-01T00:00:00Z' })
const inThePast = await Machine.create({ engines: [clock] })
const dated = inThePast.spawn('sh', ['-c', 'date +%Y; sleep 3600; echo over'])
clock.setPace(1e6)
console.log('time:', (await text(dated.stdout)).split('\n').join(' '))
await inThePast.dispose()

// Process ids of a view's own.
const contained = await Machine.create({ engines: [proc({ pids: 'own' })] })
console.log('proc:', (await text(contained.spawn('sh', ['-c', 'echo $$']).stdout)).trim())
await contained.dispose()

// Ending things: kill, AbortSignal, and what cannot be started.
const sleeper = machine.spawn('sleep', ['1000'])
sleeper.kill('SIGTERM')
console.log('kill:', (await sleeper.exited).signal)
const abort = new AbortController()
const aborted = machine.spawn('sleep', ['1000'], { signal: abort.signal, stdio: 'ignore' })
abort.abort()
console.log('abort:', (await aborted.exited).signal)
try {
  machine.spawn('/no/such/program')
} catch (error) {
  console.log('start:', error instanceof StartError, error.code)
}
stopListening()
await machine.dispose()
console.log('ended:', ended.length > 3)

// By hand: a host, a CPU, a root, a directory of the host and a trace.
let traced = ''
const own = await Machine.create({
  host: new SimHost({ seed: 1 }),
  cpu: createCpu('interpreter'),
  root: userlandRoot(),
  mounts: [{ at: '/host', fs: hostDirectory('.', 'ro'), readOnly: true }],
  engines: [
    strace({ write: (piece) => (traced += piece) }),
    { name: 'counter', wants: allCalls, syscallEntry: () => RUN },
  ],
})
const { code } = await own.run('true')
console.log('trace:', code, traced.includes('exit_group(0)'), typeof NodeHost)
await own.dispose()
