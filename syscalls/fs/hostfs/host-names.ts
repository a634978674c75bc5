/**
 * Names on the host: which guest names can be files there, and whether the host tells them apart. docs/hostfs.md.
 * Path: hostfs.ts asks before every name goes to the host. Nothing here touches a file but `ignoresCase`.
 */

import { fromUtf8, utf8 } from '../../abi/bytes.ts'
import type { HostFiles } from './host-files.ts'

/** `C:\dir`, `C:/dir`, `\\server\share`: only Windows writes directories so. */
export const isWindowsPath = (directory: string): boolean =>
  /^[A-Za-z]:[\\/]|^[A-Za-z]:$|^\\\\/.test(directory)

/** Names that mean devices in every directory of Windows, whatever extension they have. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\.|$)/i
const WINDOWS_FORBIDDEN = /[<>:"|?*\\/]/

const hasControl = (name: string): boolean => [...name].some((character) => character < ' ')

/**
 * The host's spelling of a guest name (a byte string), or null where no file of the host can have that name: bytes
 * that are no UTF-8 would become one replacement character, and different names one file.
 */
export function hostName(name: string, windows: boolean): string | null {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return null
  const text = fromUtf8(name)
  if (utf8(text) !== name) return null
  if (
    windows &&
    (WINDOWS_FORBIDDEN.test(text) || hasControl(text) || /[. ]$/.test(text) || WINDOWS_DEVICE.test(text))
  )
    return null
  return text
}

const swapCase = (text: string): string =>
  [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('')

/** Whether the host finds an entry of this directory by a name in other case. */
export function ignoresCase(files: HostFiles, directory: string): boolean {
  try {
    const names = files.readdirSync(directory, { withFileTypes: true }).map((entry) => entry.name)
    const probe = names.find((name) => /[a-z]/i.test(name) && !names.includes(swapCase(name)))
    if (probe === undefined) return false
    files.lstatSync(`${directory}/${swapCase(probe)}`)
    return true
  } catch {
    return false
  }
}
