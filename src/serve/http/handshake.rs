//! The handshake of TLS, and why it fails: a phone shows no reason, so the log must.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::rustls::{AlertDescription, Error as TlsError, PeerIncompatible};
use tokio_rustls::server::TlsStream;

use super::linger::close;
use super::socket::Socket;
use super::tls::Tls;
use crate::serve::obstacles::ObstacleKind;

/// First byte of a TLS handshake.
pub(super) const HANDSHAKE: u8 = 0x16;

/// The answer to plain HTTP on an HTTPS port.
const PLAIN_HTTP: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 55\r\n\r\n\
    this port speaks HTTPS; begin the base URL with https:\n";

/// Why a connection has no TLS.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client sent nothing, or too slowly.
    Silence,
    /// The client speaks plain HTTP.
    PlainHttp,
    /// The handshake failed.
    Tls(io::Error),
}

/// Completes the handshake. A client of plain HTTP gets an answer that it can read.
pub(super) async fn accept(tls: &Tls, mut stream: TcpStream) -> Result<TlsStream<Socket>, Failure> {
    let mut first = [0];
    let read = stream.peek(&mut first).await.map_err(|_| Failure::Silence)?;
    if read == 0 {
        return Err(Failure::Silence);
    }
    if first[0] != HANDSHAKE && first[0].is_ascii_alphabetic() {
        // The client may have gone; the reason is the same.
        let _ = stream.write_all(PLAIN_HTTP.as_bytes()).await;
        close(stream).await;
        return Err(Failure::PlainHttp);
    }
    tls.accept(Socket::new(stream)).await.map_err(Failure::Tls)
}

/// Remedy for a certificate that the client refuses.
const UNTRUSTED: &str = "use one of a public authority for the name in the base URL, or install a self-signed one on the phone as a \
    profile with full trust";

impl Failure {
    /// The obstacle, unless the client never tried.
    pub(super) fn obstacle(&self) -> Option<(ObstacleKind, String)> {
        let error = match self {
            Self::Silence => return None,
            Self::PlainHttp => {
                let message = "the client speaks plain HTTP, and this port HTTPS; begin the base URL with https:";
                return Some((ObstacleKind::PlainHttp, message.to_owned()));
            }
            Self::Tls(error) => error,
        };
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
        Some(match tls {
            Some(TlsError::AlertReceived(alert)) if is_about_certificate(*alert) => {
                let message = format!("the client does not accept the certificate ({alert:?}); {UNTRUSTED}");
                (ObstacleKind::UntrustedCertificate, message)
            }
            Some(TlsError::PeerIncompatible(reason)) if is_about_version(reason) => {
                let message = "the client speaks TLS 1.2 or older, and this server TLS 1.3 only; iOS has it since 12.2, so update the \
                    phone or the proxy between";
                (ObstacleKind::OldTls, message.to_owned())
            }
            None if has_left(error) => {
                let message = format!(
                    "the client left during the TLS handshake; if it does not trust the certificate, {UNTRUSTED}"
                );
                (ObstacleKind::EndedHandshake, message)
            }
            _ => (ObstacleKind::FailedHandshake, format!("the TLS handshake failed: {error}")),
        })
    }
}

/// Whether a client that sends this alert refuses the certificate.
fn is_about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            // Another issuer of the same name.
            | AlertDescription::DecryptError
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::AccessDenied
            | AlertDescription::UnrecognisedName
    )
}

/// Whether client and server have no version of TLS in common.
fn is_about_version(reason: &PeerIncompatible) -> bool {
    matches!(
        reason,
        PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::SupportedVersionsExtensionRequired
            // TLS 1.1 and older have no such extension.
            | PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
    )
}

fn has_left(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_a_failed_handshake() {
        let check = |error: io::Error, expected: ObstacleKind| {
            let (kind, message) = Failure::Tls(error).obstacle().unwrap();
            assert_eq!(kind, expected, "{message}");
        };
        for alert in [
            AlertDescription::UnknownCA,
            AlertDescription::CertificateUnknown,
            AlertDescription::BadCertificate,
            AlertDescription::CertificateExpired,
        ] {
            check(io::Error::other(TlsError::AlertReceived(alert)), ObstacleKind::UntrustedCertificate);
        }
        let old = TlsError::PeerIncompatible(PeerIncompatible::Tls12NotOfferedOrEnabled);
        check(io::Error::other(old), ObstacleKind::OldTls);
        check(io::ErrorKind::UnexpectedEof.into(), ObstacleKind::EndedHandshake);
        check(io::ErrorKind::ConnectionReset.into(), ObstacleKind::EndedHandshake);
        check(
            io::Error::other(TlsError::AlertReceived(AlertDescription::NoRenegotiation)),
            ObstacleKind::FailedHandshake,
        );
        check(io::Error::other(TlsError::DecryptError), ObstacleKind::FailedHandshake);
        assert!(Failure::Silence.obstacle().is_none());
    }

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let (head, body) = PLAIN_HTTP.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{}", body.len());
    }
}
