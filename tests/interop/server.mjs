// An echo server on the `ws` library that also does what a client tells it to.
//
//     node server.mjs PORT [CERTIFICATE KEY]
//
// It speaks the language of server.py, where the commands are listed. `ws` is looked up in NODE_PATH.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(import.meta.url)('ws');

const LARGEST_MESSAGE = 16 * 1024 * 1024;
const PROTOCOLS = ['chat.v1', 'chat.v2'];
const EURO = Buffer.from('€');
// Between two of them the euro sign is cut in the middle.
const FRAGMENTS = [
  Buffer.concat([Buffer.from('one '), EURO.subarray(0, 1)]),
  Buffer.concat([EURO.subarray(1), Buffer.from(' two')]),
  Buffer.from(' three'),
];

const COMMANDS = {
  '!fragments'(socket, _request, kind) {
    const binary = kind === 'binary';
    socket.send(FRAGMENTS[0], { binary, fin: false });
    socket.ping('between');
    socket.send(FRAGMENTS[1], { binary, fin: false });
    socket.send(FRAGMENTS[2], { binary, fin: true });
  },

  '!ping'(socket, _request, payload) {
    socket.once('pong', (data) => socket.send(`pong ${data}`));
    socket.ping(payload);
  },

  '!headers'(socket, request) {
    const lines = [`GET ${request.url}`];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      lines.push(`${request.rawHeaders[i].toLowerCase()}: ${request.rawHeaders[i + 1]}`);
    }
    socket.send(lines.join('\n'));
  },

  async '!burst'(socket, _request, count) {
    for (let number = 0; number < Number(count); number += 1) {
      await new Promise((written) => socket.send(String(number), written));
    }
  },

  '!close'(socket, _request, code, reason) {
    if (code === undefined) socket.close();
    else socket.close(Number(code), reason);
  },
};

function converse(socket, request) {
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? '' : data.toString();
    if (!text.startsWith('!')) {
      socket.send(data, { binary: isBinary });
      return;
    }
    const [, name, first, rest] = /^(\S+)(?: (\S+))?(?: (.*))?$/s.exec(text);
    COMMANDS[name](socket, request, first, rest);
  });
  socket.on('error', () => {});
  socket.on('close', (code, reason) => console.log(`closed ${request.url} ${code} ${reason}`));
}

const [port, certificate, key] = process.argv.slice(2);
const server =
  certificate === undefined
    ? http.createServer()
    : https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) });

const webSockets = new WebSocketServer({
  server,
  maxPayload: LARGEST_MESSAGE,
  perMessageDeflate: true,
  handleProtocols: (offered) => [...offered].find((protocol) => PROTOCOLS.includes(protocol)) ?? false,
  verifyClient: ({ req }, answer) => (req.url === '/refuse' ? answer(false, 403, 'no entry\n') : answer(true)),
});
webSockets.on('connection', converse);

server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
