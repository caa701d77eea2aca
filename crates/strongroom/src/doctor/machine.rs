//! What the machine does with memory, and whether anybody keeps its clock: swap, core dumps, the
//! limit of locked memory.

use std::fs;

use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

use super::{Finding, Severity};

/// Locked memory that an install with a thousand tenants needs.
const LOCKED_BYTES_MIN: u64 = 8 << 20;

/// The kernel's answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Places of swap in use that are neither encrypted nor memory.
    pub open_swaps: Vec<String>,
    /// The largest core dump that the kernel writes of this process; nothing without a limit.
    pub core_bytes_max: Option<u64>,
    /// Whether the process may be dumped and looked into at all.
    pub dumpable: bool,
    /// Where the kernel sends core dumps.
    pub core_pattern: String,
    /// Bytes that this user may lock; nothing without a limit.
    pub locked_bytes_max: Option<u64>,
    /// Whether something keeps the clock; nothing when that cannot be told.
    pub clock_kept: Option<bool>,
}

impl Machine {
    /// Asks the kernel.
    #[must_use]
    pub fn read() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let kept = fs::metadata("/run/systemd/timesync/synchronized").is_ok();
        Self {
            open_swaps: open_swaps(&read("/proc/swaps"), &|device| {
                read(&format!("/sys/block/{device}/dm/uuid"))
            }),
            core_bytes_max: getrlimit(Resource::Core).current,
            dumpable: !matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable)),
            core_pattern: read("/proc/sys/kernel/core_pattern").trim().to_owned(),
            locked_bytes_max: getrlimit(Resource::Memlock).current,
            clock_kept: kept.then_some(true),
        }
    }

    /// Judges them.
    #[must_use]
    pub fn judge(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        if !self.open_swaps.is_empty() {
            let what = format!("swap is in use and not encrypted: {}", self.open_swaps.join(", "));
            let remedy = "swapoff it, or encrypt it: values pass through this process's memory, \
                          of which only keys are locked";
            out.push(Finding::new(Severity::Medium, what, remedy));
        }
        out.extend(self.cores());
        if self.locked_bytes_max.is_some_and(|most| most < LOCKED_BYTES_MIN) {
            let most = self.locked_bytes_max.unwrap_or_default() >> 10;
            let what = format!("this user may lock {most} KiB of memory, too little for many keys");
            let remedy = "raise LimitMEMLOCK of the unit, or memlock in limits.conf, to 8 MiB";
            out.push(Finding::new(Severity::Low, what, remedy));
        }
        if self.clock_kept != Some(true) {
            let what = "whether anything keeps this machine's clock is unknown";
            let remedy = "look with `timedatectl` or `chronyc tracking`, and have one of them keep \
                          it: entries bear its time";
            out.push(Finding::new(Severity::Low, what, remedy));
        }
        out
    }

    fn cores(&self) -> Option<Finding> {
        // A program that dumps are piped to gets them whatever the limit says.
        let piped = self.core_pattern.starts_with('|');
        let limited = self.core_bytes_max == Some(0) && !piped;
        let severity = match (self.dumpable, limited) {
            (false, true) => return None,
            (false, false) if self.core_bytes_max == Some(0) => return None,
            (true, false) => Severity::High,
            _ => Severity::Medium,
        };
        let what = match (self.dumpable, piped) {
            (true, true) => "core dumps of this process go to another program",
            (true, false) if limited => "other processes of this user can look into this one",
            (true, false) => "core dumps of this process are written",
            (false, _) => "core dumps are off for this process alone, the limit is not zero",
        };
        let remedy = "let the service run under `ulimit -c 0`, on a kernel that allows `prctl`: a \
                      dump holds keys";
        Some(Finding::new(severity, what, remedy))
    }
}

/// The places in `/proc/swaps` that are neither in memory nor encrypted, as far as device mapper
/// says; `uuid` gives what it says of a device. Of a file nothing is known.
fn open_swaps(table: &str, uuid: &dyn Fn(&str) -> String) -> Vec<String> {
    let places = table.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let open = places.filter(|place| {
        let device = place.strip_prefix("/dev/").unwrap_or_default();
        let in_memory = device.starts_with("zram");
        let encrypted = device.starts_with("dm-") && uuid(device).starts_with("CRYPT-");
        !in_memory && !encrypted
    });
    open.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Machine {
        Machine {
            open_swaps: Vec::new(),
            core_bytes_max: Some(0),
            dumpable: false,
            core_pattern: "|/usr/lib/systemd/systemd-coredump %P".to_owned(),
            locked_bytes_max: None,
            clock_kept: Some(true),
        }
    }

    fn severities(machine: &Machine) -> Vec<Severity> {
        machine.judge().iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn a_sound_machine_has_no_finding() {
        assert_eq!(sound().judge(), []);
        assert_eq!(Machine { core_pattern: "core".into(), ..sound() }.judge(), []);
    }

    #[test]
    fn each_fault_of_a_machine_is_found() {
        let open_swaps = vec!["/swapfile".to_owned()];
        assert_eq!(severities(&Machine { open_swaps, ..sound() }), [Severity::Medium]);
        let low = [Severity::Low];
        assert_eq!(severities(&Machine { locked_bytes_max: Some(65_536), ..sound() }), low);
        assert_eq!(severities(&Machine { clock_kept: None, ..sound() }), low);
        let piped = Machine { dumpable: true, ..sound() };
        assert_eq!(severities(&piped), [Severity::High], "a limit of zero stops no pipe");
        let plain = Machine { core_pattern: "core".into(), ..piped };
        assert_eq!(severities(&plain), [Severity::Medium]);
        let written = Machine { core_bytes_max: None, ..plain };
        assert_eq!(severities(&written), [Severity::High]);
        let limit_alone = Machine { core_bytes_max: None, ..sound() };
        assert_eq!(severities(&limit_alone), [Severity::Medium]);
    }

    #[test]
    fn swap_in_memory_or_encrypted_is_no_fault() {
        let table = "Filename\tType\tSize\tUsed\tPriority\n\
                     /dev/zram0 partition 8 0 100\n/dev/dm-0 partition 8 0 -2\n\
                     /dev/dm-1 partition 8 0 -3\n/dev/sda2 partition 8 0 -4\n\
                     /swapfile file 8 0 -5\n";
        let uuid = |device: &str| match device {
            "dm-0" => "CRYPT-PLAIN-cryptswap\n".to_owned(),
            _ => "LVM-x\n".to_owned(),
        };
        assert_eq!(open_swaps(table, &uuid), ["/dev/dm-1", "/dev/sda2", "/swapfile"]);
        assert_eq!(open_swaps("Filename Type\n", &uuid), [] as [String; 0]);
        assert_eq!(open_swaps("", &uuid), [] as [String; 0]);
    }
}
