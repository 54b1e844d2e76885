//! A disk for one test, which can be full or read-only: a file system in memory. Mounting it requires root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use healthsink_testkit::missing::not_run;
use tempfile::TempDir;

pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts the disk. Where this process may not mount, reports that the test does not run and returns `None`.
    pub(crate) fn of_mib(size: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}m,mode=700"), "healthsink-test"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        not_run("mounting a file system needs root");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("health.db")
    }

    /// Takes all free space, until [`Disk::free`].
    pub(crate) fn fill(&self) {
        // One block at a time, so that the last block that fits is also taken.
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.path().join("filler")).unwrap();
        while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
    }

    /// Leaves so many blocks free of a disk that was filled.
    pub(crate) fn free_blocks(&self, blocks: u64) {
        let file = fs::OpenOptions::new().write(true).open(self.path().join("filler")).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length - blocks * 4096).unwrap();
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }

    pub(crate) fn remount(&self, options: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.path()).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Open files on the disk do not prevent this.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
