//! What the originals document, entry by entry.

/// A page, and what the first column of its tables has to name.
pub(crate) const ENTRIES: &[(&str, &[&str])] =
    &[("docs/differences-from-fresh.md", FRESH), ("docs/socket.md", HACKNEY_WS)];

/// The documentation of Fresh 0.3.0, and what 0.4 added.
const FRESH: &[&str] = &[
    // Functions, and what the macro writes.
    "use Fresh",
    "child_spec/1",
    "start/1",
    "start_link/1",
    "Fresh.start(uri, module, state, opts)",
    "Fresh.start_link(uri, module, state, opts)",
    "Fresh.send(pid, frame)",
    "Fresh.close(pid, code, reason)",
    "Fresh.open?(pid)",
    "send(pid, term)",
    // Types.
    "connection_handle_response()",
    "control_frame()",
    "data_frame()",
    "error()",
    "generic_handle_response()",
    "option()",
    "state()",
    // Callbacks.
    "handle_connect(status, headers, state)",
    "handle_control({:ping, message}, state)",
    "handle_control({:pong, message}, state)",
    "handle_disconnect(code, reason, state)",
    "handle_error({kind, reason}, state)",
    "handle_in({:text, message}, state)",
    "handle_in({:binary, message}, state)",
    "handle_info(data, state)",
    "handle_terminate(reason, state)",
    // What they return.
    "{:ok, state}",
    "{:reply, frames, state}",
    "{:close, code, reason, state}",
    "{:ignore, state}",
    "{:reconnect, state}",
    "{:close, reason}",
    ":reconnect",
    ":close",
    // Errors.
    ":connecting_failed",
    ":upgrading_failed",
    ":streaming_failed",
    ":establishing_failed",
    ":processing_failed",
    ":decoding_failed",
    ":encoding_failed",
    ":casting_failed",
    // Options.
    ":name",
    ":headers",
    ":transport_opts",
    ":mint_upgrade_opts",
    ":ping_interval",
    ":error_logging",
    ":info_logging",
];

/// The documentation of hackney_ws 2.0.0, and what its later versions added.
const HACKNEY_WS: &[&str] = &[
    // Functions.
    "start_link/1",
    "connect/1",
    "connect/2",
    "send/2",
    "recv/1",
    "recv/2",
    "setopts/2",
    "close/1",
    "close/2",
    "controlling_process/2",
    "peername/1",
    "sockname/1",
    // Types.
    "ws_frame()",
    "{text, Data}",
    "{binary, Data}",
    "ping",
    "{ping, Data}",
    "pong",
    "{pong, Data}",
    "close",
    "{close, Code, Reason}",
    // States.
    "idle",
    "upgrading",
    "connected",
    "closing",
    "closed",
    // Options.
    "host",
    "port",
    "transport",
    "path",
    "connect_timeout",
    "recv_timeout",
    "connect_options",
    "ssl_options",
    "active",
    "headers",
    "protocols",
    "max_frame_size",
    "max_message_size",
];
