//! The names of children: an exit reason names the child that was restarted too often.

use std::{borrow::Borrow, fmt, ops::Deref, sync::Arc};

/// What a child is called among its siblings. Cheap to clone; reads as a `str`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChildId(Arc<str>);

impl<T: Into<Arc<str>>> From<T> for ChildId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Deref for ChildId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ChildId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for ChildId {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for ChildId {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The way down a tree to a child: the ids of the supervisors above it, and its own. It reads `feeds/prices`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChildPath(Arc<[ChildId]>);

impl ChildPath {
    pub(crate) fn root() -> Self {
        Self(Arc::from([]))
    }

    pub(crate) fn join(&self, id: &ChildId) -> Self {
        Self(self.0.iter().chain([id]).cloned().collect())
    }

    /// This path as seen from another one, where it leads on from there.
    pub(crate) fn below(&self, above: &Self) -> Option<Self> {
        if above.0.is_empty() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(&*above.0)?;
        (!rest.is_empty()).then(|| Self(rest.into()))
    }
}

/// The ids, from the top: for comparing with an event's, or for a reason of your own making.
impl<T: Into<ChildId>> FromIterator<T> for ChildPath {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Self {
        Self(ids.into_iter().map(Into::into).collect())
    }
}

/// The ids, from the top.
impl Deref for ChildPath {
    type Target = [ChildId];

    fn deref(&self) -> &[ChildId] {
        &self.0
    }
}

/// As it reads: `path == "feeds/prices"`, where no id has a slash.
impl PartialEq<&str> for ChildPath {
    fn eq(&self, other: &&str) -> bool {
        other.split('/').eq(self.0.iter().map(|id| &**id))
    }
}

impl fmt::Display for ChildPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, id) in self.0.iter().enumerate() {
            let slash = if depth == 0 { "" } else { "/" };
            write!(f, "{slash}{id}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_from_the_top() {
        let path = ChildPath::root().join(&"feeds".into()).join(&"prices".into());
        assert_eq!(path, "feeds/prices");
        assert_eq!(path.last().map(|id| &**id), Some("prices"));
    }

    #[test]
    fn a_path_is_seen_from_above_only() {
        let feeds = ChildPath::root().join(&"feeds".into());
        let prices = feeds.join(&"prices".into());
        assert_eq!(prices.below(&ChildPath::root()), Some(prices.clone()));
        assert_eq!(prices.below(&feeds), Some(ChildPath::root().join(&"prices".into())));
        assert_eq!(feeds.below(&prices), None);
        assert_eq!(feeds.below(&feeds), None, "it is told by the supervisor above");
    }
}
