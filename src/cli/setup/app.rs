//! By which words the app reaches the server: that which runs, or that which setup starts.

use crate::serve::config::Serve;
use crate::serve::facts::ServerFacts;
use crate::serve::reach::Reach;

/// What to type into the app, beside the token.
#[derive(Debug)]
pub(super) struct App {
    /// Base URLs, the best one first; none if a phone cannot reach the server at all.
    pub(super) urls: Vec<String>,
    /// Whether the first one has a gap that its reader must fill.
    pub(super) has_gap: bool,
    pub(super) path: String,
    pub(super) header: Option<String>,
}

impl App {
    /// That of a server that setup starts.
    pub(super) fn of(config: &Serve) -> Self {
        let Reach { urls, local, has_gap, .. } = Reach::of_plain(config.public_url.as_ref(), config.listen);
        let urls = urls.into_iter().chain(local).collect();
        Self { urls, has_gap, path: config.path.clone(), header: config.auth.header.clone() }
    }

    /// That of a server that runs. A URL of setup's flags is better than what the server knows.
    pub(super) fn of_server(server: &ServerFacts, config: &Serve) -> Self {
        let ServerFacts { listen, is_https, urls, local, has_gap, path, header } = server.clone();
        let (mut urls, mut has_gap): (Vec<String>, bool) = (urls.into_iter().chain(local).collect(), has_gap);
        if let Some(url) = &config.public_url {
            (urls, has_gap) = (vec![url.to_string()], false);
        } else if has_gap && !is_https {
            // The server sees no network, and setup may.
            let reach = Reach::of_plain(None, listen);
            (urls, has_gap) = (reach.urls.into_iter().chain(reach.local).collect(), reach.has_gap);
        }
        Self { urls, has_gap, path, header }
    }
}
