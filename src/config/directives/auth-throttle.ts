import type { Definition } from '../definition.js';
import { anywhere, flag, honoured, inModule, one } from '../definition.js';
import type { Here } from '../draft.js';
import type { AuthThrottle } from '../model.js';
import { parseInteger, takeDuration } from '../values.js';

/** How much may be guessed: modhost's own. */
export const authThrottle: readonly Definition[] = inModule('auth_throttle', [
  honoured(
    'AuthThrottle',
    anywhere,
    flag,
    'Whether wrong passwords are counted, answered late and in the end refused with 429.',
    (here, enabled) => set(here, { enabled }),
    'On',
  ),
  honoured(
    'AuthThrottleUser',
    anywhere,
    one('failures/seconds'),
    'How many wrong passwords a user may have from addresses without a login of that user; from each of the others as many again.',
    (here, text) => {
      const user = takeLimit(here, text);
      if (user !== undefined) set(here, { user });
    },
    '20/300',
  ),
  honoured(
    'AuthThrottleAddress',
    anywhere,
    one('failures/seconds'),
    'How many wrong passwords may come from one address (of IPv6, one /64), whoever they are for.',
    (here, text) => {
      const address = takeLimit(here, text);
      if (address !== undefined) set(here, { address });
    },
    '100/300',
  ),
  honoured(
    'AuthThrottleDelay',
    anywhere,
    one('seconds'),
    'How late a wrong password is answered once half of a limit is used.',
    (here, text) => {
      const delayMs = takeDuration(here, text);
      if (delayMs === undefined) return;
      if (delayMs <= longestDelayMs) set(here, { delayMs });
      else here.fail(`expected at most ${longestDelayMs / 1000} seconds, not '${text}'`);
    },
    '1',
  ),
]);

const longestDelayMs = 30_000;
/** Each failure is remembered by itself. */
const mostFailures = 1000;
const longestSeconds = 86_400;

function set(here: Here, more: AuthThrottle): void {
  const { settings } = here.section;
  settings.authThrottle = { ...settings.authThrottle, ...more };
}

function takeLimit(here: Here, text: string): AuthThrottle['user'] {
  const [, count = '', time = ''] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const failures = parseInteger(count, 1, mostFailures);
  const seconds = parseInteger(time, 1, longestSeconds);
  if (failures !== undefined && seconds !== undefined) return { failures, seconds };
  here.fail(
    `expected failures/seconds, such as 20/300 (at most ${mostFailures}/${longestSeconds}), not '${text}'`,
  );
  return undefined;
}
