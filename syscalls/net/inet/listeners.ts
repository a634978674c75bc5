/** Listeners: the sockets that accept connections, by port, and which of them a connection is for. listen(2). */

import type { Ip } from './address.ts'
import { fitOf } from './ports.ts'
import type { TcpSocket } from './tcp.ts'

export class Listeners {
  private readonly byPort = new Map<number, TcpSocket[]>()

  get size(): number {
    return this.byPort.size
  }

  add(socket: TcpSocket): void {
    const there = this.byPort.get(socket.localPort)
    if (there) there.push(socket)
    else this.byPort.set(socket.localPort, [socket])
  }

  remove(socket: TcpSocket): void {
    const there = this.byPort.get(socket.localPort)
    if (!there) return
    there.splice(there.indexOf(socket), 1)
    if (there.length === 0) this.byPort.delete(socket.localPort)
  }

  /** The one whose address fits best; of several with SO_REUSEPORT each gets its share by the other end's port. */
  find(ip: Ip, port: number, sourcePort: number): TcpSocket | null {
    let best: TcpSocket[] = []
    let bestFit = 1
    for (const socket of this.byPort.get(port) ?? []) {
      const fit = fitOf(socket, ip)
      if (fit > bestFit || best.length === 0) {
        if (fit === 0) continue
        best = [socket]
        bestFit = fit
      } else if (fit === bestFit) best.push(socket)
    }
    return best[sourcePort % best.length] ?? null
  }
}
