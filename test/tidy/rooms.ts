/** Which room may import which: the table of ARCHITECTURE.md. A room is the longest listed folder that holds a file. */
export const ROOMS: Record<string, readonly string[]> = {
  'emu/base': [],
  'emu/elf': ['emu/memory'],
  'emu/memory': ['emu/base'],
  'emu/ir': ['emu/memory', 'emu/run/cpu.ts'],
  'emu/opt': ['emu/ir'],
  'emu/wasm': ['emu/ir', 'emu/opt', 'emu/memory', 'emu/run/cpu.ts'],
  'emu/guest': ['emu/ir', 'emu/memory', 'emu/run/cpu.ts'],
  'emu/run/cpu.ts': ['emu/memory'],
  'emu/run': ['emu/guest', 'emu/ir', 'emu/memory', 'emu/wasm', 'emu/run/cpu.ts'],
  syscalls: ['emu/memory', 'emu/elf', 'emu/run/cpu.ts', 'emu/guest'],
  'syscalls/net': ['syscalls/abi', 'syscalls/kernel', 'syscalls/vfs'],
  'syscalls/tty': ['syscalls/abi', 'syscalls/kernel', 'syscalls/vfs'],
  src: ['emu', 'syscalls'],
}
