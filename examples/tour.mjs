// A tour of the library: every public thing once. Run it with `node examples/tour.mjs`; test/api runs it too.
import * as fs from 'node:fs'
import {
  allCalls,
  allow,
  asyncFilesOf,
  COMBINATIONS,
  calls,
  createCpu,
  DEFAULT_PATH,
  deny,
  FileError,
  hostDirectory,
  id,
  interestIn,
  interrupt,
  Machine,
  messagePortChannel,
  NodeHost,
  NoSuchTaskError,
  name,
  noCalls,
  OwnCalls,
  ProtocolError,
  plainEngine,
  proc,
  RUN,
  record,
  remoteEngine,
  remoteFiles,
  report,
  resume,
  SIGNAL_CORE,
  SIGNAL_DELIVER,
  SIGNAL_HOLD,
  SIGNAL_IGN,
  SIGNAL_STOP,
  SIGNAL_TERM,
  SIGNAL_TSTP,
  SimHost,
  SKIPCALL,
  SKIPEXIT,
  STOP,
  StartError,
  serveFiles,
  servePlainEngine,
  socketChannel,
  step,
  stop,
  strace,
  textFile,
  time,
  userlandRoot,
  viewfs,
  webSocketChannel,
} from 'umwelt'

const text = (stream) => new Response(stream).text()

// A machine with the embedded userland as its root, and what it says.
const machine = await Machine.create({ seed: 42, limits: { memoryBytes: 256 << 20 }, hostname: 'tour' })
machine.on('diagnostic', (line) => console.log(`umwelt says: ${line}`))
const ended = []
const stopListening = machine.on('exit', (_pid, _tid, status) => ended.push(status.code))

// A program: streams, its end.
const upper = await machine.spawn('tr', ['a-z', 'A-Z'], { env: { PATH: DEFAULT_PATH } })
const writer = upper.stdin.getWriter()
await writer.write(new TextEncoder().encode('hello from the host\n'))
await writer.close()
console.log('tr:', (await text(upper.stdout)).trim(), await upper.exited)

// Files, in the shape of fs.promises.
await machine.fs.mkdir('/srv/notes', { recursive: true })
await machine.fs.writeFile('/srv/notes/one', 'first\n')
await machine.fs.appendFile('/srv/notes/one', 'second\n')
const count = await machine.spawn('sh', ['-c', 'wc -l < one; pwd; hostname'], { cwd: '/srv/notes' })
console.log('sh:', (await text(count.stdout)).split(/\s+/).filter(Boolean).join(' '))
console.log('fs:', await machine.fs.readdir('/srv/notes'), (await machine.fs.stat('/srv/notes/one')).size)
await machine.fs.readFile('/nowhere').catch((error) => {
  console.log('fs:', error instanceof FileError, error.code)
})

// Engines: one that answers for the kernel, one of the ready ones.
await machine.use({
  name: 'time-stands-still',
  wants: calls('uname'),
  syscallEntry(call) {
    call.write(call.args[0], new TextEncoder().encode('Linux\0'))
    call.result = 0
    return SKIPCALL
  },
})
await machine.use(deny({ mkdir: 'EROFS' }))
const refused = await machine.spawn('mkdir', ['/new'])
console.log('deny:', (await text(refused.stderr)).trim(), (await refused.exited).code)

// A clock of the machine's own: an hour of its time is over at once.
const clock = time({ start: '2001-01-01T00:00:00Z' })
const inThePast = await Machine.create({ engines: [clock] })
const dated = await inThePast.spawn('sh', ['-c', 'date +%Y; sleep 3600; echo over'])
clock.setPace(1e6)
console.log('time:', (await text(dated.stdout)).split('\n').join(' '))
await inThePast.dispose()

// Views: programs with other names, ids and files than their neighbours, changed while they run.
const worlds = await Machine.create({ seed: 7 })
const recorder = record()
const nested = await worlds.spawn('sh', ['-c', 'read go; hostname; id -u; cat /etc/answer'], {
  engines: [
    name({ nodename: 'mars' }),
    id({ uid: '1000' }),
    allow({ family: 'unix' }),
    recorder,
    'time,offset=60',
  ],
})
await nested.view.push({
  name: 'answer',
  wants: noCalls,
  services: [{ kind: 'path', at: '/etc/answer', fs: textFile({ read: () => 'forty-two\n' }) }],
})
await nested.view.push('name,nodename=venus')
await nested.view.push('deny,mkdir')
await nested.view.remove('deny')
console.log('view:', await nested.view.list())
await nested.stdin.getWriter().write(new TextEncoder().encode('go\n'))
console.log(
  'view:',
  (await text(nested.stdout)).split('\n').join(' '),
  recorder.recording.files['/etc/answer'],
)

