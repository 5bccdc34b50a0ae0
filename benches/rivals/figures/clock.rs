//! CPU time of this thread and of this process, and the memory that it has resident.

/// CPU time that this thread has used, in its own code and in the system's.
pub(crate) fn thread_nanoseconds() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time that this process has used, in its own code and in the system's.
pub(crate) fn process_nanoseconds() -> u64 {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is there to be written.
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    assert_eq!(status, 0, "the system has clocks of CPU time");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The most memory that this process ever had resident, in bytes; 0 if the system
/// does not say. (Not `getrusage`, which counts what the parent had before `exec`.)
pub(crate) fn peak_resident_bytes() -> u64 {
    let about = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Memory that this process has resident now, in bytes; 0 if the system does not say.
pub(crate) fn resident_bytes() -> u64 {
    let about = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = about.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    // SAFETY: no memory is passed.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.unwrap_or(0) * page as u64
}
