//! Servers that want our memory: each is refused with its code before it has much of it.

use fresh::{
    Error, Options, Recovery,
    error::DecodeError,
    options::{DeflateOptions, Limits},
    testing::{Server, WireFrame},
};

use super::{MIB, TAIL, alone, blocks, compressor, peak};
use crate::support::{
    script::{Then, Told, start},
    time::soon,
};

/// What the client told of these bytes, and by how much the most memory of the process grew.
async fn meet(limits: Limits, bytes: Vec<u8>, code: u16) -> (DecodeError, usize) {
    let server = Server::in_memory();
    let options: Options = server.options().deflate(DeflateOptions::new()).limits(limits);
    let (client, mut log) = start(options, |told| match told {
        Told::Error(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    let agreement = [("sec-websocket-extensions", "permessage-deflate")];
    let mut connection = server.pending().await.accept_with(&agreement).await;
    let before = peak();
    connection.raw(bytes).await;
    soon(connection.expect_close(code)).await;
    connection.drop_connection();
    client.closed().await;
    log.until("connect").await;
    let told = log.next().await;
    let Told::Error(Error::Decode(error)) = told else { panic!("{told:?}") };
    (error, peak() - before)
}

/// 1 GiB of zeros as one compressed message of about a megabyte.
fn bomb() -> Vec<u8> {
    let (mut compress, zeros) = (compressor(), vec![0; MIB]);
    let mut payload = blocks(&mut compress, &zeros);
    // From the second on, the blocks are the same: they point back into a window that has nothing but zeros.
    let again = blocks(&mut compress, &zeros);
    for _ in 1..1024 {
        payload.extend_from_slice(&again);
    }
    payload.truncate(payload.len() - TAIL.len());
    assert!(payload.len() < 2 * MIB, "{}", payload.len());
    WireFrame { rsv: 4, ..WireFrame::new(2, payload) }.encode().into()
}

#[tokio::test]
async fn a_bomb_of_one_gibibyte_gets_what_the_limit_of_a_message_allows() {
    let _alone = alone().await;
    let bomb = bomb();
    for (max_message, most) in [(MIB, 8 * MIB), (Limits::default().max_message, 200 * MIB)] {
        let (error, grown) = meet(Limits { max_message, ..Limits::default() }, bomb.clone(), 1009).await;
        assert_eq!(error, DecodeError::MessageTooBig { limit: max_message });
        assert!(grown < most, "{} KiB for a message of at most {} KiB", grown >> 10, max_message >> 10);
    }
}

#[tokio::test]
async fn a_message_of_a_million_empty_fragments_is_refused_and_takes_no_memory() {
    let _alone = alone().await;
    let bytes = [vec![0x01, 0x00], [0x00, 0x00].repeat(1_000_000)].concat();
    let (error, grown) = meet(Limits::default(), bytes, 1009).await;
    assert_eq!(error, DecodeError::TooManyFragments { limit: 131_072 });
    assert!(grown < 4 * MIB, "{} KiB", grown >> 10);
}

#[tokio::test]
async fn a_frame_that_declares_2_to_the_63_bytes_is_refused_and_takes_no_memory() {
    let _alone = alone().await;
    let (error, grown) = meet(Limits::default(), vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002).await;
    assert_eq!(error, DecodeError::NegativeLength);
    assert!(grown < 4 * MIB, "{} KiB", grown >> 10);
}

#[tokio::test]
async fn what_a_header_declares_takes_no_memory_before_it_comes() {
    let _alone = alone().await;
    // 16 MiB, which is allowed; of these come two bytes, and the second one is wrong.
    let bytes = vec![0x81, 127, 0, 0, 0, 0, 1, 0, 0, 0, b'a', 0xFF];
    let (error, grown) = meet(Limits::default(), bytes, 1007).await;
    assert_eq!(error, DecodeError::Utf8);
    assert!(grown < 4 * MIB, "{} KiB", grown >> 10);
}
