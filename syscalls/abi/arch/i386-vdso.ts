/**
 * The page of code that Linux gives i386 programs: how to make a system call (AT_SYSINFO), and where signal handlers
 * return to. Linux arch/x86/entry/vdso/vdso32/{system_call,sigreturn}.S.
 * Path: exec/load.ts maps it; i386.ts and i386-signal.ts use its places. It is no ELF image, so AT_SYSINFO_EHDR is not there.
 */

/** push ecx, edx, ebp; mov ebp, esp; sysenter; int 0x80; pop ebp, edx, ecx; ret. */
const VSYSCALL = [0x51, 0x52, 0x55, 0x89, 0xe5, 0x0f, 0x34, 0xcd, 0x80, 0x5d, 0x5a, 0x59, 0xc3]
/** pop eax; mov eax, 119; int 0x80. */
const SIGRETURN = [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80]
/** mov eax, 173; int 0x80. */
const RT_SIGRETURN = [0xb8, 173, 0, 0, 0, 0xcd, 0x80]

/** Offsets in the page. */
export const VDSO_VSYSCALL = 0
/** Behind the `int 0x80`: where a call by sysenter comes back. */
export const VDSO_LANDING = 9
export const VDSO_SIGRETURN = 0x20
export const VDSO_RT_SIGRETURN = 0x30

export const VDSO_CODE = new Uint8Array(0x40)
VDSO_CODE.set(VSYSCALL, VDSO_VSYSCALL)
VDSO_CODE.set(SIGRETURN, VDSO_SIGRETURN)
VDSO_CODE.set(RT_SIGRETURN, VDSO_RT_SIGRETURN)
