//! `healthsink serve`: its flags as typed, and the configuration of the server that they mean.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::arguments::{
    AppArguments, Bytes, DatabaseArgument, GroupArgument, Ingests, Outcome, ZoneArgument, parse_listen, parse_name,
};
use super::store::StoreArgument;
use crate::model::error::{Error, Result};
use crate::model::limits::{
    BODY_BYTES_MAX_DEFAULT, CORS_ORIGINS_MAX, INGESTS_MAX, TRUSTED_PROXIES_MAX, WAL_BYTES_MAX_DEFAULT,
    WAL_BYTES_MAX_MIN,
};
use crate::serve::config::{Auth, Serve, TlsFiles};
use crate::serve::cors::WebOrigin;
use crate::serve::network::Network;
use crate::serve::serve;
use crate::serve::tiles::{Attribution, TileUrl, Tiles};

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    group: GroupArgument,
    #[command(flatten)]
    zone: ZoneArgument,
    /// Address and port to listen on; only a port (:3000) for all of this machine's addresses
    #[arg(long, env = "HEALTHSINK_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS", value_parser = parse_listen)]
    listen: SocketAddr,
    #[command(flatten)]
    app: AppArguments,
    /// File whose first line is a token, accepted in addition to those of `healthsink token`
    #[arg(long, env = "HEALTHSINK_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Person whose records come with the token of --token-file, or without a token [default: me]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// Serve HTTPS with the certificate chain in this PEM file, such as Let's Encrypt's fullchain.pem; reloaded when it changes
    #[arg(long, env = "HEALTHSINK_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key in a PEM file, such as privkey.pem
    #[arg(long, env = "HEALTHSINK_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Address or network (10.0.0.0/8) of the reverse proxy whose X-Forwarded-For is trusted; separate several by commas
    #[arg(long, env = "HEALTHSINK_TRUSTED_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    trusted_proxy: Vec<String>,
    /// Origin of another web page that may read the API with a token, such as `https://dash.example.com`; separate several by commas
    #[arg(long, env = "HEALTHSINK_CORS", value_name = "ORIGIN", value_delimiter = ',')]
    cors: Vec<String>,
    /// Accept uploads from other machines while no token exists: anyone who reaches the address can write
    #[arg(long, env = "HEALTHSINK_NO_AUTH", value_parser = FalseyValueParser::new())]
    no_auth: bool,
    /// Longest body, after decompression; with K, M or G for KiB, MiB or GiB
    #[arg(long, env = "HEALTHSINK_MAX_BODY", default_value_t = Bytes(BODY_BYTES_MAX_DEFAULT), value_name = "BYTES")]
    max_body: Bytes,
    /// Uploads at once, 1 to 8; further ones get 503 with Retry-After. One token leaves one of them to others. Each takes 3 MB of
    /// memory; one with the longest elements takes 5 MB more, and a zstd body 9 MB more
    #[arg(long, env = "HEALTHSINK_INGESTS", default_value_t = Ingests(INGESTS_MAX), value_name = "COUNT")]
    ingests: Ingests,
    /// Size of the WAL (write-ahead log) beyond which uploads get 503; it grows while another program reads for long
    #[arg(long, env = "HEALTHSINK_MAX_WAL", default_value_t = Bytes(WAL_BYTES_MAX_DEFAULT), value_name = "BYTES")]
    max_wal: Bytes,
    /// Where the page gets maps from, with {z}, {x} and {y}; by default it asks nobody but this server
    #[arg(long, env = "HEALTHSINK_TILE_URL", value_name = "URL")]
    tile_url: Option<TileUrl>,
    /// Whose maps they are: the page shows this text on them
    #[arg(long, env = "HEALTHSINK_TILE_ATTRIBUTION", value_name = "TEXT", requires = "tile_url")]
    tile_attribution: Option<Attribution>,
    /// Serve /metrics and /healthz on this address without a token; by default /metrics is on --listen and needs a token
    #[arg(long, env = "HEALTHSINK_METRICS_LISTEN", value_name = "ADDRESS", value_parser = parse_listen)]
    metrics_listen: Option<SocketAddr>,
}

