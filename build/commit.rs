//! Passes the commit to a release build, for `healthsink --version`.
//!
//! Other builds do without: each commit would compile the whole program again.

use std::process::Command;

pub(crate) fn pass_on() {
    println!("cargo:rerun-if-env-changed=HEALTHSINK_COMMIT");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    // A package is built from a tarball, which has no history: its maker sets the variable.
    if std::env::var_os("HEALTHSINK_COMMIT").is_some() || !is_release {
        return;
    }
    if let Some(head) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={head}");
    }
    if let Some(commit) = git(&["log", "-1", "--format=%h of %cs"]) {
        let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
        println!("cargo:rustc-env=HEALTHSINK_COMMIT={commit}{}", if changed { ", changed" } else { "" });
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
