//! The real program: `serve` as a process, and commands that end by themselves.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, sync_channel};

use healthsink_testkit::wait::{PATIENCE, wait_until};

/// The program that cargo has built, or the one that `HEALTHSINK_PROGRAM` names: `scripts/check-arm` names a script that runs
/// a program for another processor.
pub(crate) fn path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| std::env::var("HEALTHSINK_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_healthsink").into()));
    &PATH
}

/// The program without the environment of this machine's user.
pub(crate) fn command() -> Command {
    let mut command = Command::new(path());
    command.env_clear();
    command
}

/// Runs a command to its end, with this standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // The command may end without reading.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

pub(crate) fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    run_with_input(command().args(arguments), b"")
}

/// `serve` as a process; killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: Receiver<String>,
    /// Lines that were already taken from the log.
    taken: RefCell<Vec<String>>,
}

impl Program {
    /// Starts it on a free port of this machine, and waits until it listens.
    pub(crate) fn serve(database: &Path) -> Self {
        let mut command = command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(database);
        Self::start(&mut command)
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_with_input(command.stdin(Stdio::null()))
    }

    /// The same, and returns the standard output, which `command` pipes.
    pub(crate) fn start_with_output(command: &mut Command) -> (Self, ChildStdout) {
        let mut program = Self::start(command);
        let stdout = program.child.stdout.take().expect("it is piped");
        (program, stdout)
    }

    /// The same, with the standard input of `command`.
    pub(crate) fn start_with_input(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().unwrap());
        // More lines than any test causes.
        let (sender, lines) = sync_channel(4096);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.try_send(line);
            }
        });
        let mut program =
            Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), lines, taken: RefCell::default() };
        let line = program.wait_for_line("listens on http");
        let address = line.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        program.address = address.parse().unwrap();
        program
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a log line contains this text.
    pub(crate) fn wait_for_line(&self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("the program never says {part:?}"));
            self.taken.borrow_mut().push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The same, and repeats `act` until then.
    pub(crate) fn wait_for_line_while(&self, part: &str, mut again: impl FnMut()) -> String {
        wait_until(part, || {
            again();
            let said = |line: &String| line.contains(part);
            self.lines.try_iter().inspect(|line| self.taken.borrow_mut().push(line.clone())).find(said)
        })
    }

    /// All log lines so far.
    pub(crate) fn lines_so_far(&self) -> Vec<String> {
        let mut taken = self.taken.borrow_mut();
        taken.extend(self.lines.try_iter());
        taken.clone()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends the signal of this name.
    pub(crate) fn signal(&self, name: &str) {
        let killed = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(killed.success());
    }

    /// Sends SIGKILL: the program cleans up nothing.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end and returns its remaining log lines.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        self.taken.borrow_mut().extend(self.lines.iter());
        status
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
