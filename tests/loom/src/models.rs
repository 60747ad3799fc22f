//! The models: a few threads each, and what holds however they interleave.
//!
//! Two threads are tried in every interleaving. Three threads of which one waits for the others are tried in every one
//! in which a thread is preempted at most `PREEMPTIONS` times; of all of them there are too many.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use loom::{future::block_on, thread};

use crate::queue::Refused;

/// How often a thread is preempted at most, in the models that would take too long otherwise.
const PREEMPTIONS: usize = 3;

type Mailbox = crate::queue::Mailbox<u32, u32, u32>;
type Post = crate::post::Post<u32, u32, u32>;

/// Tries every interleaving with few preemptions.
fn bounded(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(model);
}

/// A mailbox with room for this many mails and as many infos, and the driver's end of it.
fn mailbox(room: usize) -> (Arc<Mailbox>, Post) {
    let mailbox = Arc::new(Mailbox::new(room, room));
    (Arc::clone(&mailbox), Post::new(mailbox))
}

/// Queues a mail unless `limit` mails wait already.
fn send_within(mailbox: &Mailbox, mail: u32, limit: usize) -> Result<(), Refused<u32, ()>> {
    mailbox.try_send(mail, |waiting| if waiting < limit { Ok(()) } else { Err(()) })
}

fn send(mailbox: &Mailbox, mail: u32) -> Result<(), Refused<u32, ()>> {
    send_within(mailbox, mail, usize::MAX)
}

/// Waits for room, then queues a mail; it is given back once the driver has ended.
async fn send_later(mailbox: &Mailbox, mail: u32) -> Result<(), u32> {
    let Some(place) = mailbox.place().await else { return Err(mail) };
    place.send(mail, |_| Ok::<_, ()>(())).map_err(|refused| match refused {
        Refused::Ended(mail) => mail,
        Refused::Full(_) | Refused::Denied(..) => panic!("a place is room"),
    })
}

/// Waits for room, then queues an info; it is given back once the driver has ended.
async fn info_later(mailbox: &Mailbox, info: u32) -> Result<(), u32> {
    let Some(place) = mailbox.info_place().await else { return Err(info) };
    place.put(info)
}

/// Polls once; what the future gave, if it was ready.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// All mails that are there at one look.
fn look(post: &mut Post) -> Vec<u32> {
    post.look(&Context::from_waker(Waker::noop()));
    post.mail().collect()
}

/// Waits as the driver does until this many mails were taken.
fn take(post: &mut Post, mails: usize) -> Vec<u32> {
    let mut taken = Vec::new();
    block_on(poll_fn(|cx| {
        post.look(cx);
        taken.extend(post.mail());
        if taken.len() < mails { Poll::Pending } else { Poll::Ready(()) }
    }));
    taken
}

#[test]
fn a_driver_that_waits_is_woken_for_each_of_two_senders() {
    bounded(|| {
        let (mailbox, mut post) = mailbox(2);
        let senders = [1, 2].map(|mail| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || send(&mailbox, mail).unwrap())
        });
        let mut taken = take(&mut post, 2);
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn a_driver_that_waits_is_woken_for_each_mail_of_a_sender() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(2);
        let sender = thread::spawn(move || {
            send(&mailbox, 1).unwrap();
            send(&mailbox, 2).unwrap();
        });
        assert_eq!(take(&mut post, 2), [1, 2]);
        sender.join().unwrap();
    });
}

#[test]
fn a_sender_in_line_gets_its_place() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(1);
        send(&mailbox, 0).unwrap();
        let sender = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || block_on(send_later(&mailbox, 1)).unwrap())
        };
        assert_eq!(take(&mut post, 2), [0, 1]);
        sender.join().unwrap();
        send(&mailbox, 2).expect("every place was returned");
    });
}

#[test]
fn a_control_and_an_info_wake_the_driver_as_well() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(1);
        let sender = thread::spawn(move || {
            mailbox.control(1).unwrap();
            mailbox.try_info(2).unwrap();
        });
        let (mut control, mut info) = (None, None);
        block_on(poll_fn(|cx| {
            post.look(cx);
            control = control.or_else(|| post.next_control());
            info = info.or_else(|| post.next_info());
            if control.and(info).is_some() { Poll::Ready(()) } else { Poll::Pending }
        }));
        assert_eq!((control, info), (Some(1), Some(2)));
        sender.join().unwrap();
    });
}

