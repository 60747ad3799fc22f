//! permessage-deflate (RFC 7692), which both libraries offer: with every parameter, and both sides compressing.

use fresh::{Message, Options, options::DeflateOptions};

use super::data::{SIZES, binary, fragments, kind, pieces, text};
use crate::{
    report::Report,
    server::Server,
    session::{Session, check},
};

pub(super) async fn all(server: &Server<'_>, report: &mut Report) {
    for size in SIZES {
        let name = format!("text of {size} B comes back compressed");
        report.case(name, echo(options(server, DeflateOptions::new()), &[text(size)])).await;
        let name = format!("binary of {size} B comes back compressed");
        report.case(name, echo(options(server, DeflateOptions::new()), &[binary(size)])).await;
    }
    for (name, deflate) in parameters() {
        let name = format!("many messages come back compressed with {name}");
        let options = deflate.map_err(Into::into).and_then(|deflate| options(server, deflate));
        report.case(name, many(options)).await;
    }
    let kinds = [("text", ""), ("binary", " binary")];
    for (name, kind) in kinds {
        let name = format!("compressed fragments of {name} become one message, a ping between them comes first");
        report.case(name, fragments(options(server, DeflateOptions::new()), kind)).await;
    }
    let alone = || DeflateOptions::new().client_no_context_takeover(true);
    for (message, deflate, takeover) in [
        (text(1 << 20), DeflateOptions::new(), "with"),
        (binary(1 << 20), DeflateOptions::new(), "with"),
        (text(1 << 20), alone(), "without"),
        (binary(1 << 20), alone(), "without"),
    ] {
        let name =
            format!("{} in compressed pieces comes back as one message {takeover} context takeover", kind(&message));
        report.case(name, pieces(options(server, deflate), message)).await;
    }
    report.case("compression is seen in the counters", saves(server)).await;
}

type Parameters = Result<DeflateOptions, fresh::options::OptionsError>;

fn parameters() -> [(&'static str, Parameters); 7] {
    let deflate = DeflateOptions::new;
    let alone = || deflate().client_no_context_takeover(true).server_no_context_takeover(true);
    [
        ("the defaults", Ok(deflate())),
        ("no context takeover of ours", Ok(deflate().client_no_context_takeover(true))),
        ("no context takeover of the server", Ok(deflate().server_no_context_takeover(true))),
        ("no context takeover", Ok(alone())),
        (
            "a window of 9 bits each",
            deflate().client_max_window_bits(9).and_then(|both| both.server_max_window_bits(9)),
        ),
        ("a window of 9 bits each and no context takeover", {
            alone().client_max_window_bits(9).and_then(|both| both.server_max_window_bits(9))
        }),
        ("level 9", deflate().level(9)),
    ]
}

fn options(server: &Server<'_>, deflate: DeflateOptions) -> fresh::Result<Options> {
    Ok(server.options("/compressed")?.deflate(deflate.threshold(0)))
}

async fn echo(options: fresh::Result<Options>, messages: &[Message]) -> fresh::Result<()> {
    let mut session = agreed(options).await?;
    for message in messages {
        session.echo(message.clone()).await?;
    }
    session.stop().await
}

/// Of sizes up and down, so that messages point back near and far, and so that the empty one has others around it.
async fn many(options: fresh::Result<Options>) -> fresh::Result<()> {
    let sizes = (0..40).map(|number| number * number * 37 % 5000).chain([100_000, 0, 100_000]);
    let messages: Vec<_> = sizes.flat_map(|size| [text(size), binary(size)]).collect();
    echo(options, &messages).await
}

async fn saves(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = agreed(options(server, DeflateOptions::new())).await?;
    session.echo(text(100_000)).await?;
    let stats = session.stats();
    let (plain, compressed) = (stats.deflate_bytes_in, stats.deflate_bytes_out);
    check(plain == 100_000 && compressed < 5000, || format!("{plain} B were sent as {compressed} B"))?;
    let (plain, compressed) = (stats.inflate_bytes_out, stats.inflate_bytes_in);
    check(plain == 100_000 && compressed < 5000, || format!("{plain} B came as {compressed} B"))?;
    session.stop().await
}

/// A session on which both sides compress.
async fn agreed(options: fresh::Result<Options>) -> fresh::Result<Session> {
    let mut session = Session::start(options?)?;
    let extensions = session.connected().await?.extensions;
    check(extensions.len() == 1, || format!("the extensions {extensions:?} were agreed on"))?;
    Ok(session)
}
