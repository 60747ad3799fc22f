//! Killing a branch on several threads: an aborted task that another thread polls lives until that poll returns.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
    mpsc,
};

use fresh::{CancellationToken, supervisor::Shutdown};
use tokio::{sync::watch, task::JoinHandle};

use crate::*;

/// Runs this when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A tree that ends by a kill while a leaf two levels down is being polled: its poll returns only after the kill
/// has reached the leaf's sibling.
struct Tree {
    supervisor: Supervisor,
    running: JoinHandle<ExitReason>,
    leaf_lives: Arc<AtomicBool>,
}

impl Tree {
    async fn start() -> Self {
        let leaf_lives = Arc::new(AtomicBool::new(true));
        let (begin, begins) = watch::channel(false);
        let (polled, is_polled) = watch::channel(false);
        let (sibling_dropped, kill_arrived) = mpsc::channel();
        let kill_arrived = Arc::new(Mutex::new(kill_arrived));

        let sibling = ChildSpec::new("sibling", move |_stop| {
            let sender = sibling_dropped.clone();
            let dropped = OnDrop(move || sender.send(()).unwrap_or_default());
            async move {
                let _dropped = dropped;
                std::future::pending::<()>().await;
            }
        });
        let lives = Arc::clone(&leaf_lives);
        let leaf = ChildSpec::new("leaf", move |_stop| {
            let (mut begins, polled) = (begins.clone(), polled.clone());
            let (kill_arrived, lives) = (Arc::clone(&kill_arrived), Arc::clone(&lives));
            async move {
                let _lives = OnDrop(move || lives.store(false, SeqCst));
                begins.wait_for(|begin| *begin).await.unwrap();
                polled.send_replace(true);
                kill_arrived.lock().unwrap().recv().unwrap();
                for _ in 0..1000 {
                    std::thread::yield_now();
                }
                std::future::pending::<()>().await;
            }
        });
        let twig = Supervisor::builder(Strategy::OneForOne).child(sibling).child(leaf);
        let branch = Supervisor::builder(Strategy::OneForOne).child(ChildSpec::supervisor("twig", twig));
        let branch = ChildSpec::supervisor("branch", branch).shutdown(Shutdown::Abort);
        let builder = Supervisor::builder(Strategy::OneForOne).child(branch);
        let (supervisor, running) = builder.start_unspawned(CancellationToken::new()).await.unwrap();
        let running = tokio::spawn(running);
        begin.send_replace(true);
        is_polled.clone().wait_for(|polled| *polled).await.unwrap();
        Self { supervisor, running, leaf_lives }
    }

    fn leaf_lives(&self) -> bool {
        self.leaf_lives.load(SeqCst)
    }
}

const ROUNDS: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_stop_resolves_no_task_of_a_branch_that_was_killed_is_alive() {
    for _ in 0..ROUNDS {
        let tree = Tree::start().await;
        tree.supervisor.stop().await;
        assert!(!tree.leaf_lives());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_terminate_child_resolves_no_task_of_a_branch_that_was_killed_is_alive() {
    for _ in 0..ROUNDS {
        let tree = Tree::start().await;
        tree.supervisor.terminate_child("branch").await.unwrap();
        assert!(!tree.leaf_lives());
        tree.supervisor.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_closed_resolves_no_task_of_a_tree_that_was_killed_is_alive() {
    for _ in 0..ROUNDS {
        let tree = Tree::start().await;
        tree.running.abort();
        assert!(matches!(tree.supervisor.closed().await, ExitReason::Aborted));
        assert!(!tree.leaf_lives());
    }
}