#[test]
fn senders_in_line_all_get_their_place() {
    bounded(|| {
        let (mailbox, mut post) = mailbox(1);
        send(&mailbox, 0).unwrap();
        let senders = [1, 2].map(|mail| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || block_on(send_later(&mailbox, mail)).unwrap())
        });
        let mut taken = take(&mut post, 3);
        taken.sort_unstable();
        assert_eq!(taken, [0, 1, 2]);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        send(&mailbox, 3).expect("every place was returned");
    });
}

#[test]
fn a_limit_admits_exactly_as_many_as_it_says() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(3);
        let senders = [1, 2].map(|mail| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || send_within(&mailbox, mail, 1).is_ok())
        });
        // What was moved to the driver's end still counts.
        post.look(&Context::from_waker(Waker::noop()));
        let accepted = senders.map(|sender| sender.join().unwrap());
        assert_eq!(accepted.into_iter().filter(|accepted| *accepted).count(), 1);
        assert_eq!((post.waiting(), look(&mut post).len(), post.waiting()), (1, 1, 0));
    });
}

#[test]
fn the_driver_and_a_sender_share_a_limit() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(3);
        let sender = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || send_within(&mailbox, 1, 1).is_ok())
        };
        let held = post.hold(2, 1).is_ok();
        assert_ne!(sender.join().unwrap(), held, "one of them has the only place");
        assert_eq!(look(&mut post).len(), 1);
    });
}

#[test]
fn a_limit_holds_while_the_driver_takes_and_settles() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(3);
        send(&mailbox, 0).unwrap();
        let sender = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || {
                let accepted = send_within(&mailbox, 1, 1).is_ok();
                (accepted, send_within(&mailbox, 2, 1).is_ok())
            })
        };
        let first = look(&mut post);
        assert_eq!(first[0], 0);
        let second = look(&mut post);
        let (one, two) = sender.join().unwrap();
        let rest = look(&mut post);
        let later = first.len() + second.len() + rest.len() - 1;
        assert_eq!(later, usize::from(one) + usize::from(two), "what was accepted is there");
        assert!(first.len() == 1, "nothing is accepted before the first mail was taken");
    });
}

#[test]
fn a_cancelled_waiter_passes_its_place_on() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(1);
        send(&mailbox, 0).unwrap();
        let cancelled = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || poll_once(pin!(mailbox.place()).as_mut()).is_some())
        };
        let mut next = pin!(mailbox.place());
        let early = poll_once(next.as_mut());
        assert!(early.is_none(), "the only place is taken");
        assert_eq!(look(&mut post), [0]);
        cancelled.join().unwrap();
        assert!(matches!(poll_once(next.as_mut()), Some(Some(_))), "the place went to the next in line");
    });
}

#[test]
fn a_cancelled_waiter_holds_up_neither_the_driver_nor_a_sender() {
    bounded(|| {
        let (mailbox, mut post) = mailbox(1);
        send(&mailbox, 0).unwrap();
        let cancelled = {
            let mailbox = Arc::clone(&mailbox);
            // Dropped at once, with or without a place.
            thread::spawn(move || poll_once(pin!(mailbox.place()).as_mut()).is_some())
        };
        let sender = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || block_on(send_later(&mailbox, 1)).unwrap())
        };
        assert_eq!(take(&mut post, 2), [0, 1]);
        cancelled.join().unwrap();
        sender.join().unwrap();
        send(&mailbox, 2).expect("every place was returned");
    });
}

#[test]
fn a_close_keeps_what_was_accepted_and_gives_back_the_rest() {
    loom::model(|| {
        let (mailbox, mut post) = mailbox(1);
        let at_once = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || send(&mailbox, 1).is_ok())
        };
        let waits = thread::spawn(move || block_on(send_later(&mailbox, 2)).is_ok());
        post.close();
        let taken: Vec<u32> = post.mail().collect();
        let accepted = [(1, at_once.join().unwrap()), (2, waits.join().unwrap())];
        let accepted: Vec<u32> = accepted.into_iter().filter(|(_, accepted)| *accepted).map(|(mail, _)| mail).collect();
        assert_eq!(taken, accepted);
    });
}

#[test]
fn a_close_ends_the_waiting_also_for_infos() {
    loom::model(|| {
        let (mailbox, post) = mailbox(1);
        send(&mailbox, 0).unwrap();
        mailbox.try_info(0).unwrap();
        let mail = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || block_on(send_later(&mailbox, 1)))
        };
        let info = thread::spawn(move || block_on(info_later(&mailbox, 2)));
        drop(post);
        assert_eq!((mail.join().unwrap(), info.join().unwrap()), (Err(1), Err(2)));
    });
}
