// What makes gcc build i386 programs with musl (packages gcc-multilib, musl-dev:i386), beside musl-gcc, which is of the
// machine's own ISA. Path: the builders of test/abi and test/hostile, and test/programs/compiled.mjs.
export const MUSL32_FLAGS = ['-m32', '-Wl,-melf_i386', '-specs', '/usr/lib/i386-linux-musl/musl-gcc.specs']
