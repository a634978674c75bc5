// Real programs of a Debian root in views: builds under a standing clock, clocks at pace 60, identities, two shells side
// by side with other names, times, users and files, and the same three views deep, changes to files that are kept.
// usage: node test/debian/views.mjs [--again] [NAME-PART…]
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { textFile } from '../../dist/src/host/node/index.js'
import { debianPackage } from '../programs/debian.mjs'
import { inDebian, sh } from './in-debian.mjs'
import { KEPT_CHANGES } from './kept-changes.mjs'
import { Results } from './results.mjs'
import { debianRoot } from './root.mjs'

const { values, positionals } = parseArgs({ options: { again: { type: 'boolean' } }, allowPositionals: true })
const { folder: root, reason } = debianRoot()
if (!root) {
  console.log(`not run: views of the Debian root's programs: ${reason}`)
  process.exit(0)
}

const BUILD = `
cat > hello.c <<'C'
#include <stdio.h>
int main(void) { printf("built %s %s\\n", __DATE__, __TIME__); return 0; }
C
cat > lib.c <<'C'
int answer(void) { return 42; }
C
printf 'all: hello lib.a\\nhello: hello.c\\n\\tgcc -O1 -o $@ $<\\nlib.a: lib.o\\n\\tar crU $@ $<\\n' > Makefile
build() { mkdir b; cp hello.c lib.c Makefile b; (cd b; make -s && tar cf ../$1.tar .); mv b $1; }
build one; sleep 2; build two
cmp one/hello two/hello && echo same program; cmp one/lib.a two/lib.a && echo same library; cmp one.tar two.tar && echo same archive
one/hello; ls -l --time-style=full-iso one/hello | cut -d' ' -f6-8; make -C one`

const PACE = `
python3 -c '
import time, select, signal
wall, mono = time.time(), time.monotonic()
time.sleep(30); select.select([], [], [], 30)
signal.signal(signal.SIGALRM, lambda *a: None); signal.setitimer(signal.ITIMER_REAL, 30); signal.pause()
print(round((time.time() - wall) / 10), round((time.monotonic() - mono) / 10))'
a=$(date +%s); b=$(cut -d. -f1 /proc/uptime); sleep 60; touch x; c=$(date +%s); d=$(cut -d. -f1 /proc/uptime)
echo $(( (c - a + 2) / 10 )) $(( (d - b + 2) / 10 )) $(( ($(stat -c %Y x) - a + 2) / 10 )); timeout 30 sleep 100; echo $?; date +%Y`

/** What cron does: waits for the next midnight, then does what is due. Its programs were loaded before. */
const CRON = `
exec python3 -c '
import subprocess, time
subprocess.run(["date", "+%Y-%m"])
at, days, early = int(time.time()) // 86400 * 86400, 0, 0
print(time.strftime("%Y-%m", time.gmtime(at)), flush=True)
while days < 365:
    at += 86400
    time.sleep(max(0, at - time.time()))
    days += 1
    early += time.time() < at
    if time.gmtime(at).tm_mday == 1: subprocess.run(["date", "+%Y-%m"])
print(days, early)'`

/** busybox's, which wakes each minute, and gives up on what it missed by an hour: so on a simulated clock. */
const CROND = `
mkdir tabs; echo '0 0 1 * * date +%F >> /tmp/w/done' > tabs/root
/tmp/busybox crond -f -L /dev/null -c $PWD/tabs & sleep 31540000; kill $!; cat done`

const IDENTITY = `
whoami; id -Gn; mkdir d; touch d/a d/b d/c; chown 1:2 d/a; chown nobody:nogroup d/b; chmod 4755 d/b; mknod d/null c 1 3
ls -ln d | sed 's/  */ /g' | cut -d' ' -f1,3,4; tar cf d.tar d; mkdir out; tar xpf d.tar --same-owner -C out
(cd d; stat -c '%n %U %G %a %F' *) > before; (cd out/d; stat -c '%n %U %G %a %F' *) > after; cmp before after && echo the same
cat /etc/shadow > /dev/null || echo not readable; touch /usr/x || echo not writable; python3 -c 'import os; os.setgid(65534); os.setuid(65534); os.system("whoami; touch d/x")'`

