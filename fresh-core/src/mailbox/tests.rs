use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Wake},
};

use futures_util::{FutureExt, task::noop_waker};

use super::*;
use crate::frame::Frame;

/// A mailbox for so many frames and as many infos, and the driver's end of it.
fn mailbox(room: usize) -> (Arc<Mailbox<u32>>, Post<u32>) {
    let mailbox = Arc::new(Mailbox::new(room, room));
    (Arc::clone(&mailbox), Post::new(mailbox))
}

fn look(post: &mut Post<u32>) {
    post.look(&Context::from_waker(&noop_waker()));
}

fn mail(text: &'static str) -> Mail {
    Mail::Frame(Frame::text(text), None)
}

/// Queues a text, whatever waits already.
fn send(mailbox: &Mailbox<u32>, text: &'static str) -> Result<(), Refused<Mail>> {
    mailbox.try_send(mail(text), |_| Ok(()))
}

/// Queues a text unless so many wait already.
fn send_within(mailbox: &Mailbox<u32>, text: &'static str, limit: usize) -> Result<(), Refused<Mail, usize>> {
    mailbox.try_send(mail(text), |waiting| if waiting < limit { Ok(()) } else { Err(waiting) })
}

/// What the driver finds, in its order.
fn found(post: &mut Post<u32>) -> Vec<Frame> {
    look(post);
    post.mail().filter_map(Mail::into_frame).map(|(frame, _)| frame).collect()
}

/// Polls once; whether it is done.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    future.now_or_never()
}

#[test]
fn frames_come_out_in_the_order_in_which_they_were_dropped_in() {
    let (mailbox, mut post) = mailbox(8);
    send(&mailbox, "one").unwrap();
    look(&mut post);
    send(&mailbox, "two").unwrap();
    assert_eq!(found(&mut post), [Frame::text("one"), Frame::text("two")]);
}

#[test]
fn a_frame_counts_until_the_driver_has_done_with_it() {
    let (mailbox, mut post) = mailbox(1);
    send(&mailbox, "one").unwrap();
    look(&mut post);
    let mut batch = post.mail();
    assert!(batch.next().is_some());
    assert!(matches!(send(&mailbox, "two"), Err(Refused::Full(_))));
    assert!(matches!(send_within(&mailbox, "two", 1), Err(Refused::Denied(_, 1))));
    drop(batch);
    send(&mailbox, "two").unwrap();
}

#[test]
fn those_who_wait_in_line_get_room_in_their_order_and_before_others() {
    let (mailbox, mut post) = mailbox(1);
    send(&mailbox, "one").unwrap();
    let (mut second, mut third) = (Box::pin(mailbox.place()), Box::pin(mailbox.place()));
    assert!(poll(second.as_mut()).is_none() && poll(third.as_mut()).is_none());
    assert_eq!(found(&mut post), [Frame::text("one")]);
    assert!(matches!(send(&mailbox, "pushy"), Err(Refused::Full(_))));
    assert!(poll(third.as_mut()).is_none());
    poll(second.as_mut()).unwrap().unwrap().send(mail("two"), |_| Ok::<_, ()>(())).unwrap();
    assert!(poll(third.as_mut()).is_none(), "there was room for one");
    assert_eq!(found(&mut post), [Frame::text("two")]);
    poll(third.as_mut()).unwrap().unwrap().send(mail("three"), |_| Ok::<_, ()>(())).unwrap();
    assert_eq!(found(&mut post), [Frame::text("three")]);
}

#[test]
fn whoever_gives_up_waiting_holds_up_nobody() {
    let (mailbox, mut post) = mailbox(1);
    send(&mailbox, "one").unwrap();
    let (mut second, mut third) = (Box::pin(mailbox.place()), Box::pin(mailbox.place()));
    assert!(poll(second.as_mut()).is_none() && poll(third.as_mut()).is_none());
    found(&mut post);
    drop(second);
    let room = poll(third.as_mut()).unwrap().unwrap();
    drop(third);
    drop(room);
    send(&mailbox, "two").expect("the room that was not used is free");
}

