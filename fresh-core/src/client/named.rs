//! What is done by name, as Fresh's functions take a name in place of a pid: [`RegistryExt`].

use std::future::Future;

use bytestring::ByteString;

use super::{Client, InfoError};
use crate::{
    error::{Error, NameError, SendError, SendFailure},
    exit::ExitReason,
    frame::{CloseCode, Frame},
    registry::{AnyClient, LocalRegistry, Registry},
};

/// What every [`Registry`] can do by name.
///
/// Each call asks the registry anew, so a name that a supervisor's restart gave to a new client leads to that one.
pub trait RegistryExt: Registry {
    /// The client of this name, by the `Info` that it takes. Erlang's `whereis/1`.
    ///
    /// # Errors
    ///
    /// Nobody has the name, or somebody who takes another `Info`.
    fn whereis<I: Send + 'static>(&self, name: &str) -> impl Future<Output = Result<Client<I>, NameError>> + Send {
        async move { typed(name, self.whereis_name(name).await) }
    }

    /// As [`Client::send`]. `Fresh.send(:ws_conn, frame)`.
    ///
    /// # Errors
    ///
    /// Nobody has the name ([`SendFailure::Name`]), or those of `Client::send`. The frame is given back.
    fn send(&self, name: &str, frame: impl Into<Frame> + Send) -> impl Future<Output = Result<(), SendError>> + Send {
        async move {
            let frame = frame.into();
            match self.whereis_name(name).await {
                Some(client) => client.send(frame).await,
                None => Err(SendError::new(Some(frame), SendFailure::from(unknown(name)))),
            }
        }
    }

    /// As [`Client::close`]. `Fresh.close(:ws_conn, code, reason)`.
    ///
    /// # Errors
    ///
    /// Nobody has the name ([`SendFailure::Name`]), or those of `Client::close`.
    fn close(
        &self,
        name: &str,
        code: impl Into<CloseCode> + Send,
        reason: impl Into<ByteString> + Send,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async move {
            let client = self.whereis_name(name).await.ok_or_else(|| SendFailure::from(unknown(name)))?;
            client.close(code, reason)
        }
    }

    /// As [`Client::info`]. Erlang's `send(:ws_conn, term)`.
    ///
    /// # Errors
    ///
    /// Nobody has the name, or somebody who takes another `Info` ([`SendFailure::Name`]), or the client has ended. The
    /// info is given back.
    fn info<I: Send + 'static>(&self, name: &str, info: I) -> impl Future<Output = Result<(), InfoError<I>>> + Send {
        async move {
            match self.whereis(name).await {
                Ok(client) => client.info(info).await,
                Err(error) => Err(InfoError::new(info, error.into())),
            }
        }
    }

    /// As [`Client::is_open`]; no where nobody has the name. `Fresh.open?(:ws_conn)` (0.4).
    fn is_open(&self, name: &str) -> impl Future<Output = bool> + Send {
        async move { self.whereis_name(name).await.is_some_and(|client| client.is_open()) }
    }

    /// As [`Client::stop`]. Erlang's `gen_statem:stop(ws_conn)`.
    ///
    /// # Errors
    ///
    /// Nobody has the name.
    fn stop(&self, name: &str) -> impl Future<Output = Result<ExitReason, NameError>> + Send {
        async move {
            let client = self.whereis_name(name).await.ok_or_else(|| unknown(name))?;
            Ok(client.stop().await)
        }
    }
}

impl<R: Registry + ?Sized> RegistryExt for R {}

impl LocalRegistry {
    /// As [`RegistryExt::whereis`], and at once.
    ///
    /// # Errors
    ///
    /// Nobody has the name, or somebody who takes another `Info`.
    pub fn whereis<I: Send + 'static>(&self, name: &str) -> Result<Client<I>, NameError> {
        typed(name, self.holder(name))
    }
}

fn typed<I: Send + 'static>(name: &str, holder: Option<AnyClient>) -> Result<Client<I>, NameError> {
    holder.ok_or_else(|| unknown(name))?.downcast().ok_or_else(|| NameError::OtherInfo(name.into()))
}

fn unknown(name: &str) -> NameError {
    NameError::Unknown(name.into())
}
