//! The client of the exchange: its handler is the board of prices.

use std::collections::BTreeMap;

use fresh::{Action, Handler, Message};

use crate::quote::Quote;

/// Asks the board to print itself.
pub(crate) struct Show;

#[derive(Default)]
pub(crate) struct Board {
    prices: BTreeMap<String, f64>,
    /// The number of the last quote.
    last: Option<u64>,
    missed: u64,
}

impl Handler for Board {
    type Info = Show;

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        let quote: Quote<'_> = serde_json::from_str(message.to_text()?)?;
        self.count(quote.number);
        self.post(&quote);
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, Show: Show) -> fresh::Result<Action> {
        let prices: Vec<String> = self.prices.iter().map(|(symbol, price)| format!("{symbol} {price:.2}")).collect();
        println!("     {}  ({} missed while away)", prices.join("  "), self.missed);
        Ok(Action::Continue)
    }
}

impl Board {
    fn count(&mut self, number: u64) {
        if let Some(last) = self.last.replace(number) {
            self.missed += number - last - 1;
        }
    }

    fn post(&mut self, quote: &Quote<'_>) {
        match self.prices.get_mut(quote.symbol) {
            Some(price) => *price = quote.price,
            None => drop(self.prices.insert(quote.symbol.to_owned(), quote.price)),
        }
    }
}
