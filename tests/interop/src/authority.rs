//! A certificate authority that lives as long as the run, and the certificate it gives the servers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// The name that the certificate holds.
pub(crate) const HOST: &str = "localhost";

/// The files of an authority and of one certificate that it signed, in a folder that goes when this does.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> fresh::Result<Self> {
        let authority = Self { folder: TempDir::new()? };

        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "fresh interop authority");
        let key = KeyPair::generate()?;
        fs::write(authority.root(), params.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new([HOST.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, HOST);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        fs::write(authority.certificate(), params.signed_by(&key, &issuer)?.pem())?;
        fs::write(authority.key(), key.serialize_pem())?;
        Ok(authority)
    }

    /// What a client trusts.
    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("root.pem")
    }

    /// What a server shows.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path().join("certificate.pem")
    }

    /// What a server proves it with.
    pub(crate) fn key(&self) -> PathBuf {
        self.path().join("key.pem")
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}
