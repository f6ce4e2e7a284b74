//! The one process of a sandbox: it holds the namespaces of a capsule open, and ends with code 0 when it is asked to.
//!
//! Built by `build.rs` alone, not as a part of the workspace: it has no library below it, not even the start-up code of C, so that
//! it is a static program of a few kilobytes for any image, and what it asks of the kernel is asked here.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};

const SIGINT: u64 = 2;
const SIGTERM: u64 = 15;
const SIGCHLD: u64 = 17;
const SIG_BLOCK: usize = 0;
const WNOHANG: usize = 1;
const ANY_CHILD: usize = usize::MAX;
/// Bytes of a set of signals in the kernel.
const SET: usize = 8;

/// Numbers of system calls: `arch/x86/entry/syscalls/syscall_64.tbl` of Linux.
#[cfg(target_arch = "x86_64")]
mod call {
    pub const SIGPROCMASK: usize = 14;
    pub const SIGTIMEDWAIT: usize = 128;
    pub const WAIT4: usize = 61;
    pub const EXIT_GROUP: usize = 231;
}

/// The same for the machines that came later: `include/uapi/asm-generic/unistd.h` of Linux.
#[cfg(target_arch = "aarch64")]
mod call {
    pub const SIGPROCMASK: usize = 135;
    pub const SIGTIMEDWAIT: usize = 137;
    pub const WAIT4: usize = 260;
    pub const EXIT_GROUP: usize = 94;
}

#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {}", "ud2", sym main);

#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "bl {}", "brk #0", sym main);

/// Signals are blocked first: those of a process 1 without a handler are else thrown away, and none comes between two
/// waits.
extern "C" fn main() -> ! {
    let set = bit(SIGINT) | bit(SIGTERM) | bit(SIGCHLD);
    let waited = &raw const set as usize;
    ask(call::SIGPROCMASK, [SIG_BLOCK, waited, 0, SET]);
    loop {
        let signal = ask(call::SIGTIMEDWAIT, [waited, 0, 0, SET]);
        if signal == SIGINT as isize || signal == SIGTERM as isize {
            ask(call::EXIT_GROUP, [0; 4]);
        }
        // Whoever was left to us by others in the namespace: none is kept as a zombie.
        while ask(call::WAIT4, [ANY_CHILD, 0, WNOHANG, 0]) > 0 {}
    }
}

const fn bit(signal: u64) -> u64 {
    1 << (signal - 1)
}

/// A system call.
#[cfg(target_arch = "x86_64")]
fn ask(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
    let answer;
    // SAFETY: the kernel reads the set of signals that `main` owns, writes nothing, and keeps all other registers.
    unsafe {
        asm!("syscall", inlateout("rax") number => answer, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer
}

/// A system call.
#[cfg(target_arch = "aarch64")]
fn ask(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
    let answer;
    // SAFETY: the kernel reads the set of signals that `main` owns, writes nothing, and keeps all other registers.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a => answer, in("x1") b, in("x2") c, in("x3") d,
            options(nostack));
    }
    answer
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    ask(call::EXIT_GROUP, [1, 0, 0, 0]);
    loop {}
}
