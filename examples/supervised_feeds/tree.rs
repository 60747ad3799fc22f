//! A tree in one line, as its events tell it: `feeds(prices trades -news) pair(session orders)`.

use std::fmt;

use fresh::supervisor::{ChildPath, Event};

/// Where each child stands, in the order in which they first started.
#[derive(Default)]
pub(crate) struct Tree(Vec<(ChildPath, Standing)>);

#[derive(Clone, Copy)]
enum Standing {
    Runs,
    Ended,
    Restarting,
}

impl Tree {
    pub(crate) fn apply(&mut self, event: &Event) {
        let (child, standing) = match event {
            Event::Started { child } => (child, Standing::Runs),
            Event::Exited { child, .. } => (child, Standing::Ended),
            Event::Restarting { child } | Event::NotStarted { child, .. } => (child, Standing::Restarting),
            Event::GaveUp { .. } | Event::Skipped(_) | _ => return,
        };
        match self.0.iter_mut().find(|(known, _)| known == child) {
            Some((_, before)) => *before = standing,
            None => self.0.push((child.clone(), standing)),
        }
    }

    fn mark(&self, path: &[&str]) -> &'static str {
        let is_it = |child: &ChildPath| child.iter().map(|id| &**id).eq(path.iter().copied());
        match self.0.iter().find(|(child, _)| is_it(child)) {
            Some((_, Standing::Runs)) => "",
            Some((_, Standing::Ended)) => "-",
            Some((_, Standing::Restarting)) | None => "~",
        }
    }

    fn below<'a>(&'a self, path: &[&str]) -> Vec<&'a str> {
        let mut children: Vec<&str> = Vec::new();
        for (child, _) in &self.0 {
            let leads_there = child.iter().zip(path).all(|(id, above)| id == above);
            if let Some(id) = child.get(path.len()).filter(|id| leads_there && !children.contains(&&***id)) {
                children.push(id);
            }
        }
        children
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, path: &[&str]) -> fmt::Result {
        for (place, id) in self.below(path).into_iter().enumerate() {
            let child = [path, &[id]].concat();
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{}{id}", self.mark(&child))?;
            if !self.below(&child).is_empty() {
                f.write_str("(")?;
                self.show(f, &child)?;
                f.write_str(")")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, &[])
    }
}
