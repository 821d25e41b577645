import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import {
  askCase,
  askVariables,
  conditionCases,
  expectedVariables,
  prepareConditionSite,
} from './condition-cases.js';

/** <If>, Require expr, SetEnvIf and its kin; `test/peers/conditions.peer.ts` asks Apache the same. */
describe('conditions', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    const identity = process.getuid?.() === 0 ? 'User nobody\nGroup nogroup\n' : '';
    // One front end, so that lines of logs come in the order of the requests.
    const settings = `ServerLimit 1\n${identity}`;
    server = await startServer('modhost', settings + prepareConditionSite(folder), folder);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it('know the request', async () => {
    expect(await askVariables(server.origin, folder)).toEqual(expectedVariables);
  });

  it.each(conditionCases.map((row, index) => [`${index + 1} ${row.path}`, row] as const))(
    'hold or not as in Apache: %s',
    async (_, row) => {
      const { path: _path, headers: _headers, ...expected } = row;
      expect(await askCase(server.origin, row)).toEqual(expected);
    },
  );

  it('refuse the request where one cannot be evaluated, and the log says why', async () => {
    expect((await fetch(`${server.origin}/fault`)).status).toBe(500);
    await server.logged('cannot read the file /none/such');
  });

  it('make the text of ErrorDocument, in which what the client sent is no markup', async () => {
    const answer = await fetch(`${server.origin}/told/%3Cb%3E`, { headers: { 'X-A': '"' } });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toBe('404: no /told/&#60;b&#62;, $5 & &#34;');
  });

  it('leave the page of the server where a text cannot be made', async () => {
    const answer = await fetch(`${server.origin}/told/fault`);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringContaining('<h1>Not Found</h1>'),
    ]);
    await server.logged('the text of ErrorDocument 404 cannot be made: cannot read the file /none/such');
  });

  it('choose what access logs write', async () => {
    const lines = (name: string) =>
      readFileSync(join(folder, 'modhost/logs', name), 'utf8')
        .trimEnd()
        .split('\n');
    const expected = [
      { path: '/f.txt?log', headers: { 'X-Mark': '1' }, line: '/f.txt 200 set=set if=overridden' },
      { path: '/missing-in-log', headers: {}, line: '/missing-in-log 404 set=set if=overridden' },
      { path: '/f.txt?log', headers: { 'X-Deny': '1' }, line: '/f.txt 403 set=- if=server' },
      { path: '/after', headers: {}, line: '/after 404 set=set if=overridden' },
    ];
    // One after the other: two front ends may write in another order than they answered.
    for (const { path, headers, line } of expected) {
      const before = lines('all').length;
      await fetch(server.origin + path, { headers: headers as Record<string, string> });
      await expect.poll(() => lines('all').slice(before)).toContain(line);
    }
    await expect.poll(() => lines('refused').slice(-3)).toEqual(expected.slice(-3).map(({ line }) => line));
    await expect.poll(() => lines('marked').at(-1)).toBe('/f.txt 200 set=set if=overridden');
  });

  it('end the connection where nokeepalive is set', async () => {
    const connectionOf = async (headers: Record<string, string>) => {
      const sent = request({ port: server.port, host: '127.0.0.1', path: '/f.txt', headers });
      sent.setHeader('Connection', 'keep-alive');
      sent.end();
      const [response] = await once(sent, 'response');
      response.resume();
      return response.headers.connection;
    };
    expect(await connectionOf({ 'X-Quiet': '1' })).toBe('close');
    expect(await connectionOf({})).not.toBe('close');
  });
});
