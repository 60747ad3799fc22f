#![deny(warnings)]

use std::{collections::HashMap, fmt::Debug, marker::PhantomData};

use fresh::{Action, Handler, Message, Result, Upgrade};

#[derive(Handler)]
struct Unit;

#[derive(Handler)]
#[handler(delegate = 0)]
struct Tuple(Unit);

#[derive(Handler)]
enum Never {}

#[derive(Handler)]
#[handler(handle_in, info = HashMap<u8, Vec<Self>>)]
pub enum Mode<T: Debug> {
    Quiet,
    Loud(T),
}

impl<T: Debug> Mode<T> {
    pub fn handle_in(&self, _: Message) -> Result<Action> {
        match self {
            Self::Quiet => Ok(Action::Continue),
            Self::Loud(what) => Ok(Action::reply(format!("{what:?}"))),
        }
    }
}

#[derive(Handler)]
#[handler()]
#[handler(delegate = r#type, handle_connect,)]
pub struct Deep<B, T = u8, const N: usize = 2>
where
    T: Clone,
    B: Debug,
{
    pub r#type: B,
    pub rest: PhantomData<[T; N]>,
}

impl<B: Handler + Debug, T: Clone + Send, const N: usize> Deep<B, T, N> {
    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        Handler::handle_connect(&mut self.r#type, upgrade).await
    }
}

/// The base is private, the handler is not, so it says what `Info` is.
#[derive(Debug, Handler)]
#[handler(info = u8)]
struct Base;

#[derive(Handler)]
#[handler(delegate = base, info = u8)]
pub struct Public {
    base: Base,
}

macro_rules! handler {
    ($name:ident { $field:ident: $ty:ty }, $($callback:ident),*) => {
        #[derive(Handler)]
        #[handler(delegate = $field $(, $callback)*)]
        struct $name {
            $field: $ty,
        }
    };
}
handler!(Made { base: Unit }, handle_in);

impl Made {
    /// Generic in its argument, and returning a future by hand.
    fn handle_in<M: Into<fresh::Frame> + Send>(&mut self, message: M) -> impl Future<Output = Result<Action>> + use<M> {
        std::future::ready(Ok(Action::reply(message)))
    }
}

fn main() {
    fn is_handler<H: Handler>(_: H) {}
    is_handler(Tuple(Unit));
    is_handler(Mode::<u8>::Quiet);
    is_handler(Mode::Loud("x"));
    is_handler(Deep { r#type: Base, rest: PhantomData::<[String; 3]> });
    is_handler(Public { base: Base });
    is_handler(Made { base: Unit });
    let _: Option<Never> = None;
}
