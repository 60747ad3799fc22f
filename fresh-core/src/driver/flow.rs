//! The short way of what comes most: a message that was read, its callback, and a reply of one message.
//!
//! It is taken only where the machine says that nothing would come of a message but its delivery and its sending;
//! whatever else happens goes the long way, through the machine.

use std::{future::poll_fn, pin::pin, task::Poll};

use super::{callbacks, turn::Turn};
use crate::{
    action::{Action, Frames},
    error::{Callback, Result},
    frame::Message,
    handler::Handler,
    machine::{Answer, Input, Outbound, Wire},
};

impl<I: Send + 'static> Turn<I> {
    /// Handles a message and those behind it, until nothing more was read or something else has to be done: then the
    /// answer that asks for it.
    ///
    /// A panic of the callback's is not caught here, for each message, but by whoever polls this.
    pub(super) async fn flow<H: Handler<Info = I>>(&mut self, handler: &mut H, mut message: Message) -> Option<Answer> {
        let mark = self.mark(Callback::In);
        loop {
            // Beside the future, so that the answer that needs nothing done is not moved about.
            let mut returned = None;
            let mut callback = pin!(handler.handle_in(message));
            poll_fn(|cx| match mark.poll(callback.as_mut(), cx) {
                Poll::Ready(output) => {
                    self.returned();
                    match output {
                        Ok(Action::Continue) => {}
                        other => returned = Some(other),
                    }
                    Poll::Ready(Some(()))
                }
                Poll::Pending => self.poll_beside(cx),
            })
            .await?;
            let answer = match returned {
                None if self.machine.is_open() => None,
                None => Some(Answer::Action(Action::Continue)),
                Some(returned) => self.settle(returned),
            };
            if answer.is_some() {
                return answer;
            }
            message = self.next_message()?;
        }
    }

    /// The message that comes next, where it may be handled at once.
    #[inline]
    pub(super) fn next_message(&mut self) -> Option<Message> {
        if !self.flows() {
            return None;
        }
        match self.link.stream()?.next_message()? {
            Ok(message) => {
                self.count_call();
                self.shared().counters.messages_received.count();
                Some(message)
            }
            Err(error) => {
                self.feed(Input::Wire(Wire::Violated(error)));
                None
            }
        }
    }

    /// Sends what a callback replied, where that is one message and the connection is open; gives back any other answer.
    #[inline]
    fn settle(&mut self, returned: Result<Action>) -> Option<Answer> {
        match returned {
            Ok(Action::Reply(Frames::One(frame))) if self.machine.is_open() && frame.is_data() => {
                self.transmit(Outbound::reply(frame));
                None
            }
            returned => Some(callbacks::action(returned)),
        }
    }
}
