//! A PostgreSQL of this test process, in a scratch folder. A shell ends it when the process ends, however that happens.
//!
//! `HEALTHSINK_ENGINE_SQL` names a file of `packaging/postgres` that is run after each `migrate`: then `initdb` in the path is that of a
//! compatible engine.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use healthsink_testkit::missing::not_run;
use healthsink_testkit::tls::Pair;
use healthsink_testkit::wait::wait_until;

/// The server, and as whom it runs.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
    port: u16,
}

/// A test's database.
pub(crate) struct Store {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: String,
}

/// The one of this process; none without the program `initdb`.
static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(|| {
    let cluster = Cluster::make()?;
    // Its standard input ends with this process.
    let child = cluster.start();
    std::mem::forget(child);
    Some(cluster)
});

/// Makes a database with our tables; none if PostgreSQL is missing, which it reports.
pub(crate) fn store() -> Option<Store> {
    let store = empty_store()?;
    let made = store.run(&["migrate"]);
    assert!(made.status.success(), "{made:?}");
    if let Some(file) = std::env::var_os("HEALTHSINK_ENGINE_SQL") {
        store.sql(&fs::read_to_string(file).unwrap());
    }
    Some(store)
}

/// Makes a database without tables.
pub(crate) fn empty_store() -> Option<Store> {
    let Some(cluster) = &*CLUSTER else {
        not_run("PostgreSQL's initdb is missing");
        return None;
    };
    Some(cluster.database("template1"))
}

/// A cluster that a test may stop; none if PostgreSQL is missing, which it reports.
pub(crate) fn own_cluster() -> Option<(Cluster, Child)> {
    cluster_with(|_| {})
}

/// The same, which also listens at `localhost`. By TCP it takes only encrypted connections with a password if it has a certificate.
pub(crate) fn listening_cluster(pair: Option<&Pair>) -> Option<(Cluster, Child)> {
    cluster_with(|cluster| {
        cluster.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        cluster.configure("listen_addresses = 'localhost'\n");
        let Some(pair) = pair else { return };
        let files = pair.write(&cluster.folder);
        for (name, path) in [("cert", &files.cert), ("key", &files.key)] {
            if let Some((user, group)) = cluster.owner {
                chown(path, Some(user), Some(group)).unwrap();
            }
            cluster.configure(&format!("ssl_{name}_file = '{}'\n", path.display()));
        }
        cluster.configure("ssl = on\n");
        let rules = "local all all trust\nhostssl all all all scram-sha-256\n";
        fs::write(cluster.folder.join("data/pg_hba.conf"), rules).unwrap();
    })
}

fn cluster_with(change: impl FnOnce(&mut Cluster)) -> Option<(Cluster, Child)> {
    let Some(mut cluster) = Cluster::make() else {
        not_run("PostgreSQL's initdb is missing");
        return None;
    };
    change(&mut cluster);
    let child = cluster.start();
    Some((cluster, child))
}

/// The folder of PostgreSQL's programs: that of `initdb` in the path, or the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let paths = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let linked = paths.iter().map(|path| path.join("initdb")).find(|path| path.is_file());
    let found = linked.and_then(|path| fs::canonicalize(path).ok()?.parent().map(Path::to_owned));
    found.or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut folders: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
        folders.retain(|folder| folder.join("initdb").is_file());
        folders.sort();
        folders.pop()
    })
}

/// The user that runs PostgreSQL in place of root, which must not.
fn other_user() -> Option<(u32, u32)> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user that is not root"))
}

impl Cluster {
    fn make() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("hspg").tempdir().unwrap().keep();
        let owner = other_user();
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let cluster = Self { programs, folder, owner, port: 5432 };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username=health", "-D"]);
        let made = initdb.arg(cluster.folder.join("data")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        cluster.configure("listen_addresses = ''\n");
        Some(cluster)
    }

    /// Adds settings.
    fn configure(&self, settings: &str) {
        let mut file = OpenOptions::new().append(true).open(self.folder.join("data/postgresql.conf")).unwrap();
        file.write_all(settings.as_bytes()).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        self.disguise(&mut command);
        command
    }

    fn disguise(&self, command: &mut Command) {
        command.current_dir(&self.folder).env("LC_ALL", "C");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
    }

    /// Starts the server, and waits until it answers. The end of the child's standard input ends it, and its folder.
    pub(crate) fn start(&self) -> Child {
        let script = "\"$1\" -D \"$2/data\" -k \"$2\" -p \"$3\" -c fsync=off -c max_connections=60 -c shared_buffers=64MB \
            >\"$2/log\" 2>&1 & read -r action; kill -\"${action:-INT}\" $!; wait $!; [ -n \"$action\" ] || rm -rf \"$2\"";
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script, "postgres"])
            .arg(self.programs.join("postgres"))
            .arg(&self.folder)
            .arg(self.port.to_string());
        self.disguise(&mut shell);
        let child = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("PostgreSQL answers", || self.psql("postgres", "SELECT 1").status.success().then_some(()));
        child
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "health", "-h"]).arg(&self.folder);
        psql.args(["-p", &self.port.to_string()]);
        psql.args(["-d", database, "-c", sql]).output().unwrap()
    }

    /// Runs SQL, and returns its rows as lines.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database, sql);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Makes a database like another one.
    fn database(&'static self, template: &str) -> Store {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Store { cluster: self, name }
    }

    /// The port at which it listens, if it does.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgres://health@/{database}?host={}", self.folder.display())
    }
}

impl Store {
    /// Another one with the same rows. Nothing may use this one meanwhile.
    pub(crate) fn copy(&self) -> Self {
        self.cluster.database(&self.name)
    }

    pub(crate) fn address(&self) -> String {
        self.cluster.address(&self.name)
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.cluster.sql(&self.name, sql)
    }

    /// Runs a command of the program on this database.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        crate::program::run_with_input(
            crate::program::command().args(arguments).args(["--store", &self.address()]),
            b"",
        )
    }
}
