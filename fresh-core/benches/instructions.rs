//! `instructions PART ROUNDS`: runs one part of the runtime by itself, for `count` to count its instructions.

use std::{env, process::ExitCode, time::Instant};

use fresh_core::{Options, Result, instructions};

fn main() -> Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let (Some(part), Some(rounds)) = (arguments.next(), arguments.next().and_then(|rounds| rounds.parse().ok())) else {
        // `cargo bench` gives other arguments, and would learn nothing from the time that it takes.
        eprintln!("run fresh-core/benches/count");
        return Ok(ExitCode::FAILURE);
    };
    let options = Options::new("ws://localhost/")?;
    match part.as_str() {
        "decoder" => instructions::decoder(rounds),
        "inbound" => instructions::inbound(rounds),
        "assembler" => instructions::assembler(rounds),
        "encoder" => instructions::encoder(rounds),
        "machine" => instructions::machine(rounds, &options, Instant::now()),
        "turn" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
            runtime.block_on(instructions::turn(rounds, options));
        }
        _ => return Err("there is no such part".into()),
    }
    Ok(ExitCode::SUCCESS)
}