// Engines that take their time, are told of signals and ends, stop tasks, and make calls of their own in the world below.
const seen = []
const watcher = {
  name: 'watcher',
  wants: interestIn(['getppid'], { start: true, call: true, exit: false }),
  async syscallEntry(call) {
    const own = new OwnCalls(call.task.view, watcher)
    seen.push(`own uid ${await own.call('getuid')}`)
    own.close()
    return SKIPEXIT
  },
  signal: ({ info }) => (info.signo === 15 ? SIGNAL_IGN : SIGNAL_DELIVER),
  clone(_parent, child) {
    const stepped = stop(child, watcher).then(() => step(child, watcher))
    stepped.then(
      () => {
        report(child, watcher)
        interrupt(child, watcher)
        resume(child, watcher)
      },
      (error) => seen.push(error instanceof NoSuchTaskError),
    )
  },
  quiesce: (_task, event) => void (event === 'report' && seen.push('came by')),
}
const stubborn = await worlds.spawn('sh', ['-c', 'kill -TERM $$; echo still here; (true); echo $PPID'], {
  engines: [watcher],
})
console.log('engine:', (await text(stubborn.stdout)).split('\n').join(' '), seen)
console.log(
  'verdicts:',
  COMBINATIONS.length,
  STOP,
  [SIGNAL_TERM, SIGNAL_CORE, SIGNAL_STOP, SIGNAL_TSTP, SIGNAL_HOLD].length,
)

// An engine elsewhere, behind a port or a socket: plain data both ways. The same one may stand here.
const { port1, port2 } = new MessageChannel()
const plain = {
  name: 'plain',
  wants: { calls: ['sethostname'] },
  on: (event) => (event.type === 'syscallEntry' ? { verdict: SKIPCALL, result: -1 } : undefined),
}
servePlainEngine(plain, messagePortChannel(port1)).then(() => {})
for (const engine of [await remoteEngine(messagePortChannel(port2)), plainEngine(plain)]) {
  const asked = await worlds.spawn('hostname', ['pluto'], { engines: [engine] })
  console.log('plain:', await asked.exited, engine.name)
}
port1.close()

// Files elsewhere: what is shaped as fs.promises, here or behind a channel.
const shelf = new MessageChannel()
serveFiles(asyncFilesOf(fs.promises, import.meta.dirname), messagePortChannel(shelf.port1)).then(() => {})
const reading = await Machine.create({
  mounts: [{ at: '/far', fs: { promises: remoteFiles(messagePortChannel(shelf.port2)), mode: 'ro' } }],
})
const far = await reading.spawn('head', ['-n', '1', '/far/tour.mjs'])
console.log('far:', (await text(far.stdout)).includes('A tour of the library'))
await reading.dispose()
shelf.port1.close()
console.log(
  'channels:',
  typeof webSocketChannel,
  typeof socketChannel,
  new ProtocolError('x') instanceof Error,
)

await worlds.dispose()
// Changes that stay in a view until they are committed.
const layered = await Machine.create({ seed: 7 })
const layer = viewfs({ cow: '/' })
await layered.run('sh', ['-c', 'rm /etc/motd; echo x > /tmp/new'], { engines: [layer] })
console.log('viewfs:', (await layer.diff()).map(({ kind, path }) => `${kind} ${path}`).join(', '))
await layered.dispose()

// Process ids of a view's own.
const contained = await Machine.create({ engines: [proc({ pids: 'own' })] })
console.log('proc:', (await text((await contained.spawn('sh', ['-c', 'echo $$'])).stdout)).trim())
await contained.dispose()

// Ending things: kill, AbortSignal, and what cannot be started.
const sleeper = await machine.spawn('sleep', ['1000'])
await sleeper.kill('SIGTERM')
console.log('kill:', (await sleeper.exited).signal)
const abort = new AbortController()
const aborted = await machine.spawn('sleep', ['1000'], { signal: abort.signal, stdio: 'ignore' })
abort.abort()
console.log('abort:', (await aborted.exited).signal)
try {
  await machine.spawn('/no/such/program')
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
