/**
 * The front page: a machine, its files, its terminals; what is dropped on it runs.
 * Path: dist/browser/site.js, which `umwelt serve` serves.
 */

import { Machine, type MachineOptions, type StartError, type StorageState } from '../../host/browser/index.ts'
import { fingerprint } from '../../storage/blob-store.ts'
import { isElf, isProgram } from '../program-file.ts'
import { FileTree } from './file-tree.ts'
import { workOffline } from './offline.ts'
import { ask, attempt, confirmed, edited, say } from './questions.ts'
import { TerminalTabs } from './tabs.ts'

const WORK = '/work'
const EDITABLE_SIZE_MAX = 1 << 20

const byId = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E
const onClick = (id: string, action: () => unknown): void =>
  byId(id).addEventListener('click', () => {
    const isPossible = machine || id === 'fresh' || id === 'open-root'
    void attempt(isPossible ? action : noMachine)
  })
function noMachine(): never {
  throw new Error('there is no machine yet; New machine makes one')
}

let machine: Machine
let tree: FileTree
let chosen: { path: string; isDirectory: boolean } | null = null
const tabs = new TerminalTabs(byId('tabs'), byId('panels'), byId('more'))

const shell = (): void => void tabs.open(machine, 'sh', 'sh')
const quoted = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

async function end(): Promise<void> {
  tabs.closeAll()
  await machine?.dispose()
}

/** A machine in place of the one before. */
async function begin(options: MachineOptions): Promise<void> {
  say('making a machine …')
  // One that is kept needs its name; else the old one goes when there is a new one.
  if (options.persist) await end()
  let problem = ''
  const made = await Machine.create(options).catch((error: StartError) => {
    // What was kept is of another build of the site, or damaged: the person decides whether it is to go.
    if (error.code !== 'ESTALE' && error.code !== 'EUCLEAN') throw error
    problem = `${error.message.split(';')[0]}: this machine is not kept, and New machine begins anew`
    const { persist: _, ...rest } = options
    return Machine.create(rest)
  })
  if (!options.persist) await end()
  machine = made
  say('')
  machine.on('diagnostic', (line) => say(line))
  machine.on('image', (_url, loaded, size) =>
    say(`${(loaded / 1e6).toFixed(1)} of ${(size / 1e6).toFixed(1)} MB loaded`),
  )
  machine.on('storage', showKept)
  await machine.fs.mkdir(WORK, { recursive: true })
  tree = new FileTree(byId('tree'), machine, choose)
  choose('', true)
  await tree.show()
  shell()
  if (problem) say(problem, true)
}

const KEPT: Record<StorageState, string> = {
  saved: 'All changes are kept in this browser.',
  changed: 'Keeping changes …',
  failed: 'Changes are not kept: ',
  off: 'Changes are not kept: ',
}

function showKept(state: StorageState, why: string): void {
  const line = byId('kept')
  line.textContent = KEPT[state] + why
  line.classList.toggle('problem', state === 'failed')
  // The other line is read aloud.
  if (state === 'failed') say(KEPT.failed + why, true)
}

function choose(path: string, isDirectory: boolean): void {
  chosen = path === '' ? null : { path, isDirectory }
  for (const id of ['download', 'edit', 'run']) byId<HTMLButtonElement>(id).disabled = !chosen || isDirectory
  byId<HTMLButtonElement>('delete').disabled = !chosen || path === '/'
}

/** Puts files into a folder; programs can be run then. Returns the programs' paths. */
async function put(files: Iterable<File>, folder: string): Promise<string[]> {
  const programs: string[] = []
  let last = ''
  for (const file of files) {
    last = `${folder === '/' ? '' : folder}/${file.name}`
    say(`${last} …`)
    const bytes = new Uint8Array(await file.arrayBuffer())
    await machine.fs.writeFile(last, bytes, { mode: isProgram(bytes) ? 0o755 : 0o644 })
    if (isElf(bytes)) programs.push(last)
  }
  await tree.refresh(folder, last)
  say(last ? `${last} is there` : '')
  return programs
}

const run = (path: string): void => void tabs.open(machine, baseName(path), quoted(path))

onClick('more', () => shell())
onClick('upload', () => byId('upload-input').click())
byId<HTMLInputElement>('upload-input').addEventListener('change', (event) => {
  const input = event.target as HTMLInputElement
  void attempt(() => put(input.files ?? [], tree.folder)).then(() => (input.value = ''))
})
onClick('new-file', async () => {
  const { folder } = tree
  const path = await ask('The name of the new file', `${folder === '/' ? '' : folder}/new.txt`)
  if (!path) return
  await machine.fs.writeFile(path, '')
  await tree.refresh(folder, path)
})
onClick('download', async () => {
  const { path } = chosen!
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([(await machine.fs.readFile(path)) as Uint8Array<ArrayBuffer>]))
  link.download = baseName(path)
  link.click()
  URL.revokeObjectURL(link.href)
})
onClick('edit', async () => {
  const { path } = chosen!
  const { size } = await machine.fs.stat(path)
  if (size > EDITABLE_SIZE_MAX) throw new Error(`${path} is too large to be edited here; download it`)
  const text = await edited(path, await machine.fs.readFile(path, 'utf8'))
  if (text === null) return
  await machine.fs.writeFile(path, text)
  say(`${path} is saved`)
})
onClick('run', async () => {
  const { path } = chosen!
  await machine.fs.chmod(path, (await machine.fs.stat(path)).mode | 0o111)
  run(path)
})
onClick('delete', async () => {
  const { path } = chosen!
  if (!(await confirmed(`Delete ${path}?`))) return
  await machine.fs.rm(path, { recursive: true })
  await tree.refresh(path.slice(0, path.lastIndexOf('/')) || '/')
  choose('', true)
  say(`${path} is gone`)
})
onClick('open-root', () => byId('root-input').click())
byId<HTMLInputElement>('root-input').addEventListener('change', (event) => {
  const input = event.target as HTMLInputElement
  const [file] = input.files ?? []
  if (file) void attempt(() => begin({ root: { image: file } })).then(() => (input.value = ''))
})
onClick('fresh', async () => {
  if (await confirmed('End everything, and forget what was changed?')) await begin(pagesMachine(true))
})

addEventListener('dragover', (event) => {
  event.preventDefault()
  document.body.classList.add('dropping')
})
addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dropping')
})
addEventListener('drop', (event) => {
  event.preventDefault()
  document.body.classList.remove('dropping')
  const target = (event.target as HTMLElement).closest<HTMLElement>('[role=treeitem]')
  const folder = target?.ariaExpanded ? target.dataset.path! : WORK
  const files = [...(event.dataTransfer?.files ?? [])]
  void attempt(async () => {
    for (const program of await put(files, folder)) run(program)
  })
})

void workOffline(attempt(() => begin(pagesMachine())))

/** The machine of this address: of `/?root=URL` an indexed archive. Its changes are kept. */
function pagesMachine(fresh = false): MachineOptions {
  const root = new URLSearchParams(location.search).get('root')
  if (!root) return { persist: { name: 'site', fresh } }
  const { href } = new URL(root, location.href)
  const name = `site-${fingerprint(new TextEncoder().encode(href))}`
  return { root: { image: href }, persist: { name, fresh } }
}
