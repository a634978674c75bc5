/** Arguments of socket calls as strace prints them: addresses, options, message headers. */

import { latin1 } from '../../abi/bytes.ts'
import { type FlagTable, flagNames, valueName } from '../../abi/flag-table.ts'
import * as I from '../../abi/inet.ts'
import { netlinkOptions, netlinkProtocols, SOL_NETLINK } from '../../abi/netlink.ts'
import * as S from '../../abi/socket.ts'
import type { Mm } from '../../mm/mm.ts'
import type { ArgumentType } from '../../sys/row.ts'
import type { SyscallCall } from '../call.ts'
import { printAddress } from './addresses.ts'
import { ARRAY_SHOWN_MAX, hex, pointer, quoteShort } from './values.ts'

/** The room for an address or an option that was offered at entry: the call writes the size over it. */
const offered = new WeakMap<SyscallCall, number>()

/** Before the call: what will be written over. */
export function noteRoom(call: SyscallCall, types: readonly ArgumentType[]): void {
  for (const [i, type] of types.entries()) {
    const at = call.args[i]!
    const header = S.MSGHDR.of(call.model).offset('nameLength')
    const where = type.kind === 'sockLength' ? at : type.kind === 'msghdr' && type.out && at ? at + header : 0
    if (where) offered.set(call, call.task.memory.canRead(where, 4) ? call.task.memory.i32(where) : -1)
  }
}

/** An address that the call filled: as much as there was room for. */
export function printAddressOut(call: SyscallCall, at: number, lengthAt: number): string {
  if (at === 0) return 'NULL'
  const mm = call.task.memory
  if (call.result < 0 || !mm.canRead(lengthAt, 4)) return pointer(at)
  return printAddress(mm, at, Math.min(offered.get(call) ?? 0, mm.i32(lengthAt)))
}

/** `[110 => 15]`: room and size. */
export function printLengthOut(call: SyscallCall, at: number): string {
  if (at === 0) return 'NULL'
  const before = offered.get(call) ?? -1
  const mm = call.task.memory
  if (!mm.canRead(at, 4)) return pointer(at)
  const now = mm.i32(at)
  return call.result < 0 || now === before ? `[${before}]` : `[${before} => ${now}]`
}

const OPTIONS: Readonly<Record<number, FlagTable>> = {
  [S.SOL_SOCKET]: S.socketOptions,
  [I.SOL_IP]: I.ipOptions,
  [I.SOL_TCP]: I.tcpOptions,
  [I.SOL_UDP]: I.udpOptions,
  [I.SOL_IPV6]: I.ipv6Options,
  [SOL_NETLINK]: netlinkOptions,
}

export function printOption(call: SyscallCall): string {
  const table = OPTIONS[call.args[1]!]
  return table ? valueName(table, call.args[2]!) : hex(call.args[2]!)
}

const PROTOCOLS: Readonly<Record<number, FlagTable>> = {
  [S.AF_INET]: I.internetProtocols,
  [S.AF_INET6]: I.internetProtocols,
  [S.AF_NETLINK]: netlinkProtocols,
}

/** A protocol by its family's names. */
export function printProtocol(call: SyscallCall): string {
  const table = PROTOCOLS[call.args[0]!]
  return table ? valueName(table, call.args[2]!) : String(call.args[2])
}

/** An option's value: one number, or what its option means by more. */
export function printOptionValue(call: SyscallCall, at: number, length: number): string {
  const mm = call.task.memory
  if (at === 0) return 'NULL'
  if (length < 0 || !mm.canRead(at, length)) return pointer(at)
  const name = call.args[1] === S.SOL_SOCKET ? call.args[2] : -1
  if (name === S.SO_LINGER && length >= 8) return `{l_onoff=${mm.i32(at)}, l_linger=${mm.i32(at + 4)}}`
  if (name === S.SO_PEERCRED && length >= 12) return ucred(mm, at)
  if (length === 4) return `[${mm.i32(at)}]`
  return quoteShort(latin1(mm.space.bytes, at, at + length))
}

