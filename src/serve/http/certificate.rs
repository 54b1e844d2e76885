//! The names in the server's certificate: phones accept it for these only.

use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use webpki::EndEntityCert;

use crate::model::limits::CERTIFICATE_NAMES_MAX;

/// The server's own certificate.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Certificate(CertificateDer<'static>);

impl Certificate {
    pub(in crate::serve) fn new(own: CertificateDer<'static>) -> Self {
        Self(own)
    }

    /// Its names in DNS, without wildcards.
    pub(in crate::serve) fn names(&self) -> Vec<String> {
        let Ok(parsed) = EndEntityCert::try_from(&self.0) else {
            return Vec::new();
        };
        let names = parsed.valid_dns_names().filter(|name| !name.starts_with('*'));
        names.take(CERTIFICATE_NAMES_MAX).map(str::to_owned).collect()
    }

    /// Whether it is valid for a name or an address.
    pub(in crate::serve) fn covers(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(&self.0), ServerName::try_from(bare)) else {
            return false;
        };
        verify_server_name(&parsed, &name).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_of_a_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["*.example.net", "health.example", "pi.local", "192.168.1.20", "fd00::1"].map(str::to_owned);
        let own = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        let certificate = Certificate::new(own.der().clone());
        assert_eq!(certificate.names(), ["health.example", "pi.local"]);
        let check = |host: &str, expected: bool| assert_eq!(certificate.covers(host), expected, "{host}");
        for host in ["health.example", "PI.local", "a.example.net", "192.168.1.20", "[fd00::1]", "fd00::1"] {
            check(host, true);
        }
        for host in ["example.net", "a.b.example.net", "192.168.1.21", "", "health.example:8443", "fd00::2"] {
            check(host, false);
        }
        let none = Certificate::new(CertificateDer::from(b"no certificate".to_vec()));
        assert!(none.names().is_empty() && !none.covers("health.example"));
    }
}
