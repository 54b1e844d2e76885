//! `serve`: where to listen, who may send, how much.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::arguments::{Bytes, DatabaseArgument, Ingests, name, usage};
use crate::model::error::Result;
use crate::model::limits::{
    BODY_BYTES_MAX_DEFAULT, INGESTS_MAX, TRUSTED_PROXIES_MAX, WAL_BYTES_MAX_DEFAULT, WAL_BYTES_MAX_MIN,
};
use crate::serve::config::{Auth, HEALTH_PATH, METRICS_PATH, Serve, TlsFiles};
use crate::serve::network::Network;

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Address and port to listen on; 0.0.0.0:3000 for all of this machine's addresses
    #[arg(long, env = "HEALTHSINK_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Path that the app posts to
    #[arg(long, env = "HEALTHSINK_PATH", default_value = "/api/health-data", value_name = "PATH")]
    path: String,
    /// File whose first line is a token that is accepted beside those of `healthsink token`
    #[arg(long, env = "HEALTHSINK_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Whose records come with the token of --token-file, or without any [default: me]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME")]
    person: Option<String>,
    /// Header that carries the token, instead of `Authorization: Bearer TOKEN`
    #[arg(long, env = "HEALTHSINK_AUTH_HEADER", value_name = "NAME")]
    auth_header: Option<String>,
    /// Serve HTTPS with the certificate in this PEM file, the chain behind it; read anew when it changes
    #[arg(long, env = "HEALTHSINK_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in a PEM file
    #[arg(long, env = "HEALTHSINK_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Address or network (10.0.0.0/8) of the reverse proxy whose X-Forwarded-For is believed; several with commas
    #[arg(long, env = "HEALTHSINK_TRUSTED_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    trusted_proxy: Vec<String>,
    /// Accept uploads from other machines while there is no token: anyone who reaches the address can write
    #[arg(long, env = "HEALTHSINK_NO_AUTH", value_parser = clap::builder::FalseyValueParser::new())]
    no_auth: bool,
    /// Longest body, after decompression; with K, M or G for KiB, MiB or GiB
    #[arg(long, env = "HEALTHSINK_MAX_BODY", default_value_t = Bytes(BODY_BYTES_MAX_DEFAULT), value_name = "BYTES")]
    max_body: Bytes,
    /// Uploads taken in at once, 1 to 8; one more is told to come back. Each takes up to 3 MB of memory
    #[arg(long, env = "HEALTHSINK_INGESTS", default_value_t = Ingests(INGESTS_MAX), value_name = "COUNT")]
    ingests: Ingests,
    /// Length of the database's write-ahead log beyond which uploads are put off: it grows while another program reads for long
    #[arg(long, env = "HEALTHSINK_MAX_WAL", default_value_t = Bytes(WAL_BYTES_MAX_DEFAULT), value_name = "BYTES")]
    max_wal: Bytes,
    /// Address and port that tells /metrics and /healthz to anyone who reaches it; without it, /metrics needs a token
    #[arg(long, env = "HEALTHSINK_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
}

