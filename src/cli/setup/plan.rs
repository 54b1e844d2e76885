//! What each way to reach this machine means: the address to listen on, and what else must be done.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use clap::ValueEnum;

use crate::model::error::{Error, Result};
use crate::serve::config::PORT_DEFAULT;
use crate::serve::network::Network;
use crate::serve::public_url::PublicUrl;
use crate::store::Database;

/// How the phone reaches this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Reach {
    /// In the home network, by plain HTTP.
    Home,
    /// By a VPN.
    Vpn,
    /// By a domain name, with a proxy that speaks HTTPS.
    Domain,
}

/// What to do for one of them.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) public_url: Option<PublicUrl>,
    pub(super) listen: SocketAddr,
    pub(super) trusted_proxies: Vec<Network>,
    /// What remains for the user, each with a command or the text of a file.
    pub(super) steps: Vec<(String, String)>,
}

/// Where the packaged service keeps its database.
const SERVICE_DATABASE: &str = "/var/lib/healthsink/health.db";

/// Where the unit of the packaged service may be.
const UNITS: [&str; 3] = [
    "/etc/systemd/system/healthsink.socket",
    "/usr/lib/systemd/system/healthsink.socket",
    "/lib/systemd/system/healthsink.socket",
];

impl Plan {
    pub(super) fn new(
        reach: Reach,
        public_url: Option<PublicUrl>,
        listen: Option<SocketAddr>,
        database: &Database,
        boots: bool,
    ) -> Result<Self> {
        if public_url.is_none() && reach != Reach::Home {
            return Err(Error::usage(
                "--public-url is missing; give the base URL for the app, such as https://health.example.com",
            ));
        }
        let is_behind_proxy = public_url.as_ref().is_some_and(PublicUrl::is_https);
        let ip: IpAddr = if is_behind_proxy { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED }.into();
        let listen = listen.unwrap_or(SocketAddr::new(ip, PORT_DEFAULT));
        let mut plan = Self { public_url, listen, trusted_proxies: Vec::new(), steps: Vec::new() };
        if is_behind_proxy {
            plan.trusted_proxies.push(Ipv4Addr::LOCALHOST.to_string().parse()?);
            plan.steps.push(plan.proxy(reach));
        }
        if boots {
            plan.steps.extend(at_boot(database, plan.public_url.as_ref()));
        }
        Ok(plan)
    }

    /// How HTTPS comes to the server.
    fn proxy(&self, reach: Reach) -> (String, String) {
        let port = self.listen.port();
        if reach == Reach::Vpn {
            let what = "Let Tailscale speak HTTPS for healthsink, in another terminal".to_owned();
            return (what, format!("tailscale serve --bg {port}"));
        }
        let host = self.public_url.as_ref().map(PublicUrl::host).unwrap_or_default();
        let what = "Let a proxy speak HTTPS for healthsink; with Caddy, in /etc/caddy/Caddyfile".to_owned();
        (what, format!("{host} {{\n\treverse_proxy 127.0.0.1:{port}\n}}"))
    }
}

/// How the server starts with this machine: as the packaged service, which has another database.
fn at_boot(database: &Database, public_url: Option<&PublicUrl>) -> Vec<(String, String)> {
    let is_installed = UNITS.iter().any(|unit| Path::new(unit).exists());
    let (what, command) = if is_installed {
        ("Start the server with this machine", "sudo systemctl enable --now healthsink.socket")
    } else {
        ("Start the server with this machine: in the folder of healthsink's source", "sudo scripts/install")
    };
    let mut steps = vec![(what.to_owned(), command.to_owned())];
    if let Some(url) = public_url {
        let what = "Name the base URL to the service, in /etc/healthsink/healthsink.env".to_owned();
        steps.push((what, format!("HEALTHSINK_PUBLIC_URL={url}")));
    }
    if database.path() != Path::new(SERVICE_DATABASE) {
        let what = "The service has another database, which needs a token".to_owned();
        steps.push((what, format!("sudo healthsink setup --db {SERVICE_DATABASE}")));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(reach: Reach, url: Option<&str>, boots: bool) -> Result<Plan> {
        Plan::new(reach, url.map(|url| url.parse().unwrap()), None, &Database::new("x.db"), boots)
    }

    #[test]
    fn each_way_has_its_address_and_steps() {
        let check = |reach, url: Option<&str>, listen: &str, proxies: usize, step: Option<&str>| {
            let plan = plan(reach, url, false).unwrap();
            assert_eq!((plan.listen.to_string().as_str(), plan.trusted_proxies.len()), (listen, proxies), "{url:?}");
            let steps: Vec<&str> = plan.steps.iter().map(|(_, command)| command.as_str()).collect();
            assert_eq!(steps, Vec::from_iter(step), "{url:?}");
        };
        check(Reach::Home, None, "0.0.0.0:3000", 0, None);
        check(Reach::Home, Some("http://pi.local:3000"), "0.0.0.0:3000", 0, None);
        let tailscale = Some("tailscale serve --bg 3000");
        check(Reach::Vpn, Some("https://pi.tail1.ts.net"), "127.0.0.1:3000", 1, tailscale);
        check(Reach::Vpn, Some("http://10.8.0.1:3000"), "0.0.0.0:3000", 0, None);
        let caddy = Some("health.example.com {\n\treverse_proxy 127.0.0.1:3000\n}");
        check(Reach::Domain, Some("https://health.example.com/"), "127.0.0.1:3000", 1, caddy);
        for reach in [Reach::Vpn, Reach::Domain] {
            assert!(plan(reach, None, false).is_err_and(|error| error.message().contains("--public-url")));
        }
    }

    #[test]
    fn a_service_needs_a_token_in_its_own_database() {
        let steps = plan(Reach::Domain, Some("https://health.example.com"), true).unwrap().steps;
        let commands: Vec<&str> = steps.iter().map(|(_, command)| command.as_str()).collect();
        assert!(commands[1].starts_with("sudo "), "{commands:?}");
        assert_eq!(commands[2], "HEALTHSINK_PUBLIC_URL=https://health.example.com");
        assert_eq!(commands[3], "sudo healthsink setup --db /var/lib/healthsink/health.db");
        let own = Plan::new(Reach::Home, None, None, &Database::new(SERVICE_DATABASE), true).unwrap();
        assert_eq!(own.steps.len(), 1);
    }
}
