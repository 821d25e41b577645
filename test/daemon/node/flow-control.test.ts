import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostDaemon } from './hosted-daemon.js';

const hosted = hostDaemon();
const totalBytes = 256 * 1024 * 1024;
/** Node itself and what its garbage collector puts up with; far less than what goes through. */
const memoryBytes = 200 * 1024 * 1024;

/** Most resident memory that the daemon process ever had, in bytes. */
function peakBytes(): number {
  const status = readFileSync(`/proc/${hosted.daemon.child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+([0-9]+) kB/.exec(status)?.[1]) * 1024;
}

const uploads: Record<string, string> = {
  node: `export default (req, res) => { let n = 0; req.on('data', (d) => { n += d.length }); req.on('end', () => res.end(String(n))) }`,
  fetch: `export default { async fetch(request) { let n = 0; for await (const d of request.body) n += d.length; return new Response(String(n)) } }`,
  wsgi: `export async function application(environ, startResponse) { let n = 0; for await (const d of environ['wsgi.input']) n += d.length; startResponse('200 OK', []); return [String(n)] }`,
};
const downloads: Record<string, string> = {
  node: `const piece = Buffer.alloc(40000, 1); export default (req, res) => { let left = ${totalBytes}; const go = () => { while (left > 0) { const d = piece.subarray(0, left); left -= d.length; if (!res.write(d)) return res.once('drain', go) } res.end() }; go() }`,
  fetch: `export default { fetch() { let left = ${totalBytes}; return new Response(new ReadableStream({ pull(c) { const d = new Uint8Array(Math.min(left, 40000)); left -= d.length; c.enqueue(d); if (left === 0) c.close() } })) } }`,
  wsgi: `export function* application(environ, startResponse) { startResponse('200 OK', []); for (let left = ${totalBytes}; left > 0; left -= 32768) yield new Uint8Array(32768) }`,
};

// Linux tells the peak; elsewhere the transfer alone is tested.
const memoryIsKnown = process.platform === 'linux';

describe.each(['node', 'fetch', 'wsgi'])('%s: 256 MB', (convention) => {
  it('come in with bounded memory', async () => {
    const script = hosted.folder.write(`up-${convention}.mjs`, uploads[convention] ?? '');
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    const piece = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent < totalBytes; sent += piece.length) await exchange.send(piece);
    exchange.frame(0x31);
    expect((await exchange.answer()).text).toBe(String(totalBytes));
    if (memoryIsKnown) expect(peakBytes()).toBeLessThan(memoryBytes);
  });

  it('go out with bounded memory', async () => {
    const script = hosted.folder.write(`down-${convention}.mjs`, downloads[convention] ?? '');
    const exchange = hosted.frontEnd.request(script);
    exchange.keepBody = false;
    await exchange.over;
    expect(exchange.receivedBytes).toBe(totalBytes);
    if (memoryIsKnown) expect(peakBytes()).toBeLessThan(memoryBytes);
  });
});

describe('credit', () => {
  it('comes only after the callable was entered', async () => {
    const script = hosted.folder.write(
      'slow-load.mjs',
      `await new Promise((r) => setTimeout(r, 50)); globalThis.loadedAt = 1; ${uploads.node}`,
    );
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    await exchange.send(Buffer.alloc(262_144));
    await hosted.frontEnd.ping('arrived');
    expect(exchange.grantedBytes).toBe(0);
    await exchange.until(() => exchange.grantedBytes > 0);
    exchange.frame(0x31);
    expect((await exchange.answer()).text).toBe('262144');
  });

  it('is given in steps of a quarter of the window at least', async () => {
    const script = hosted.folder.write(
      'steps.mjs',
      `export default (req, res) => { res.flushHeaders(); let n = 0; req.on('data', (d) => { n += d.length; if (n === 65535) res.write('seen') }); req.on('end', () => res.end()) }`,
    );
    const exchange = hosted.frontEnd.request(script, { method: 'POST', openBody: true });
    await exchange.send(Buffer.alloc(65_535));
    await exchange.until(() => exchange.text === 'seen');
    expect(exchange.grantedBytes).toBe(0);
    await exchange.send(Buffer.alloc(1));
    await exchange.until(() => exchange.grantedBytes === 65_536);
    exchange.frame(0x31);
    await exchange.answer();
  });

  it('is kept to, to the byte', async () => {
    const script = hosted.folder.write(
      'exact.mjs',
      `export default (req, res) => res.end(Buffer.alloc(300000))`,
    );
    const exchange = hosted.frontEnd.request(script, { holdCredit: true });
    await exchange.until(() => exchange.receivedBytes === 262_144);
    exchange.grant(1);
    await exchange.until(() => exchange.receivedBytes === 262_145);
    exchange.grant(37_855);
    await exchange.answer();
    expect(exchange.receivedBytes).toBe(300_000);
  });
});
