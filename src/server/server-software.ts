import { createRequire } from 'node:module';
import { type } from 'node:os';

/** Version of this package. */
export const version: string = (createRequire(import.meta.url)('../../package.json') as { version: string })
  .version;

/** SERVER_SOFTWARE and the Server header, as much of it as ServerTokens lets out. */
export function serverSoftware(tokens: 'full' | 'os' | 'minimal' | 'minor' | 'major' | 'prod'): string {
  const [major = '0', minor = '0'] = version.split('.');
  switch (tokens) {
    case 'prod':
      return 'modhost';
    case 'major':
      return `modhost/${major}`;
    case 'minor':
      return `modhost/${major}.${minor}`;
    case 'minimal':
      return `modhost/${version}`;
    default:
      return `modhost/${version} (${type()})`;
  }
}
