//! What the end of a child costs, and which significant children are awaited.

use std::{cell::Cell, thread::LocalKey};

use super::*;
use crate::supervisor::{DynamicSupervisor, Restart};

thread_local! {
    /// How often this thread compared two seats: the unit in which a search among the children is measured.
    pub(super) static COMPARISONS: Cell<usize> = const { Cell::new(0) };
}

fn spent(counter: &'static LocalKey<Cell<usize>>) -> usize {
    counter.replace(0)
}

#[tokio::test]
async fn the_end_of_a_child_costs_no_look_at_the_other_children() {
    const CHILDREN: usize = 4_000;
    let supervisor = DynamicSupervisor::builder().start().await.unwrap();
    let (end, ends) = tokio::sync::watch::channel(false);
    let child = ChildSpec::new("child", move |_stop| {
        let mut ends = ends.clone();
        async move { drop(ends.wait_for(|end| *end).await) }
    });
    for _ in 0..CHILDREN {
        supervisor.start_child(child.clone().restart(Restart::Temporary)).await.unwrap();
    }
    spent(&COMPARISONS);
    end.send_replace(true);
    while supervisor.count_children().await.specs > 0 {
        tokio::task::yield_now().await;
    }
    let each = spent(&COMPARISONS) / CHILDREN;
    assert!(each <= 200, "{each} comparisons for each end: more than a few searches in a tree of {CHILDREN} take");
}

fn significant(id: &str) -> ChildSpec {
    ChildSpec::new(id, |_stop| async {}).restart(Restart::Transient).significant(true)
}

fn restarting() -> Standing {
    Standing::Restarting(ExitReason::Aborted)
}

#[test]
fn a_significant_child_is_awaited_from_its_start_to_its_end_or_its_removal() {
    let mut roster = Roster::default();
    let [a, b] = ["a", "b"].map(|id| roster.add(significant(id), Shape::Listed));
    let plain = roster.add(ChildSpec::new("plain", |_stop| async {}), Shape::Listed);
    roster.stand(&plain, restarting());
    assert!(!roster.awaits_significant(), "neither has started, and the third is not significant");
    roster.stand(&a, restarting());
    roster.stand(&a, restarting());
    roster.stand(&b, restarting());
    roster.stand(&a, Standing::Stopped);
    assert!(roster.awaits_significant(), "b");
    roster.remove(&b, &ExitReason::Normal);
    roster.remove(&a, &ExitReason::Normal);
    assert!(!roster.awaits_significant());
}