const CASES = {
  'make with a standing clock builds the same twice': () =>
    inDebian(async (machine) => {
      const { lines } = await sh(machine, BUILD, ['time,start=2001-02-03T04:05:06Z,pace=0'])
      assert.deepEqual(lines, [
        'same program',
        'same library',
        'same archive',
        'built Feb  3 2001 04:05:06',
        '2001-02-03 04:05:06.000000000 +0000',
        "make: Entering directory '/tmp/w/one'",
        "make: Nothing to be done for 'all'.",
        "make: Leaving directory '/tmp/w/one'",
      ])
    }),
  'date, python, sleep, select, timers and files agree at pace 60': () =>
    inDebian(async (machine) => {
      const started = performance.now()
      const { lines } = await sh(machine, PACE, ['time,start=2001-01-01T00:00:00Z,pace=60'])
      const [python, shell, timeout, year] = lines
      const [wall, mono] = python.split(' ').map(Number)
      const [byDate, byUptime, byFile] = shell.split(' ').map(Number)
      // Starting programs takes time too, sixty times as much of it in the view.
      assert.ok(wall >= 9 && Math.abs(wall - mono) <= 1, python)
      assert.ok(byDate >= 6 && Math.abs(byDate - byUptime) <= 1 && Math.abs(byDate - byFile) <= 1, shell)
      assert.deepEqual([timeout, year], ['124', '2001'])
      assert.ok(performance.now() - started < 180_000)
    }),
  'a year of daily and monthly jobs in a minute': () =>
    inDebian(async (machine) => {
      const started = performance.now()
      const { lines } = await sh(machine, CRON, ['time,start=2001-01-01T00:00:00Z,pace=525600'])
      const [year, month] = lines[1].split('-').map(Number)
      const months = [...Array(12).keys()].map((i) =>
        new Date(Date.UTC(year, month + i)).toISOString().slice(0, 7),
      )
      assert.deepEqual(lines.slice(2), [...months, '365 0'])
      const seconds = (performance.now() - started) / 1000
      assert.ok(seconds > 55 && seconds < 120, `${seconds} s`)
    }),
  'a year of crond in a minute': () =>
    inDebian(
      async (machine) => {
        const { folder, reason } = debianPackage('busybox-static')
        if (!folder) throw new Error(`no busybox-static: ${reason}`)
        await machine.fs.writeFile('/tmp/busybox', readFileSync(join(folder, 'bin/busybox')), { mode: 0o755 })
        const { lines } = await sh(machine, CROND, ['time,start=2001-01-01T00:00:00Z,pace=1000'])
        const months = [...Array(11).keys()].map((i) => `2001-${String(i + 2).padStart(2, '0')}-01`)
        assert.deepEqual(lines, [...months, '2002-01-01'])
      },
      { seed: 1 },
    ),
  'whoami, ls, chown, mknod, tar and su under a fake root': () =>
    inDebian(
      async (machine) => {
        await machine.fs.mkdir('/tmp/w', { recursive: true })
        await machine.fs.chmod('/tmp/w', 0o777)
        const { lines } = await sh(machine, IDENTITY, ['id,fakeroot'])
        assert.deepEqual(lines, [
          'root',
          'root',
          'total',
          '-rw-r--r-- 1 2',
          '-rwsr-xr-x 65534 65534',
          '-rw-r--r-- 0 0',
          'crw-r--r-- 0 0',
          'the same',
          'cat: /etc/shadow: Permission denied',
          'not readable',
          "touch: cannot touch '/usr/x': Permission denied",
          'not writable',
          'nobody',
          "touch: cannot touch 'd/x': Permission denied",
        ])
      },
      { uid: 1000, gid: 1000 },
    ),
}

CASES['su, passwd and what set-user-ID programs become, in a view whose identity is its own'] = () =>
  inDebian(async (machine) => {
    const script = `su nobody -s /bin/sh -c 'id -u; cat /etc/shadow'; id -u; touch f; chown nobody f; stat -c %U f
      cp /usr/bin/id sid; chown nobody sid; chmod u+s sid; ./sid -nu; setpriv --reuid=33 --clear-groups id -nu`
    const { lines } = await sh(machine, script, ['id,uid=0'])
    assert.deepEqual(lines, [
      '65534',
      'cat: /etc/shadow: Permission denied',
      '0',
      'nobody',
      'nobody',
      'www-data',
    ])
    assert.equal((await sh(machine, 'stat -c %U f sid')).out, 'root\nroot\n')
  })

/** Two shells at the same time, each with its own /etc, name, time and user. */
const sideBySide = (levels) => () =>
  inDebian(async (machine) => {
    const worlds = [
      { name: 'mars', year: '1976', uid: '1000' },
      { name: 'venus', year: '1970', uid: '1001' },
    ]
    const script =
      'hostname; uname -n; date +%Y; id -u; cat /etc/hostname; touch $1 f; stat -c %u f; sleep 1; hostname; date +%Y'
    const said = await Promise.all(
      worlds.map(({ name, year, uid }) =>
        sh(machine, `mkdir ${name} && cd ${name} && (${script.replace('$1 ', '')})`, [
          // Deeper: engines that change nothing lie between.
          ...Array(levels).fill('name'),
          `name,nodename=${name}`,
          `time,start=${year}-07-20T00:00:00Z`,
          {
            name: 'etc',
            wants: { calls: [] },
            services: [{ kind: 'path', at: '/etc/hostname', fs: textFile({ read: () => `of ${name}\n` }) }],
          },
          `id,uid=${uid},gid=${uid},caps=dac_override`,
        ]),
      ),
    )
    for (const [i, { name, year, uid }] of worlds.entries())
      assert.deepEqual(said[i].lines, [name, name, year, uid, `of ${name}`, uid, name, year])
    const outside = await sh(machine, 'hostname; id -u; cat /etc/hostname; stat -c %u mars/f')
    assert.deepEqual(outside.lines.slice(0, 2), ['umwelt', '0'])
    assert.ok(!outside.out.includes('of '))
    assert.equal(outside.lines.at(-1), '0')
  })
Object.assign(CASES, KEPT_CHANGES)
CASES['two shells side by side'] = sideBySide(0)
CASES['two shells side by side, three views deep'] = sideBySide(3)

const names = Object.keys(CASES).filter(
  (name) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
)
const results = new Results('debian-views', values.again ?? false)
for (const name of names) {
  if (results.isPassed(name)) continue
  const started = Date.now()
  try {
    await CASES[name]()
    results.set(name, true)
    console.log(`ok   ${name} (${Date.now() - started} ms)`)
  } catch (error) {
    results.set(name, false)
    console.log(`FAIL ${name}\n${error.message}`)
  }
}
results.finish(names, positionals.length ? 1 : Object.keys(CASES).length)
