//! [`Options`] from a configuration file.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use ::serde::{Deserialize, Deserializer, de::Error as _};

#[cfg(feature = "deflate")]
use super::DeflateOptions;
use super::{BackoffOptions, Limits, Offline, Options, OptionsError, Roots, TlsOptions};

/// From a map of any format: `url` is needed, every other option has its default. Durations are texts such as
/// `"30s"` or `"250ms"`, an unknown field is refused, and values are checked as the methods of [`Options`] do.
///
/// What is code (request hook, connector, a `ClientConfig`) is added by the methods.
impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Config::deserialize(deserializer)?.into_options().map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    url: String,
    name: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    #[serde(default)]
    protocols: Vec<String>,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
    tls: Option<Tls>,
    unix_socket: Option<PathBuf>,
    nodelay: Option<bool>,
    #[serde(default, with = "humantime_serde")]
    happy_eyeballs: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    connect_timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    close_timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    close_linger: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    write_timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    idle_timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    ping_interval: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    pong_timeout: Option<Duration>,
    backoff: Option<Backoff>,
    limits: Option<Limits>,
    mailbox: Option<usize>,
    inbound: Option<usize>,
    inbound_bytes: Option<usize>,
    write_buffer: Option<usize>,
    offline: Option<OfflinePolicy>,
    error_logging: Option<bool>,
    info_logging: Option<bool>,
}

/// One value of a header, or all of them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a header's value, or a list of its values")]
enum Values {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    #[serde(default)]
    extra_ca: Vec<PathBuf>,
    only_ca: Option<Vec<PathBuf>>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    server_name: Option<String>,
    #[serde(default)]
    alpn: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Backoff {
    #[serde(default, with = "humantime_serde")]
    initial: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    max: Option<Duration>,
    factor: Option<f64>,
    jitter: Option<bool>,
    attempts: Option<u32>,
    #[serde(default, with = "humantime_serde")]
    reset_after: Option<Duration>,
    seed: Option<u64>,
}

#[cfg(feature = "deflate")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deflate {
    client_max_window_bits: Option<u8>,
    server_max_window_bits: Option<u8>,
    client_no_context_takeover: Option<bool>,
    server_no_context_takeover: Option<bool>,
    level: Option<u8>,
    threshold: Option<usize>,
}

/// `"reject"`, `"drop"` or `{ queue = 100 }`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OfflinePolicy {
    Reject,
    Drop,
    Queue(usize),
}

/// What cannot be said by one option alone.
#[derive(Debug, thiserror::Error)]
enum ConfigError {
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error("`tls.certificate` and `tls.key` go together")]
    HalfIdentity,
    #[error("`tls.only_ca` and `tls.extra_ca` exclude each other")]
    Roots,
}

/// Calls the setter where there is a value.
fn given<T, V>(target: T, value: Option<V>, set: impl FnOnce(T, V) -> T) -> T {
    match value {
        Some(value) => set(target, value),
        None => target,
    }
}

impl Config {
    fn into_options(self) -> Result<Options, ConfigError> {
        let mut options = Options::new(self.url)?;
        for (name, values) in self.headers {
            let values = match values {
                Values::One(value) => vec![value],
                Values::Many(values) => values,
            };
            for value in values {
                options = options.header(&name, value)?;
            }
        }
        for protocol in self.protocols {
            options = options.protocol(protocol)?;
        }
        #[cfg(feature = "deflate")]
        {
            options = given(options, self.deflate.map(Deflate::into_options).transpose()?, Options::deflate);
        }
        options = given(options, self.tls.map(Tls::into_options).transpose()?, Options::tls);
        options = given(options, self.backoff.map(Backoff::into_options).transpose()?, Options::backoff);
        options = given(options, self.name, Options::name);
        options = given(options, self.unix_socket, Options::unix_socket);
        options = given(options, self.nodelay, Options::nodelay);
        options = given(options, self.happy_eyeballs, Options::happy_eyeballs);
        options = given(options, self.connect_timeout, Options::connect_timeout);
        options = given(options, self.close_timeout, Options::close_timeout);
        options = given(options, self.close_linger, Options::close_linger);
        options = given(options, self.write_timeout, Options::write_timeout);
        options = given(options, self.idle_timeout, Options::idle_timeout);
        options = given(options, self.ping_interval, Options::ping_interval);
        options = given(options, self.pong_timeout, Options::pong_timeout);
        options = given(options, self.limits, Options::limits);
        options = given(options, self.mailbox, Options::mailbox);
        let (messages, bytes) = (options.inbound, options.inbound_bytes);
        options = options.inbound(self.inbound.unwrap_or(messages), self.inbound_bytes.unwrap_or(bytes));
        options = given(options, self.write_buffer, Options::write_buffer);
        options = given(options, self.offline.map(Offline::from), Options::offline);
        options = given(options, self.error_logging, Options::error_logging);
        Ok(given(options, self.info_logging, Options::info_logging))
    }
}

impl Tls {
    fn into_options(self) -> Result<TlsOptions, ConfigError> {
        let mut tls = match (self.only_ca, self.extra_ca.is_empty()) {
            (Some(_), false) => return Err(ConfigError::Roots),
            (Some(only), true) => TlsOptions::new().roots(Roots::Only(only)),
            (None, _) => self.extra_ca.into_iter().fold(TlsOptions::new(), TlsOptions::extra_ca),
        };
        tls = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => tls.client_certificate(certificate, key),
            (None, None) => tls,
            (Some(_), None) | (None, Some(_)) => return Err(ConfigError::HalfIdentity),
        };
        tls = given(tls, self.server_name, TlsOptions::server_name);
        Ok(self.alpn.into_iter().fold(tls, TlsOptions::alpn))
    }
}

impl Backoff {
    fn into_options(self) -> Result<BackoffOptions, OptionsError> {
        let mut backoff = BackoffOptions::new();
        if let Some(factor) = self.factor {
            backoff = backoff.factor(factor)?;
        }
        backoff = given(backoff, self.initial, BackoffOptions::initial);
        backoff = given(backoff, self.max, BackoffOptions::max);
        backoff = given(backoff, self.jitter, BackoffOptions::jitter);
        backoff = given(backoff, self.attempts, BackoffOptions::attempts);
        backoff = given(backoff, self.reset_after, BackoffOptions::reset_after);
        Ok(given(backoff, self.seed, BackoffOptions::seed))
    }
}

#[cfg(feature = "deflate")]
impl Deflate {
    fn into_options(self) -> Result<DeflateOptions, OptionsError> {
        let mut deflate = DeflateOptions::new();
        if let Some(bits) = self.client_max_window_bits {
            deflate = deflate.client_max_window_bits(bits)?;
        }
        if let Some(bits) = self.server_max_window_bits {
            deflate = deflate.server_max_window_bits(bits)?;
        }
        if let Some(level) = self.level {
            deflate = deflate.level(level)?;
        }
        deflate = given(deflate, self.client_no_context_takeover, DeflateOptions::client_no_context_takeover);
        deflate = given(deflate, self.server_no_context_takeover, DeflateOptions::server_no_context_takeover);
        Ok(given(deflate, self.threshold, DeflateOptions::threshold))
    }
}

impl From<OfflinePolicy> for Offline {
    fn from(policy: OfflinePolicy) -> Self {
        match policy {
            OfflinePolicy::Reject => Self::Reject,
            OfflinePolicy::Drop => Self::Drop,
            OfflinePolicy::Queue(frames) => Self::Queue(frames),
        }
    }
}

#[cfg(test)]
mod tests;