pub(super) fn meant(arguments: ServeArguments) -> Result<Serve> {
    let ServeArguments { database, listen, path, no_auth, max_body, ingests, max_wal, .. } = arguments;
    if !path.starts_with('/') || [HEALTH_PATH, METRICS_PATH].contains(&path.as_str()) || path.contains(['?', '#', ' '])
    {
        return usage(format!(
            "--path {path} cannot be served; it begins with / and is neither {HEALTH_PATH} nor {METRICS_PATH}"
        ));
    }
    let token_file = arguments.token_file;
    if no_auth && token_file.is_some() {
        return usage("--no-auth and --token-file contradict each other; leave out one of them".to_owned());
    }
    let person = arguments.person.map(|person| name("--person", person)).transpose()?;
    let auth = Auth { header: arguments.auth_header, token_file, person, is_optional: no_auth };
    let tls = match (arguments.tls_cert, arguments.tls_key) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (None, None) => None,
        _ => return usage("--tls-cert and --tls-key belong together; give both".to_owned()),
    };
    let trusted_proxies =
        arguments.trusted_proxy.iter().map(|proxy| proxy.parse()).collect::<Result<Vec<Network>>>()?;
    if trusted_proxies.len() > TRUSTED_PROXIES_MAX {
        return usage(format!(
            "--trusted-proxy takes {TRUSTED_PROXIES_MAX} at most; name a network, such as 10.0.0.0/8"
        ));
    }
    if max_wal.0 < WAL_BYTES_MAX_MIN {
        return usage(format!("--max-wal takes {} at least", Bytes(WAL_BYTES_MAX_MIN)));
    }
    Ok(Serve {
        db: database.db,
        listen,
        path,
        auth,
        tls,
        trusted_proxies,
        body_bytes_max: max_body.0,
        ingests: ingests.0,
        wal_bytes_max: max_wal.0,
        metrics_listen: arguments.metrics_listen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::{Error, ErrorKind};
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        serve: ServeArguments,
    }

    fn serve(arguments: &[&str]) -> Result<Serve> {
        let words = ["healthsink"].iter().chain(arguments);
        let Arguments { serve } =
            Arguments::try_parse_from(words).map_err(|error| Error::new(ErrorKind::Usage, error.to_string()))?;
        meant(serve)
    }

    #[test]
    fn flags_that_do_not_go_together_are_refused() {
        assert_eq!(serve(&[]).unwrap().auth, Auth::default());
        assert!(serve(&["--no-auth"]).unwrap().auth.is_optional);
        assert!(serve(&["--token-file", "t", "--no-auth"]).is_err());
        let auth = serve(&["--auth-header", "X-Key", "--token-file", "t", "--person", "anna"]).unwrap().auth;
        let expected = Auth {
            header: Some("X-Key".into()),
            token_file: Some("t".into()),
            person: Some("anna".into()),
            is_optional: false,
        };
        assert_eq!(auth, expected);
        assert!(serve(&["--tls-cert", "c"]).is_err() && serve(&["--tls-key", "k"]).is_err());
        let tls = serve(&["--tls-cert", "c", "--tls-key", "k"]).unwrap().tls;
        assert_eq!(tls, Some(TlsFiles { cert: "c".into(), key: "k".into() }));
        assert_eq!(serve(&["--trusted-proxy", "127.0.0.1,10.0.0.0/8"]).unwrap().trusted_proxies.len(), 2);
        assert!(serve(&["--trusted-proxy", &["::1"; TRUSTED_PROXIES_MAX + 1].join(",")]).is_err());
        assert!(serve(&["--trusted-proxy", "caddy"]).is_err());
    }

    #[test]
    fn an_address_for_metrics() {
        assert_eq!(serve(&[]).unwrap().metrics_listen, None);
        let listen = serve(&["--metrics-listen", "127.0.0.1:9464"]).unwrap().metrics_listen;
        assert_eq!(listen, Some("127.0.0.1:9464".parse().unwrap()));
        assert!(serve(&["--metrics-listen", "nowhere"]).is_err());
    }

    #[test]
    fn paths_and_sizes() {
        assert!(serve(&["--path", "api"]).is_err());
        assert!(serve(&["--path", "/healthz"]).is_err());
        assert!(serve(&["--path", "/metrics"]).is_err());
        assert_eq!(serve(&["--path", "/x"]).unwrap().path, "/x");
        let check = |text, expected| {
            assert_eq!(serve(&["--max-body", text]).ok().map(|serve| serve.body_bytes_max), expected, "{text}")
        };
        check("64M", Some(64 << 20));
        check("2g", Some(2 << 30));
        check("1000", Some(1000));
        check("0", None);
        check("x", None);
        check("", None);
        check("99999999999G", None);
        assert_eq!(serve(&[]).unwrap().body_bytes_max, BODY_BYTES_MAX_DEFAULT);
        assert_eq!(serve(&[]).unwrap().wal_bytes_max, WAL_BYTES_MAX_DEFAULT);
        assert_eq!(serve(&["--max-wal", "64M"]).unwrap().wal_bytes_max, 64 << 20);
        assert!(serve(&["--max-wal", "64K"]).is_err());
    }

    #[test]
    fn as_many_uploads_at_once_as_there_is_memory_for() {
        let check = |text, expected| {
            assert_eq!(serve(&["--ingests", text]).ok().map(|serve| serve.ingests), expected, "{text}")
        };
        check("1", Some(1));
        check("8", Some(INGESTS_MAX));
        check("9", None);
        check("0", None);
        check("-1", None);
        check("two", None);
        check("", None);
        assert_eq!(serve(&[]).unwrap().ingests, INGESTS_MAX);
        assert_eq!(INGESTS_MAX, 8, "the help says so");
    }
}
