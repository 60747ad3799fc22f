//! The certificate of the server, made for each run.

use std::{fs, path::Path, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// Writes a certificate for 127.0.0.1 and its key into the folder.
pub(crate) fn write(folder: &Path) -> fresh::Result<()> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([super::server::HOST.to_owned()])?;
    fs::write(folder.join(CERTIFICATE), cert.pem())?;
    fs::write(folder.join(KEY), signing_key.serialize_pem())?;
    Ok(())
}

/// What every client uses.
pub(crate) fn client(folder: &Path) -> fresh::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join(CERTIFICATE))?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

pub(crate) fn server(folder: &Path) -> fresh::Result<Arc<ServerConfig>> {
    let certificate = CertificateDer::from_pem_file(folder.join(CERTIFICATE))?;
    let key = PrivateKeyDer::from_pem_file(folder.join(KEY))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok(Arc::new(config))
}
