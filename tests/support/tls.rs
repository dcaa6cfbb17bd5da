//! A throw-away certificate authority, and a server behind its certificates that hands out one document.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::support::der::{element, integer, pem, sequence};

/// From when to when a certificate is good.
pub type Validity = [&'static str; 2];
/// A validity that includes the present, for as long as these tests will be run.
pub const GOOD: Validity = ["20200101000000Z", "20991231235959Z"];
pub const EXPIRED: Validity = ["20200101000000Z", "20200102000000Z"];
pub const NOT_YET: Validity = ["20991230000000Z", "20991231235959Z"];

/// Who signs certificates.
pub struct Authority {
    name: &'static str,
    key: EcdsaKeyPair,
}

/// A certificate and its private key.
pub struct Identity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Authority {
    pub fn new(name: &'static str) -> Self {
        Self { name, key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap() }
    }

    /// The root certificate, in PEM.
    pub fn root(&self) -> String {
        let of_an_authority = sequence(&[element(BOOLEAN, &[0xff])]);
        let extension =
            sequence(&[oid(BASIC_CONSTRAINTS), element(BOOLEAN, &[0xff]), element(OCTETS, &of_an_authority)]);
        pem("CERTIFICATE", &self.certificate(self.name, &self.key, GOOD, extension))
    }

    /// A certificate for the server of this name.
    pub fn identity(&self, host: &str, validity: Validity) -> Identity {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
        let names = sequence(&[element(DNS_NAME, host.as_bytes())]);
        let extension = sequence(&[oid(SUBJECT_ALTERNATIVE_NAME), element(OCTETS, &names)]);
        let certificate = self.certificate(host, &key, validity, extension);
        Identity { certificate, key: document.as_ref().to_vec() }
    }

    /// RFC 5280, section 4.1.
    fn certificate(
        &self,
        subject: &str,
        key: &EcdsaKeyPair,
        validity: Validity,
        extension: Vec<u8>,
    ) -> Vec<u8> {
        let algorithm = sequence(&[oid(ECDSA_WITH_SHA256)]);
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let signed = sequence(&[
            element(VERSION, &integer(&[2])),
            integer(&[1]),
            algorithm.clone(),
            name(self.name),
            sequence(&validity.map(|date| element(GENERALIZED_TIME, date.as_bytes()))),
            name(subject),
            public.as_ref().to_vec(),
            element(EXTENSIONS, &sequence(&[extension])),
        ]);
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let no_unused_bits = [&[0], signature.as_ref()].concat();
        sequence(&[signed, algorithm, element(BITS, &no_unused_bits)])
    }
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    element(0x06, bytes)
}

fn name(common_name: &str) -> Vec<u8> {
    let attribute = sequence(&[oid(COMMON_NAME), element(UTF8_STRING, common_name.as_bytes())]);
    sequence(&[element(SET, &attribute)])
}

const BOOLEAN: u8 = 0x01;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// A server on a loopback port that answers every request with one document.
pub struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    /// Demanded of every request, if set; else 401.
    token: Arc<Mutex<Option<String>>>,
}

impl Server {
    pub async fn start(identity: Identity, document: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(identity.certificate)],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key)),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = Self { address, heads: Arc::default(), token: Arc::default() };
        let (heads, token) = (Arc::clone(&server.heads), Arc::clone(&server.token));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A client that does not trust us breaks off; the next one may.
                let _ = serve(&acceptor, socket, &document, &heads, &token).await;
            }
        });
        server
    }

    /// An address on this server, by its reserved name.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// Answers only those that send this token from now on.
    pub fn demand(&self, token: &str) {
        *self.token.lock().unwrap() = Some(token.to_owned());
    }

    /// The values of `Authorization` that came, one for each request.
    pub fn authorizations(&self) -> Vec<Option<String>> {
        self.heads.lock().unwrap().iter().map(|head| authorization(head)).collect()
    }
}

async fn serve(
    acceptor: &TlsAcceptor,
    socket: TcpStream,
    document: &str,
    heads: &Mutex<Vec<String>>,
    token: &Mutex<Option<String>>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(socket).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let wanted = token.lock().unwrap().as_ref().map(|token| format!("Bearer {token}"));
    let (status, body) = match wanted == authorization(&head) || wanted.is_none() {
        true => ("200 OK", document),
        false => ("401 Unauthorized", ""),
    };
    heads.lock().unwrap().push(head);
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn authorization(head: &str) -> Option<String> {
    let field =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    head.lines().filter_map(field).find(|(name, _)| name == "authorization").map(|(_, value)| value)
}
