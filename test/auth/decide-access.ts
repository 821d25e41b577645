import { createHostNames, type Resolver } from '../../src/auth/host-names.js';
import { createAuthorizer } from '../../src/auth/index.js';
import type { ServerConfig } from '../../src/config/model.js';
import { createRouter } from '../../src/routing/index.js';
import type { AccessCase } from './access-cases.js';
import { request, summarise, unaskedPorts } from './requests.js';

/** What modhost makes of a request, in the words of the tables: from the configuration to the decision, without a server. */
export function createAccessJudge(config: ServerConfig) {
  const authorizer = createAuthorizer(unaskedPorts, undefined, createHostNames(oneHost));
  const router = createRouter(config);
  return async (row: Omit<AccessCase, 'line' | 'expected' | 'expectedOfApache'>): Promise<string> => {
    const { method, path, address, credentials, variables } = row;
    const asked = { method, address, variables, ...(credentials === undefined ? {} : { credentials }) };
    const verdict = await authorizer.decide(request(asked), router.route(config.mainServer, path).settings);
    return summarise(verdict).replace('granted', 'in').replace('in ', 'in as ');
  };
}

/** As on a machine whose hosts file has one line, without DNS. */
const oneHost: Resolver = {
  reverse: async (address) => (address === '127.0.0.1' ? 'localhost' : await refuseLookup()),
  forward: async (name) => (name === 'localhost' ? ['127.0.0.1'] : await refuseLookup()),
};

function refuseLookup(): Promise<never> {
  return Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
}
