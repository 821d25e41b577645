import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Folder, type FrontEnd, TestDaemon } from './daemon-client.js';

describe('smoke', () => {
  const folder = new Folder();
  let daemon: TestDaemon;
  let frontEnd: FrontEnd;
  beforeAll(async () => {
    daemon = await TestDaemon.started();
    frontEnd = await daemon.connect();
  });
  afterAll(async () => {
    await daemon.stop();
    folder.remove();
  });
  it('node', async () => {
    const script = folder.write(
      'a.mjs',
      "export default (req, res) => { console.log('hi'); res.end('hello ' + req.url); }",
    );
    const x = frontEnd.request(script, { url: '/x?y' });
    expect(await x.answer()).toMatchObject({ status: 200, text: 'hello /x?y' });
    expect(x.logs).toEqual(['hi']);
  });
  it('fetch', async () => {
    const script = folder.write(
      'b.ts',
      "enum A {x=3}\nexport default { fetch(r: Request) { return new Response('hello ' + r.url + A.x) } }",
    );
    const x = frontEnd.request(script, { url: '/x?y' });
    expect(await x.answer()).toMatchObject({ status: 200, text: 'hello http://example.org:8080/x?y3' });
  });
  it('wsgi', async () => {
    const script = folder.write(
      'c.cts',
      "exports.application = function* (environ: any, startResponse: any) { startResponse('200 OK', [['Content-Type', 'text/plain']]); yield 'hello '; yield environ.PATH_INFO }",
    );
    const x = frontEnd.request(script, { url: '/x?y' });
    expect(await x.answer()).toMatchObject({ status: 200, text: 'hello /x' });
  });
});
