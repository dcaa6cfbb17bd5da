//! Counts heap allocations of the current thread, those of C code included.
//!
//! A Rust global allocator would not see what aws-lc takes from `malloc`. So on Linux with glibc the program defines
//! `malloc`, `calloc` and `realloc` itself; the linker then prefers them to glibc's, for Rust and C alike.

/// Allocations made by `work`; `None` where they cannot be counted.
pub fn during(work: impl FnOnce()) -> Option<u64> {
    let before = counted()?;
    work();
    Some(counted()? - before)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn counted() -> Option<u64> {
    Some(glibc::COUNT.get())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn counted() -> Option<u64> {
    None
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::cell::Cell;
    use std::ffi::c_void;

    thread_local! {
        // A constant start value and no destructor: reading it never allocates, so the hooks cannot recurse.
        pub static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
        fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    }

    // SAFETY (of all three): the call goes unchanged to glibc's own function of the same contract, whose blocks
    // glibc's `free`, which stays in place, accepts. The count touches nothing but a plain thread-local cell.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
        COUNT.set(COUNT.get() + 1);
        unsafe { __libc_malloc(size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
        COUNT.set(COUNT.get() + 1);
        unsafe { __libc_calloc(count, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
        COUNT.set(COUNT.get() + 1);
        unsafe { __libc_realloc(old, size) }
    }
}