impl ServeArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        serve(&self.validate()?)?;
        Ok(Outcome::Done)
    }

    /// The configuration that these flags mean, if they go together.
    fn validate(self) -> Result<Serve> {
        if self.no_auth && self.token_file.is_some() {
            return Err(Error::usage("--no-auth and --token-file contradict each other; omit one of them"));
        }
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            _ => return Err(Error::usage("--tls-cert and --tls-key belong together; give both")),
        };
        let trusted_proxies = self.trusted_proxy.iter().map(|proxy| proxy.parse()).collect::<Result<Vec<Network>>>()?;
        if trusted_proxies.len() > TRUSTED_PROXIES_MAX {
            return Err(Error::usage(format!(
                "--trusted-proxy takes at most {TRUSTED_PROXIES_MAX}; name a network, such as 10.0.0.0/8"
            )));
        }
        let cors = self.cors.iter().map(|origin| origin.parse()).collect::<Result<Vec<WebOrigin>>>()?;
        if cors.len() > CORS_ORIGINS_MAX {
            return Err(Error::usage(format!("--cors takes at most {CORS_ORIGINS_MAX} origins")));
        }
        if self.max_wal.0 < WAL_BYTES_MAX_MIN {
            return Err(Error::usage(format!("--max-wal takes at least {}", Bytes(WAL_BYTES_MAX_MIN))));
        }
        Ok(Serve {
            is_temporary: false,
            db: self.database.db,
            store: self.store.address()?,
            is_group_readable: self.group.group_readable,
            home: self.zone.zone,
            listen: self.listen,
            public_url: self.app.public_url.map(|url| url.without_path(&self.app.path)),
            path: self.app.path,
            auth: Auth {
                header: self.app.auth_header,
                token_file: self.token_file,
                person: self.person,
                is_optional: self.no_auth,
            },
            tls,
            trusted_proxies,
            cors,
            body_bytes_max: self.max_body.0,
            ingests: self.ingests.0,
            wal_bytes_max: self.max_wal.0,
            tiles: self.tile_url.map(|url| Tiles { url, attribution: self.tile_attribution }),
            metrics_listen: self.metrics_listen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::memory::{hostile_bytes, ingest_bytes, zstd_bytes};
    use clap::Parser;
    use serde_json::json;

    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        serve: ServeArguments,
    }

    fn serve(arguments: &[&str]) -> Result<Serve> {
        let words = ["healthsink"].iter().chain(arguments);
        let Arguments { serve } = Arguments::try_parse_from(words).map_err(|error| Error::usage(error.to_string()))?;
        serve.validate()
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
        let cors = ["--cors", "https://a.example,http://b.example:81", "--cors", "https://c.example"];
        assert_eq!(serve(&cors).unwrap().cors.len(), 3);
        assert!(serve(&["--cors", "*"]).is_err() && serve(&["--cors", "https://a.example/x"]).is_err());
        assert!(serve(&["--cors", &["http://a.example"; CORS_ORIGINS_MAX + 1].join(",")]).is_err());
    }

    #[test]
    fn an_address_for_metrics() {
        assert_eq!(serve(&[]).unwrap().metrics_listen, None);
        let listen = serve(&["--metrics-listen", "127.0.0.1:9464"]).unwrap().metrics_listen;
        assert_eq!(listen, Some("127.0.0.1:9464".parse().unwrap()));
        assert!(serve(&["--metrics-listen", "nowhere"]).is_err());
    }

    #[test]
    fn a_server_of_tiles() {
        let url = "https://tiles.example.com/{z}/{x}/{y}.png";
        let tiles = |flags: &[&str]| serve(flags).map(|serve| serde_json::to_value(serve.tiles).unwrap());
        assert_eq!(tiles(&[]).unwrap(), json!(null));
        assert_eq!(tiles(&["--tile-url", url]).unwrap(), json!({"url": url, "attribution": null}));
        let named = tiles(&["--tile-url", url, "--tile-attribution", "© <i>us</i>"]);
        assert_eq!(named.unwrap(), json!({"url": url, "attribution": "© <i>us</i>"}));
        assert!(tiles(&["--tile-url", "https://tiles.example.com"]).is_err());
        assert!(tiles(&["--tile-attribution", "without tiles"]).is_err());
    }

    #[test]
    fn paths_and_sizes() {
        assert!(serve(&["--path", "api"]).is_err());
        assert!(serve(&["--path", "/healthz"]).is_err());
        assert!(serve(&["--path", "/metrics"]).is_err());
        assert!(serve(&["--path", "/session"]).is_err());
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

    #[test]
    fn the_help_says_what_uploads_take() {
        assert_eq!(hostile_bytes(INGESTS_MAX), hostile_bytes(1), "one at a time");
        let sizes = [ingest_bytes(), hostile_bytes(1), zstd_bytes(1)];
        assert_eq!(sizes.map(|bytes| bytes.div_ceil(1_000_000)), [3, 5, 9]);
    }
}
