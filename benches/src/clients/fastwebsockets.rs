//! fastwebsockets: hyper's upgrade, `FragmentCollector`, a write a frame.

use std::marker::PhantomData;

use ::fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, handshake};
use bytes::Bytes;
use fresh::Message;
use http_body_util::Empty;
use hyper::{
    Request,
    header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
    upgrade::Upgraded,
};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{Target, dial::Dial, socket::Socket};

pub(super) struct Fastwebsockets<S> {
    socket: FragmentCollector<TokioIo<Upgraded>>,
    /// hyper has it behind a pointer.
    stream: PhantomData<S>,
}

impl<S: Dial> Socket for Fastwebsockets<S> {
    type Message = Frame<'static>;

    async fn open(target: &Target) -> fresh::Result<Self> {
        let request = Request::get(&target.path)
            .header(HOST, target.address.to_string())
            .header(UPGRADE, "websocket")
            .header(CONNECTION, "upgrade")
            .header(SEC_WEBSOCKET_KEY, handshake::generate_key())
            .header(SEC_WEBSOCKET_VERSION, "13")
            .body(Empty::<Bytes>::new())?;
        let (socket, _) = handshake::client(&TokioExecutor::new(), request, S::dial(target).await?).await?;
        Ok(Self { socket: FragmentCollector::new(socket), stream: PhantomData })
    }

    fn message(message: &Message) -> Self::Message {
        let payload = Payload::Owned(message.as_bytes().to_vec());
        if message.is_text() { Frame::text(payload) } else { Frame::binary(payload) }
    }

    async fn receive(&mut self) -> fresh::Result<Self::Message> {
        loop {
            let frame = self.socket.read_frame().await?;
            match frame.opcode {
                OpCode::Text | OpCode::Binary => return Ok(Frame::new(true, frame.opcode, None, frame.payload)),
                OpCode::Close => return Err("closed".into()),
                OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
            }
        }
    }

    async fn send(&mut self, message: Self::Message) -> fresh::Result<()> {
        Ok(self.socket.write_frame(message).await?)
    }
}