#[test]
fn whoever_is_not_polled_while_he_waits_holds_up_nobody() {
    let (mailbox, mut post) = mailbox(2);
    for text in ["one", "two"] {
        send(&mailbox, text).unwrap();
    }
    let (mut first, mut second) = (Box::pin(mailbox.place()), Box::pin(mailbox.place()));
    assert!(poll(first.as_mut()).is_none() && poll(second.as_mut()).is_none());
    found(&mut post);
    let room = poll(second.as_mut()).expect("there is room for both").unwrap();
    room.send(mail("three"), |_| Ok::<_, ()>(())).unwrap();
    assert!(poll(first.as_mut()).is_some(), "his room was kept for him");
}

#[test]
fn more_room_than_those_in_line_need_is_anybodys() {
    let (mailbox, mut post) = mailbox(3);
    for text in ["one", "two", "three"] {
        send(&mailbox, text).unwrap();
    }
    let mut waiting = pin!(mailbox.place());
    assert!(poll(waiting.as_mut()).is_none());
    found(&mut post);
    send(&mailbox, "four").unwrap();
    send(&mailbox, "five").unwrap();
    assert!(matches!(send(&mailbox, "six"), Err(Refused::Full(_))));
    assert!(poll(waiting.as_mut()).is_some());
}

#[test]
fn the_end_of_the_driver_refuses_everything_and_ends_all_waiting() {
    let (mailbox, post) = mailbox(1);
    send(&mailbox, "one").unwrap();
    mailbox.try_info(1).unwrap();
    let (mut first, mut second) = (Box::pin(mailbox.place()), Box::pin(mailbox.place()));
    let mut info = pin!(mailbox.info_place());
    assert!(poll(first.as_mut()).is_none() && poll(second.as_mut()).is_none() && poll(info.as_mut()).is_none());
    drop(post);
    assert!(matches!(poll(first.as_mut()), Some(None)) && matches!(poll(second.as_mut()), Some(None)));
    assert!(matches!(poll(info.as_mut()), Some(None)));
    assert!(matches!(send(&mailbox, "two"), Err(Refused::Ended(_))));
    assert!(matches!(mailbox.try_info(3), Err(Refused::Ended(3))));
    assert!(mailbox.control(Control::Stop).is_err());
}

#[test]
fn room_that_was_kept_is_of_no_use_once_the_driver_has_ended() {
    let (mailbox, post) = mailbox(1);
    let room = poll(pin!(mailbox.place())).unwrap().unwrap();
    drop(post);
    assert!(room.send(mail("late"), |_| Ok::<_, ()>(())).is_err());
}

#[test]
fn what_came_before_the_close_can_still_be_taken() {
    let (mailbox, mut post) = mailbox(2);
    send(&mailbox, "one").unwrap();
    mailbox.try_info(1).unwrap();
    post.close();
    assert_eq!(found(&mut post), [Frame::text("one")]);
    assert_eq!((post.infos(), post.next_info()), (1, Some(1)));
}

#[test]
fn infos_are_bounded_until_they_are_taken() {
    let (mailbox, mut post) = mailbox(1);
    mailbox.try_info(1).unwrap();
    look(&mut post);
    assert!(matches!(mailbox.try_info(2), Err(Refused::Full(2))));
    assert_eq!(post.next_info(), Some(1));
    mailbox.try_info(2).unwrap();
}

#[test]
fn the_driver_is_woken_by_the_first_that_comes_after_its_look() {
    struct Count(std::sync::atomic::AtomicU32);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let count = Arc::new(Count(0.into()));
    let (mailbox, mut post) = mailbox(8);
    let waker = Arc::clone(&count).into();
    post.look(&Context::from_waker(&waker));
    mailbox.control(Control::Reconnect).unwrap();
    send(&mailbox, "one").unwrap();
    assert_eq!(count.0.load(std::sync::atomic::Ordering::SeqCst), 1);
    post.look(&Context::from_waker(&waker));
    mailbox.try_info(1).unwrap();
    assert_eq!(count.0.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[test]
fn a_mailbox_that_is_idle_holds_no_memory() {
    let (mailbox, mut post) = mailbox(1000);
    for _ in 0..1000 {
        send(&mailbox, "x").unwrap();
    }
    found(&mut post);
    look(&mut post);
    look(&mut post);
    assert_eq!(post.capacity() + mailbox.slot().queues.mail.capacity(), 0);
}
