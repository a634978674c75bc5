// What is wrong is said in the page, by name, and other machines run on.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { below, equal, matching } from '../expect.mjs'

const UMWELT = join(import.meta.dirname, '../../../../bin/umwelt.mjs')
const DATA_SIZE = 3 << 20
const GOOD = '<umwelt-terminal id="good" args="sh"></umwelt-terminal>'

/** A small root as an archive with its index, both as bytes. */
function smallRoot(busybox) {
  const folder = mkdtempSync(join(tmpdir(), 'umwelt-small-root-'))
  try {
    const root = join(folder, 'root')
    for (const name of ['bin', 'proc', 'dev', 'tmp']) mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, 'bin/busybox'), readFileSync(busybox), { mode: 0o755 })
    for (const name of ['sh', 'cat', 'wc', 'ls'])
      execFileSync('ln', ['-s', 'busybox', join(root, 'bin', name)])
    writeFileSync(join(root, 'data'), Buffer.alloc(DATA_SIZE, 'umwelt '))
    writeFileSync(join(root, 'last'), Buffer.alloc(DATA_SIZE, 'last '))
    const tar = join(folder, 'small.tar')
    execFileSync('tar', ['--sort=name', '-C', root, '-cf', tar, '.'])
    execFileSync(process.execPath, [UMWELT, 'index', tar], { stdio: 'ignore' })
    return { tar: readFileSync(tar), index: readFileSync(`${tar}.index`) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function goodGoesOn(driver) {
  await driver.click('#good >>> .place')
  await driver.line('echo still-$((6*7))', /^still-42$/m, '#good')
}

/** An element that cannot start says why; one beside it runs. */
async function refused(world, attributes, pattern, options) {
  const driver = await world.openHtml(
    `<umwelt-terminal id="bad" ${attributes}></umwelt-terminal>${GOOD}`,
    options,
  )
  await driver.says(pattern, '#bad')
  equal(
    await driver.of('#bad >>> .problem', '(e) => e.textContent !== ""'),
    true,
    'that it is shown as a problem',
  )
  await driver.shows(/[$#]\s*$/, '#good')
  await goodGoesOn(driver)
}

async function damagedImages(world) {
  const { tar, index } = smallRoot(world.program('busybox-static').file)
  const { server } = world
  const put = (name, archive, indexBytes) => {
    server.add(`/${name}.tar`, archive)
    if (indexBytes) server.add(`/${name}.tar.index`, indexBytes)
  }
  put('good', tar, index)
  put('no-index', tar)
  put('cut-index', tar, index.subarray(0, index.length >> 1))
  put('other-index', tar, '{"this": "is no index"}')
  put('shorter', tar.subarray(0, tar.length - 10_240), index)
  put('zeros', Buffer.alloc(tar.length), index)
  server.add('/damaged.tar.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(5000, 7)]))
  server.add('/words.tar.gz', 'these are words, and no archive'.repeat(100))
  const expected = {
    'no-index.tar': /no-index\.tar\.index cannot be had \(HTTP 404\)/,
    'cut-index.tar': /cut-index\.tar: its index is a damaged gzip file/,
    'other-index.tar': /other-index\.tar: .*index/,
    'shorter.tar': /shorter\.tar: it has \d+ bytes, and its index is of one with \d+/,
    'zeros.tar': /sh|ENOEXEC|exec/i,
    'damaged.tar.gz': /it is a damaged gzip file/,
    'words.tar.gz': /no tar archive/,
    'nothing.tar.gz': /nothing\.tar\.gz cannot be loaded: HTTP 404/,
  }
  for (const [name, pattern] of Object.entries(expected))
    await refused(world, `root="/${name}" args="sh"`, pattern)
  const driver = await world.openHtml(
    '<umwelt-terminal root="/good.tar" args="sh -c \'wc -c data\'"></umwelt-terminal>',
  )
  await driver.shows(new RegExp(`^${DATA_SIZE} data$`, 'm'))
}

async function lostNetwork(world) {
  const { tar, index } = smallRoot(world.program('busybox-static').file)
  world.server.add('/far.tar', tar).add('/far.tar.index', index)
  const driver = await world.openHtml(
    `<umwelt-terminal id="far" root="/far.tar" args="sh"></umwelt-terminal>${GOOD}`,
  )
  await driver.shows(/[$#]\s*$/, '#far')
  await driver.shows(/[$#]\s*$/, '#good')
  await driver.click('#far >>> .place')
  await driver.line('wc -c data', new RegExp(`^${DATA_SIZE} data$`, 'm'), '#far')
  world.server.cut.add('/far.tar')
  await driver.line('wc -c last')
  await driver.says(/far\.tar: .*; what was read of it fails \(EIO\)/, '#far')
  await driver.shows(/I\/O error|Input\/output error/, '#far')
  await goodGoesOn(driver)
  world.server.cut.delete('/far.tar')
  await driver.click('#far >>> .place')
  await driver.line('wc -c last', new RegExp(`^${DATA_SIZE} last$`, 'm'), '#far')
}

/** The site with a Worker that lacks something: the interpreter runs, and the page is told why. */
const interpreted = (name, folder, site, pattern) => ({
  name: `site: ${name}`,
  async run(world) {
    world.server.addSite(folder, site)
    const driver = await world.openHtml(
      '<umwelt-terminal args="sh -c \'echo ready-$((1+1)); cat; echo $((6*7))\'"></umwelt-terminal>',
      {
        folder,
        headers: site.headers,
      },
    )
    await driver.says(pattern)
    await driver.shows(/^ready-2$/m)
    await driver.click('umwelt-terminal >>> .place')
    await driver.line('typed', /^typed\ntyped$/m)
    await driver.press('Control+d')
    await driver.shows(/^42$/m)
    await driver.says(/^exit status 0$/)
    // The front page says it too.
    const front = await world.open(`${folder}/index.html`)
    await front.said(pattern)
  },
})

const withoutValidation = (hex) => (name, body) =>
  name === 'umwelt-worker.js'
    ? `{ const { validate } = WebAssembly; WebAssembly.validate = (bytes) => !bytes.includes(${hex}) && validate(bytes) }\n${body}`
    : body
const POLICY = "script-src 'self'; worker-src 'self'; object-src 'none'"

export const cases = [
  {
    name: 'site: a src that is no program',
    async run(world) {
      world.server.add('/picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]))
      world.server.add('/short.elf', readFileSync(world.program('busybox-static').file).subarray(0, 100))
      await refused(world, 'src="/picture.png"', /picture\.png is neither an ELF program nor a #! script/)
      await refused(world, 'src="/nothing.elf"', /nothing\.elf cannot be loaded: HTTP 404/)
      await refused(world, 'src="/short.elf"', /short\.elf/)
      await refused(world, `args="sh -c 'no end"`, /a quote in .* has no end/)
      await refused(world, 'args="no-such-program"', /no-such-program/)
    },
  },
  { name: 'site: corrupt images and indexes', run: damagedImages },
  { name: 'site: a network that is lost in mid-image', run: lostNetwork },
  interpreted(
    'no SIMD',
    '/no-simd',
    { change: withoutValidation('0x7b') },
    /no SIMD; programs are interpreted/,
  ),
  interpreted(
    'no tail calls',
    '/no-tail',
    { change: withoutValidation('0x12') },
    /no tail calls; programs are/,
  ),
  interpreted(
    'a policy without wasm-unsafe-eval',
    '/policy',
    { headers: { 'content-security-policy': POLICY } },
    /its script-src needs wasm-unsafe-eval/,
  ),
  {
    name: 'site: a Worker that cannot be loaded',
    async run(world) {
      world.server.addSite('/lost', { change: (name, body) => (name === 'umwelt-worker.js' ? null : body) })
      const driver = await world.openHtml('<umwelt-terminal></umwelt-terminal>', { folder: '/lost' })
      await driver.says(/Worker cannot be loaded/)
      const front = await world.open('/lost/index.html')
      await front.said(/Worker cannot be loaded/)
      await front.click('#more')
      await front.said(/there is no machine yet/)
      matching(await front.of('#said', '(e) => e.className'), /problem/)
      below(await front.evaluate(`document.querySelectorAll('[role=tab]').length`), 1, 'the number of tabs')
    },
  },
]
