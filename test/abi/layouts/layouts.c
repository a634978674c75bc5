/*
 * How the kernel's own headers lay out an ISA's structures, and its constants, as JSON: sizes and offsets in bytes.
 * Built for each ISA by record.mjs; a unit test compares what syscalls/abi has.
 */
#include <stddef.h>
#include <stdio.h>

#include <linux/types.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/mman.h>
#include <asm/msgbuf.h>
#include <asm/sembuf.h>
#include <asm/shmbuf.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/sigcontext.h>
#include <asm/socket.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termios.h>
#include <asm/ucontext.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/fs.h>
#include <linux/inotify.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signalfd.h>
#include <linux/sockios.h>
#include <linux/sysinfo.h>
#include <linux/times.h>

static int first = 1;
static void put(const char *name, unsigned long long value) {
  printf("%s \"%s\": %llu", first ? "" : ",\n", name, value);
  first = 0;
}
#define SIZE(type) put(#type, sizeof(type))
#define AT(type, member) put(#type "." #member, offsetof(type, member))
#define IS(name) put(#name, (unsigned int)(name))

int main(void) {
  printf("{\n");
#define STAT(type) \
  SIZE(type), AT(type, st_dev), AT(type, st_ino), AT(type, st_mode), AT(type, st_nlink), AT(type, st_uid), \
      AT(type, st_gid), AT(type, st_rdev), AT(type, st_size), AT(type, st_atime), AT(type, st_mtime), \
      AT(type, st_ctime)
  STAT(struct stat);
  AT(struct stat, st_blksize), AT(struct stat, st_blocks), AT(struct stat, st_mtime_nsec);
#ifndef __powerpc64__
  STAT(struct stat64);
  AT(struct stat64, st_blksize), AT(struct stat64, st_blocks), AT(struct stat64, st_mtime_nsec);
  STAT(struct __old_kernel_stat);
#endif
#define STATFS(type) \
  SIZE(type), AT(type, f_type), AT(type, f_blocks), AT(type, f_ffree), AT(type, f_fsid), AT(type, f_namelen), \
      AT(type, f_flags)
  STATFS(struct statfs);
  STATFS(struct statfs64);
#define FLOCK(type) SIZE(type), AT(type, l_whence), AT(type, l_start), AT(type, l_len), AT(type, l_pid)
  FLOCK(struct flock);
#ifndef __powerpc64__
  FLOCK(struct flock64);
#endif
  SIZE(struct sigaction), AT(struct sigaction, sa_flags), AT(struct sigaction, sa_restorer),
      AT(struct sigaction, sa_mask);
  SIZE(struct old_sigaction), AT(struct old_sigaction, sa_mask), AT(struct old_sigaction, sa_flags);
  SIZE(struct sigaltstack), AT(struct sigaltstack, ss_flags), AT(struct sigaltstack, ss_size);
  SIZE(struct siginfo), AT(struct siginfo, si_code), AT(struct siginfo, si_addr), AT(struct siginfo, si_pid),
      AT(struct siginfo, si_status), AT(struct siginfo, si_value), AT(struct siginfo, si_syscall),
      AT(struct siginfo, si_arch), AT(struct siginfo, si_overrun);
  SIZE(struct sigevent), AT(struct sigevent, sigev_signo), AT(struct sigevent, sigev_notify);
#define PERM(type, perm) SIZE(type), AT(type, perm.mode), AT(type, perm.seq)
  PERM(struct semid64_ds, sem_perm), AT(struct semid64_ds, sem_otime), AT(struct semid64_ds, sem_ctime),
      AT(struct semid64_ds, sem_nsems);
  PERM(struct shmid64_ds, shm_perm), AT(struct shmid64_ds, shm_segsz), AT(struct shmid64_ds, shm_atime),
      AT(struct shmid64_ds, shm_dtime), AT(struct shmid64_ds, shm_ctime), AT(struct shmid64_ds, shm_cpid),
      AT(struct shmid64_ds, shm_nattch);
  PERM(struct msqid64_ds, msg_perm), AT(struct msqid64_ds, msg_stime), AT(struct msqid64_ds, msg_ctime),
      AT(struct msqid64_ds, msg_qnum), AT(struct msqid64_ds, msg_lspid);
  SIZE(struct termios), AT(struct termios, c_cc), AT(struct termios, c_line), AT(struct termios, c_ispeed);
  SIZE(struct termio), AT(struct termio, c_cc), AT(struct termio, c_line);
  SIZE(struct rusage), AT(struct rusage, ru_maxrss), AT(struct rusage, ru_nvcsw);
  SIZE(struct sysinfo), AT(struct sysinfo, procs), AT(struct sysinfo, totalhigh), AT(struct sysinfo, mem_unit);
  SIZE(struct tms);
  SIZE(struct signalfd_siginfo), AT(struct signalfd_siginfo, ssi_status), AT(struct signalfd_siginfo, ssi_int),
      AT(struct signalfd_siginfo, ssi_ptr), AT(struct signalfd_siginfo, ssi_addr);
  SIZE(struct epoll_event), AT(struct epoll_event, data);
  SIZE(struct inotify_event);
  SIZE(struct ucontext), AT(struct ucontext, uc_stack), AT(struct ucontext, uc_sigmask), AT(struct ucontext, uc_mcontext);
  SIZE(struct sigcontext), AT(struct sigcontext, signal), AT(struct sigcontext, handler),
      AT(struct sigcontext, oldmask), AT(struct sigcontext, regs);
#ifdef __powerpc64__
  AT(struct sigcontext, gp_regs), AT(struct sigcontext, fp_regs), AT(struct sigcontext, v_regs),
      AT(struct sigcontext, vmx_reserve);
#else
  AT(struct ucontext, uc_regs);
  SIZE(struct mcontext), AT(struct mcontext, mc_gregs), AT(struct mcontext, mc_fregs), AT(struct mcontext, mc_pad),
      AT(struct mcontext, mc_vregs);
#endif
  IS(PT_NIP), IS(PT_MSR), IS(PT_ORIG_R3), IS(PT_CTR), IS(PT_LNK), IS(PT_XER), IS(PT_CCR), IS(PT_TRAP), IS(PT_DAR),
      IS(PT_DSISR);
  IS(MINSIGSTKSZ);

  IS(O_CREAT), IS(O_NONBLOCK), IS(O_SYNC), IS(O_CLOEXEC), IS(O_DIRECTORY), IS(O_NOFOLLOW), IS(O_LARGEFILE),
      IS(O_DIRECT), IS(O_PATH), IS(O_TMPFILE), IS(O_NOATIME);
  IS(F_GETLK), IS(F_SETLK), IS(F_SETLKW), IS(F_SETOWN), IS(F_GETOWN), IS(F_OFD_GETLK);
#ifndef __powerpc64__
  IS(F_GETLK64), IS(F_SETLK64), IS(F_SETLKW64);
#endif
  IS(MAP_NORESERVE), IS(MAP_LOCKED), IS(MAP_GROWSDOWN), IS(MAP_DENYWRITE), IS(MAP_EXECUTABLE), IS(MAP_POPULATE),
      IS(MAP_STACK), IS(MAP_FIXED_NOREPLACE), IS(MAP_ANONYMOUS);
  IS(MCL_CURRENT), IS(MCL_FUTURE), IS(MCL_ONFAULT);
  IS(SO_DEBUG), IS(SO_REUSEADDR), IS(SO_TYPE), IS(SO_ERROR), IS(SO_BROADCAST), IS(SO_SNDBUF), IS(SO_RCVBUF),
      IS(SO_KEEPALIVE), IS(SO_LINGER), IS(SO_REUSEPORT), IS(SO_RCVLOWAT), IS(SO_SNDLOWAT), IS(SO_RCVTIMEO_OLD),
      IS(SO_SNDTIMEO_OLD), IS(SO_PASSCRED), IS(SO_PEERCRED), IS(SO_PEERSEC), IS(SO_ACCEPTCONN), IS(SO_DOMAIN);
  IS(FIOCLEX), IS(FIONCLEX), IS(FIOASYNC), IS(FIONBIO), IS(FIONREAD), IS(SIOCGIFCONF), IS(FS_IOC_GETFLAGS);
  IS(TCGETS), IS(TCSETS), IS(TCSETSW), IS(TCSETSF), IS(TCGETA), IS(TCSETA), IS(TCSETAW), IS(TCSETAF), IS(TCSBRK),
      IS(TCXONC), IS(TCFLSH), IS(TIOCEXCL), IS(TIOCNXCL), IS(TIOCSCTTY), IS(TIOCGPGRP), IS(TIOCSPGRP), IS(TIOCOUTQ),
      IS(TIOCSTI), IS(TIOCGWINSZ), IS(TIOCSWINSZ), IS(TIOCPKT), IS(TIOCNOTTY), IS(TIOCSETD), IS(TIOCGETD),
      IS(TCSBRKP), IS(TIOCSBRK), IS(TIOCCBRK), IS(TIOCGSID), IS(TIOCGPTN), IS(TIOCSPTLCK), IS(TIOCGDEV), IS(TIOCSIG),
      IS(TIOCVHANGUP), IS(TIOCGPKT), IS(TIOCGPTLCK), IS(TIOCGEXCL), IS(TIOCGPTPEER), IS(SECCOMP_IOCTL_NOTIF_RECV),
      IS(SECCOMP_IOCTL_NOTIF_ID_VALID);
  IS(IGNBRK), IS(ISTRIP), IS(ICRNL), IS(IUCLC), IS(IXON), IS(IXANY), IS(IXOFF), IS(IMAXBEL), IS(IUTF8);
  IS(OPOST), IS(OLCUC), IS(ONLCR), IS(OCRNL), IS(ONLRET), IS(OFILL), IS(NL1), IS(CR3), IS(TAB3), IS(BS1), IS(VT1),
      IS(FF1);
  IS(B9600), IS(B38400), IS(B57600), IS(B4000000), IS(BOTHER), IS(CS7), IS(CS8), IS(CSTOPB), IS(CREAD), IS(PARENB),
      IS(PARODD), IS(HUPCL), IS(CLOCAL), IS(CRTSCTS);
  IS(ISIG), IS(ICANON), IS(XCASE), IS(ECHO), IS(ECHOE), IS(ECHOK), IS(ECHONL), IS(NOFLSH), IS(TOSTOP), IS(ECHOCTL),
      IS(ECHOPRT), IS(ECHOKE), IS(FLUSHO), IS(PENDIN), IS(IEXTEN), IS(EXTPROC);
  IS(VINTR), IS(VQUIT), IS(VERASE), IS(VKILL), IS(VEOF), IS(VMIN), IS(VEOL), IS(VTIME), IS(VEOL2), IS(VSWTC),
      IS(VWERASE), IS(VREPRINT), IS(VSUSP), IS(VSTART), IS(VSTOP), IS(VLNEXT), IS(VDISCARD);
  printf("\n}\n");
  return 0;
}
