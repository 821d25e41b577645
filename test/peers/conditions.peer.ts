import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  askCase,
  askVariables,
  conditionCases,
  expectedVariables,
  prepareConditionSite,
} from '../features/condition-cases.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** `test/features/conditions.test.ts` expects of modhost what real Apache does here. */
describe.skipIf(apache === undefined)('conditions on Apache', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    server = await startServer('Apache', prepareConditionSite(folder), folder);
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it('know the request', async () => {
    expect(await askVariables(server.origin, folder)).toEqual(expectedVariables);
  });

  it.each(conditionCases.map((row, index) => [`${index + 1} ${row.path}`, row] as const))(
    'hold or not: %s',
    async (_, row) => {
      const { path: _path, headers: _headers, ...expected } = row;
      expect(await askCase(server.origin, row)).toEqual(expected);
    },
  );
});
