# What is stepped through: a loop, calls, jumps that are taken and not, system calls, a signal handler, a branch to itself.
    .globl _start
    .text
_start:
    mov $3, %ecx
1:  dec %ecx
    jnz 1b
    call twice
    xor %eax, %eax
    jz 2f
    ud2
2:  test %eax, %eax
    jnz 3f
    push $7
    pop %rdx
3:  mov $13, %eax              # rt_sigaction(SIGUSR1, action, 0, 8)
    mov $10, %edi
    lea action(%rip), %rsi
    xor %edx, %edx
    mov $8, %r10d
    syscall
    mov $39, %eax              # kill(getpid(), SIGUSR1)
    syscall
    mov %eax, %edi
    mov $10, %esi
    mov $62, %eax
    syscall
    mov $2, %ecx
4:  loop 4b
    mov $60, %eax
    xor %edi, %edi
    syscall

twice:
    call once
once:
    nop
    ret

handler:
    lea 1(%rdi), %eax
    ret
restorer:
    mov $15, %eax
    syscall

    .align 8
action:
    .quad handler, 0x04000000, restorer, 0
