//! TLS to the server, and the password that it asks for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use healthsink_testkit::http::Client;
use healthsink_testkit::tls::Authority;
use rcgen::KeyPair;

use super::cluster::{Cluster, listening_cluster};
use crate::contract::payload;
use crate::program::{Program, command, run_with_input};

const PASSWORD: &str = "correct horse";

/// A server at `localhost`, and files with what a client trusts.
struct Encrypted {
    cluster: Cluster,
    folder: tempfile::TempDir,
    // Its end is that of the server.
    _server: std::process::Child,
}

impl Encrypted {
    fn start() -> Option<Self> {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        fs::write(folder.path().join("right.pem"), authority.pem()).unwrap();
        fs::write(folder.path().join("wrong.pem"), Authority::new().pem()).unwrap();
        let pair = authority.issue_to("localhost", KeyPair::generate().unwrap(), 4000);
        let (cluster, server) = listening_cluster(Some(&pair))?;
        cluster.sql("postgres", &format!("ALTER USER health PASSWORD '{PASSWORD}'"));
        Some(Self { cluster, folder, _server: server })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self, host: &str, words: &str) -> String {
        let roots = self.path("right.pem").display().to_string();
        let words = words.replace("RIGHT", &roots).replace("WRONG", &roots.replace("right", "wrong"));
        format!("postgres://health@{host}:{}/postgres?{words}", self.cluster.port())
    }

    /// A file with a password, which only its owner can read.
    fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

fn migrate(address: &str, password: &Path) -> Output {
    let file = password.to_str().unwrap();
    let words = ["migrate", "--store", address, "--store-password-file", file];
    run_with_input(command().args(words), b"")
}

#[test]
fn a_server_is_trusted_by_its_certificate_and_name() {
    let Some(server) = Encrypted::start() else { return };
    let password = server.secret("password", PASSWORD);
    let refused = |host: &str, words: &str, parts: &[&str]| {
        let output = migrate(&server.address(host, words), &password);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{words}: {output:?}");
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains(PASSWORD), "{words}: {said}");
    };
    refused("localhost", "sslmode=verify-full&sslrootcert=WRONG", &["cannot connect", "certificate"]);
    refused("127.0.0.1", "sslmode=verify-full&sslrootcert=RIGHT", &["cannot connect", "certificate"]);
    // None of the system's authorities has issued it.
    refused("localhost", "sslmode=verify-full", &["certificate"]);
    refused("localhost", "sslmode=verify-full&sslrootcert=/nonexistent.pem", &["/nonexistent.pem"]);
    // The server takes no other connections.
    refused("localhost", "sslmode=disable", &["no encryption"]);
    refused("localhost", "", &["no encryption"]);
    for word in ["allow", "prefer", "require", "verify-ca", "verify-full%20", ""] {
        refused("localhost", &format!("sslmode={word}&sslrootcert=RIGHT"), &["sslmode is verify-full"]);
    }
    assert_eq!(server.cluster.sql("postgres", "SELECT to_regclass('samples') IS NULL"), "t");
    for words in ["sslmode=verify-full&sslrootcert=RIGHT", "sslrootcert=RIGHT"] {
        let made = migrate(&server.address("localhost", words), &password);
        assert!(made.status.success(), "{words}: {made:?}");
    }
}

/// The authority is right, but the certificate has ended.
#[test]
fn an_ended_certificate_is_refused() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let roots = folder.path().join("right.pem");
    fs::write(&roots, authority.pem()).unwrap();
    let pair = authority.issue_to("localhost", KeyPair::generate().unwrap(), 2020);
    let Some((cluster, _server)) = listening_cluster(Some(&pair)) else { return };
    let address = format!("postgres://health@localhost:{}/postgres?sslrootcert={}", cluster.port(), roots.display());
    let output = run_with_input(command().args(["migrate", "--store", &address]), b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("certificate"), "{output:?}");
}

/// A server without TLS gets neither a password nor a row.
#[test]
fn a_server_without_tls_is_refused() {
    let Some((cluster, _server)) = listening_cluster(None) else { return };
    let address = format!("postgres://health@localhost:{}/postgres?sslmode=", cluster.port());
    let migrate = |mode: &str| run_with_input(command().args(["migrate", "--store", &format!("{address}{mode}")]), b"");
    let refused = migrate("verify-full");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("TLS"), "{refused:?}");
    assert!(migrate("disable").status.success());
}

#[test]
fn uploads_go_by_tls_with_a_password() {
    let Some(server) = Encrypted::start() else { return };
    let (right, wrong) = (server.secret("right", "correct horse\nsecond line"), server.secret("wrong", "Tr0ub4dor"));
    let address = server.address("localhost", "sslrootcert=RIGHT");
    let refused = migrate(&address, &wrong);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("password") && !said.contains("Tr0ub4dor"), "{refused:?}");
    let list = format!("localhost:{}:*:health:{PASSWORD}\n", server.cluster.port());
    let listed = server.secret("pgpass", &list);
    let made = run_with_input(command().env("PGPASSFILE", &listed).args(["migrate", "--store", &address]), b"");
    assert!(made.status.success(), "{made:?}");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--store", &address, "--store-password-file"];
    let program = Program::start(command().args(serve).arg(&right));
    let answer = Client::connect(program.address).post(&[], &payload("documented"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let encrypted =
        "SELECT count(*) > 0, bool_and(ssl), min(version) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'healthsink'";
    assert_eq!(server.cluster.sql("postgres", encrypted), "t|t|TLSv1.3");
    assert_ne!(server.cluster.sql("postgres", "SELECT count(*) FROM samples"), "0");
    assert!(!program.lines_so_far().iter().any(|line| line.contains("correct horse")));
}
