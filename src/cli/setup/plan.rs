//! What each way to reach this machine means: the address to listen on, and what else must be done.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use clap::ValueEnum;

use crate::cli::arguments::shell_word;
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

/// The plan for one of them.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) public_url: Option<PublicUrl>,
    pub(super) listen: SocketAddr,
    pub(super) trusted_proxies: Vec<Network>,
    /// Steps that remain for the user, each with a command or the text of a file.
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
        boots_for: Option<&str>,
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
            // The service has its own port.
            let port = if boots_for.is_some() { PORT_DEFAULT } else { listen.port() };
            plan.steps.push(plan.proxy(reach, port));
        }
        if let Some(person) = boots_for {
            plan.steps.extend(plan.at_boot(reach, database, person));
        }
        Ok(plan)
    }

    /// How HTTPS comes to the server.
    fn proxy(&self, reach: Reach, port: u16) -> (String, String) {
        if reach == Reach::Vpn {
            let what = "Let Tailscale speak HTTPS for healthsink, in another terminal".to_owned();
            return (what, format!("tailscale serve --bg {port}"));
        }
        let what = "Let a proxy speak HTTPS for healthsink; with Caddy, in /etc/caddy/Caddyfile".to_owned();
        let (site, path) = self.public_url.as_ref().map(PublicUrl::site_and_path).unwrap_or_default();
        let proxy = format!("reverse_proxy 127.0.0.1:{port}");
        let rule = if path.is_empty() { proxy } else { format!("handle_path {path}/* {{\n\t\t{proxy}\n\t}}") };
        (what, format!("{site} {{\n\t{rule}\n}}"))
    }

    /// How the server starts with this machine: as the packaged service, which has another database. It needs the port, so this server
    /// ends first, and it reads its settings when it starts.
    fn at_boot(&self, reach: Reach, database: &Database, person: &str) -> Vec<(String, String)> {
        let is_own = database.path() == Path::new(SERVICE_DATABASE);
        let is_installed = UNITS.iter().any(|unit| Path::new(unit).exists());
        let mut steps = Vec::new();
        let mut add = |what: &str, text: String| steps.push((what.to_owned(), text));
        if !is_own {
            add("To start with this machine, end this server first: the service needs its port", "Ctrl-C".to_owned());
        }
        if !is_installed {
            add(
                "Then install the service: its Debian package, or in the source's folder",
                "sudo scripts/install".to_owned(),
            );
        }
        let proxies = self.trusted_proxies.iter().map(|proxy| format!("HEALTHSINK_TRUSTED_PROXY={proxy}"));
        let settings: Vec<String> =
            self.public_url.iter().map(|url| format!("HEALTHSINK_PUBLIC_URL={url}")).chain(proxies).collect();
        if !settings.is_empty() {
            add("Then add to /etc/healthsink/healthsink.env", settings.join("\n"));
        }
        add(
            "Then start it, with these settings",
            "sudo systemctl enable --now healthsink.socket\nsudo systemctl restart healthsink.service".to_owned(),
        );
        if !is_own {
            let url = self.public_url.as_ref().map(|url| format!(" --public-url '{url}'")).unwrap_or_default();
            let person = shell_word(person);
            let way = reach.to_possible_value().map(|way| way.get_name().to_owned()).unwrap_or_default();
            add(
                "Then make a token in its database, which is another one",
                format!(
                    "sudo healthsink setup --db {SERVICE_DATABASE} --yes \\\n  --reach {way}{url} --person {person}"
                ),
            );
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(reach: Reach, url: Option<&str>, boots: bool) -> Result<Plan> {
        Plan::new(reach, url.map(|url| url.parse().unwrap()), None, &Database::new("x.db"), boots.then_some("anna"))
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
        let caddy = "health.example.com:8443 {\n\thandle_path /in/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n}";
        check(Reach::Domain, Some("https://health.example.com:8443/in"), "127.0.0.1:3000", 1, Some(caddy));
        for reach in [Reach::Vpn, Reach::Domain] {
            assert!(plan(reach, None, false).is_err_and(|error| error.message().contains("--public-url")));
        }
    }

    /// Each step works once those before it are done.
    #[test]
    fn a_service_gets_the_port_its_settings_and_a_token() {
        let steps = plan(Reach::Domain, Some("https://health.example.com"), true).unwrap().steps;
        let place = |part: &str| {
            let found = steps.iter().position(|(_, command)| command.contains(part));
            found.unwrap_or_else(|| panic!("{part}: {steps:?}"))
        };
        let places = [
            place("Ctrl-C"),
            place("HEALTHSINK_PUBLIC_URL=https://health.example.com\nHEALTHSINK_TRUSTED_PROXY=127.0.0.1"),
            place("systemctl restart healthsink.service"),
            place("sudo healthsink setup --db /var/lib/healthsink/health.db --yes"),
        ];
        assert!(places.is_sorted(), "{steps:?}");
        let own = Plan::new(Reach::Home, None, None, &Database::new(SERVICE_DATABASE), Some("anna")).unwrap();
        assert!(own.steps.iter().all(|(_, command)| !command.contains("setup")), "{:?}", own.steps);
    }
}
