// A package installation, a package removal and a build under `viewfs,cow=/`: all of it is seen inside, nothing outside,
// the diff is exact, commit makes the outside the same, drop the inside. Trees are compared by complete listings that
// find(1) and md5sum(1) make on either side.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { viewfs } from '../../dist/src/host/node/index.js'
import { CACHE, debianPackage } from '../programs/debian.mjs'
import { inDebian, sh, startScript } from './in-debian.mjs'

/** Not in the root; its maintainer script calls update-alternatives. */
const PACKAGE = 'zsh-static'
const PRESENT = 'nano'
const ARCHIVE = `/tmp/${PACKAGE}.deb`
const DONE = '-- done --'

/** Each file with its attributes; contents of those that changed since the machine began, or may have. */
const LISTING = `
find / /tmp -xdev \\( -type d -printf 'L %p\\t%y %m %U %G %T@\\n' -o -printf 'L %p\\t%y %m %U %G %T@ %n %s %l\\n' \\)
{ find / /tmp -xdev -type f -newercm /tmp/began -print0
  find /etc /var /opt /boot /home /root -xdev -type f -print0; } | xargs -0 md5sum | sed 's/^\\(\\S*\\)  \\(.*\\)/S \\2\\t\\1/'`

/** By path: what the lines of a listing say of it. */
function parseListing(lines) {
  const files = new Map()
  for (const line of lines) {
    const [path, said] = line.slice(2).split('\t')
    assert.ok(said, line)
    const known = files.get(path)
    if (line.startsWith('L ')) files.set(path, said)
    else if (!known.endsWith(` sum ${said}`)) files.set(path, `${known} sum ${said}`)
  }
  assert.ok(files.size > 10_000)
  return files
}

const listingOutside = async (machine) => parseListing((await sh(machine, LISTING)).lines)

/** As `diff` tells it: of what was deleted only the top. */
function difference(inside, outside) {
  const changes = []
  const parent = (path) => path.slice(0, path.lastIndexOf('/'))
  for (const path of new Set([...inside.keys(), ...outside.keys()])) {
    const [now, before] = [inside.get(path), outside.get(path)]
    if (before === undefined) changes.push(`A ${path}`)
    else if (now === undefined && (inside.has(parent(path)) || parent(path) === '')) changes.push(`D ${path}`)
    else if (now !== undefined && now !== before) changes.push(`C ${path}`)
  }
  return changes.sort()
}

function assertSame(actual, expected, what) {
  const differing = difference(actual, expected).map(
    (line) => `${line}: ${actual.get(line.slice(2))} instead of ${expected.get(line.slice(2))}`,
  )
  assert.deepEqual(differing, [], what)
}

const CHECK = `zsh-static -c 'print $((6 * 7))'; /usr/local/bin/reply; dpkg -s ${PACKAGE} | grep ^Status
dpkg -s ${PRESENT} 2>&1 | head -1; command -v ${PRESENT}`
const SAID = [
  '42',
  'answer 42',
  'Status: install ok installed',
  `dpkg-query: package '${PRESENT}' is not installed and no information is available`,
]
const INSTALL = `dpkg -i ${ARCHIVE}; dpkg -P ${PRESENT}`
const BUILD = `
mkdir /opt/built /tmp/built; cd /opt/built
printf '#include <stdio.h>\\nint answer(void);\\nint main(void) { printf("answer %%d\\\\n", answer()); return 0; }\\n' > main.c
printf 'int answer(void) { return 42; }\\n' > answer.c
printf 'main: main.o lib.a\\n\\tgcc -o $@ $^\\nlib.a: answer.o\\n\\tar crU $@ $<\\ninstall: main\\n\\tinstall -s $< /usr/local/bin/answer\\n\\tln -s answer /usr/local/bin/reply; ln main /opt/built/same; mv lib.a /tmp/built\\n' > Makefile
make -s install && rm *.o; chown -R 1000:1000 /opt/built; touch -d 2001-02-03 /etc/hosts; mv /usr/share/doc/make /opt/doc; cd /`

/** The package comes, and what is made outside before the view. */
async function prepare(machine) {
  const { folder, reason } = debianPackage(PACKAGE)
  if (!folder) throw new Error(`no ${PACKAGE}: ${reason}`)
  const archives = join(CACHE, 'debs', PACKAGE)
  const [archive] = readdirSync(archives).filter((name) => name.endsWith('.deb'))
  await machine.fs.writeFile(ARCHIVE, readFileSync(join(archives, archive)))
  await sh(machine, 'touch /tmp/began')
}

/**
 * Installs, removes and builds in the view, and does something while a shell in it waits. Listings of the inside before
 * that and after it.
 */
async function changeInside(machine, view, meanwhile) {
  const script = `${INSTALL}\n${BUILD}\n${CHECK}\necho '${DONE}'\n${LISTING}\necho '${DONE}'; read go\n${LISTING}`
  const { stdin, stdout } = await startScript(machine, script, [view])
  let text = ''
  const parts = () => text.split(`${DONE}\n`)
  let found
  for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
    text += piece
    if (found || parts().length < 3) continue
    assert.deepEqual(
      parts()[0]
        .split('\n')
        .slice(-SAID.length - 1, -1),
      SAID,
    )
    found = parseListing(parts()[1].split('\n').slice(0, -1))
    await meanwhile(found)
    const writer = stdin.getWriter()
    await writer.write(new TextEncoder().encode('\n'))
    await writer.close()
  }
  return parseListing(parts()[2].split('\n').slice(0, -1))
}

const told = async (view) => (await view.diff()).map(({ kind, path }) => `${kind} ${path}`).sort()

export const KEPT_CHANGES = {
  'a package installed and a build under cow: seen inside only, and committed': () =>
    inDebian(async (machine) => {
      await prepare(machine)
      const view = viewfs({ cow: '/' })
      const before = await listingOutside(machine)
      let inside
      const after = await changeInside(machine, view, async (found) => {
        inside = found
        assertSame(await listingOutside(machine), before, 'outside, while the view has changes')
        assert.deepEqual(await told(view), difference(inside, before))
        await view.commit()
        assert.deepEqual(await told(view), [])
      })
      assertSame(after, inside, 'inside, after commit')
      assertSame(await listingOutside(machine), inside, 'outside, after commit')
      assert.deepEqual((await sh(machine, CHECK)).lines, SAID)
    }),
  'a package installed and a build under cow: forgotten': () =>
    inDebian(async (machine) => {
      await prepare(machine)
      const view = viewfs({ cow: '/' })
      const before = await listingOutside(machine)
      const after = await changeInside(machine, view, () => view.drop())
      assertSame(after, before, 'inside, after drop')
      assertSame(await listingOutside(machine), before, 'outside, after drop')
    }),
}
