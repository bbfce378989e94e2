//! A disk that can be made to refuse writes while a server has its files open.

use std::process::Command;

/// An ext4 in a file; where none can be mounted, the folder itself, if its file system keeps the flags of files.
pub struct Disk {
    folder: tempfile::TempDir,
    /// Whether it is a file system of its own.
    pub mounted: bool,
}

fn done(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

impl Disk {
    /// `None`, with a word on standard error, where neither is allowed.
    pub fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        std::fs::create_dir(folder.path().join("disk")).unwrap();
        let mut disk = Self { folder, mounted: false };
        disk.mounted = done("mkfs.ext4", &["-q", image.to_str().unwrap()]) && disk.mount();
        std::fs::write(disk.file("probe"), "").unwrap();
        let flags = ["+i", "-i"].iter().all(|flag| done("chattr", &[flag, &disk.file("probe")]));
        if !flags {
            eprintln!("no file can be made to refuse writes here: skipped");
        }
        flags.then_some(disk)
    }

    /// Where a file on it is.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join("disk").join(name).display().to_string()
    }

    fn mount(&self) -> bool {
        let image = self.folder.path().join("image").display().to_string();
        done("mount", &["-o", "loop", &image, &self.file("")])
    }

    /// No write to these files gets through, not even of who has them open.
    pub fn refuse_writes(&self, files: &[&str], refuse: bool) {
        for file in files.iter().map(|file| self.file(file)) {
            assert!(done("chattr", &[if refuse { "+i" } else { "-i" }, &file]), "{file}");
        }
    }

    /// As the kernel does by itself when it finds the file system broken (`errors=remount-ro`).
    pub fn turn_read_only(&self) {
        assert!(done("mount", &["-o", "remount,abort", &self.file("")]));
    }

    /// What whoever looks after the machine does then; nobody may have its files open.
    pub fn mend(&self) {
        assert!(done("umount", &[&self.file("")]));
        let image = self.folder.path().join("image").display().to_string();
        // Status 1: what was wrong was put right.
        let mended = Command::new("fsck.ext4").args(["-y", &image]).output().unwrap();
        assert!(mended.status.code().is_some_and(|code| code <= 1), "{mended:?}");
        assert!(self.mount());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            // Lazily: a server that is being killed may still have it open.
            done("umount", &["--lazy", &self.file("")]);
        }
    }
}
