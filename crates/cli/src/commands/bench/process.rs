//! What Linux knows about a process: CPU time, memory, file systems.

use anyhow::Context;
use std::{fs, path::Path, time::Duration};

/// One line of `/proc/<pid>/stat`, as far as it matters here (proc(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    command: String,
    parent: u32,
    /// User and system time of all its threads, clock ticks.
    own_ticks: u64,
    /// The same of ended children it has waited for.
    ended_ticks: u64,
}

fn parse_stat(line: &str) -> Option<Stat> {
    // The command is in parentheses and may hold any character.
    let (head, tail) = line.rsplit_once(')')?;
    let command = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        command,
        parent: fields.get(1)?.parse().ok()?,
        own_ticks: ticks(11)? + ticks(12)?,
        ended_ticks: ticks(13)? + ticks(14)?,
    })
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn time(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64)
}

/// CPU time a process has used, all threads, user and system.
///
/// # Errors
/// When the process is gone, or this is not Linux.
pub(super) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    Ok(time(stat(pid).with_context(|| format!("/proc/{pid}/stat cannot be read"))?.own_ticks))
}

/// CPU time of a process with all its children, also those that have ended.
pub(super) fn family_cpu(root: u32) -> Option<Duration> {
    let mut ticks = stat(root).map(|stat| stat.own_ticks + stat.ended_ticks)?;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some(child) = pid.and_then(stat).filter(|stat| stat.parent == root) {
            ticks += child.own_ticks + child.ended_ticks;
        }
    }
    Some(time(ticks))
}

/// The parent of a process, when both run the same command.
pub(super) fn parent_of_same_kind(pid: u32, command: &str) -> Option<u32> {
    let child = stat(pid).filter(|stat| stat.command == command)?;
    stat(child.parent).filter(|stat| stat.command == command).map(|_| child.parent)
}

fn parse_resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Memory of a process that is in RAM, MiB.
///
/// # Errors
/// When the process is gone, or this is not Linux.
pub(super) fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/status");
    let kib = fs::read_to_string(&path).ok().as_deref().and_then(parse_resident_kib);
    kib.map(|kib| kib as f64 / 1024.0).with_context(|| format!("{path} cannot be read"))
}

/// The file system of a path, from the text of `/proc/self/mounts`.
fn parse_file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (_, target, kind) = (fields.next()?, fields.next()?, fields.next()?);
        path.starts_with(target).then_some((target.len(), kind))
    });
    // Of mounts on the same place the last one counts.
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// The kind of file system a folder is on, such as `ext4`.
pub(super) fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    parse_file_system(&fs::read_to_string("/proc/self/mounts").ok()?, &folder).map(str::to_owned)
}

/// Nanoseconds of the clock that all processes of the machine share.
pub(super) fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    part(now.tv_sec) * 1_000_000_000 + part(now.tv_nsec)
}

/// Lets this process and its children open as many files as the machine allows: a connection is a file.
pub(super) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // With a lower limit fewer connections fit, and the load says so.
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_past_a_strange_command() {
        let line = "4711 (post) gres (x)) S 42 4711 4711 0 -1 4194560 1 2 3 4 150 25 7 3 20 0 9 0 100 1 2";
        let expected = Stat { command: "post) gres (x)".to_owned(), parent: 42, own_ticks: 175, ended_ticks: 10 };
        assert_eq!(parse_stat(line), Some(expected));
        assert_eq!(parse_stat("4711 (cut off) S 42"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn resident_memory_is_found_in_a_status() {
        assert_eq!(parse_resident_kib("Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t    2048 kB\nThreads:\t3\n"), Some(2048));
        assert_eq!(parse_resident_kib("Name:\tx\n"), None);
    }

    #[test]
    fn the_longest_mount_wins_and_the_last_of_equals() {
        let mounts =
            "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp xfs rw 0 0\nproc /proc proc rw 0 0\n";
        assert_eq!(parse_file_system(mounts, Path::new("/tmp/a")), Some("xfs"));
        assert_eq!(parse_file_system(mounts, Path::new("/tmpfile")), Some("ext4"));
        assert_eq!(parse_file_system("", Path::new("/tmp")), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_a_size_and_a_clock() {
        assert!(resident_mib(std::process::id()).unwrap() > 0.5);
        let own = cpu(std::process::id()).unwrap();
        assert!(family_cpu(std::process::id()).unwrap() >= own);
        let first = monotonic_ns();
        assert!(monotonic_ns() >= first && first > 0);
    }
}
