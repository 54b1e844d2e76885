//! Flat memory: the peak of a follower (VmHWM) with much to send, against one with nothing.

use std::process::{Child, Stdio};

use healthsink_testkit::wait::wait_until;

use super::Followed;
use crate::memory::peak_kib;
use crate::program::command;

/// KiB that a follower may take beyond one that is idle.
const MORE_KIB_MAX: u64 = 6 << 10;

/// The peak of a follower that has sent everything.
fn peak_of(followed: &Followed) -> u64 {
    let mut child: Child = command().args(followed.arguments()).stderr(Stdio::null()).spawn().unwrap();
    let is_level = || {
        let status = followed.status();
        let follower = &status["followers"][0];
        (follower["lastSuccess"].is_string() && follower["behind"] == 0).then_some(())
    };
    wait_until("all of it", is_level);
    let peak = peak_kib(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    peak
}

#[test]
fn the_peak_does_not_grow_with_what_is_sent() {
    let idle = {
        let followed = Followed::new();
        followed.import(&serde_json::json!({}));
        peak_of(&followed)
    };
    let busy = {
        let followed = Followed::generated(8_000_000);
        let peak = peak_of(&followed);
        assert!(followed.server.taken().0 > 10_000, "{:?}", followed.server.taken());
        peak
    };
    println!("idle {idle} KiB, busy {busy} KiB");
    assert!(busy <= idle + MORE_KIB_MAX, "idle {idle} KiB, busy {busy} KiB");
}