const ucred = (mm: Mm, at: number): string =>
  `{pid=${mm.i32(at)}, uid=${mm.i32(at + 4) >>> 0}, gid=${mm.i32(at + 8) >>> 0}}`

function controlMessages(call: SyscallCall, at: number, size: number): string {
  const mm = call.task.memory
  if (!mm.canRead(at, size)) return pointer(at)
  const layout = S.CMSGHDR.of(call.model)
  const headerSize = layout.sizeBytes
  const { wordSize } = call.model
  const parts: string[] = []
  for (let offset = 0; offset + headerSize <= size && parts.length < ARRAY_SHOWN_MAX; ) {
    const { length, level, type } = layout.get(mm.space.view, at + offset)
    const body = at + offset + headerSize
    const bodySize = Math.min(length, size - offset) - headerSize
    const isOurs = level === S.SOL_SOCKET
    const names = `cmsg_level=${valueName(S.socketLevels, level)}, cmsg_type=${isOurs ? valueName(S.controlTypes, type) : hex(type)}`
    let text = ''
    if (isOurs && type === S.SCM_RIGHTS && bodySize >= 4) {
      const numbers = Array.from({ length: Math.floor(bodySize / 4) }, (_, i) => mm.i32(body + i * 4))
      text = `, cmsg_data=[${numbers.join(', ')}]`
    } else if (isOurs && type === S.SCM_CREDENTIALS && bodySize >= 12) text = `, cmsg_data=${ucred(mm, body)}`
    parts.push(`{cmsg_len=${length}, ${names}${text}}`)
    if (length < headerSize) break
    offset += Math.ceil(length / wordSize) * wordSize
  }
  return `[${parts.join(', ')}]`
}

/** How the vector of a message is printed, given the bytes of it that count: arguments.ts has it. */
export type PrintVector = (call: SyscallCall, at: number, count: number, limit: number) => string

/** A msghdr; `limit` bytes of its vector hold something. */
export function printMessage(
  call: SyscallCall,
  at: number,
  limit: number,
  isOut: boolean,
  vector: PrintVector,
): string {
  const mm = call.task.memory
  if (at === 0) return 'NULL'
  const header = call.task.getStruct(S.MSGHDR, at)
  if (!header) return pointer(at)
  const { nameLength, iovCount: count, controlLength: controlSize } = header
  const before = isOut ? (offered.get(call) ?? nameLength) : nameLength
  if (isOut && call.result < 0) return `{msg_namelen=${before}}`
  const control = controlSize > 0 ? `msg_control=${controlMessages(call, header.control, controlSize)}, ` : ''
  const length = before === nameLength ? String(nameLength) : `${before} => ${nameLength}`
  return (
    `{msg_name=${printAddress(mm, header.name, Math.min(before, nameLength))}, msg_namelen=${length}, ` +
    `msg_iov=${vector(call, header.iov, count, limit)}, msg_iovlen=${count}, ${control}` +
    `msg_controllen=${controlSize}, msg_flags=${flagNames(S.messageFlags, header.flags)}}`
  )
}

/** The mmsghdrs of a call that has ended: those that count. */
export function printMessages(call: SyscallCall, at: number, vector: PrintVector): string {
  const mm = call.task.memory
  if (call.result < 0) return pointer(at)
  const parts: string[] = []
  for (let i = 0; i < Math.min(call.result, ARRAY_SHOWN_MAX); i++) {
    const { sizeBytes } = S.MSGHDR.of(call.model)
    const header = at + i * (sizeBytes + call.model.wordSize)
    if (!mm.canRead(header, sizeBytes + 4)) return pointer(at)
    const length = mm.i32(header + sizeBytes)
    const limit = call.name === 'recvmmsg' ? length : Number.POSITIVE_INFINITY
    parts.push(`{msg_hdr=${printMessage(call, header, limit, false, vector)}, msg_len=${length}}`)
  }
  return `[${parts.join(', ')}]`
}
